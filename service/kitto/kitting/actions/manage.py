"""Retrying, skipping, holding, cancelling: one kit, or many at once."""

from collections.abc import Callable, Iterable

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.rules import State, Step
from kitto.base.errors import Refusal
from kitto.base.i18n import Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.chain import move_kit, move_step
from kitto.kitting.actions.locks import release_lock
from kitto.kitting.actions.names import give_name_back
from kitto.kitting.actions.seats import give_seats_back
from kitto.kitting.actions.settle import settle
from kitto.kitting.facts import (
    KitCancelAsked,
    KitCancelled,
    KitHeld,
    KitResumed,
    KitRetried,
    KitStepSkipped,
)
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.locks import LockHolder
from kitto.kitting.rules.refusals import KitOver, NotHeld, NothingToRetry, ReasonNeeded, StepNotWaiting
from kitto.kitting.rules.states import (
    BEFORE_WORK,
    DONE,
    KIT_WORDS,
    OPEN,
    STEP_WORDS,
    KitState,
    StepState,
)
from kitto.kitting.signals import go_on

SHORTEST_REASON = 5
Undo = Callable[[Work, Kit], None]
UNDOES: list[Undo] = []
"""What gives back what a kit has taken (seats, secrets), when it is cancelled or its device sent back."""


def retry(work: Work, *, kit_id: int, step: str = "") -> Kit:
    """Go on from a step (default: the one that failed); what did not need it stays as it is.

    Attempts and evidence of the past are kept. Refuses kits that run or are over.
    """
    kit = _mine(work, kit_id)
    if kit.state not in (KitState.FAILED, KitState.WAITING, KitState.VERIFYING):
        raise NothingToRetry(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    start = queries.step_of(kit, step) if step else queries.current_step(kit)
    if start is None or start.state in (StepState.PENDING, StepState.RUNNING) or _runs(kit):
        raise NothingToRetry(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    for item in _from(kit, start):
        if item.state is not StepState.PENDING:
            move_step(work, kit, item, StepState.PENDING)
            item.done_by = item.done_as = ""
    move_kit(work, kit, KitState.QUEUED)
    work.record(KitRetried(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=start.key))
    go_on(work, kit)
    return kit


def _from(kit: Kit, start: KitStep) -> list[KitStep]:
    """The step, those that need it directly or through others, and all of later parts."""
    again = {start.key}
    for item in kit.steps:
        if again.intersection(item.needs) or list(type(item.phase)).index(item.phase) > list(
            type(start.phase)
        ).index(start.phase):
            again.add(item.key)
    return [item for item in kit.steps if item.key in again]


def skip(work: Work, *, kit_id: int, step: str, reason: str) -> Kit:
    """Pass over a step that failed or waits, with a reason that stays in the report."""
    kit = _mine(work, kit_id)
    found = queries.step_of(kit, step)
    if found.state not in (StepState.FAILED, StepState.WAITING, StepState.LOST):
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    told = _reason(reason)
    move_step(work, kit, found, StepState.SKIPPED, reason=told)
    found.done_by, found.done_as = work.actor.name, f"{work.actor.kind}:{work.actor.id}"
    settle(work, kit)
    work.record(KitStepSkipped(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=found.key, reason=told))
    go_on(work, kit)
    return kit


def hold(work: Work, *, kit_id: int, reason: str) -> Kit:
    """Put a kit on hold. A play that runs now runs to its end; nothing new begins until it is resumed."""
    kit = _mine(work, kit_id)
    told = _reason(reason)
    if kit.state is KitState.HELD or kit.asset_id is None:
        return kit
    kit.held_from = kit.state
    move_kit(work, kit, KitState.HELD, reason=told)
    work.record(KitHeld(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, reason=told))
    return kit


def resume(work: Work, *, kit_id: int) -> Kit:
    """Let a kit on hold go on where it was; one that was not begun waits to be. Refuses not_held."""
    kit = _mine(work, kit_id)
    if kit.state is not KitState.HELD:
        raise NotHeld(number=kit.id)
    begun = kit.held_from is not KitState.REGISTERED
    move_kit(work, kit, KitState.QUEUED if begun else KitState.REGISTERED)
    kit.held_from = None
    work.record(KitResumed(kit_id=kit.id, asset_id=kit.device, tag=kit.tag))
    if begun:
        settle(work, kit)
        go_on(work, kit)
    return kit


def cancel(work: Work, *, kit_id: int, reason: str) -> Kit:
    """Cancel a kit. It is cancelled when nothing of it runs any more, here or on the device."""
    kit = _mine(work, kit_id)
    told = _reason(reason)
    work.record(KitCancelAsked(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, reason=told))
    kit.reason, kit.cancel_asked_at = told, work.now
    if _runs(kit):
        go_on(work, kit)
    else:
        end_cancelled(work, kit, left_there=False)
    return kit


def end_cancelled(work: Work, kit: Kit, *, left_there: bool) -> None:
    """Nothing of the kit runs any more: what it took is given back."""
    for item in kit.steps:
        if item.state not in DONE and item.state is not StepState.CANCELLED:
            move_step(work, kit, item, StepState.CANCELLED)
    move_kit(work, kit, KitState.CANCELLED, reason=kit.reason)
    give_back(work, kit)
    work.record(KitCancelled(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, left_there=left_there))


def give_back(work: Work, kit: Kit) -> None:
    """Undo what a kit that comes to nothing has taken: seats, secrets, the lock, the device's state."""
    give_name_back(work, kit)
    give_seats_back(work, kit)
    if kit.asset_id is None:
        return
    for undo in UNDOES:
        undo(work, kit)
    release_lock(work, asset_id=kit.asset_id, holder=LockHolder.KIT, holder_id=str(kit.id), fence=kit.fence)
    asset = asset_queries.by_id(work, kit.asset_id)
    if asset.state is State.KITTING and not kit.in_place:
        assets.take_step(work, tag=kit.tag, step=Step.FAIL_KITTING, reason=kit.reason)


def many(work: Work, kit_ids: Iterable[int], do: Callable[[Work, int], Kit]) -> dict[int, str]:
    """Do one thing to many kits in this work. Returns the refusals by kit; those are left as they were."""
    work.allow(Permission.KIT)
    refused: dict[int, str] = {}
    for kit_id in kit_ids:
        try:
            do(work, kit_id)
        except Refusal as refusal:
            refused[kit_id] = refusal.sentence(work.locale)
    return refused


def _reason(text: str) -> str:
    told = text.strip()[:500]
    if len(told) < SHORTEST_REASON:
        raise ReasonNeeded
    return told


def _runs(kit: Kit) -> bool:
    return any(item.state is StepState.RUNNING for item in kit.steps)


def _mine(work: Work, kit_id: int) -> Kit:
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    if kit.asset_id is not None:
        work.allow(Permission.KIT, asset_queries.by_id(work, kit.asset_id).scopes)
    elif kit.state not in BEFORE_WORK:
        raise KitOver(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    if kit.state not in OPEN or kit.cancel_asked_at is not None:
        raise KitOver(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    return kit
