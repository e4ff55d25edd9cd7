"""The board: one lean row for each kit, whatever it has done so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Select, case, func, select

from kitto.assets.models import Asset, Model
from kitto.assets.queries.find import within_reach
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitOrder, KitProfileVersion, KitStep
from kitto.kitting.rules.states import DONE, OPEN, KitState, StepState, WaitFor

SHOWN: Final = tuple(state for state in KitState if state in OPEN | {KitState.READY})
MOST: Final = 1000
NEEDS: Final = (WaitFor.PERSON, WaitFor.APPROVAL, WaitFor.LICENCE)
Rows: TypeAlias = Select[*tuple[Any, ...]]
_RANK: Final = (
    StepState.FAILED,
    StepState.LOST,
    StepState.RUNNING,
    StepState.WAITING,
    StepState.RUNNABLE,
    StepState.PENDING,
)


@dataclass(frozen=True)
class BoardFilter:
    """Which kits a board shows. Empty means all."""

    order_id: int | None = None
    project_id: int | None = None
    profile: str = ""
    needs_person: bool = False
    ended_too: bool = False


@dataclass(frozen=True)
class Ticket:
    """One kit on the board."""

    id: int
    version: int
    tag: str
    model: str
    profile: str
    order_id: int | None
    state: KitState
    reason: str
    waits_for: WaitFor | None
    deadline_at: datetime | None
    since: datetime
    step: str
    title: dict[str, str]
    position: int
    steps: int

    @property
    def needs_person(self) -> bool:
        """Whether nothing moves before somebody does something."""
        return self.waits_for in NEEDS or self.state is KitState.FAILED


def tickets(work: Work, chosen: BoardFilter, only: list[int] | None = None) -> list[Ticket]:
    """The kits of a board, the longest wait first; three questions, however many there are."""
    statement: Rows = select(
        Kit.id,
        Kit.version,
        Kit.tag,
        Model.maker,
        Model.name,
        KitProfileVersion.name,
        Kit.order_id,
        Kit.state,
        Kit.reason,
        Kit.waits_for,
        Kit.deadline_at,
        Kit.state_since,
    ).join(KitProfileVersion, KitProfileVersion.id == Kit.profile_id)
    statement = _narrowed(work, statement, chosen).outerjoin(Model, Model.id == Asset.model_id)
    statement = statement.order_by(Kit.state_since, Kit.id).limit(MOST)
    if only is not None:
        statement = statement.where(Kit.id.in_(only))
    rows = work.session.execute(statement).all()
    ids = [row[0] for row in rows]
    now, many = _current(work, ids), _counted(work, ids)
    return [_ticket(row, now.get(row[0]), many.get(row[0], 0)) for row in rows]


def versions_shown(work: Work, chosen: BoardFilter) -> dict[int, int]:
    """Which version of which kit a board shows now: what a live board compares with what it has."""
    rows = work.session.execute(_narrowed(work, select(Kit.id, Kit.version), chosen).limit(MOST))
    return {row[0]: row[1] for row in rows}


def _narrowed(work: Work, statement: Rows, chosen: BoardFilter) -> Rows:
    statement = statement.outerjoin(Asset, Asset.id == Kit.asset_id)
    if chosen.project_id is not None:
        statement = statement.outerjoin(KitOrder, KitOrder.id == Kit.order_id)
    for condition in _conditions(chosen):
        statement = statement.where(condition)
    if not chosen.ended_too:
        # a place of an order without a device yet is no work; its order counts it
        statement = statement.where(Kit.state.in_(SHOWN), Kit.asset_id.is_not(None))
    return statement.where(Kit.asset_id.is_(None) | within_reach(work))


def _conditions(chosen: BoardFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if chosen.order_id is not None:
        found.append(Kit.order_id == chosen.order_id)
    if chosen.project_id is not None:
        found.append((KitOrder.project_id == chosen.project_id) | (Asset.project_id == chosen.project_id))
    if chosen.profile:
        found.append(Kit.profile.has(name=chosen.profile))
    if chosen.needs_person:
        found.append(Kit.waits_for.in_(NEEDS) | (Kit.state == KitState.FAILED))
    return found


def _current(work: Work, ids: list[int]) -> dict[int, tuple[str, dict[str, Any], int, datetime | None]]:
    """The step to look at of each kit: failed, else running, waiting, next."""
    rank = case(*((KitStep.state == state, place) for place, state in enumerate(_RANK)), else_=len(_RANK))
    numbered = (
        select(
            KitStep.id,
            func.row_number()
            .over(partition_by=KitStep.kit_id, order_by=(rank, KitStep.position))
            .label("place"),
        )
        .where(KitStep.kit_id.in_(ids), KitStep.state.not_in(DONE))
        .subquery()
    )
    rows = work.session.execute(
        select(KitStep.kit_id, KitStep.key, KitStep.spec, KitStep.position, KitStep.started_at)
        .join(numbered, numbered.c.id == KitStep.id)
        .where(numbered.c.place == 1)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def _counted(work: Work, ids: list[int]) -> dict[int, int]:
    rows = work.session.execute(
        select(KitStep.kit_id, func.count()).where(KitStep.kit_id.in_(ids)).group_by(KitStep.kit_id)
    )
    return {row[0]: row[1] for row in rows}


def _ticket(row: Any, now: tuple[str, dict[str, Any], int, datetime | None] | None, many: int) -> Ticket:
    key, spec, position, since = now or ("", {}, many, None)
    return Ticket(
        id=row[0],
        version=row[1],
        tag=row[2],
        model=" ".join(part for part in (row[3], row[4]) if part),
        profile=row[5],
        order_id=row[6],
        state=row[7],
        reason=row[8],
        waits_for=row[9],
        deadline_at=row[10],
        since=since or row[11],
        step=key,
        title=spec.get("title", {}),
        position=position,
        steps=many,
    )
