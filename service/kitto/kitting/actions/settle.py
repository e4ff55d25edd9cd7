"""What state a kit is in follows from its steps; nothing else decides it."""

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.rules import STATE_WORDS, State, Step
from kitto.base.i18n import N_, Told, Words
from kitto.base.work import Work
from kitto.kitting.actions.chain import move_kit, move_step
from kitto.kitting.actions.locks import release_lock
from kitto.kitting.actions.seats import give_seats_back
from kitto.kitting.facts import KitFinished
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.locks import LockHolder
from kitto.kitting.rules.states import (
    DONE,
    WORKING,
    KitState,
    Phase,
    StepState,
    WaitFor,
)

DEVICE_ELSEWHERE = N_("The device is {state}, not in kitting. Put that right, then try again.")
_URGENT = (
    WaitFor.PERSON,
    WaitFor.APPROVAL,
    WaitFor.LICENCE,
    WaitFor.DEVICE,
    WaitFor.WINDOW,
    WaitFor.RETRY,
)


def open_steps(work: Work, kit: Kit) -> None:
    """Let those steps begin whose needs are met and whose part of the kit has been reached."""
    done = {step.key for step in kit.steps if step.state in DONE}
    for phase in Phase:
        for step in kit.steps:
            if step.phase is phase and step.state is StepState.PENDING and done.issuperset(step.needs):
                move_step(work, kit, step, StepState.RUNNABLE)
        if any(step.phase is phase and step.state not in DONE for step in kit.steps):
            return


def settle(work: Work, kit: Kit) -> None:
    """Bring the kit's own state in line with its steps. Idempotent; leaves kits alone that do not work."""
    if kit.state not in WORKING or kit.cancel_asked_at is not None:
        return
    before_handover = [step for step in kit.steps if step.phase is not Phase.HANDOVER]
    wrong = _first(before_handover, StepState.FAILED) or _first(before_handover, StepState.LOST)
    if kit.state is KitState.FAILED and wrong is None:
        # What had failed was passed over: the kit goes on, wherever that leads.
        move_kit(work, kit, KitState.QUEUED)
    if all(step.state in DONE for step in before_handover):
        if kit.state is not KitState.READY:
            _ready(work, kit)
        return
    running = _first(before_handover, StepState.RUNNING)
    waiting = _first_waiting(before_handover)
    accepting = all(step.state in DONE for step in kit.steps if step.phase is Phase.WORK)
    if running is not None:
        move_kit(work, kit, KitState.VERIFYING if accepting else KitState.RUNNING)
    elif wrong is not None:
        move_kit(work, kit, KitState.FAILED, reason=wrong.reason)
    elif waiting is not None:
        move_kit(
            work,
            kit,
            KitState.VERIFYING if accepting else KitState.WAITING,
            reason=waiting.reason,
            waits_for=waiting.waits_for,
            deadline_at=waiting.deadline_at,
        )
    else:
        move_kit(work, kit, KitState.QUEUED, reason=kit.reason)


def _first(steps: list[KitStep], state: StepState) -> KitStep | None:
    return next((step for step in steps if step.state is state), None)


def _first_waiting(steps: list[KitStep]) -> KitStep | None:
    waiting = [step for step in steps if step.state is StepState.WAITING]
    return min(waiting, key=lambda step: _URGENT.index(step.waits_for or WaitFor.PERSON), default=None)


def _ready(work: Work, kit: Kit) -> None:
    asset = asset_queries.by_id(work, kit.device)
    if not kit.in_place and asset.state is not State.KITTING:
        state = Words(STATE_WORDS[asset.state])
        move_kit(
            work,
            kit,
            KitState.FAILED,
            reason=Told(DEVICE_ELSEWHERE, {"state": state}, code="device_elsewhere"),
        )
        return
    move_kit(work, kit, KitState.READY)
    give_seats_back(work, kit)  # of steps that were passed over
    kit.ready_at = work.now
    hands, machine = seconds(kit)
    work.record(
        KitFinished(
            kit_id=kit.id, asset_id=kit.device, tag=kit.tag, hands_seconds=hands, machine_seconds=machine
        )
    )
    if not kit.in_place:
        assets.take_step(work, tag=kit.tag, step=Step.FINISH_KITTING, reason=f"#{kit.id}")
    release_lock(work, asset_id=kit.device, holder=LockHolder.KIT, holder_id=str(kit.id), fence=kit.fence)


def seconds(kit: Kit) -> tuple[int, int]:
    """Seconds of hands and of machines so far; only steps that have ended count."""
    hands = machine = 0
    for step in kit.steps:
        if step.started_at and step.ended_at:
            took = int((step.ended_at - step.started_at).total_seconds())
            if step.by_hands:
                hands += took
            else:
                machine += took
    return hands, machine
