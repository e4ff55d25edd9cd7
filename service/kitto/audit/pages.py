"""Pages of the journal, of today, and the way into the settings."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import Field

from kitto.assets import queries as assets
from kitto.assets.rules.life import STATE_WORDS
from kitto.audit import queries
from kitto.audit.adapters.files import csv_lines, json_lines
from kitto.audit.rules import ROOM_WORDS, SUBJECT_WORDS, JournalFilter
from kitto.base.i18n import N_
from kitto.base.work import Ledger, Work
from kitto.identity.rules import Permission
from kitto.web.bodies import Empty
from kitto.web.doors import Door, Doorkeeper, ReadDep
from kitto.web.hooks import panel, waiting
from kitto.web.nav import open_way
from kitto.web.render import render

router = APIRouter(route_class=Door, include_in_schema=False)
open_way("today", "/", N_("Today"), permission=Permission.OWN_ACCOUNT, rank=1)
open_way("journal", "/journal", N_("Journal"), permission=Permission.READ_JOURNAL, rank=1)
open_way("journal", "/journal/chain", N_("Chain"), permission=Permission.READ_JOURNAL, rank=20)
open_way("settings", "/settings", N_("Overview"), permission=Permission.OWN_ACCOUNT, rank=1)

Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Day = Annotated[Annotated[date, Field(ge=date(1970, 1, 1), lt=date(3000, 1, 1))] | None, Empty, Query()]
NEWEST = 12


@router.get("/")
def show_today(request: Request, work: ReadDep) -> HTMLResponse:
    """What waits for a person now, where the devices are, and what happened last."""
    work.allow(Permission.OWN_ACCOUNT)
    reads = work.actor.scopes_of(Permission.READ_JOURNAL) is None
    return render(
        request,
        "audit/today.html",
        groups=waiting(work),
        counts=_counts(work),
        newest=queries.facts(work, JournalFilter(), limit=NEWEST).items if reads else [],
    )


@router.get("/journal")
def show_journal(
    request: Request,
    work: ReadDep,
    q: Word = "",
    actor: Word = "",
    room: Word = "",
    kind: Word = "",
    subject: Word = "",
    key: Word = "",
    first_day: Day = None,
    last_day: Day = None,
    flagged: Word = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Every fact, newest first."""
    wanted = JournalFilter(subject, key, actor, room, kind, q, first_day, last_day, bool(flagged))
    return render(
        request,
        "audit/journal.html",
        found=queries.facts(work, wanted, cursor=cursor),
        wanted=wanted,
        head=queries.head(work),
        rooms=ROOM_WORDS,
        subjects=SUBJECT_WORDS,
    )


@router.get("/journal.csv")
def export_csv(
    request: Request,
    work: ReadDep,
    q: Word = "",
    actor: Word = "",
    room: Word = "",
    kind: Word = "",
    subject: Word = "",
    key: Word = "",
    first_day: Day = None,
    last_day: Day = None,
    flagged: Word = "",
) -> StreamingResponse:
    """What the filter shows, oldest first, as CSV."""
    wanted = JournalFilter(subject, key, actor, room, kind, q, first_day, last_day, bool(flagged))
    batches = queries.every(_ledger(request, work), work.actor, wanted)
    return _file(StreamingResponse(csv_lines(batches), media_type="text/csv; charset=utf-8"), "journal.csv")


@router.get("/journal.jsonl")
def export_lines(request: Request, work: ReadDep) -> StreamingResponse:
    """The whole journal with its hashes, so that the chain can be checked anywhere."""
    batches = queries.every(_ledger(request, work), work.actor, JournalFilter())
    return _file(StreamingResponse(json_lines(batches), media_type="application/jsonl"), "journal.jsonl")


@router.get("/journal/chain")
def show_chain(request: Request, work: ReadDep) -> HTMLResponse:
    """Walk the chain now and say whether it holds."""
    return render(request, "audit/chain.html", verdict=queries.verify(work))


@router.get("/settings")
def show_settings(request: Request, work: ReadDep) -> HTMLResponse:
    """The ways into the settings that this person may go."""
    work.allow(Permission.OWN_ACCOUNT)
    return render(request, "audit/settings.html", says=SETTINGS_SAY)


SETTINGS_SAY: Mapping[str, str] = {
    "/account": N_("Language, password, code app, and where you are signed in."),
    "/settings/accounts": N_("Who may sign in, and what they may do."),
    "/settings/tokens": N_("What programs sign in with."),
}


def _history(kind: str) -> None:
    """Show the history of a thing on its page, to who may read the journal there."""

    @panel(kind, "history", title=N_("Timeline"), template="audit/timeline.html", order=90)
    def fill(work: Work, subject_id: int) -> Mapping[str, Any] | None:
        if not work.actor.may(Permission.READ_JOURNAL):
            return None
        found = queries.timeline(work, kind, str(subject_id))
        return {"entries": found, "subject": kind, "key": subject_id} if found else None


for _kind in ("asset", "person", "project", "kit", "account", "pool", "recipe_check"):
    _history(_kind)


def _counts(work: Work) -> list[tuple[str, str, int]]:
    if not work.actor.may(Permission.SEE):
        return []
    counts = assets.counts_by_state(work)
    return [(state.value, STATE_WORDS[state], counts[state]) for state in STATE_WORDS if counts.get(state)]


def _ledger(request: Request, work: Work) -> Ledger:
    work.allow(Permission.READ_JOURNAL, queries.EVERYWHERE)
    keeper: Doorkeeper = request.app.state.doorkeeper
    return keeper.ledger


def _file(response: StreamingResponse, name: str) -> StreamingResponse:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
