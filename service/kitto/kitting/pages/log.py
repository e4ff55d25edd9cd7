"""The log of a kit: windows on what may be a hundred thousand lines."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.looks import KIND_WORDS, tone_of
from kitto.kitting.models import KitAttempt, KitStep
from kitto.kitting.pages.streams import follow, message
from kitto.kitting.queries import logs
from kitto.web.bodies import Number
from kitto.web.doors import Door, ReadDep
from kitto.web.downloads import file_answer
from kitto.web.render import render

router = APIRouter(route_class=Door, include_in_schema=False)
BLOCK = 50  # lines; the script of the page counts in the same blocks
SCREEN = 2 * BLOCK
LONGEST_SEARCH = 200


@router.get("/kitting/{kit_id:int}/log")
def show_log(
    request: Request, work: ReadDep, kit_id: Number, attempt: int | None = None, first: int | None = None
) -> HTMLResponse:
    """The log of one attempt (the newest one, if none is named), a screen at a time."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    tries = logs.attempts(work, kit_id)
    chosen = logs.attempt_of(work, kit_id, attempt) if attempt else (tries[-1] if tries else None)
    last = chosen[0].last_seq if chosen else 0
    wanted = max(1, min(first if first is not None else last - BLOCK + 1, last))
    start = wanted - (wanted - 1) % BLOCK
    return render(
        request,
        "kitting/log.html",
        kit=kit,
        tries=tries,
        attempt=chosen[0] if chosen else None,
        step=chosen[1] if chosen else None,
        first=start,
        asked=first,
        size=SCREEN,
        shown=logs.window(work, chosen[0].id, start, SCREEN) if chosen else [],
        tone_of=tone_of,
        kinds=KIND_WORDS,
    )


@router.get("/kitting/{kit_id:int}/log/{attempt:int}/lines")
def show_lines(
    request: Request,
    work: ReadDep,
    kit_id: Number,
    attempt: Number,
    first: Annotated[int, Query(ge=1)] = 1,
    size: Annotated[int, Query(ge=1, le=logs.LARGEST_WINDOW)] = BLOCK,
) -> HTMLResponse:
    """The lines from one number on, for the window of a page."""
    work.allow(Permission.SEE)
    found, _ = _attempt(work, kit_id, attempt)
    return render(
        request,
        "kitting/_rows.html",
        rows=logs.window(work, found.id, first, size),
        log_at=f"/kitting/{kit_id}/log/{found.id}",
        tone_of=tone_of,
    )


@router.get("/kitting/{kit_id:int}/log/{attempt:int}/find")
def find_line(
    work: ReadDep,
    kit_id: Number,
    attempt: Number,
    q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    start: int = 0,
    back: bool = False,
) -> JSONResponse:
    """The next line that holds a text; without a text, the next that failed."""
    work.allow(Permission.SEE)
    found, _ = _attempt(work, kit_id, attempt)
    hit, many = logs.found_line(work, found.id, q.strip(), start, back=back)
    return JSONResponse({"line": hit, "many": many}, headers={"Cache-Control": "no-store"})


@router.get("/kitting/{kit_id:int}/log/{attempt:int}/text")
def read_log_file(work: ReadDep, kit_id: Number, attempt: Number) -> Response:
    """The whole log of an attempt as a file."""
    work.allow(Permission.SEE)
    found, step = _attempt(work, kit_id, attempt)
    lines: list[str] = []
    for first in range(1, found.last_seq + 1, logs.LARGEST_WINDOW):
        for line in logs.window(work, found.id, first, logs.LARGEST_WINDOW):
            at = line.at.astimezone(work.actor.zone)
            lines.append(f"{line.seq}\t{at:%Y-%m-%d %H:%M:%S}\t{line.status}\t{line.task}\t{line.text}")
            lines += [line.detail] if line.detail else []
    name = f"kit-{kit_id}-{step.key}-{found.number}.log"
    return file_answer("\n".join([*lines, ""]).encode(), "text/plain; charset=utf-8", name)


@router.get("/kitting/{kit_id:int}/log/{attempt:int}/{line:int}")
def show_line(request: Request, work: ReadDep, kit_id: Number, attempt: Number, line: Number) -> HTMLResponse:
    """One line whole, with its result."""
    work.allow(Permission.SEE)
    found, step = _attempt(work, kit_id, attempt)
    return render(
        request,
        "kitting/line.html",
        kit=queries.kit(work, kit_id),
        step=step,
        attempt=found,
        line=logs.line(work, found.id, line),
    )


@router.get("/kitting/{kit_id:int}/log/{attempt:int}/grows")
def stream_growth(
    request: Request, work: ReadDep, kit_id: Number, attempt: Number, seen: int = 0
) -> Response:
    """Says how many lines there are whenever there are more; `end` when the attempt has ended."""
    work.allow(Permission.SEE)
    _attempt(work, kit_id, attempt)
    last = [seen]

    def look(work: Work) -> tuple[list[str], bool]:
        work.allow(Permission.SEE)
        found, _ = _attempt(work, kit_id, attempt)
        news = [message("", str(found.last_seq))] if found.last_seq != last[0] else []
        last[0] = found.last_seq
        over = found.ended_at is not None
        return ([*news, message("end")] if over else news), over

    return follow(request, work.actor, look)


def _attempt(work: Work, kit_id: int, attempt: int) -> tuple[KitAttempt, KitStep]:
    queries.kit(work, kit_id)
    return logs.attempt_of(work, kit_id, attempt)
