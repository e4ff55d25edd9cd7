"""What Kitto itself does with a kit: decide what comes next, note how a play went."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.rules import Step
from kitto.base.i18n import N_
from kitto.base.ids import new_id
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.evidence import prove, step_done, step_failed, step_waits
from kitto.kitting.actions.manage import end_cancelled
from kitto.kitting.adapters.plays import Kind, Outcome, PlayEvent, PlayOutcome
from kitto.kitting.facts import KitFinished, SecretRead
from kitto.kitting.models import Kit, KitAttempt, KitStep, PlayLine
from kitto.kitting.rules.states import (
    HUMAN,
    KitState,
    OnLost,
    StepKind,
    StepState,
    WaitFor,
)

WRONG_SERIAL = N_("The device reports serial number {seen}, the ledger says {known}. Find the right one.")


@dataclass(frozen=True)
class Todo:
    """The play to run next: its step, and the run that is or will be its attempt."""

    step: str
    run: str


def next_play(work: Work, kit_id: int) -> Todo | None:
    """Move the kit as far as it goes without a play. Returns the play to run, or None to stop here.

    Idempotent: a play that was claimed before is returned again, so a restarted job goes on with it.
    """
    work.allow(Permission.KIT)
    work.unrecorded("a kit's own progress; what matters is recorded where it happens")
    kit = queries.locked(work, kit_id)
    if kit.state is KitState.CANCELLING:
        running = _running_play(kit)
        if running is None:
            end_cancelled(work, kit, reason=kit.reason, left_there=False)
        return running
    if kit.state not in (KitState.QUEUED, KitState.RUNNING, KitState.WAITING):
        return None
    while (step := queries.current_step(kit)) is not None:
        if step.kind is StepKind.PLAYBOOK and step.state in (StepState.RUNNING, StepState.PENDING):
            return _claim(work, kit, step)
        if not _settle_now(work, kit, step):
            return None
    _finish(work, kit)
    return None


def _settle_now(work: Work, kit: Kit, step: KitStep) -> bool:
    """Settle a step that needs no play, if it can be settled now."""
    if step.state in (StepState.FAILED, StepState.LOST, StepState.CANCELLED):
        return False
    if step.kind in HUMAN:
        if step.state is StepState.PENDING:
            step_waits(work, kit, step, WaitFor.PERSON)
        return False
    if step.kind is StepKind.PLAYBOOK:
        return False
    seen = asset_queries.seen_by(work, kit.asset_id, "agent")
    if seen is None or seen.at < kit.started_at:
        if step.state is StepState.PENDING:
            step_waits(work, kit, step, WaitFor.DEVICE)
        return False
    if not seen.serial_fits:
        asset = asset_queries.by_id(work, kit.asset_id)
        step_failed(work, kit, step, WRONG_SERIAL.format(seen=seen.serial[:64], known=asset.serial or ""))
        return False
    evidence = prove(work, kit, step, "reported", {"serial": seen.serial, "at": seen.at, "data": seen.data})
    step_done(work, kit, step, evidence)
    return True


def _claim(work: Work, kit: Kit, step: KitStep) -> Todo:
    if step.state is StepState.RUNNING and step.attempts:
        return Todo(step.key, step.attempts[-1].run)
    step.attempt += 1
    step.become(StepState.RUNNING, work.now)
    attempt = KitAttempt(
        step_id=step.id,
        number=step.attempt,
        run=f"k{kit.id}-{step.position}-{step.attempt}-{new_id()[:8]}",
        launched_at=None,
        started_at=work.now,
        ended_at=None,
        outcome="",
        reason="",
        counts={},
        last_seq=0,
    )
    work.add(attempt)
    step.attempts.append(attempt)
    kit.become(KitState.RUNNING, work.now)
    return Todo(step.key, attempt.run)


def _running_play(kit: Kit) -> Todo | None:
    for step in kit.steps:
        if step.state is StepState.RUNNING and step.attempts:
            return Todo(step.key, step.attempts[-1].run)
    return None


def _finish(work: Work, kit: Kit) -> None:
    hands, machine = seconds(kit)
    kit.become(KitState.FINISHED, work.now)
    work.record(
        KitFinished(
            kit_id=kit.id,
            asset_id=kit.asset_id,
            tag=kit.tag,
            hands_seconds=hands,
            machine_seconds=machine,
        )
    )
    assets.take_step(work, tag=kit.tag, step=Step.FINISH_KITTING, reason=f"#{kit.id}")


def seconds(kit: Kit) -> tuple[int, int]:
    """Seconds of hands and of machines so far; only steps that have ended count."""
    hands = machine = 0
    for step in kit.steps:
        if step.started_at and step.ended_at:
            took = int((step.ended_at - step.started_at).total_seconds())
            if step.kind in HUMAN:
                hands += took
            else:
                machine += took
    return hands, machine


def note_launch(work: Work, run: str) -> bool:
    """Note that the play of a run is about to be launched; False if it had been before."""
    work.allow(Permission.KIT)
    work.unrecorded("progress of a play")
    attempt = queries.attempt(work, run)
    if attempt.launched_at is not None:
        return False
    attempt.launched_at = work.now
    return True


def keep_lines(work: Work, kit_id: int, step: str, run: str, events: list[PlayEvent]) -> int:
    """Store events of a play; those stored already are passed over. Returns the last seq stored."""
    work.allow(Permission.KIT)
    work.unrecorded("the log of a play")
    attempt = queries.attempt(work, run)
    fresh = [event for event in events if event.seq > attempt.last_seq]
    if not fresh:
        return attempt.last_seq
    work.session.execute(insert(PlayLine), [_line(attempt.id, event) for event in fresh])
    attempt.last_seq = fresh[-1].seq
    read = [event.text for event in fresh if event.kind is Kind.SECRET]
    if read:
        kit = queries.kit(work, kit_id)
        for name in read:
            work.record(
                SecretRead(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, step=step, secret=name[:100])
            )
    return attempt.last_seq


def _line(attempt_id: int, event: PlayEvent) -> dict[str, Any]:
    return {
        "attempt_id": attempt_id,
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "status": event.status,
        "task": event.task,
        "text": event.text,
        "detail": event.detail,
    }


def note_outcome(work: Work, kit_id: int, step_key: str, run: str, outcome: PlayOutcome) -> None:
    """Note how a play ended and move its step on. Idempotent."""
    work.allow(Permission.KIT)
    work.unrecorded("a kit's own progress; what matters is recorded where it happens")
    kit = queries.locked(work, kit_id)
    step = queries.step_of(kit, step_key)
    attempt = next(item for item in step.attempts if item.run == run)
    if attempt.ended_at is not None:
        return
    attempt.ended_at, attempt.outcome = work.now, outcome.outcome
    attempt.reason = outcome.reason
    counts = outcome.counts
    attempt.counts = {
        "ok": counts.ok,
        "changed": counts.changed,
        "failed": counts.failed,
        "skipped": counts.skipped,
    }
    data = {"run": run, "rc": outcome.rc, "seconds": outcome.seconds, **attempt.counts}
    evidence = prove(work, kit, step, f"play_{outcome.outcome}", data)
    if kit.state is KitState.CANCELLING:
        end_cancelled(work, kit, reason=kit.reason, left_there=outcome.left_there)
    elif outcome.outcome is Outcome.SUCCEEDED:
        step_done(work, kit, step, evidence)
    elif outcome.outcome is Outcome.UNREACHABLE and outcome.cause != "host_key_changed":
        step_waits(work, kit, step, WaitFor.DEVICE, outcome.reason)
    elif outcome.outcome is Outcome.LOST:
        _lost(work, kit, step, outcome.reason)
    else:
        step_failed(work, kit, step, outcome.reason)


def _lost(work: Work, kit: Kit, step: KitStep, reason: str) -> None:
    if step.on_lost is OnLost.RERUN:
        step.become(StepState.LOST, work.now, reason=reason)
        step.become(StepState.PENDING, work.now)
    else:
        step_failed(work, kit, step, reason, StepState.LOST)


def device_is_back(work: Work, kit_id: int) -> bool:
    """A device that a play waited for answers again. False if it waits no more, or not for a play."""
    work.allow(Permission.KIT)
    work.unrecorded("a kit's own progress; what matters is recorded where it happens")
    kit = queries.locked(work, kit_id)
    step = queries.current_step(kit)
    if kit.waits_for is not WaitFor.DEVICE or step is None or step.kind is not StepKind.PLAYBOOK:
        return False
    step.become(StepState.PENDING, work.now)
    kit.become(KitState.QUEUED, work.now)
    return True
