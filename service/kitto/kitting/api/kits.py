"""JSON doors of kits."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from kitto.assets import queries as assets
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.api.bodies import (
    ConfirmIn,
    KitOut,
    KitsOut,
    ManyIn,
    ManyOut,
    ReasonIn,
    RetryIn,
    ScanIn,
    StartIn,
    shown,
)
from kitto.kitting.models import Kit
from kitto.kitting.rules.states import KitState
from kitto.web.bodies import RESPONSES, MaybeNumber, Number
from kitto.web.doors import Door, ReadDep, WorkDep, etag

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["kitting"], responses=RESPONSES)
Key = Annotated[str, Path(max_length=64, examples=["unbox"])]


def answered(work: Work, response: Response, kit: Kit) -> KitOut:
    """The kit with its new version."""
    work.session.flush()  # the answer carries the new version
    etag(response, kit.version)
    return shown(work, kit)


@router.get("/kits")
def list_kits(
    work: ReadDep,
    state: Annotated[list[KitState] | None, Query()] = None,
    open_only: bool = False,
    tag: Annotated[str, Query(max_length=64)] = "",
    profile: Annotated[str, Query(max_length=64)] = "",
    order: MaybeNumber = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> KitsOut:
    """Kits, newest first."""
    work.allow(Permission.SEE)
    asset_id = assets.by_tag(work, tag).id if tag else None
    chosen = queries.KitFilter(
        states=tuple(state or ()), open_only=open_only, asset_id=asset_id, profile=profile, order_id=order
    )
    found = queries.kits(work, chosen, cursor=cursor, limit=limit)
    return KitsOut(items=[shown(work, kit) for kit in found.items], next=found.next)


@router.post("/kits", status_code=201)
def start_kit(work: WorkDep, response: Response, body: StartIn) -> KitOut:
    """Start a kit; its steps, recipe and parameters are frozen."""
    kit = actions.start_kit(
        work,
        tag=body.tag,
        profile=body.profile,
        parameters=body.parameters,
        only=frozenset(body.only),
        in_place=body.in_place,
    )
    response.headers["Location"] = f"/api/v1/kits/{kit.id}"
    return answered(work, response, kit)


@router.get("/kits/{kit_id}")
def read_kit(work: ReadDep, response: Response, kit_id: Number) -> KitOut:
    """One kit with its steps and evidence."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    etag(response, kit.version)
    return shown(work, kit)


@router.post("/kits/{kit_id}/steps/{step}/confirm")
def confirm(work: WorkDep, response: Response, kit_id: Number, step: Key, body: ConfirmIn) -> KitOut:
    """Confirm a manual step; every point must be ticked."""
    kit = actions.confirm(work, kit_id=kit_id, step=step, ticked=body.ticked, note=body.note)
    return answered(work, response, kit)


@router.post("/kits/{kit_id}/steps/{step}/scan")
def scan_back(work: WorkDep, response: Response, kit_id: Number, step: Key, body: ScanIn) -> KitOut:
    """Confirm a scan or label step by scanning the device."""
    return answered(work, response, actions.scan_back(work, kit_id=kit_id, step=step, scanned=body.scanned))


@router.post("/kits/{kit_id}/steps/{step}/skip")
def skip(work: WorkDep, response: Response, kit_id: Number, step: Key, body: ReasonIn) -> KitOut:
    """Pass over a step that failed or waits, with a reason."""
    return answered(work, response, actions.skip(work, kit_id=kit_id, step=step, reason=body.reason))


@router.post("/kits/{kit_id}/retry")
def retry(work: WorkDep, response: Response, kit_id: Number, body: RetryIn) -> KitOut:
    """Go on from the step that failed, or from an earlier one."""
    return answered(work, response, actions.retry(work, kit_id=kit_id, step=body.step))


@router.post("/kits/{kit_id}/cancel")
def cancel(work: WorkDep, response: Response, kit_id: Number, body: ReasonIn) -> KitOut:
    """Cancel; the kit is `cancelled` only when nothing of it runs any more."""
    return answered(work, response, actions.cancel(work, kit_id=kit_id, reason=body.reason))


@router.post("/kits/{kit_id}/hold")
def hold(work: WorkDep, response: Response, kit_id: Number, body: ReasonIn) -> KitOut:
    """Put on hold; a play that runs ends, and nothing new begins."""
    return answered(work, response, actions.hold(work, kit_id=kit_id, reason=body.reason))


@router.post("/kits/{kit_id}/resume")
def resume(work: WorkDep, response: Response, kit_id: Number) -> KitOut:
    """Let a kit on hold go on."""
    return answered(work, response, actions.resume(work, kit_id=kit_id))


@router.post("/kits/{kit_id}/start")
def start_bound(work: WorkDep, response: Response, kit_id: Number) -> KitOut:
    """Start the kit of an order whose device is in the ledger."""
    return answered(work, response, actions.start_bound(work, kit_id=kit_id))


@router.post("/kits/{kit_id}/inspect")
def inspect(work: WorkDep, response: Response, kit_id: Number) -> KitOut:
    """Begin to inspect a device that has arrived."""
    return answered(work, response, actions.inspect(work, kit_id=kit_id))


@router.post("/kits/{what}")
def many(work: WorkDep, what: Literal["retry", "hold", "resume", "cancel"], body: ManyIn) -> ManyOut:
    """Do one thing to many kits; what is refused is as it was, and said."""
    kits = list(dict.fromkeys(body.kits))
    if what == "retry" and body.step:
        kits = [one for one in kits if queries.failed_at(work, one, body.step)]
    do: dict[str, Callable[[Work, int], Kit]] = {
        "retry": lambda work, one: actions.retry(work, kit_id=one, step=body.step),
        "hold": lambda work, one: actions.hold(work, kit_id=one, reason=body.reason),
        "resume": lambda work, one: actions.resume(work, kit_id=one),
        "cancel": lambda work, one: actions.cancel(work, kit_id=one, reason=body.reason),
    }
    refused = actions.many(work, kits, do[what])
    return ManyOut(done=[one for one in kits if one not in refused], refused=refused)
