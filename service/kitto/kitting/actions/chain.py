"""Every proof and every change of state goes into the kit's own chain. Used by the actions."""

from datetime import datetime
from typing import Any

from kitto.base.facts import plain
from kitto.base.i18n import Told
from kitto.base.work import Work
from kitto.kitting.facts import KitStepDone, KitStepFailed, KitStepWaits
from kitto.kitting.models import Kit, KitEvidence, KitStep
from kitto.kitting.models.kits import MOVED
from kitto.kitting.rules.states import KitState, StepState, WaitFor

START = "0" * 64


def prove(work: Work, kit: Kit, step: KitStep | None, kind: str, data: dict[str, Any]) -> KitEvidence:
    """Add a piece of evidence to the kit's chain. `step` None: about the kit itself."""
    made = KitEvidence(
        kit_id=kit.id,
        step_id=step.id if step else None,
        kind=kind,
        data=plain(data),
        by=work.actor.name,
        at=work.now,
        prev_hash=kit.chain,
        hash="",
    )
    made.hash = kit.chain = made.sealed_with()
    work.session.add(made)
    if step is not None:
        step.evidence.append(made)
    return made


def move_step(
    work: Work,
    kit: Kit,
    step: KitStep,
    state: StepState,
    *,
    reason: str = "",
    waits_for: WaitFor | None = None,
    deadline_at: datetime | None = None,
) -> None:
    """Change a step's state by the table, and write the change into the chain."""
    before = step.state
    step.become(state, work.now, reason=reason, waits_for=waits_for, deadline_at=deadline_at)
    if before is not state and state is not StepState.RUNNABLE:
        moved = {"step": step.key, "from": before, "to": state, "attempt": step.attempt, "reason": reason}
        prove(work, kit, step, MOVED, moved)


def move_kit(
    work: Work,
    kit: Kit,
    state: KitState,
    *,
    reason: str = "",
    waits_for: WaitFor | None = None,
    deadline_at: datetime | None = None,
) -> None:
    """Change a kit's state by the table, and write the change into the chain."""
    before = kit.state
    kit.become(state, work.now, reason=reason, waits_for=waits_for, deadline_at=deadline_at)
    if before is not state:
        prove(work, kit, None, MOVED, {"from": before, "to": state, "reason": reason})


def step_done(work: Work, kit: Kit, step: KitStep, evidence: KitEvidence) -> None:
    """A step ended well, as its evidence shows."""
    step.done_by, step.done_as = work.actor.name, f"{work.actor.kind}:{work.actor.id}"
    move_step(work, kit, step, StepState.SUCCEEDED)
    work.record(
        KitStepDone(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=step.key, evidence=evidence.hash)
    )


def step_waits(
    work: Work,
    kit: Kit,
    step: KitStep,
    waits_for: WaitFor,
    *,
    reason: str = "",
    deadline_at: datetime | None = None,
) -> None:
    """A step waits; `deadline_at` is when somebody is told, or when it fails."""
    same = step.state is StepState.WAITING and step.waits_for is waits_for and step.reason == reason
    if same:
        return
    move_step(work, kit, step, StepState.WAITING, reason=reason, waits_for=waits_for, deadline_at=deadline_at)
    work.record(
        KitStepWaits(
            kit_id=kit.id,
            asset_id=kit.device,
            tag=kit.tag,
            step=step.key,
            step_kind=step.kind,
            waits_for=waits_for,
        )
    )


def _fitting(reason: str) -> str:
    """A sentence of ours is as long as it is; what others wrote is cut."""
    return reason if isinstance(reason, Told) else reason[:500]


def step_failed(
    work: Work, kit: Kit, step: KitStep, reason: str, state: StepState = StepState.FAILED
) -> None:
    """A step failed or was lost; its kit stops and says why."""
    move_step(work, kit, step, state, reason=reason)
    work.record(
        KitStepFailed(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=step.key, reason=_fitting(reason))
    )
