"""What the past says about the future: how long steps took, and when a kit should be done."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from sqlalchemy import select

from kitto.base.work import Work
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.states import DONE, Phase, StepState

LOOK_BACK: Final = 400
"""Steps that are looked at: about the last 30 kits of a profile."""


def usual_seconds(work: Work, profile: str, keys: set[str]) -> dict[str, float]:
    """Median seconds of these steps in the latest kits of a profile; those never done are left out."""
    rows = work.session.execute(
        select(KitStep.key, KitStep.started_at, KitStep.ended_at)
        .join(Kit, Kit.id == KitStep.kit_id)
        .where(
            Kit.profile.has(name=profile),
            KitStep.key.in_(keys),
            KitStep.state == StepState.SUCCEEDED,
            KitStep.started_at.is_not(None),
            KitStep.ended_at.is_not(None),
        )
        .order_by(KitStep.id.desc())
        .limit(LOOK_BACK)
    )
    took: dict[str, list[float]] = {}
    for key, started, ended in rows:
        if started is not None and ended is not None:
            took.setdefault(key, []).append((ended - started).total_seconds())
    return {key: median(found) for key, found in took.items()}


def done_at(kit: Kit, usual: Mapping[str, float], now: datetime) -> datetime | None:
    """When a kit should be ready; None while any of its steps was never done before."""
    left = timedelta()
    for step in kit.steps:
        if step.state in DONE or step.phase is Phase.HANDOVER:
            continue
        if step.key not in usual:
            return None
        spent = (now - step.started_at).total_seconds() if step.started_at else 0
        left += timedelta(seconds=max(0.0, usual[step.key] - spent))
    return now + left
