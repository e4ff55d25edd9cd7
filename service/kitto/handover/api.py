"""JSON doors of the desk: hand-overs, returns, and the desk itself."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.assets import queries as assets
from kitto.assets.queries import Holder
from kitto.assets.rules import Condition, HolderKind
from kitto.base.work import Work
from kitto.handover import actions, queries
from kitto.handover.models import Handover
from kitto.handover.rules import (
    MOST_LINES,
    Given,
    Kind,
    Mode,
    ReceiverMissing,
    Remedy,
    Returned,
    Terms,
    Verdict,
)
from kitto.identity.rules import Permission
from kitto.people import queries as people
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import file_answer

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["handover"], responses=RESPONSES)


class HandOverIn(Strict):
    """Who gets which devices. The receiver is named by badge or staff number, or by kind and id."""

    badge: Short = Field(default="", examples=["E-0042"])
    holder_kind: HolderKind = HolderKind.PERSON
    holder_id: Number | None = None
    tags: list[Short] = Field(max_length=MOST_LINES, examples=[["PC-000042-C"]])
    pool_ids: list[Number] = Field(default=[], max_length=MOST_LINES)
    due_on: date | None = None
    purpose: Short = ""
    note: str = Field(default="", max_length=500)


class ReturnedIn(Strict):
    tag: Short = Field(examples=["PC-000042-C"])
    condition: Condition = Condition.GOOD
    missing: list[Short] = Field(default=[], max_length=50, description="Accessories that did not come.")


class ReturnIn(Strict):
    devices: list[ReturnedIn] = Field(max_length=MOST_LINES)
    note: str = Field(default="", max_length=500)


class LineOut(BaseModel):
    asset_id: int
    tag: str
    model: str
    serial: str
    accessories: list[str]
    missing: list[str]
    condition: Condition


class SeatGivenOut(BaseModel):
    seat_id: int
    name: str
    holder: str


class DocumentOut(BaseModel):
    url: str
    sha256: str
    size: int
    made_at: datetime


class HandoverOut(BaseModel):
    """Devices and seats that changed hands at one moment. `document` is null until it is made."""

    id: int
    kind: Kind
    number: str = Field(examples=["R-2026-000001"])
    holder_kind: HolderKind
    holder_id: int
    holder_name: str
    by_name: str
    at: datetime
    due_on: date | None
    purpose: str
    note: str
    lines: list[LineOut]
    seats: list[SeatGivenOut]
    document: DocumentOut | None


class HandoverLineOut(BaseModel):
    id: int
    kind: Kind
    number: str
    holder_name: str
    at: datetime
    tags: list[str]
    has_document: bool


class HandoversOut(BaseModel):
    items: list[HandoverLineOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class ReturnsOut(BaseModel):
    """One return for each holder who gave something back."""

    items: list[HandoverOut]


class ScanIn(Strict):
    scanned: str = Field(min_length=1, max_length=2048, examples=["PC-000042-C"])


class DueIn(Strict):
    due_on: date | None = None


class DescribeIn(Strict):
    condition: Condition = Condition.GOOD
    missing: list[Short] = Field(default=[], max_length=50)


class DeskLineOut(BaseModel):
    id: int
    title: str
    detail: str
    verdict: Verdict
    says: str
    remedy: Remedy | None
    tag: str | None
    pool_id: int | None
    condition: Condition
    accessories: list[str]
    missing: list[str]


class ReceiverOut(BaseModel):
    kind: HolderKind
    id: int
    name: str


class DeskOut(BaseModel):
    """What lies on the desk; the newest scan first."""

    mode: Mode
    receiver: ReceiverOut | None
    lines: list[DeskLineOut]
    blocked: int = Field(description="Red lines; DONE waits until there are none.")


class EchoOut(BaseModel):
    """What a scan did. After DONE, `done` holds what changed hands."""

    verdict: Verdict
    title: str
    says: str
    done: list[HandoverOut]
    desk: DeskOut


def shown(row: Handover) -> HandoverOut:
    """A hand-over or return as JSON."""
    made = row.document
    return HandoverOut(
        id=row.id,
        kind=row.kind,
        number=row.number,
        holder_kind=row.holder_kind,
        holder_id=row.holder_id,
        holder_name=row.holder_name,
        by_name=row.by_name,
        at=row.at,
        due_on=row.due_on,
        purpose=row.purpose,
        note=row.note,
        lines=[LineOut.model_validate(line, from_attributes=True) for line in row.lines],
        seats=[SeatGivenOut.model_validate(seat, from_attributes=True) for seat in row.seats],
        document=DocumentOut(
            url=f"/api/v1/handovers/{row.id}/document.pdf",
            sha256=made.sha256,
            size=made.size,
            made_at=made.made_at,
        )
        if made
        else None,
    )


def _desk(work: Work) -> DeskOut:
    view = queries.view(work, queries.own_session(work))
    holder = view.holder
    return DeskOut(
        mode=view.mode,
        receiver=ReceiverOut(kind=holder.kind, id=holder.id, name=holder.name) if holder else None,
        lines=[DeskLineOut.model_validate(line, from_attributes=True) for line in view.lines],
        blocked=view.blocked,
    )


def _echo(work: Work, echo: actions.Echo) -> EchoOut:
    done = [shown(row) for row in echo.done]
    return EchoOut(verdict=echo.verdict, title=echo.title, says=echo.says, done=done, desk=_desk(work))


def _receiver(work: Work, body: HandOverIn) -> Holder:
    if body.badge.strip():
        person = people.person_by_badge(work, body.badge)
        return assets.find_holder(work, HolderKind.PERSON, person.id)
    if body.holder_id is None:
        raise ReceiverMissing
    return assets.find_holder(work, body.holder_kind, body.holder_id)


@router.get("/handovers")
def list_handovers(
    work: ReadDep,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> HandoversOut:
    """Hand-overs and returns, the newest first."""
    found = queries.handovers(work, cursor=cursor, limit=limit)
    items = [
        HandoverLineOut(
            id=row.id,
            kind=row.kind,
            number=row.number,
            holder_name=row.holder_name,
            at=row.at,
            tags=[line.tag for line in row.lines],
            has_document=row.document is not None,
        )
        for row in found.items
    ]
    return HandoversOut(items=items, next=found.next)


@router.post("/handovers", status_code=201)
def hand_over(work: WorkDep, response: Response, body: HandOverIn) -> HandoverOut:
    """Hand devices and licence seats over, all of them or none, with one receipt."""
    work.allow(Permission.HAND_OVER)
    holder = _receiver(work, body)
    terms = Terms(due_on=body.due_on, purpose=body.purpose, note=body.note, pool_ids=tuple(body.pool_ids))
    row = actions.hand_over(work, holder, [Given(tag=tag) for tag in body.tags], terms)
    response.headers["Location"] = f"/api/v1/handovers/{row.id}"
    return shown(row)


@router.get("/handovers/{handover_id}")
def read_handover(work: ReadDep, handover_id: Number) -> HandoverOut:
    """One hand-over or return."""
    return shown(queries.handover(work, handover_id))


@router.get(
    "/handovers/{handover_id}/document.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def read_document(work: ReadDep, handover_id: Number) -> Response:
    """The receipt as PDF; 503 for the moment until it is made."""
    row = queries.handover(work, handover_id)
    return file_answer(queries.document_file(row), "application/pdf", f"{row.number}.pdf", inline=True)


@router.post("/returns", status_code=201)
def take_back(work: WorkDep, body: ReturnIn) -> ReturnsOut:
    """Take devices back, all of them or none; one return receipt for each holder."""
    returned = [
        Returned(tag=one.tag, condition=one.condition, missing=tuple(one.missing)) for one in body.devices
    ]
    return ReturnsOut(items=[shown(row) for row in actions.take_back(work, returned, note=body.note)])


@router.get("/desk")
def read_desk(work: ReadDep) -> DeskOut:
    """What lies on your desk now."""
    return _desk(work)


@router.post("/desk/scans", status_code=201)
def scan(work: WorkDep, body: ScanIn) -> EchoOut:
    """Scan a badge, a device, a licence barcode, or a command such as DONE, UNDO, CANCEL."""
    return _echo(work, actions.scan(work, body.scanned))


@router.put("/desk/due")
def set_due(work: WorkDep, body: DueIn) -> DeskOut:
    """Until when the devices on the desk may be kept."""
    actions.set_due(work, body.due_on)
    return _desk(work)


@router.put("/desk/lines/{line_id}")
def describe_line(work: WorkDep, line_id: Number, body: DescribeIn) -> EchoOut:
    """How a returned device is, and which accessories did not come with it."""
    missing = tuple(body.missing)
    return _echo(work, actions.describe_line(work, line_id, condition=body.condition, missing=missing))


@router.post("/desk/lines/{line_id}/fix")
def fix(work: WorkDep, line_id: Number) -> EchoOut:
    """Do what the line offers as a remedy."""
    return _echo(work, actions.fix(work, line_id))


@router.delete("/desk/lines/{line_id}")
def remove(work: WorkDep, line_id: Number) -> EchoOut:
    """Take a line away."""
    return _echo(work, actions.remove(work, line_id))
