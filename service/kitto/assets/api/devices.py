"""JSON doors of the ledger: devices."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from kitto.assets import actions, queries
from kitto.assets.actions.edit import UNSET, Changes
from kitto.assets.api.bodies import (
    AssetOut,
    AssetsOut,
    ChangeIn,
    CorrectIn,
    CustodyOut,
    EndpointIn,
    EndpointOut,
    HandOverIn,
    IdentifierIn,
    IdentifierOut,
    OrderIn,
    ReceiveIn,
    RegisterIn,
    RenewIn,
    StepIn,
    TakeBackIn,
    shown,
    shown_custody,
    shown_identifier,
)
from kitto.assets.models import Asset
from kitto.assets.rules import HolderKind, State
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.web.bodies import RESPONSES
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["assets"], responses=RESPONSES)


def _answer(work: Work, response: Response, asset: Asset) -> AssetOut:
    work.session.flush()  # the answer carries the new version
    etag(response, asset.version)
    return shown(work, asset, queries.custody_of(work, asset.id))


@router.get("/assets")
def list_assets(
    work: ReadDep,
    q: Annotated[str, Query(max_length=200, description="Any part of tag, serial, model, holder …")] = "",
    state: Annotated[list[State] | None, Query()] = None,
    category: Annotated[str, Query(max_length=32)] = "",
    holder_kind: HolderKind = HolderKind.PERSON,
    holder_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    project_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    department_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> AssetsOut:
    """Devices, newest first, by keyset pages."""
    work.allow(Permission.SEE)
    chosen = queries.AssetFilter(
        q=q,
        states=tuple(state or ()),
        category=category,
        project_id=project_id,
        department_id=department_id,
        holder=(holder_kind, holder_id) if holder_id is not None else None,
    )
    found = queries.listed(work, chosen, cursor=cursor, limit=limit)
    return AssetsOut(items=[shown(work, line.asset, line) for line in found.items], next=found.next)


@router.get("/scan/resolve")
def resolve(work: ReadDep, response: Response, code: Annotated[str, Query(max_length=2048)]) -> AssetOut:
    """The device that a scanned code means: tag, former tag, serial, IMEI, link."""
    work.allow(Permission.SEE)
    asset = queries.resolve_scan(work, code)
    return _answer(work, response, asset)


@router.get("/assets/{tag}")
def read_asset(work: ReadDep, response: Response, tag: str) -> AssetOut:
    """One device by its tag."""
    work.allow(Permission.SEE)
    return _answer(work, response, queries.by_tag(work, tag))


@router.post("/assets/orders", status_code=201)
def order(work: WorkDep, body: OrderIn) -> AssetsOut:
    """Enter devices that were ordered; they get tags when they are received."""
    made = actions.order(work, **body.model_dump())
    return AssetsOut(items=[shown(work, asset, None) for asset in made], next=None)


@router.post("/assets", status_code=201)
def register(work: WorkDep, response: Response, body: RegisterIn) -> AssetOut:
    """Enter a device that is there, without an order before it."""
    asset = actions.register(work, **body.model_dump())
    response.headers["Location"] = f"/api/v1/assets/{asset.tag}"
    return _answer(work, response, asset)


@router.post("/assets/{asset_id}/receive", status_code=201)
def receive(
    work: WorkDep, response: Response, asset_id: Annotated[int, Field(ge=1, le=2**53)], body: ReceiveIn
) -> AssetOut:
    """Book an ordered device as arrived; the tag is allocated in the same transaction."""
    asset = actions.receive(work, asset_id=asset_id, **body.model_dump())
    response.headers["Location"] = f"/api/v1/assets/{asset.tag}"
    return _answer(work, response, asset)


@router.post("/assets/{tag}/accept")
def accept(work: WorkDep, response: Response, tag: str, version: VersionDep) -> AssetOut:
    """Accept the delivery; not by who ordered it."""
    return _answer(work, response, actions.accept(work, tag=tag, version=version))


@router.patch("/assets/{tag}")
def change(work: WorkDep, response: Response, tag: str, version: VersionDep, body: ChangeIn) -> AssetOut:
    """Change fields; those left out stay."""
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    never_empty = ("condition", "ownership", "order_no", "accessories", "note")
    kept = {k: UNSET if v is None and k in never_empty else v for k, v in given.items()}
    return _answer(
        work, response, actions.change_asset(work, tag=tag, changes=Changes(**kept), version=version)
    )


@router.post("/assets/{tag}/steps")
def take_step(work: WorkDep, response: Response, tag: str, version: VersionDep, body: StepIn) -> AssetOut:
    """Take a step of its life that needs nothing but a reason."""
    asset = actions.take_step(work, tag=tag, step=body.step, reason=body.reason, version=version)
    return _answer(work, response, asset)


@router.post("/assets/{tag}/correct")
def correct(work: WorkDep, response: Response, tag: str, version: VersionDep, body: CorrectIn) -> AssetOut:
    """Set a wrong state right by hand; flagged in the journal for ever."""
    asset = actions.correct_state(work, tag=tag, state=body.state, reason=body.reason, version=version)
    return _answer(work, response, asset)


@router.post("/assets/{tag}/hand-over", status_code=201)
def hand_over(work: WorkDep, tag: str, body: HandOverIn) -> CustodyOut:
    """Put one ready device into someone's hands."""
    work.allow(Permission.HAND_OVER)
    holder = queries.find_holder(work, body.holder_kind, body.holder_id)
    made = actions.hand_over(work, tag=tag, holder=holder, due_on=body.due_on, purpose=body.purpose)
    return shown_custody(made)


@router.post("/assets/{tag}/transfer", status_code=201)
def transfer(work: WorkDep, tag: str, body: HandOverIn) -> CustodyOut:
    """Pass a device to its next holder in one transaction."""
    work.allow(Permission.HAND_OVER)
    holder = queries.find_holder(work, body.holder_kind, body.holder_id)
    made = actions.transfer(work, tag=tag, holder=holder, due_on=body.due_on, purpose=body.purpose)
    return shown_custody(made)


@router.post("/assets/{tag}/renew")
def renew(work: WorkDep, tag: str, body: RenewIn) -> CustodyOut:
    """Let the holder keep it until another day."""
    return shown_custody(actions.renew(work, tag=tag, due_on=body.due_on))


@router.post("/assets/{tag}/take-back")
def take_back(work: WorkDep, response: Response, tag: str, body: TakeBackIn) -> AssetOut:
    """Take a device back for inspection."""
    asset = actions.take_back(work, tag=tag, condition=body.condition, missing=body.missing)
    return _answer(work, response, asset)


@router.get("/assets/{tag}/custody")
def list_custody(work: ReadDep, tag: str) -> list[CustodyOut]:
    """Who answered for it, newest first."""
    work.allow(Permission.SEE)
    asset = queries.by_tag(work, tag)
    return [shown_custody(item) for item in queries.history_of_custody(work, asset.id)]


@router.get("/assets/{tag}/identifiers")
def list_identifiers(work: ReadDep, tag: str) -> list[IdentifierOut]:
    """All it is or was known by."""
    work.allow(Permission.SEE)
    asset = queries.by_tag(work, tag)
    return [shown_identifier(item) for item in queries.identifiers_of(work, asset.id)]


@router.post("/assets/{tag}/identifiers", status_code=201)
def add_identifier(work: WorkDep, tag: str, body: IdentifierIn) -> IdentifierOut:
    """Let it be known by one more identifier."""
    return shown_identifier(actions.add_identifier(work, tag=tag, kind=body.kind, value=body.value))


@router.delete("/assets/{tag}/identifiers/{identifier_id}", status_code=204)
def end_identifier(work: WorkDep, tag: str, identifier_id: Annotated[int, Field(ge=1, le=2**53)]) -> Response:
    """It is no longer known by this."""
    actions.end_identifier(work, tag=tag, identifier_id=identifier_id)
    return Response(status_code=204)


@router.put("/assets/{tag}/endpoints/{kind}")
def set_endpoint(work: WorkDep, tag: str, kind: str, body: EndpointIn) -> EndpointOut:
    """How it is reached (ssh, snmp, winrm) and the key or certificate it must show."""
    told = body.model_dump(exclude={"password"})
    password = Secret(body.password.get_secret_value()) if body.password else None
    return EndpointOut.of(actions.set_endpoint(work, tag=tag, kind=kind[:16], password=password, **told))
