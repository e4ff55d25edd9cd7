"""JSON doors of orders."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.api.bodies import KitOut, ReasonIn
from kitto.kitting.api.kits import answered
from kitto.kitting.models import KitOrder
from kitto.kitting.queries import seats
from kitto.kitting.rules.orders import OrderState
from kitto.web.bodies import RESPONSES, MaybeDay, MaybeNumber, Number, Strict
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

router = APIRouter(prefix="/api/v1/kit-orders", route_class=Door, tags=["kitting"], responses=RESPONSES)


class OrderIn(Strict):
    profile: str = Field(max_length=64, examples=["linux-workstation"])
    quantity: int = Field(examples=[50])
    project_id: MaybeNumber = None
    parameters: dict[str, Any] = Field(default={}, max_length=100)
    needed_on: MaybeDay = Field(default=None, examples=["2026-12-04"])
    needs_approval: bool = False
    note: str = Field(default="", max_length=1000)


class BindIn(Strict):
    tag: str = Field(max_length=64, examples=["PC-000042-C"])
    start: bool = Field(default=True, description="Start at once if the ledger has accepted the device.")


class OrderLiftIn(Strict):
    to: MaybeNumber = Field(
        default=None, description="The version that was looked at; refused if it is not the newest."
    )
    parameters: dict[str, Any] | None = Field(
        default=None, max_length=100, description="Instead of those of the order, as far as they are known."
    )


class OrderLiftOut(BaseModel):
    before: int
    after: int = Field(description="The newest published version; that of the order if none is newer.")
    kits: int = Field(description="Kits that nobody has begun; they go along.")
    begun: int = Field(description="Open kits that keep the version they began with.")
    added: list[str] = Field(description="Keys of steps.")
    changed: list[str]
    left_out: list[str]
    parameters: dict[str, Any]
    dropped: list[str] = Field(description="Parameters that the newest version does not know.")


class HeldSeatsOut(BaseModel):
    title: str
    reserved: int = Field(description="Kept for kits that have not taken theirs yet.")
    given: int = Field(description="Held by the devices of its kits.")
    lacking: int = Field(description="Open kits that have neither; their steps wait.")
    over: str = Field(description="The pool that is over its limit, if one is.")


class OrderOut(BaseModel):
    id: int
    version: int
    profile: str
    profile_version: int
    content: str
    quantity: int
    project_id: int | None
    parameters: dict[str, Any]
    needed_on: date | None
    needs_approval: bool
    state: OrderState
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    note: str
    kits: dict[str, int] = Field(description="How many of its kits are in which state.")
    seats: list[HeldSeatsOut] | None = Field(
        default=None, description="Licence seats it holds, where one order is asked for."
    )


class OrdersOut(BaseModel):
    items: list[OrderOut]
    next: str | None


def _whole(work: Work, asked: KitOrder) -> OrderOut:
    shown = _shown(asked, queries.progress(work, [asked.id])[asked.id])
    held = seats.seats_of_order(work, asked)
    shown.seats = [HeldSeatsOut.model_validate(one, from_attributes=True) for one in held]
    return shown


def _shown(asked: KitOrder, kits: dict[Any, int]) -> OrderOut:
    return OrderOut(
        id=asked.id,
        version=asked.version,
        profile=asked.profile.name,
        profile_version=asked.profile.number,
        content=asked.profile.content,
        quantity=asked.quantity,
        project_id=asked.project_id,
        parameters=asked.parameters,
        needed_on=asked.needed_on,
        needs_approval=asked.needs_approval,
        state=asked.state,
        asked_by=asked.asked_by,
        asked_at=asked.asked_at,
        decided_by=asked.decided_by,
        decided_at=asked.decided_at,
        reason=asked.reason,
        note=asked.note,
        kits={str(state): number for state, number in kits.items()},
    )


def _answer(work: Work, response: Response, asked: KitOrder) -> OrderOut:
    work.session.flush()  # the answer carries the new version
    etag(response, asked.version)
    return _whole(work, asked)


@router.get("")
def list_orders(
    work: ReadDep,
    state: Annotated[list[OrderState] | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OrdersOut:
    """Orders, newest first."""
    work.allow(Permission.SEE)
    found = queries.orders(work, states=tuple(state or ()), cursor=cursor, limit=limit)
    kits = queries.progress(work, [one.id for one in found.items])
    return OrdersOut(items=[_shown(one, kits[one.id]) for one in found.items], next=found.next)


@router.post("", status_code=201)
def ask_order(work: WorkDep, response: Response, body: OrderIn) -> OrderOut:
    """Order kits: the profile is frozen now, each device gets a kit of its own."""
    asked = actions.ask_order(
        work,
        profile=body.profile,
        quantity=body.quantity,
        project_id=body.project_id,
        parameters=body.parameters,
        needed_on=body.needed_on,
        needs_approval=body.needs_approval,
        note=body.note,
    )
    response.headers["Location"] = f"/api/v1/kit-orders/{asked.id}"
    return _answer(work, response, asked)


@router.get("/{order_id}")
def read_order(work: ReadDep, response: Response, order_id: Number) -> OrderOut:
    """One order."""
    work.allow(Permission.SEE)
    asked = queries.order(work, order_id)
    etag(response, asked.version)
    return _whole(work, asked)


@router.post("/{order_id}/devices", status_code=201)
def bind_device(work: WorkDep, response: Response, order_id: Number, body: BindIn) -> KitOut:
    """Take a device for the next free place of the order."""
    return answered(
        work, response, actions.bind_device(work, order_id=order_id, tag=body.tag, start=body.start)
    )


@router.post("/{order_id}/approve")
def approve(work: WorkDep, response: Response, order_id: Number, version: VersionDep) -> OrderOut:
    """Approve; not by who asked."""
    return _answer(work, response, actions.approve_order(work, order_id=order_id, version=version))


@router.post("/{order_id}/reject")
def reject(
    work: WorkDep, response: Response, order_id: Number, version: VersionDep, body: ReasonIn
) -> OrderOut:
    """Do not approve, with a reason."""
    asked = actions.reject_order(work, order_id=order_id, reason=body.reason, version=version)
    return _answer(work, response, asked)


@router.get("/{order_id}/lift")
def read_lift(work: ReadDep, order_id: Number) -> OrderLiftOut:
    """What lifting the order to the newest published version of its profile would change."""
    return OrderLiftOut.model_validate(actions.plan_order_lift(work, order_id), from_attributes=True)


@router.post("/{order_id}/lift")
def lift(
    work: WorkDep, response: Response, order_id: Number, version: VersionDep, body: OrderLiftIn
) -> OrderOut:
    """Lift the kits that nobody has begun to the newest published version."""
    asked = actions.lift_order(
        work, order_id=order_id, to=body.to, parameters=body.parameters, version=version
    )
    return _answer(work, response, asked)


@router.post("/{order_id}/cancel")
def cancel(
    work: WorkDep, response: Response, order_id: Number, version: VersionDep, body: ReasonIn
) -> OrderOut:
    """Cancel what is not ready yet."""
    asked = actions.cancel_order(work, order_id=order_id, reason=body.reason, version=version)
    return _answer(work, response, asked)
