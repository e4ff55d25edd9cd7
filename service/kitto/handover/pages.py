"""Pages of the desk: driven by a scanner alone, and usable without one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from pydantic import BaseModel

from kitto.assets import queries as assets
from kitto.assets.queries import AssetFilter
from kitto.assets.rules import Condition, HolderKind
from kitto.base.i18n import N_, translate
from kitto.base.paper import codes
from kitto.base.work import Work
from kitto.handover import actions, queries
from kitto.handover.actions import Echo
from kitto.handover.rules import AT_BENCH, COMMANDS, CONDITION_WORDS, POOL_PREFIX, PREFIX, Mode
from kitto.identity.rules import Permission
from kitto.licences import queries as licences
from kitto.people import queries as people
from kitto.web.bodies import MaybeDay, Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import file_answer
from kitto.web.hooks import Waiting, panel, waits
from kitto.web.nav import open_way
from kitto.web.render import render

router = APIRouter(route_class=Door, include_in_schema=False)
MOST_WAITING = 20
LONGEST_ID = 19
Cursor = Annotated[str | None, Query(max_length=500)]

open_way("desk", "/desk", N_("Hand over and take back"), permission=Permission.HAND_OVER, rank=10)
open_way("desk", "/handovers", N_("Receipts"), permission=Permission.SEE, rank=20)
open_way("desk", "/desk/commands", N_("Command sheet"), permission=Permission.HAND_OVER, rank=30)


class DueForm(BaseModel):
    due_on: MaybeDay = None


class DescribeForm(BaseModel):
    """Condition, and the accessories that came (what is not ticked is missing)."""

    condition: Condition = Condition.GOOD
    came: list[str] = []


@router.get("/desk")
def show_desk(request: Request, work: ReadDep) -> HTMLResponse:
    """The desk as it stands."""
    work.allow(Permission.HAND_OVER)
    return _desk(request, work, None)


@router.post("/desk/scan")
def scan(request: Request, work: WorkDep, scanned: Annotated[str, Form(max_length=4096)] = "") -> Response:
    """One scan. After DONE it leads to the papers; from another page, to the desk."""
    echo = actions.scan(work, scanned)
    if echo.done:
        return RedirectResponse(f"/desk/done/{_join(echo)}", status_code=303)
    elsewhere = "/desk/done" in request.headers.get("hx-current-url", "")
    if elsewhere or request.headers.get("hx-request") != "true":
        return RedirectResponse("/desk", status_code=303)
    return _desk(request, work, echo)


@router.post("/desk/lines/{line_id}/fix")
def fix(work: WorkDep, line_id: Number) -> Response:
    """Do what a red line offers."""
    actions.fix(work, line_id)
    return RedirectResponse("/desk", status_code=303)


@router.post("/desk/lines/{line_id}/remove")
def remove(work: WorkDep, line_id: Number) -> Response:
    """Take a line away."""
    actions.remove(work, line_id)
    return RedirectResponse("/desk", status_code=303)


@router.post("/desk/lines/{line_id}")
def describe_line(work: WorkDep, line_id: Number, form: Annotated[DescribeForm, Form()]) -> Response:
    """Note the condition and what did not come."""
    lines = queries.view(work, queries.own_session(work)).lines
    line = next((one for one in lines if one.id == line_id), None)
    missing = tuple(name for name in line.accessories if name not in form.came) if line else ()
    actions.describe_line(work, line_id, condition=form.condition, missing=missing)
    return RedirectResponse("/desk", status_code=303)


@router.post("/desk/due")
def set_due(work: WorkDep, form: Annotated[DueForm, Form()]) -> Response:
    """Until when the devices may be kept."""
    actions.set_due(work, form.due_on)
    return RedirectResponse("/desk", status_code=303)


@router.get("/desk/done/{numbers}")
def show_done(request: Request, work: ReadDep, numbers: str) -> HTMLResponse:
    """What was just done, with its papers; the next scan starts anew."""
    work.allow(Permission.SEE)
    ids = [
        int(part)
        for part in numbers.split("-")[:20]
        if part.isascii() and part.isdigit() and len(part) < LONGEST_ID
    ]
    return render(
        request,
        "handover/done.html",
        rows=[queries.handover(work, handover_id) for handover_id in ids],
        conditions=CONDITION_WORDS,
    )


@router.get("/desk/commands")
def show_commands(request: Request, work: ReadDep) -> HTMLResponse:
    """Command barcodes to print and lay beside the scanner."""
    work.allow(Permission.HAND_OVER)
    said = [(translate(work.locale, says), f"{PREFIX}{word}") for word, says in (COMMANDS | AT_BENCH).items()]
    pools = [(pool.label, f"{POOL_PREFIX}{pool.id}") for pool in licences.pool_choices(work)]
    return render(
        request,
        "handover/commands.html",
        commands=[(says, text, _barcode(text)) for says, text in said],
        pools=[(says, text, _barcode(text)) for says, text in pools],
    )


@router.get("/handovers")
def show_handovers(request: Request, work: ReadDep, cursor: Cursor = None) -> HTMLResponse:
    """Receipts and return receipts, the newest first."""
    return render(request, "handover/handovers.html", found=queries.handovers(work, cursor=cursor))


@router.get("/handovers/{handover_id}")
def show_handover(request: Request, work: ReadDep, handover_id: Number) -> HTMLResponse:
    """One hand-over or return."""
    row = queries.handover(work, handover_id)
    return render(request, "handover/handover.html", row=row, conditions=CONDITION_WORDS)


@router.get("/handovers/{handover_id}/document.pdf")
def read_document(work: ReadDep, handover_id: Number) -> Response:
    """The paper itself."""
    row = queries.handover(work, handover_id)
    return file_answer(queries.document_file(row), "application/pdf", f"{row.number}.pdf", inline=True)


@router.get("/d/{number}")
def find_document(work: ReadDep, number: str) -> Response:
    """Where the QR code on a paper leads."""
    return RedirectResponse(f"/handovers/{queries.by_number(work, number).id}", status_code=303)


def _desk(request: Request, work: Work, echo: Echo | None) -> HTMLResponse:
    session = queries.own_session(work)
    due_on: date | None = session.due_on if session else None
    return render(
        request,
        "handover/desk.html",
        desk=queries.view(work, session),
        echo=echo,
        due_on=due_on,
        conditions=CONDITION_WORDS,
        modes=Mode,
    )


def _join(echo: Echo) -> str:
    return "-".join(str(row.id) for row in echo.done)


def _barcode(text: str) -> Markup:
    return Markup(codes.svg(codes.code_128(text), title=text))  # noqa: S704 -- drawn by us from fixed words


@panel("person", "holds", title=N_("Devices held"), template="handover/holds.html", order=10)
def held_by_person(work: Work, person_id: int) -> Mapping[str, Any] | None:
    """The devices a person answers for."""
    return _held(work, HolderKind.PERSON, person_id)


@panel("project", "holds", title=N_("Devices held"), template="handover/holds.html", order=10)
def held_by_project(work: Work, project_id: int) -> Mapping[str, Any] | None:
    """The devices a project answers for."""
    return _held(work, HolderKind.PROJECT, project_id)


def _held(work: Work, kind: HolderKind, holder_id: int) -> Mapping[str, Any]:
    return {"held": assets.held_by(work, kind, holder_id), "day": people.today(work)}


@panel("person", "handovers", title=N_("Receipts"), template="handover/papers.html", order=40)
def of_person(work: Work, person_id: int) -> Mapping[str, Any] | None:
    """The latest papers of a person."""
    rows = queries.of_holder(work, HolderKind.PERSON, person_id)
    return {"rows": rows} if rows else None


@panel("asset", "handovers", title=N_("Receipts"), template="handover/papers.html", order=50)
def of_device(work: Work, asset_id: int) -> Mapping[str, Any] | None:
    """The latest papers that name a device."""
    rows = queries.of_asset(work, asset_id)
    return {"rows": rows} if rows else None


@waits("desk", title=N_("Desk"), order=20)
def waiting(work: Work) -> Sequence[Waiting]:
    """A desk that was left with something on it."""
    if not work.actor.may(Permission.HAND_OVER):
        return []
    session = queries.own_session(work)
    if session is None or not session.lines:
        return []
    return [
        Waiting(
            sentence=translate(
                work.locale, N_("{n} scans lie on your desk; nothing has changed hands"), n=len(session.lines)
            ),
            link="/desk",
            button=translate(work.locale, N_("Go to the desk")),
            since=session.opened_at,
            tone="warn",
            subject="",
        )
    ]


@waits("returns", title=N_("Overdue returns"), order=30)
def waiting_returns(work: Work) -> Sequence[Waiting]:
    """Devices that should be back by now, the most recent ones first."""
    if not work.actor.may(Permission.TAKE_BACK):
        return []
    overdue = assets.listed(work, AssetFilter(overdue_on=people.today(work)), limit=MOST_WAITING)
    return [
        Waiting(
            sentence=translate(
                work.locale,
                N_("{tag}: {name} should have returned it by {day}"),
                tag=line.asset.name,
                name=line.holder_name,
                day=line.due_on,
            ),
            link=f"/devices/{line.asset.tag}",
            button=translate(work.locale, N_("Look")),
            since=datetime.combine(line.due_on, time.max, tzinfo=work.actor.zone),
            tone="bad",
            subject=line.asset.name,
        )
        for line in overdue.items
        if line.due_on is not None
    ]
