"""The steps of a device's life, asked for and taken."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from kitto.assets import actions, queries
from kitto.assets.actions.life import PLAIN
from kitto.assets.rules import RIGHTS, STATE_WORDS, STEP_WORDS, TERMINAL, State, Step
from kitto.base.i18n import N_, Words
from kitto.identity.rules import Permission
from kitto.web.bodies import MaybeNumber
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)

ELSEWHERE = {
    Step.HAND_OVER: "/desk",
    Step.TAKE_BACK: "/desk",
    Step.TRANSFER: "/desk",
    Step.START_KITTING: "/kitting/new?tag={tag}",
}
"""Steps that have a page of their own."""


class StepForm(BaseModel):
    """What the question before a step sends."""

    version: int
    reason: str = ""


class ReceiveForm(BaseModel):
    """What the form of a receipt sends."""

    serial: str = ""
    location_id: MaybeNumber = None
    accessories: str = ""


@router.get("/devices/{tag}/steps/{step}")
def ask(request: Request, work: ReadDep, tag: str, step: Step) -> Response:
    """Ask before a step is taken; name the device and what will be."""
    work.allow(RIGHTS[step])
    asset = queries.by_tag(work, tag)
    if step in ELSEWHERE:
        return redirect(request, ELSEWHERE[step].format(tag=asset.name))
    return render(
        request,
        "assets/step.html",
        asset=asset,
        step=step,
        says=STEP_WORDS[step],
        harmful=step in (Step.DISPOSE, Step.VOID, Step.REJECT, Step.RETURN_LEASE),
    )


@router.post("/devices/{tag}/steps/{step}")
def take(
    request: Request, work: WorkDep, tag: str, step: Step, form: Annotated[StepForm, Form()]
) -> Response:
    """Take the step."""
    if step is Step.ACCEPT:
        asset = actions.accept(work, tag=tag, version=form.version)
    elif step is Step.RENEW or step not in PLAIN:
        asset = actions.take_step(work, tag=tag, step=step)
    else:
        asset = actions.take_step(work, tag=tag, step=step, reason=form.reason, version=form.version)
    return redirect(
        request,
        f"/devices/{asset.name}",
        N_("{tag} is now {state}."),
        tag=asset.name,
        state=Words(STATE_WORDS[asset.state]),
    )


@router.get("/receipts")
def show_receipts(request: Request, work: ReadDep) -> HTMLResponse:
    """What was ordered and has not arrived."""
    work.allow(Permission.RECEIVE)
    chosen = queries.AssetFilter(states=(State.ORDERED,))
    return render(request, "assets/receipts.html", found=queries.listed(work, chosen, limit=500).items)


@router.get("/receipts/{asset_id}")
def show_receive(request: Request, work: ReadDep, asset_id: int) -> HTMLResponse:
    """The form of a receipt: scan the serial number from the box."""
    work.allow(Permission.RECEIVE)
    asset = queries.by_id(work, asset_id)
    return render(request, "assets/receive.html", asset=asset, locations=queries.locations(work))


@router.post("/receipts/{asset_id}")
def receive(request: Request, work: WorkDep, asset_id: int, form: Annotated[ReceiveForm, Form()]) -> Response:
    """Book an ordered device as arrived."""
    lines = [line.strip() for line in form.accessories.splitlines() if line.strip()]
    asset = actions.receive(
        work, asset_id=asset_id, serial=form.serial, accessories=lines, location_id=form.location_id
    )
    return redirect(
        request, f"/devices/{asset.name}", N_("{tag} has arrived; print its label."), tag=asset.name
    )


@router.get("/devices/{tag}/correct")
def ask_correct(request: Request, work: ReadDep, tag: str) -> HTMLResponse:
    """The form with which an administrator sets a wrong state right."""
    work.allow(Permission.CORRECT)
    states = {state: word for state, word in STATE_WORDS.items() if state not in TERMINAL}
    return render(request, "assets/correct.html", asset=queries.by_tag(work, tag), states=states)


@router.post("/devices/{tag}/correct")
def correct(
    request: Request,
    work: WorkDep,
    tag: str,
    state: Annotated[State, Form()],
    reason: Annotated[str, Form(max_length=500)],
    version: Annotated[int, Form()],
) -> Response:
    """Set a wrong state right; it stays red in the history."""
    asset = actions.correct_state(work, tag=tag, state=state, reason=reason, version=version)
    return redirect(request, f"/devices/{asset.name}", N_("Corrected."))
