"""Pages of kitting: board, one kit with its live log, profiles, starting."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from kitto.assets import queries as assets
from kitto.assets.rules import State
from kitto.base.errors import InvalidInput
from kitto.base.i18n import N_
from kitto.base.work import Actor, Ledger, Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, offer, queries
from kitto.kitting.actions.settle import seconds
from kitto.kitting.looks import KIND_WORDS, STEP_TONES, tone_of
from kitto.kitting.models import Kit, PlayLine
from kitto.kitting.rules.states import HUMAN, OPEN, KitState
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.hooks import Waiting, panel, waits
from kitto.web.nav import open_way
from kitto.web.render import redirect, render, templates

router = APIRouter(route_class=Door, include_in_schema=False)

LOG_LINES: Final = 2000
STREAM_SECONDS: Final = 600
LOOK_SECONDS: Final = 0.4

open_way("kitting", "/kitting", N_("Board"), permission=Permission.SEE, rank=10)
open_way("kitting", "/kitting/kits", N_("All kits"), permission=Permission.SEE, rank=20)
open_way("kitting", "/kitting/profiles", N_("Profiles"), permission=Permission.SEE, rank=30)


class StartForm(BaseModel):
    """What the form that starts a kit sends."""

    tag: str
    profile: str
    parameters: str = ""


@router.get("/kitting")
def show_board(request: Request, work: ReadDep) -> HTMLResponse:
    """All open kits by state; what needs a person stands out."""
    work.allow(Permission.SEE)
    return render(request, "kitting/board.html", columns=queries.board(work), current=queries.current_step)


@router.get("/kitting/kits")
def show_kits(
    request: Request,
    work: ReadDep,
    state: str = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Every kit there was."""
    work.allow(Permission.SEE)
    states = (KitState(state),) if state in set(KitState) else ()
    found = queries.kits(work, queries.KitFilter(states=states), cursor=cursor)
    return render(
        request, "kitting/kits.html", found=found, state=state, states=list(KitState), seconds=seconds
    )


@router.get("/kitting/profiles")
def show_profiles(request: Request, work: ReadDep) -> HTMLResponse:
    """What kits can be started with."""
    work.allow(Permission.SEE)
    key = queries.newest_key(work)
    return render(
        request,
        "kitting/profiles.html",
        profiles=offer.offered(work),
        kinds=KIND_WORDS,
        public_key=key.public if key else "",
    )


@router.post("/kitting/key")
def make_key(request: Request, work: WorkDep) -> Response:
    """Make Kitto's SSH key, so that new machines can let it in."""
    actions.make_key(work)
    return redirect(request, "/kitting/profiles", N_("Done."))


@router.get("/kitting/new")
def show_new(request: Request, work: ReadDep, tag: str = "", profile: str = "") -> HTMLResponse:
    """The form that starts a kit."""
    work.allow(Permission.KIT)
    found = [one.spec for one in offer.offered(work) if one.spec is not None]
    chosen = next((one for one in found if one.name == profile), found[0] if found else None)
    ready = assets.listed(work, assets.AssetFilter(states=(State.IN_STOCK,)), limit=200).items
    return render(
        request,
        "kitting/new.html",
        tag=tag,
        profiles=found,
        chosen=chosen,
        devices=[line.asset for line in ready if line.asset.model.category.needs_kitting],
        example=_example(chosen.parameters) if chosen else "",
    )


def _example(schema: dict[str, Any]) -> str:
    """The defaults of a profile as text that can be changed."""
    known = schema.get("properties", {})
    defaults = {name: item["default"] for name, item in known.items() if "default" in item}
    return msgspec.json.format(msgspec.json.encode(defaults), indent=2).decode()


@router.post("/kitting")
def start(request: Request, work: WorkDep, form: Annotated[StartForm, Form()]) -> Response:
    """Start a kit."""
    kit = actions.start_kit(work, tag=form.tag, profile=form.profile, parameters=_parameters(form.parameters))
    return redirect(request, f"/kitting/{kit.id}", N_("Kit #{number} has started."), number=kit.id)


def _parameters(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as wrong:
        raise InvalidInput(field="parameters", reason=str(wrong)) from wrong


@router.get("/kitting/{kit_id}")
def show_kit(request: Request, work: ReadDep, kit_id: int) -> HTMLResponse:
    """One kit: its steps, what proves them, and the live log of its plays."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    lines = queries.log_lines(work, kit_id, limit=LOG_LINES)
    last = lines[-1][0] if lines else None
    return render(
        request,
        "kitting/kit.html",
        kit=kit,
        current=queries.current_step(kit),
        seconds=seconds(kit),
        kinds=KIND_WORDS,
        tones=STEP_TONES,
        human=HUMAN,
        lines=[{"text": text_of(line, step.key, work.actor), "tone": tone_of(line)} for line, step in lines],
        after=f"{last.attempt_id}-{last.seq}" if last else "0-0",
        is_open=kit.state in OPEN,
    )


def text_of(line: PlayLine, step: str, reader: Actor) -> str:
    """One line of the log for people, in the reader's time."""
    head = f"{line.at.astimezone(reader.zone):%H:%M:%S} {step}"
    words = " ".join(part for part in (line.status, line.task, line.text.strip()) if part)
    return f"{head} {words or line.kind}"


@router.post("/kitting/{kit_id}/steps/{step}/confirm")
async def confirm(request: Request, work: WorkDep, kit_id: int, step: str) -> Response:
    """Confirm a manual step with its ticked points."""
    form = await request.form()
    ticked = [int(str(value)) for value in form.getlist("ticked") if str(value).isdigit()]
    note = str(form.get("note", ""))
    await run_in_threadpool(actions.confirm, work, kit_id=kit_id, step=step, ticked=ticked, note=note)
    return redirect(request, f"/kitting/{kit_id}", N_("Confirmed."))


@router.post("/kitting/{kit_id}/steps/{step}/scan")
def scan_back(
    request: Request, work: WorkDep, kit_id: int, step: str, scanned: Annotated[str, Form(max_length=2048)]
) -> Response:
    """Confirm a step by scanning the device."""
    actions.scan_back(work, kit_id=kit_id, step=step, scanned=scanned)
    return redirect(request, f"/kitting/{kit_id}", N_("Confirmed."))


@router.get("/kitting/{kit_id}/steps/{step}/skip")
def ask_skip(request: Request, work: ReadDep, kit_id: int, step: str) -> HTMLResponse:
    """Ask why a step is passed over."""
    work.allow(Permission.KIT)
    kit = queries.kit(work, kit_id)
    return render(request, "kitting/skip.html", kit=kit, step=queries.step_of(kit, step))


@router.post("/kitting/{kit_id}/steps/{step}/skip")
def skip(
    request: Request, work: WorkDep, kit_id: int, step: str, reason: Annotated[str, Form(max_length=500)]
) -> Response:
    """Pass over a step, with a reason."""
    actions.skip(work, kit_id=kit_id, step=step, reason=reason)
    return redirect(request, f"/kitting/{kit_id}", N_("Skipped."))


@router.post("/kitting/{kit_id}/retry")
def retry(
    request: Request, work: WorkDep, kit_id: int, step: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """Go on from a step."""
    actions.retry(work, kit_id=kit_id, step=step)
    return redirect(request, f"/kitting/{kit_id}", N_("It goes on."))


@router.get("/kitting/{kit_id}/cancel")
def ask_cancel(request: Request, work: ReadDep, kit_id: int) -> HTMLResponse:
    """Ask before a kit is cancelled."""
    work.allow(Permission.KIT)
    return render(request, "kitting/cancel.html", kit=queries.kit(work, kit_id))


@router.post("/kitting/{kit_id}/cancel")
def cancel(
    request: Request, work: WorkDep, kit_id: int, reason: Annotated[str, Form(max_length=500)]
) -> Response:
    """Cancel a kit."""
    actions.cancel(work, kit_id=kit_id, reason=reason)
    return redirect(request, f"/kitting/{kit_id}", N_("The kit is being cancelled."))


@router.get("/kitting/{kit_id}/log")
def stream_log(
    request: Request,
    work: ReadDep,
    kit_id: int,
    after: Annotated[str, Query(pattern=r"^\d{1,15}-\d{1,15}$")] = "0-0",
) -> Response:
    """The log as it grows, as server-sent events; ends when the kit does."""
    work.allow(Permission.SEE)
    queries.kit(work, kit_id)
    seen = request.headers.get("last-event-id", "")
    start = seen if seen.replace("-", "", 1).isdigit() and "-" in seen else after
    ledger: Ledger = request.app.state.house.ledger
    events = _events(request, ledger, work.actor, kit_id, start)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(
    request: Request, ledger: Ledger, actor: Actor, kit_id: int, after: str
) -> AsyncIterator[str]:
    line_of = templates().get_template("web/ui.html").module.line  # type: ignore[attr-defined]  # a macro
    steps = ""
    for _ in range(int(STREAM_SECONDS / LOOK_SECONDS)):
        if await request.is_disconnected():
            return
        rows, state, now_steps = await run_in_threadpool(_fresh, ledger, actor, kit_id, after)
        for cursor, text, tone in rows:
            after = cursor
            yield f"id: {cursor}\ndata: {line_of(text, tone)}\n\n"
        if steps and now_steps != steps:
            yield f"event: steps\nid: {after}\ndata: {state}\n\n"
        steps = now_steps
        if state not in OPEN:
            yield f"event: end\nid: {after}\ndata: {state}\n\n"
            return
        if not rows:
            await asyncio.sleep(LOOK_SECONDS)


def _fresh(
    ledger: Ledger, actor: Actor, kit_id: int, after: str
) -> tuple[list[tuple[str, str, str]], KitState, str]:
    attempt, _, seq = after.partition("-")
    with ledger.read(actor) as work:
        work.allow(Permission.SEE)
        kit = queries.kit(work, kit_id)
        lines = queries.log_lines(work, kit_id, after=(int(attempt), int(seq)), limit=500)
        rows = [
            (
                f"{line.attempt_id}-{line.seq}",
                " ".join(text_of(line, step.key, actor).splitlines()),
                tone_of(line),
            )
            for line, step in lines
        ]
        return rows, kit.state, " ".join(f"{step.key}={step.state}" for step in kit.steps)


@panel("asset", "kits", title=N_("Kitting"), template="kitting/panel.html", order=30)
def fill_panel(work: Work, subject_id: int) -> dict[str, Any] | None:
    """The kits of a device, newest first."""
    found = queries.kits(work, queries.KitFilter(asset_id=subject_id), limit=5).items
    return {"kits": found} if found else None


@waits("kits", title=N_("Kits that need a person"), order=10)
def kits_that_wait(work: Work) -> list[Waiting]:
    """Kits at a human step, and kits that failed."""
    return [_waiting(work, kit) for kit in queries.waiting_for_people(work)]


def _waiting(work: Work, kit: Kit) -> Waiting:
    step = queries.current_step(kit)
    title = step.title(work.locale) if step else ""
    failed = kit.state is KitState.FAILED
    return Waiting(
        sentence=f"#{kit.id} {kit.tag}: {title}" + (f" – {kit.reason}" if failed and kit.reason else ""),
        link=f"/kitting/{kit.id}",
        button=N_("Look at the failure") if failed else N_("Do the step"),
        since=kit.state_since,
        tone="bad" if failed else "warn",
        subject=kit.tag,
    )
