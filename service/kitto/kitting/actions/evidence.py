"""Keeping what proves a step, chained per kit; and moving steps and kits on. Used by the actions."""

from typing import Any

from sqlalchemy import select

from kitto.base.facts import plain
from kitto.base.work import Work
from kitto.kitting.facts import KitStepDone, KitStepFailed, KitStepWaits
from kitto.kitting.models import Kit, KitEvidence, KitStep
from kitto.kitting.rules.states import KitState, StepState, WaitFor

START = "0" * 64


def prove(work: Work, kit: Kit, step: KitStep, kind: str, data: dict[str, Any]) -> KitEvidence:
    """Add a piece of evidence to the kit's chain."""
    newest = work.session.scalar(
        select(KitEvidence.hash).where(KitEvidence.kit_id == kit.id).order_by(KitEvidence.id.desc()).limit(1)
    )
    made = KitEvidence(
        kit_id=kit.id,
        step_id=step.id,
        kind=kind,
        data=plain(data),
        by=work.actor.name,
        at=work.now,
        prev_hash=newest or START,
        hash="",
    )
    made.hash = made.sealed_with()
    work.add(made)
    step.evidence.append(made)
    return made


def step_done(work: Work, kit: Kit, step: KitStep, evidence: KitEvidence) -> None:
    """A step ended well, as its evidence shows."""
    step.become(StepState.SUCCEEDED, work.now)
    step.done_by = work.actor.name
    work.record(
        KitStepDone(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, step=step.key, evidence=evidence.hash)
    )


def step_waits(work: Work, kit: Kit, step: KitStep, waits_for: WaitFor, reason: str = "") -> None:
    """A step waits for a person or its device, and its kit with it."""
    step.become(StepState.WAITING, work.now, reason=reason)
    kit.become(KitState.WAITING, work.now, reason=reason, waits_for=waits_for)
    work.record(
        KitStepWaits(
            kit_id=kit.id,
            asset_id=kit.asset_id,
            tag=kit.tag,
            step=step.key,
            step_kind=step.kind,
            waits_for=waits_for,
        )
    )


def step_failed(
    work: Work, kit: Kit, step: KitStep, reason: str, state: StepState = StepState.FAILED
) -> None:
    """A step failed or was lost; its kit stops and says why."""
    step.become(state, work.now, reason=reason)
    kit.become(KitState.FAILED, work.now, reason=reason)
    work.record(
        KitStepFailed(kit_id=kit.id, asset_id=kit.asset_id, tag=kit.tag, step=step.key, reason=reason[:500])
    )
