"""What Kitto itself does with a kit: decide what comes next, note how it went."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Table, inspect

from kitto.assets import queries as asset_queries
from kitto.base.bulk import insert_many
from kitto.base.i18n import N_, Told
from kitto.base.ids import new_id
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.causes import in_both_languages
from kitto.kitting.actions.chain import move_step, prove, step_done, step_failed, step_waits
from kitto.kitting.actions.kinds import LOOKS
from kitto.kitting.actions.locks import refuse_stale, take_lock
from kitto.kitting.actions.manage import end_cancelled
from kitto.kitting.actions.settle import open_steps, settle
from kitto.kitting.adapters.plays import Kind, Outcome, PlayEvent, PlayOutcome
from kitto.kitting.facts import KitStepLate, SecretRead
from kitto.kitting.models import Kit, KitAttempt, KitEvidence, KitStep, PlayLine
from kitto.kitting.rules.locks import LockHolder
from kitto.kitting.rules.refusals import DeviceBusy
from kitto.kitting.rules.states import (
    MACHINE,
    WORKING,
    KitState,
    OnLost,
    StepKind,
    StepState,
    WaitFor,
)
from kitto.kitting.rules.verdicts import Done, Failed, Waits
from kitto.kitting.signals import CARRY_ON, go_on

log = structlog.get_logger()
LONGEST_PAUSE: Final = timedelta(hours=1)
# The table itself, because lines come a thousand at a time and none of them is looked at again.
_LINE: Table = inspect(PlayLine).local_table  # type: ignore[assignment]  # a mapped class has a table
TOO_LATE: Final = N_("It waited longer than its profile allows. Look at the device, then try again.")
NEVER_AGAIN: Final = frozenset(
    {
        "host_key_changed",
        "certificate_changed",
        "certificate_elsewhere",
        "password_refused",
        "wrong_device",
        "playbook_broken",
        "refused",
    }
)
"""Causes that the same try would meet again."""


@dataclass(frozen=True)
class Todo:
    """What to do next outside the ledger: the step, its kind, and the attempt that it is."""

    step: str
    run: str
    kind: StepKind


def next_todo(work: Work, kit_id: int) -> Todo | None:
    """Move the kit as far as it goes inside the ledger. Returns what is to be done outside, or None.

    Idempotent: what was claimed before is returned again, so a restarted job goes on with it.
    """
    work.allow(Permission.KIT)
    work.unrecorded("a kit's own progress; what matters is recorded where it happens")
    kit = queries.locked(work, kit_id)
    running = _running(kit)
    if kit.cancel_asked_at is not None:
        if running is None:
            end_cancelled(work, kit, left_there=False)
        return running
    if running is not None or kit.state not in WORKING or not _has_device(work, kit):
        return running
    _wake(work, kit)
    _look_at_all(work, kit)
    todo = _claim_next(work, kit)
    settle(work, kit)
    return todo


def _has_device(work: Work, kit: Kit) -> bool:
    """Take the device for this kit, or say who has it."""
    if kit.state is KitState.READY:
        return True
    try:
        lock = take_lock(
            work, asset_id=kit.device, holder=LockHolder.KIT, holder_id=str(kit.id), says=f"kit #{kit.id}"
        )
    except DeviceBusy as busy:
        kit.reason = busy.told()
        go_on(work, kit, delay=30)
        return False
    kit.fence, kit.reason = lock.fence, ""
    return True


def _look_at_all(work: Work, kit: Kit) -> None:
    """Look at every step that needs nothing from outside, until none of them moves any more."""
    moved = True
    while moved:
        open_steps(work, kit)
        moved = False
        for step in kit.steps:
            if step.state in (StepState.RUNNABLE, StepState.WAITING) and step.kind in LOOKS:
                moved = _look(work, kit, step) or moved


def _look(work: Work, kit: Kit, step: KitStep) -> bool:
    match LOOKS[step.kind](work, kit, step):
        case Done() as done:
            step_done(work, kit, step, prove(work, kit, step, done.kind, done.data))
            return True
        case Failed() as failed:
            step_failed(work, kit, step, failed.reason)
        case Waits() as waits:
            late = work.now + timedelta(minutes=step.spec.get("minutes", 30))
            step_waits(work, kit, step, waits.waits_for, reason=waits.reason, deadline_at=late)
            if waits.retry_at is not None and step.retry_at != waits.retry_at:
                step.retry_at = waits.retry_at
                go_on(work, kit, delay=max(1.0, (waits.retry_at - work.now).total_seconds()))
    return False


def _claim_next(work: Work, kit: Kit) -> Todo | None:
    """Claim the first step that needs something from outside, unless something has gone wrong already."""
    if any(step.state in (StepState.FAILED, StepState.LOST) for step in kit.steps):
        return None
    for step in kit.steps:
        if step.kind in MACHINE and step.state is StepState.RUNNABLE:
            return _claim(work, kit, step)
    return None


def _claim(work: Work, kit: Kit, step: KitStep) -> Todo:
    step.attempt += 1
    move_step(work, kit, step, StepState.RUNNING)
    attempt = new_attempt(work, kit, step, mode="run", number=step.attempt)
    return Todo(step.key, attempt.run, step.kind)


def new_attempt(work: Work, kit: Kit, step: KitStep, *, mode: str, number: int) -> KitAttempt:
    """A try of a step, under the lock as the kit holds it. The action that begins it has asked."""
    attempt = KitAttempt(
        step_id=step.id,
        number=number,
        mode=mode,
        fence=kit.fence,
        run=f"k{kit.id}-{step.position}-{number}-{new_id()[:8]}",
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
    return attempt


def _running(kit: Kit) -> Todo | None:
    for step in kit.steps:
        if step.state is StepState.RUNNING:
            tries = [item for item in step.attempts if item.mode in ("run", "verify")]
            return Todo(step.key, tries[-1].run, step.kind)
    return None


def note_launch(work: Work, kit_id: int, run: str) -> bool:
    """Note that a run is about to be launched; False if it had been before. Refuses a stale fence."""
    work.allow(Permission.KIT)
    work.unrecorded("progress of a play")
    attempt = queries.attempt(work, run, lock=True)
    if attempt.launched_at is not None:
        return False
    _refuse_stale(work, queries.kit(work, kit_id), attempt)
    attempt.launched_at = work.now
    return True


def _refuse_stale(work: Work, kit: Kit, attempt: KitAttempt) -> None:
    holder = LockHolder.DRIFT if attempt.mode == "drift" else LockHolder.KIT
    refuse_stale(work, asset_id=kit.device, holder=holder, holder_id=str(kit.id), fence=attempt.fence)


def keep_lines(work: Work, kit_id: int, step: str, run: str, events: list[PlayEvent]) -> int:
    """Store events of a play; those stored already are passed over. Returns the last seq stored."""
    work.allow(Permission.KIT)
    work.unrecorded("the log of a play")
    attempt = queries.attempt(work, run, lock=True)
    fresh = [event for event in events if event.seq > attempt.last_seq]
    if not fresh:
        return attempt.last_seq
    insert_many(work.session.connection(), _LINE, [_line(attempt.id, event) for event in fresh])
    attempt.last_seq = fresh[-1].seq
    read = [event.text for event in fresh if event.kind is Kind.SECRET]
    if read:
        kit = queries.kit(work, kit_id)
        for name in read:
            work.record(
                SecretRead(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=step, secret=name[:100])
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
    """Note how a step's run ended and move the step on. Idempotent."""
    work.allow(Permission.KIT)
    work.unrecorded("a kit's own progress; what matters is recorded where it happens")
    kit = queries.locked(work, kit_id)
    step = queries.step_of(kit, step_key)
    attempt = next(item for item in step.attempts if item.run == run)
    if attempt.ended_at is not None:
        return
    outcome = in_both_languages(kit, step, outcome)
    evidence = prove(work, kit, step, f"{step.kind}_{outcome.outcome}", _note(work, attempt, outcome))
    if attempt.mode not in ("run", "verify") or step.state is not StepState.RUNNING:
        return
    if kit.cancel_asked_at is not None:
        end_cancelled(work, kit, left_there=outcome.left_there)
        return
    if attempt.mode == "verify":
        _verified(work, kit, step, evidence, outcome)
    else:
        _ran(work, kit, step, evidence, outcome)
    settle(work, kit)


def _ran(work: Work, kit: Kit, step: KitStep, evidence: KitEvidence, outcome: PlayOutcome) -> None:
    if outcome.outcome is Outcome.SUCCEEDED:
        step_done(work, kit, step, evidence)
    elif outcome.outcome is Outcome.UNREACHABLE and outcome.cause not in NEVER_AGAIN:
        late = work.now + timedelta(minutes=step.spec.get("minutes", 30))
        step_waits(work, kit, step, WaitFor.DEVICE, reason=outcome.because, deadline_at=late)
    elif outcome.outcome is Outcome.LOST:
        _lost(work, kit, step, outcome.because)
    elif not _tries_again(work, kit, step, outcome):
        step_failed(work, kit, step, outcome.because)


def _verified(work: Work, kit: Kit, step: KitStep, evidence: KitEvidence, outcome: PlayOutcome) -> None:
    """After a loss its own check has looked: it was done, it is to be run again, or nobody can tell."""
    if outcome.outcome is Outcome.SUCCEEDED:
        step_done(work, kit, step, evidence)
        return
    move_step(work, kit, step, StepState.LOST, reason=outcome.because)
    if outcome.outcome is Outcome.FAILED and outcome.cause not in NEVER_AGAIN:
        move_step(work, kit, step, StepState.PENDING)


def _note(work: Work, attempt: KitAttempt, outcome: PlayOutcome) -> dict[str, Any]:
    counts = outcome.counts
    attempt.ended_at, attempt.outcome, attempt.reason = work.now, outcome.outcome, outcome.because
    attempt.counts = {
        "ok": counts.ok,
        "changed": counts.changed,
        "failed": counts.failed,
        "skipped": counts.skipped,
    }
    told = {"run": attempt.run, "mode": attempt.mode, "attempt": attempt.number, "cause": outcome.cause}
    return {**outcome.seen, **told, "rc": outcome.rc, "seconds": outcome.seconds, **attempt.counts}


def _tries_again(work: Work, kit: Kit, step: KitStep, outcome: PlayOutcome) -> bool:
    """Whether the profile lets a machine's failure be tried again by itself, after a growing pause."""
    tried = sum(1 for item in step.runs if item.outcome in (Outcome.FAILED, Outcome.TIMED_OUT))
    if outcome.cause in NEVER_AGAIN or tried > step.spec.get("retries", 0):
        return False
    pause = timedelta(seconds=step.spec.get("pause_seconds", 30)) * 2 ** (tried - 1)
    again = work.now + min(pause, LONGEST_PAUSE)
    step_waits(work, kit, step, WaitFor.RETRY, reason=outcome.because, deadline_at=None)
    step.retry_at = again
    go_on(work, kit, delay=(again - work.now).total_seconds())
    return True


def _lost(work: Work, kit: Kit, step: KitStep, reason: str) -> None:
    step_failed(work, kit, step, reason, StepState.LOST)
    if step.on_lost is OnLost.RERUN:
        move_step(work, kit, step, StepState.PENDING)
    elif step.on_lost is OnLost.VERIFY:
        move_step(work, kit, step, StepState.RUNNING)
        new_attempt(work, kit, step, mode="verify", number=step.attempt)


def device_is_back(work: Work, kit_id: int) -> bool:
    """A device that steps waited for answers again. False if none waits any more. Idempotent."""
    work.allow(Permission.KIT)
    work.unrecorded("a kit's own progress; what matters is recorded where it happens")
    return try_again(work, queries.locked(work, kit_id))


def try_again(work: Work, kit: Kit) -> bool:
    """The same, as a part of what made the device answer, which has asked."""
    waiting = [step for step in _waiting_machines(kit) if step.waits_for is WaitFor.DEVICE]
    for step in waiting:
        move_step(work, kit, step, StepState.RUNNABLE)
    settle(work, kit)
    return bool(waiting)


def take_up_forgotten(work: Work) -> list[int]:
    """Queue the kits that could go on and have no job. Returns their numbers. Idempotent."""
    work.allow(Permission.KIT)
    work.unrecorded("only queues what was queued before")
    known = work.keys_at_work(CARRY_ON)
    forgotten = [kit for kit in queries.movable(work.session) if kit.key not in known]
    for kit in forgotten:
        log.warning("kitting.taken_up_again", kit_id=kit.id, state=kit.state)
        go_on(work, kit)
    return [kit.id for kit in forgotten]


def _waiting_machines(kit: Kit) -> list[KitStep]:
    return [step for step in kit.steps if step.kind in MACHINE and step.state is StepState.WAITING]


def _wake(work: Work, kit: Kit) -> None:
    """Let steps be tried again whose pause is over, or whose device has reported since they began to wait."""
    seen = asset_queries.seen_by(work, kit.device, "agent")
    for step in _waiting_machines(kit):
        since = step.attempts[-1].ended_at if step.attempts else None
        reported = seen is not None and since is not None and seen.at > since
        rested = step.retry_at is not None and step.retry_at <= work.now
        if rested or (reported and step.waits_for is WaitFor.DEVICE):
            move_step(work, kit, step, StepState.RUNNABLE)


def note_late(work: Work, kit_id: int) -> None:
    """Tell of steps that wait longer than they may, once each; fail those that their profile lets fail.

    Kits whose pause is over are queued. Idempotent.
    """
    work.allow(Permission.KIT)
    work.unrecorded("a kit's own progress; what matters is recorded where it happens")
    kit = queries.locked(work, kit_id)
    for step in kit.steps:
        late = step.deadline_at is not None and step.deadline_at <= work.now
        if step.state is not StepState.WAITING or not late or step.escalated_at is not None:
            continue
        work.record(KitStepLate(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=step.key))
        if step.spec.get("fails_when_late"):
            step_failed(work, kit, step, Told(TOO_LATE, code="too_late"))
        else:
            step.escalated_at = work.now
    settle(work, kit)
    go_on(work, kit)
