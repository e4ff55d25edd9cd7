"""Pages of runs from elsewhere: the list, one run with its events, and the panel of a device."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from kitto.base.i18n import N_
from kitto.base.work import Actor, Work
from kitto.identity.rules import Permission
from kitto.runs import queries
from kitto.runs.looks import tone_of
from kitto.runs.models import OutsideEvent
from kitto.runs.rules.states import RunState
from kitto.runs.rules.wire import ULID
from kitto.web.doors import Door, ReadDep
from kitto.web.hooks import panel
from kitto.web.nav import open_way
from kitto.web.render import render

router = APIRouter(prefix="/runs", route_class=Door, include_in_schema=False)
open_way("kitting", "/runs", N_("Runs from elsewhere"), permission=Permission.SEE, rank=60)

SHOWN_DEVICES: Final = 200
LINE: Final = 2_000


@router.get("")
def show_runs(
    request: Request,
    work: ReadDep,
    state: Annotated[str, Query(max_length=32)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Runs that were reported from CI and elsewhere, newest first."""
    work.allow(Permission.SEE)
    states = (RunState(state),) if state in set(RunState) else ()
    found = queries.runs(work, queries.RunFilter(states=states), cursor=cursor)
    return render(request, "runs/runs.html", found=found, state=state, states=list(RunState))


@router.get("/{ulid}")
def show_run(
    request: Request,
    work: ReadDep,
    ulid: Annotated[str, Path(pattern=ULID)],
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    trouble: bool = False,
) -> HTMLResponse:
    """One run: where it came from, its devices, and a window of its events."""
    work.allow(Permission.SEE)
    run = queries.run(work, ulid)
    events = queries.events(work, run, after=after, limit=queries.WINDOW + 1, trouble=trouble)
    shown = events[: queries.WINDOW]
    return render(
        request,
        "runs/run.html",
        run=run,
        devices=queries.devices(work, run, limit=SHOWN_DEVICES),
        lines=[{"text": text_of(event, work.actor), "tone": tone_of(event)} for event in shown],
        after=after,
        trouble=trouble,
        following=shown[-1].seq if len(events) > queries.WINDOW else None,
    )


def text_of(event: OutsideEvent, reader: Actor) -> str:
    """One line of the log for people, in the reader's time."""
    head = f"{event.at.astimezone(reader.zone):%H:%M:%S} {event.host}".rstrip()
    words = " ".join(part for part in (event.status, event.task, event.text.strip()) if part)
    return f"{head} {words or event.kind}"[:LINE]


@panel("asset", "runs", title=N_("Runs from elsewhere"), template="runs/panel.html", order=35)
def fill_panel(work: Work, subject_id: int) -> dict[str, Any] | None:
    """The runs of a device, newest first."""
    found = queries.runs(work, queries.RunFilter(asset_id=subject_id), limit=5).items
    return {"runs": found} if found else None
