"""The bench queue: devices at a step that needs hands, the longest wait first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from kitto.assets.models import Asset, Model
from kitto.assets.queries.find import within_reach
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.states import BY_PEOPLE, OPEN, StepKind, StepState, WaitFor

MOST = 100


@dataclass(frozen=True)
class HandWork:
    """One step that waits for hands."""

    kit_id: int
    tag: str
    model: str
    key: str
    kind: StepKind
    spec: dict[str, Any]
    since: datetime | None
    deadline_at: datetime | None

    def title(self, locale: str) -> str:
        found: str = self.spec["title"]["ja" if locale == "ja" else "en"]
        return found


def hand_work(work: Work, limit: int = MOST) -> Sequence[HandWork]:
    """The steps that wait for hands, the longest wait first; one question, however many there are."""
    rows = work.session.execute(
        select(
            Kit.id,
            Kit.tag,
            Model.maker,
            Model.name,
            KitStep.key,
            KitStep.kind,
            KitStep.spec,
            KitStep.started_at,
            KitStep.deadline_at,
        )
        .join(Kit, Kit.id == KitStep.kit_id)
        .join(Asset, Asset.id == Kit.asset_id)
        .join(Model, Model.id == Asset.model_id)
        .where(
            Kit.is_open,
            Kit.state.in_(OPEN),
            KitStep.state == StepState.WAITING,
            KitStep.waits_for == WaitFor.PERSON,
            within_reach(work),
        )
        .order_by(KitStep.started_at, KitStep.id)
        .limit(limit)
    )
    return [
        HandWork(
            kit_id=row[0],
            tag=row[1],
            model=f"{row[2]} {row[3]}",
            key=row[4],
            kind=row[5],
            spec=row[6],
            since=row[7],
            deadline_at=row[8],
        )
        for row in rows
    ]


def hand_step(kit: Kit) -> KitStep | None:
    """The step of a kit that waits for a person now, if any."""
    for step in kit.steps:
        by_hand = step.waits_for is WaitFor.PERSON or step.kind in BY_PEOPLE
        if step.state is StepState.WAITING and by_hand:
            return step
    return None
