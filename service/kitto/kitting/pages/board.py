"""The board: every kit that is on its way, by state, live; and one thing done to many at once."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from kitto.base.errors import InvalidInput
from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.models import Kit
from kitto.kitting.pages.streams import follow, message
from kitto.kitting.queries import tickets
from kitto.kitting.queries.tickets import BoardFilter, Ticket
from kitto.kitting.rules.states import KitState
from kitto.people import queries as people
from kitto.web.bodies import MaybeNumber
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
open_way("kitting", "/kitting", N_("Board"), permission=Permission.SEE, rank=10)

ALWAYS: Final = (KitState.RUNNING, KitState.WAITING, KitState.FAILED, KitState.READY)
"""Columns that are there even when nothing is in them, so that the board does not jump."""
MOST: Final = 500
Order = Annotated[MaybeNumber, Query()]
Profile = Annotated[str, Query(max_length=64)]
Many = Callable[[Work, int], Kit]
DOES: Final[dict[str, tuple[str, bool]]] = {
    "retry": (N_("Try again"), False),
    "hold": (N_("Hold"), True),
    "resume": (N_("Resume"), False),
    "cancel": (N_("Cancel"), True),
}
"""What can be done to many kits: its name, and whether it wants a reason."""


def _chosen(order: int | None, project: int | None, profile: str, needs: str) -> BoardFilter:
    return BoardFilter(order_id=order, project_id=project, profile=profile, needs_person=bool(needs))


@router.get("/kitting")
def show_board(
    request: Request,
    work: ReadDep,
    order: Order = None,
    project: Order = None,
    profile: Profile = "",
    needs: str = "",
) -> HTMLResponse:
    """All kits on their way, by state; what needs a person stands out. The address holds the filter."""
    work.allow(Permission.SEE)
    chosen = _chosen(order, project, profile, needs)
    found = tickets.tickets(work, chosen)
    columns: dict[KitState, list[Ticket]] = {state: [] for state in tickets.SHOWN}
    for one in found:
        columns[one.state].append(one)
    return render(
        request,
        "kitting/board.html",
        columns=columns,
        always=ALWAYS,
        many=len(found),
        failed_at=_failed_at(columns[KitState.FAILED]),
        chosen=chosen,
        projects=people.project_choices(work),
        profiles=sorted(one.name for one in queries.newest_versions(work)),
        may=work.actor.may(Permission.KIT),
    )


def _failed_at(failed: list[Ticket]) -> dict[str, list[Ticket]]:
    """The failed kits by the step at which they failed."""
    found: dict[str, list[Ticket]] = {}
    for one in failed:
        found.setdefault(one.step, []).append(one)
    return found


@router.get("/kitting/tickets")
def show_tickets(
    request: Request, work: ReadDep, ids: Annotated[str, Query(max_length=6000)]
) -> HTMLResponse:
    """Some tickets of the board, drawn anew: what its stream says has changed."""
    work.allow(Permission.SEE)
    wanted = [int(part) for part in ids.split(",")[:MOST] if part.isascii() and part.isdigit()]
    found = tickets.tickets(work, BoardFilter(), wanted)
    return render(request, "kitting/_tickets.html", tickets=found, may=work.actor.may(Permission.KIT))


@router.get("/kitting/changes")
def stream_board(
    request: Request,
    work: ReadDep,
    order: Order = None,
    project: Order = None,
    profile: Profile = "",
    needs: str = "",
) -> Response:
    """Which kits are in which version: all at first, then what has changed (0: it has left the board)."""
    work.allow(Permission.SEE)
    chosen = _chosen(order, project, profile, needs)
    known: dict[int, int] = {}
    first = [True]

    def look(work: Work) -> tuple[list[str], bool]:
        work.allow(Permission.SEE)
        now = tickets.versions_shown(work, chosen)
        news = {kit: version for kit, version in now.items() if known.get(kit) != version}
        news |= dict.fromkeys(known.keys() - now.keys(), 0)
        known.clear()
        known.update(now)
        kind = "all" if first[0] else ""
        said = " ".join(f"{kit}:{version}" for kit, version in news.items())
        told = [message(kind, said)] if news or first[0] else []
        first[0] = False
        return told, False

    return follow(request, work.actor, look)


@router.get("/kitting/bulk")
def ask_bulk(
    request: Request,
    work: ReadDep,
    do: str = "",
    kit: Annotated[list[int] | None, Query(max_length=MOST)] = None,
    back: Annotated[str, Query(max_length=200)] = "/kitting",
) -> HTMLResponse:
    """Ask before something is done to many kits, naming every one of them."""
    work.allow(Permission.KIT)
    found = tickets.tickets(work, BoardFilter(), kit or [])
    says, wants_reason = DOES.get(do, DOES["retry"])
    return render(
        request,
        "kitting/bulk.html",
        do=do if do in DOES else "retry",
        says=says,
        wants_reason=wants_reason,
        kits=found,
        back=_own(back),
    )


@router.post("/kitting/bulk")
async def do_bulk(request: Request, work: WorkDep) -> Response:
    """Do one thing to many kits; those that refuse stay as they are, and the answer says why."""
    form = await request.form()
    ids = [int(str(one)) for one in form.getlist("kit")[:MOST] if str(one).isdigit()]
    do, reason, back = str(form.get("do", "")), str(form.get("reason", "")), str(form.get("back", ""))

    def act() -> Response:
        work.allow(Permission.KIT)
        work.unrecorded("what was done to each kit is recorded there")
        refused = actions.many(work, ids, _deed(do, reason))
        if not refused:
            return redirect(request, _own(back), N_("Done to {n} kits."), n=len(ids))
        kits = {one.id: one for one in tickets.tickets(work, BoardFilter(ended_too=True), ids)}
        told: list[tuple[Any, str]] = [(kits[kit], why) for kit, why in refused.items() if kit in kits]
        done = len(ids) - len(refused)
        return render(request, "kitting/bulk_done.html", refused=told, done=done, back=_own(back))

    return await run_in_threadpool(act)


def _deed(do: str, reason: str) -> Many:
    match do:
        case "retry":
            return lambda work, kit_id: actions.retry(work, kit_id=kit_id)
        case "hold":
            return lambda work, kit_id: actions.hold(work, kit_id=kit_id, reason=reason)
        case "resume":
            return lambda work, kit_id: actions.resume(work, kit_id=kit_id)
        case "cancel":
            return lambda work, kit_id: actions.cancel(work, kit_id=kit_id, reason=reason)
    raise InvalidInput(field="do", reason=", ".join(DOES))


def _own(back: str) -> str:
    """An address of ours to go back to."""
    return back if back.startswith("/kitting") else "/kitting"
