"""Retrying, skipping, cancelling."""

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.rules import State, Step
from kitto.base.i18n import Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.facts import KitCancelAsked, KitCancelled, KitRetried, KitStepSkipped
from kitto.kitting.models import Kit
from kitto.kitting.rules.refusals import KitOver, NothingToRetry, ReasonNeeded, StepNotWaiting
from kitto.kitting.rules.states import KIT_WORDS, OPEN, STEP_WORDS, KitState, StepState
from kitto.kitting.signals import go_on

SHORTEST_REASON = 5


def retry(work: Work, *, kit_id: int, step: str = "") -> Kit:
    """Go on from a step (default: the one that failed); what came before stays as it is.

    Attempts of the past are kept. Refuses kits that run or are over.
    """
    kit = _mine(work, kit_id)
    if kit.state not in (KitState.FAILED, KitState.WAITING):
        raise NothingToRetry(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    current = queries.current_step(kit)
    start = queries.step_of(kit, step) if step else current
    if start is None or (current is not None and start.position > current.position):
        raise NothingToRetry(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    for item in kit.steps:
        if item.position >= start.position and item.state is not StepState.PENDING:
            item.become(StepState.PENDING, work.now)
            item.done_by = ""
    kit.become(KitState.QUEUED, work.now)
    work.record(KitRetried(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, step=start.key))
    go_on(work, kit)
    return kit


def skip(work: Work, *, kit_id: int, step: str, reason: str) -> Kit:
    """Pass over a step that failed or waits, with a reason that stays in the report."""
    kit = _mine(work, kit_id)
    found = queries.step_of(kit, step)
    if found.state not in (StepState.FAILED, StepState.WAITING, StepState.LOST):
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReasonNeeded
    found.become(StepState.SKIPPED, work.now, reason=reason.strip()[:500])
    found.done_by = work.actor.name
    kit.become(KitState.QUEUED, work.now)
    work.record(
        KitStepSkipped(
            kit_id=kit.id,
            asset_id=kit.asset_id,
            tag=kit.tag,
            step=found.key,
            reason=reason.strip()[:500],
        )
    )
    go_on(work, kit)
    return kit


def cancel(work: Work, *, kit_id: int, reason: str) -> Kit:
    """Cancel a kit. It is cancelled when nothing of it runs any more, here or on the device."""
    kit = _mine(work, kit_id)
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReasonNeeded
    work.record(
        KitCancelAsked(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, reason=reason.strip()[:500])
    )
    if any(item.state is StepState.RUNNING for item in kit.steps):
        kit.become(KitState.CANCELLING, work.now, reason=reason.strip()[:500])
        go_on(work, kit)
        return kit
    end_cancelled(work, kit, reason=reason.strip()[:500], left_there=False)
    return kit


def end_cancelled(work: Work, kit: Kit, *, reason: str, left_there: bool) -> None:
    """Nothing of the kit runs any more: close it, and put the device back in stock."""
    for item in kit.steps:
        if item.state in (StepState.PENDING, StepState.WAITING, StepState.RUNNING, StepState.FAILED):
            item.become(StepState.CANCELLED, work.now)
    kit.become(KitState.CANCELLED, work.now, reason=reason)
    work.record(KitCancelled(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, left_there=left_there))
    asset = asset_queries.by_id(work, kit.asset_id)
    if asset.state is State.KITTING:
        assets.take_step(work, tag=kit.tag, step=Step.FAIL_KITTING, reason=reason)


def _mine(work: Work, kit_id: int) -> Kit:
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    asset = asset_queries.by_id(work, kit.asset_id)
    work.allow(Permission.KIT, asset.scopes)
    if kit.state not in OPEN or kit.state is KitState.CANCELLING:
        raise KitOver(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    return kit
