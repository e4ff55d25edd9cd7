"""Dry runs of a kit's steps, and later comparisons of a device with the version it was kitted by."""

from typing import Any, Final

from sqlalchemy import select

from kitto.assets import queries as asset_queries
from kitto.assets.rules import TERMINAL
from kitto.base.i18n import Told, Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.causes import sentence
from kitto.kitting.actions.kinds.reports import misfit
from kitto.kitting.actions.locks import release_lock, take_lock
from kitto.kitting.actions.machine import new_attempt
from kitto.kitting.adapters.plays import Outcome
from kitto.kitting.facts import DriftFound
from kitto.kitting.models import Kit, KitAttempt, KitDrift, KitStep, PlayLine
from kitto.kitting.rules.causes import CODED, OURS
from kitto.kitting.rules.locks import DriftResult, LockHolder
from kitto.kitting.rules.refusals import CannotBePredicted, KitOver, NeverReady
from kitto.kitting.rules.states import KIT_WORDS, WORKING, CheckSupport, KitState, StepKind, StepState
from kitto.kitting.signals import COMPARE, REHEARSE

MOST_DIFFERENCES: Final = 200
REPORT: Final = "report"
"""What an agent reported, where a difference says what showed it."""


def rehearse(work: Work, *, kit_id: int, step: str) -> KitAttempt:
    """Run a step's play so that it only says what it would change; nothing of the kit moves.

    Refuses steps that cannot be predicted, kits that run, and devices that somebody else works on.
    """
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    work.allow(Permission.KIT, asset_queries.by_id(work, kit.device).scopes)
    found = queries.step_of(kit, step)
    if found.kind is not StepKind.PLAYBOOK or found.spec.get("check_support") == CheckSupport.NONE:
        raise CannotBePredicted(step=found.title(work.locale))
    if kit.state not in WORKING | {KitState.HELD} or any(one.state is StepState.RUNNING for one in kit.steps):
        raise KitOver(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    lock = take_lock(
        work, asset_id=kit.device, holder=LockHolder.KIT, holder_id=str(kit.id), says=f"kit #{kit.id}"
    )
    kit.fence = lock.fence
    number = 1 + sum(1 for item in found.attempts if item.mode == "check")
    attempt = new_attempt(work, kit, found, mode="check", number=number)
    work.unrecorded("a dry run changes nothing; the kit's own chain holds it")
    work.enqueue(REHEARSE, kit.id, found.key, attempt.run, key=kit.key)
    return attempt


def ask_comparison(work: Work, *, kit_id: int) -> Kit:
    """Compare a kitted device with the version it was kitted by, now. Refuses kits that were never ready."""
    work.allow(Permission.KIT)
    kit = queries.kit(work, kit_id)
    if kit.asset_id is None or kit.ready_at is None:
        raise NeverReady(number=kit.id)
    work.allow(Permission.KIT, asset_queries.by_id(work, kit.asset_id).scopes)
    work.unrecorded("what the comparison finds is recorded")
    work.enqueue(COMPARE, kit.id, work.actor.name, key=kit.key)
    return kit


def begin_comparison(work: Work, kit_id: int) -> list[tuple[str, str]]:
    """Take the device and lay out the dry runs to do: (step, run). Refuses device_busy."""
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    asset = asset_queries.by_id(work, kit.device)
    if asset.state in TERMINAL:
        return []
    lock = take_lock(
        work,
        asset_id=kit.device,
        holder=LockHolder.DRIFT,
        holder_id=str(kit.id),
        says=f"comparison of kit #{kit.id}",
    )
    kit.fence = lock.fence
    found = []
    for step in _compared(kit):
        number = 1 + sum(1 for item in step.attempts if item.mode == "drift")
        attempt = new_attempt(work, kit, step, mode="drift", number=number)
        found.append((step.key, attempt.run))
    return found


def _compared(kit: Kit) -> list[KitStep]:
    drift = kit.profile.definition.get("drift") or {}
    wanted = (*drift.get("steps", ()), *drift.get("checks", ())) if drift.get("steps") else ()
    return [
        step
        for step in kit.steps
        if step.kind is StepKind.PLAYBOOK
        and step.state is StepState.SUCCEEDED
        and step.spec.get("check_support") != CheckSupport.NONE
        and (not wanted or step.key in wanted)
    ]


def note_comparison(work: Work, kit_id: int, runs: list[tuple[str, str]], by: str) -> KitDrift:
    """Gather what the dry runs and the device's own reports said, and give the device back. Idempotent."""
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    attempts = {run: queries.attempt(work, run) for _, run in runs}
    differences: list[Any] = _from_reports(work, kit)
    result, reason = DriftResult.SAME, ""
    checks = (kit.profile.definition.get("drift") or {}).get("checks", ())
    for step, run in runs:
        attempt = attempts[run]
        missed = _from_check(work, kit, queries.step_of(kit, step), attempt) if step in checks else []
        if attempt.outcome == Outcome.UNREACHABLE:
            result, reason = DriftResult.UNREACHABLE, attempt.reason
        elif attempt.outcome != Outcome.SUCCEEDED and not missed:
            result, reason = DriftResult.FAILED, attempt.reason
        differences += missed or _from_lines(work, step, attempt)
    if differences and result is DriftResult.SAME:
        result = DriftResult.DIFFERS
    release_lock(work, asset_id=kit.device, holder=LockHolder.DRIFT, holder_id=str(kit.id), fence=kit.fence)
    last = queries.newest_drift(work, kit.id)
    made = work.add(
        KitDrift(
            kit_id=kit.id,
            asset_id=kit.device,
            at=work.now,
            result=result,
            reason=reason,
            differences=differences[:MOST_DIFFERENCES],
            checked_by=by,
        )
    )
    if result is DriftResult.DIFFERS and (last is None or last.differences != made.differences):
        work.record(DriftFound(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, count=len(made.differences)))
    else:
        work.unrecorded("the comparison found nothing new")
    return made


def _from_lines(work: Work, step: str, attempt: KitAttempt) -> list[dict[str, Any]]:
    rows = work.session.scalars(
        select(PlayLine)
        .where(PlayLine.attempt_id == attempt.id, PlayLine.status == "changed")
        .order_by(PlayLine.seq)
        .limit(MOST_DIFFERENCES)
    )
    return [{"step": step, "what": row.task, "text": row.text[:500]} for row in rows]


def _from_check(work: Work, kit: Kit, step: KitStep, attempt: KitAttempt) -> list[dict[str, Any]]:
    """What a play that only looks failed with, each once. That another machine answers is no difference."""
    if attempt.outcome != Outcome.FAILED:
        return []
    rows = work.session.scalars(
        select(PlayLine)
        .where(PlayLine.attempt_id == attempt.id, PlayLine.status == "failed")
        .order_by(PlayLine.seq)
        .limit(MOST_DIFFERENCES)
    )
    found = {}
    for row in rows:
        coded = CODED.match(row.text)
        if coded and coded[1] not in OURS:
            said = sentence(kit, step, coded[1], row.text[coded.end() :])
            more = {"told": said.parts()} if isinstance(said, Told) else {}
            found[said] = {"step": step.key, "what": coded[1], "text": str(said)[:500], **more}
    return list(found.values())


def _from_reports(work: Work, kit: Kit) -> list[dict[str, Any]]:
    seen = asset_queries.seen_by(work, kit.device, "agent")
    if seen is None:
        return []
    found = []
    for step in kit.steps:
        problem = misfit(seen, step.with_.get("facts", {})) if step.kind is StepKind.CHECK else ""
        if problem:
            found.append({"step": step.key, "what": REPORT, "text": problem})
    return found
