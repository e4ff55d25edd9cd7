"""One kit: its steps, what proves them, why it waits or failed, and what to do about it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.actions.codes import asked_by
from kitto.kitting.actions.files import make_file as make_file_of
from kitto.kitting.actions.settle import seconds
from kitto.kitting.looks import (
    CHECK_WORDS,
    EVIDENCE_WORDS,
    KIND_WORDS,
    STEP_TONES,
    WAIT_HELP,
    WAIT_WORDS,
    tone_of,
)
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.pages.streams import follow, message
from kitto.kitting.queries import bench, logs, past
from kitto.kitting.rules.states import DONE, OPEN, OVER, WORKING, KitState, StepState
from kitto.web.bodies import Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import file_once
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
Reason = Annotated[str, Form(max_length=500)]
Key = Annotated[str, Field(max_length=64)]
AGAIN: Final = (KitState.FAILED, KitState.WAITING, KitState.VERIFYING)
REHEARSED: Final = WORKING | {KitState.HELD}
PICTURE: Final = {"Cache-Control": "private, max-age=31536000, immutable"}


@router.get("/kitting/{kit_id:int}")
def show_kit(request: Request, work: ReadDep, kit_id: Number) -> HTMLResponse:
    """One kit: its steps, what proves them, and what it waits for."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    left = {step.key for step in kit.steps if step.state not in DONE}
    hand = bench.hand_step(kit) if kit.state is not KitState.HELD else None
    usual = past.usual_seconds(work, kit.profile.name, left) if kit.state in OPEN else {}
    return render(
        request,
        "kitting/kit.html",
        kit=kit,
        model=queries.model_of(work, kit),
        current=queries.current_step(kit),
        hand=hand,
        code=hand is not None and asked_by(kit, hand) is not None,
        seconds=seconds(kit),
        done_at=past.done_at(kit, usual, work.now) if kit.state in OPEN else None,
        holds=queries.chain_holds(work, kit),
        words=_last_words(work, kit),
        log=_log(kit),
        kinds=KIND_WORDS,
        waits=WAIT_WORDS,
        helps=WAIT_HELP,
        proofs=EVIDENCE_WORDS,
        tones=STEP_TONES,
        tone_of=tone_of,
        is_open=kit.state in OPEN and kit.cancel_asked_at is None,
        is_over=kit.state in OVER,
        may_retry=kit.state in AGAIN,
        may_rehearse=kit.state in REHEARSED and all(one.state is not StepState.RUNNING for one in kit.steps),
        checks=CHECK_WORDS,
    )


def _last_words(work: Work, kit: Kit) -> dict[int, Any]:
    """The last lines of what failed, by step."""
    wrong = [step for step in kit.steps if step.state in (StepState.FAILED, StepState.LOST)]
    return {step.id: logs.last_words(work, step.attempts[-1].id) for step in wrong if step.attempts}


def _log(kit: Kit) -> Any:
    """The newest attempt of the kit and its step; None when nothing ran yet."""
    tries = [(attempt, step) for step in kit.steps for attempt in step.attempts]
    return max(tries, key=lambda pair: pair[0].id, default=None)


@router.get("/kitting/{kit_id:int}/changes")
def stream_changes(request: Request, work: ReadDep, kit_id: Number, seen: int = 0) -> Response:
    """Says `changed` when the kit has moved, and `end` at the end; `asked` when another step wants hands,
    `tried` when a play began."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    # What the page shows is known only if nothing has moved since it was made.
    known = _parts(kit) if kit.version == seen else {}
    version = [seen]

    def look(work: Work) -> tuple[list[str], bool]:
        work.allow(Permission.SEE)
        kit = queries.kit(work, kit_id)
        if kit.version == version[0]:
            return [], False
        version[0] = kit.version
        news = [message("changed", str(kit.version), str(kit.version))]
        parts = _parts(kit)
        news += [message(name, now) for name, now in parts.items() if known.get(name) != now]
        known.update(parts)
        over = kit.state in OVER
        return ([*news, message("end")] if over else news), over

    return follow(request, work.actor, look)


def _parts(kit: Kit) -> dict[str, str]:
    """What is drawn anew only when it changes: the step that wants hands, the play whose log is shown."""
    hand: KitStep | None = bench.hand_step(kit)
    newest = _log(kit)
    return {
        "asked": f"{hand.key} {len(hand.evidence)}" if hand else "",
        "tried": str(newest[0].id) if newest else "",
    }


@router.post("/kitting/{kit_id:int}/steps/{step}/confirm")
async def confirm(request: Request, work: WorkDep, kit_id: Number, step: Key) -> Response:
    """Confirm a manual step with its ticked points."""
    form = await request.form()
    ticked = [int(str(value)) for value in form.getlist("ticked") if str(value).isdigit()]
    note = str(form.get("note", ""))
    await run_in_threadpool(actions.confirm, work, kit_id=kit_id, step=step, ticked=ticked, note=note)
    return redirect(request, f"/kitting/{kit_id}", N_("Confirmed."))


@router.post("/kitting/{kit_id:int}/steps/{step}/file")
def make_file(work: WorkDep, kit_id: Number, step: Key) -> Response:
    """The file that the fresh machine needs, as a download; its token works once."""
    made = make_file_of(work, kit_id=kit_id, step=step)
    return file_once(made.content, made.media_type, made.name)


@router.post("/kitting/{kit_id:int}/steps/{step}/scan")
def scan_back(
    request: Request, work: WorkDep, kit_id: Number, step: Key, scanned: Annotated[str, Form(max_length=2048)]
) -> Response:
    """Confirm a step by scanning the device."""
    actions.scan_back(work, kit_id=kit_id, step=step, scanned=scanned)
    return redirect(request, f"/kitting/{kit_id}", N_("Confirmed."))


@router.post("/kitting/{kit_id:int}/steps/{step}/approve")
def approve(
    request: Request,
    work: WorkDep,
    kit_id: Number,
    step: Key,
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Approve a step that waits for it."""
    actions.approve_step(work, kit_id=kit_id, step=step, note=note)
    return redirect(request, f"/kitting/{kit_id}", N_("Approved."))


@router.post("/kitting/{kit_id:int}/steps/{step}/photos")
async def add_photo(request: Request, work: WorkDep, kit_id: Number, step: Key) -> Response:
    """Keep a photo that proves a step."""
    form = await request.form()
    given = form.get("photo")
    picture = await given.read() if isinstance(given, UploadFile) else b""
    await run_in_threadpool(actions.add_photo, work, kit_id=kit_id, step=step, picture=picture)
    back = f"/kitting/bench?kit={kit_id}" if form.get("to") == "bench" else f"/kitting/{kit_id}"
    return redirect(request, back, N_("The photo is kept."))


@router.get("/kitting/{kit_id:int}/photos/{photo_id:int}")
def read_photo(work: ReadDep, kit_id: Number, photo_id: Number) -> Response:
    """A photo as it is kept."""
    work.allow(Permission.SEE)
    return Response(queries.photo(work, kit_id, photo_id).picture, media_type="image/jpeg", headers=PICTURE)


@router.get("/kitting/{kit_id:int}/photos/{photo_id:int}/small")
def read_thumbnail(work: ReadDep, kit_id: Number, photo_id: Number) -> Response:
    """The same, small."""
    work.allow(Permission.SEE)
    return Response(queries.photo(work, kit_id, photo_id).thumbnail, media_type="image/jpeg", headers=PICTURE)


@router.get("/kitting/{kit_id:int}/steps/{step}/skip")
def ask_skip(request: Request, work: ReadDep, kit_id: Number, step: Key) -> HTMLResponse:
    """Ask why a step is passed over."""
    work.allow(Permission.KIT)
    kit = queries.kit(work, kit_id)
    return render(request, "kitting/skip.html", kit=kit, step=queries.step_of(kit, step))


@router.post("/kitting/{kit_id:int}/steps/{step}/skip")
def skip(request: Request, work: WorkDep, kit_id: Number, step: Key, reason: Reason) -> Response:
    """Pass over a step, with a reason."""
    actions.skip(work, kit_id=kit_id, step=step, reason=reason)
    return redirect(request, f"/kitting/{kit_id}", N_("Skipped."))


@router.post("/kitting/{kit_id:int}/retry")
def retry(
    request: Request, work: WorkDep, kit_id: Number, step: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """Go on from a step."""
    actions.retry(work, kit_id=kit_id, step=step)
    return redirect(request, f"/kitting/{kit_id}", N_("It goes on."))


@router.post("/kitting/{kit_id:int}/steps/{step}/rehearse")
def rehearse(request: Request, work: WorkDep, kit_id: Number, step: Key) -> Response:
    """Let a step's play say what it would change."""
    actions.rehearse(work, kit_id=kit_id, step=step)
    return redirect(request, f"/kitting/{kit_id}", N_("The dry run has been asked for. Nothing is changed."))


@router.post("/kitting/{kit_id:int}/compare")
def compare(request: Request, work: WorkDep, kit_id: Number) -> Response:
    """Compare the device with the version it was kitted by."""
    kit = actions.ask_comparison(work, kit_id=kit_id)
    says = N_("The comparison has been asked for. Nothing is changed on the device.")
    return redirect(request, f"/devices/{kit.tag}", says)


@router.get("/kitting/{kit_id:int}/hold")
def ask_hold(request: Request, work: ReadDep, kit_id: Number) -> HTMLResponse:
    """Ask why a kit is to rest."""
    work.allow(Permission.KIT)
    return render(request, "kitting/hold.html", kit=queries.kit(work, kit_id))


@router.post("/kitting/{kit_id:int}/hold")
def hold(request: Request, work: WorkDep, kit_id: Number, reason: Reason) -> Response:
    """Put a kit on hold."""
    actions.hold(work, kit_id=kit_id, reason=reason)
    return redirect(request, f"/kitting/{kit_id}", N_("On hold. What runs now runs to its end."))


@router.post("/kitting/{kit_id:int}/resume")
def resume(request: Request, work: WorkDep, kit_id: Number) -> Response:
    """Let a kit go on."""
    actions.resume(work, kit_id=kit_id)
    return redirect(request, f"/kitting/{kit_id}", N_("It goes on."))


@router.get("/kitting/{kit_id:int}/cancel")
def ask_cancel(request: Request, work: ReadDep, kit_id: Number) -> HTMLResponse:
    """Ask before a kit is cancelled."""
    work.allow(Permission.KIT)
    return render(request, "kitting/cancel.html", kit=queries.kit(work, kit_id))


@router.post("/kitting/{kit_id:int}/cancel")
def cancel(request: Request, work: WorkDep, kit_id: Number, reason: Reason) -> Response:
    """Cancel a kit."""
    actions.cancel(work, kit_id=kit_id, reason=reason)
    return redirect(request, f"/kitting/{kit_id}", N_("The kit is being cancelled."))
