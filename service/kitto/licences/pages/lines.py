"""Pages of lines (回線), and what of them waits for a person."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from kitto.base.i18n import N_, translate
from kitto.base.settings import settings
from kitto.base.spreadsheet import Encoding
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences import actions, queries
from kitto.licences.rules import (
    LINE_STATES,
    LINE_STEPS,
    LINE_TABLE,
    SIM_KINDS,
    SIM_STATES,
    LineDetails,
    LineState,
    LineStep,
    SimState,
    e164,
)
from kitto.people import queries as people
from kitto.web.bodies import Empty, MaybeDay, MaybeNumber, Number
from kitto.web.chips import Chip, register
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import csv_answer
from kitto.web.hooks import Waiting, waits
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
Cursor = Annotated[str | None, Query(max_length=500)]
MaybeState = Annotated[LineState | None, Empty]
ENDING_SOON = timedelta(days=60)
MOST_IN_A_FILE = 100_000
PAGE = 1000
HEAD = (
    N_("Number"),
    N_("Carrier"),
    N_("Plan"),
    N_("Contract number"),
    N_("State"),
    N_("Contract ends"),
    N_("ICCID"),
    N_("Device"),
    N_("Note"),
)
_TAKES = {
    LineStep.SUSPEND: actions.suspend_line,
    LineStep.RESUME: actions.resume_line,
    LineStep.END: actions.end_line,
}

open_way("licences", "/lines", N_("Lines and SIMs"), permission=Permission.SEE, rank=20)
register(
    "licences.line_state",
    {
        LineState.ACTIVE: Chip(LINE_STATES[LineState.ACTIVE], "good", "check"),
        LineState.SUSPENDED: Chip(LINE_STATES[LineState.SUSPENDED], "warn", "bars"),
        LineState.ENDED: Chip(LINE_STATES[LineState.ENDED], "plain", "dash"),
    },
)
register(
    "licences.sim_state",
    {
        SimState.IN_STOCK: Chip(SIM_STATES[SimState.IN_STOCK], "plain", "square"),
        SimState.IN_DEVICE: Chip(SIM_STATES[SimState.IN_DEVICE], "good", "dot"),
        SimState.RETIRED: Chip(SIM_STATES[SimState.RETIRED], "plain", "dash"),
    },
)


class LineForm(BaseModel):
    """What the form of a line sends."""

    number: str = ""
    carrier: str = ""
    plan: str = ""
    contract_no: str = ""
    ends_on: MaybeDay = None
    note: str = ""
    version: MaybeNumber = None

    def details(self) -> LineDetails:
        values = self.model_dump(exclude={"version", "number"})
        return LineDetails(number=e164(self.number, settings().phone_country), **values)


@router.get("/lines")
def show_lines(
    request: Request,
    work: ReadDep,
    q: Annotated[str, Query(max_length=200)] = "",
    state: MaybeState = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Lines with the SIM and device that carry them."""
    wanted = queries.LineFilter(q=q, state=state)
    return render(
        request,
        "licences/lines.html",
        found=queries.lines(work, wanted, cursor=cursor),
        wanted=wanted,
        states=LINE_STATES,
        day=people.today(work),
    )


@router.get("/lines.csv")
def export_lines(
    work: ReadDep,
    q: Annotated[str, Query(max_length=200)] = "",
    state: MaybeState = None,
    encoding: Encoding = Encoding.UTF8,
) -> Response:
    """What the filter shows, as a file."""
    head = [translate(work.locale, says) for says in HEAD]
    return csv_answer("lines.csv", head, _rows(work, queries.LineFilter(q=q, state=state)), encoding)


@router.get("/lines/new")
def new_line(request: Request, work: ReadDep) -> HTMLResponse:
    """The empty form."""
    work.allow(Permission.MANAGE_LICENCES)
    return render(
        request, "licences/line_form.html", known=LineForm(), action="/lines", title=N_("Add a line")
    )


@router.post("/lines")
def open_line(request: Request, work: WorkDep, form: Annotated[LineForm, Form()]) -> Response:
    """Enter a line."""
    line = actions.open_line(work, form.details())
    return redirect(request, f"/lines/{line.id}", N_("{number} is entered."), number=line.written)


@router.get("/lines/{line_id}")
def show_line(request: Request, work: ReadDep, line_id: Number) -> HTMLResponse:
    """One line with its SIM."""
    line = queries.line(work, line_id)
    sim = queries.sim_of_line(work, line.id)
    return render(
        request,
        "licences/line.html",
        line=line,
        sim=sim,
        kinds=SIM_KINDS,
        placement=queries.placement_of(work, sim.id) if sim else None,
        steps=[(step, LINE_STEPS[step]) for state, step in LINE_TABLE if state is line.state],
    )


@router.get("/lines/{line_id}/edit")
def edit_line(request: Request, work: ReadDep, line_id: Number) -> HTMLResponse:
    """The form with what is known."""
    work.allow(Permission.MANAGE_LICENCES)
    line = queries.line(work, line_id)
    known = LineForm(**{**vars(line.details()), "number": line.written, "version": line.version})
    return render(
        request,
        "licences/line_form.html",
        known=known,
        action=f"/lines/{line.id}",
        title=N_("Change the line"),
    )


@router.post("/lines/{line_id}")
def change_line(
    request: Request, work: WorkDep, line_id: Number, form: Annotated[LineForm, Form()]
) -> Response:
    """Change a line."""
    line = actions.change_line(work, line_id, form.details(), version=form.version)
    return redirect(request, f"/lines/{line.id}", N_("{number} is changed."), number=line.written)


@router.post("/lines/{line_id}/steps/{step}")
def take_step(request: Request, work: WorkDep, line_id: Number, step: LineStep) -> Response:
    """Suspend, resume or end a line."""
    line = _TAKES[step](work, line_id)
    return redirect(request, f"/lines/{line.id}", N_("{number} is changed."), number=line.written)


def _rows(work: Work, wanted: queries.LineFilter) -> list[list[str]]:
    rows: list[list[str]] = []
    cursor: str | None = None
    while len(rows) < MOST_IN_A_FILE:
        found = queries.lines(work, wanted, cursor=cursor, limit=PAGE)
        rows += [_row(work, whole) for whole in found.items]
        cursor = found.next
        if cursor is None:
            break
    return rows


def _row(work: Work, whole: queries.Whole) -> list[str]:
    line = whole.line
    assert line is not None  # noqa: S101 -- a list of lines
    return [
        line.written,
        line.carrier,
        line.plan,
        line.contract_no,
        translate(work.locale, LINE_STATES[line.state]),
        line.ends_on.isoformat() if line.ends_on else "",
        whole.sim.iccid if whole.sim else "",
        whole.asset.name if whole.asset else "",
        line.note,
    ]


@waits("lines", title=N_("Lines and SIMs"), order=61)
def waiting(work: Work) -> Sequence[Waiting]:
    """Lines that a missing phone still carries, and contracts that end soon."""
    if not work.actor.may(Permission.MANAGE_LICENCES):
        return []
    look = translate(work.locale, N_("Look"))
    lost = [
        Waiting(
            sentence=translate(
                work.locale,
                N_("{tag} is missing and its line {number} is in service: have it suspended"),
                tag=whole.asset.name,
                number=whole.line.written,
            ),
            link=f"/lines/{whole.line.id}",
            button=look,
            since=whole.asset.state_since,
            tone="bad",
            subject=whole.line.written,
        )
        for whole in queries.lines_of_missing_devices(work)
        if whole.line and whole.asset
    ]
    soon = [
        Waiting(
            sentence=translate(
                work.locale,
                N_("The contract of {number} ends on {day}"),
                number=line.written,
                day=line.ends_on,
            ),
            link=f"/lines/{line.id}",
            button=look,
            since=work.now,
            tone="warn",
            subject=line.written,
        )
        for line in queries.lines_ending(work, people.today(work) + ENDING_SOON)
    ]
    return [*lost, *soon]
