"""Everything that reads kits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import Page, page
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitAttempt, KitKey, KitStep, PlayLine
from kitto.kitting.rules.refusals import StepUnknown
from kitto.kitting.rules.states import OPEN, KitState, StepState, WaitFor


@dataclass(frozen=True)
class KitFilter:
    """Which kits a list shows. Empty means all."""

    states: tuple[KitState, ...] = ()
    open_only: bool = False
    asset_id: int | None = None
    profile: str = ""


def kit(work: Work, kit_id: int) -> Kit:
    """One kit. Refuses with not_found, also where the actor may not see its device."""
    return _one(work, _seen(work).where(Kit.id == kit_id), kit_id)


def locked(work: Work, kit_id: int) -> Kit:
    """The same, held until the work ends."""
    return _one(work, _seen(work).where(Kit.id == kit_id).with_for_update(of=Kit), kit_id)


def _one(work: Work, statement: Select[Kit], kit_id: int) -> Kit:
    found = work.session.scalar(statement)
    if found is None:
        raise NotFound(thing=Words(N_("kit")), key=str(kit_id))
    return found


def _seen(work: Work) -> Select[Kit]:
    return select(Kit).join(Asset, Asset.id == Kit.asset_id).where(within_reach(work))


def step_of(found: Kit, key: str) -> KitStep:
    """The step with this key. Refuses with step_unknown."""
    for step in found.steps:
        if step.key == key:
            return step
    raise StepUnknown(number=found.id, step=key[:64])


def current_step(found: Kit) -> KitStep | None:
    """The first step that is not done, or None if all are."""
    done = (StepState.SUCCEEDED, StepState.SKIPPED)
    return next((step for step in found.steps if step.state not in done), None)


def open_kit_of(work: Work, asset_id: int) -> Kit | None:
    return work.session.scalar(select(Kit).where(Kit.asset_id == asset_id, Kit.is_open))


def kits(work: Work, chosen: KitFilter, *, cursor: str | None = None, limit: int = 50) -> Page[Kit]:
    """A page of kits, newest first."""
    statement = _seen(work)
    for condition in _conditions(chosen):
        statement = statement.where(condition)
    return page(
        work,
        statement,
        by=(Kit.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def _conditions(chosen: KitFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if chosen.states:
        found.append(Kit.state.in_(chosen.states))
    if chosen.open_only:
        found.append(Kit.is_open.is_(True))
    if chosen.asset_id is not None:
        found.append(Kit.asset_id == chosen.asset_id)
    if chosen.profile:
        found.append(Kit.profile.has(name=chosen.profile))
    return found


def board(work: Work, limit: int = 500) -> dict[KitState, list[Kit]]:
    """The open kits by state, oldest wait first."""
    rows = work.session.scalars(_seen(work).where(Kit.is_open).order_by(Kit.state_since).limit(limit)).all()
    columns: dict[KitState, list[Kit]] = {state: [] for state in KitState if state in OPEN}
    for row in rows:
        columns[row.state].append(row)
    return columns


def waiting_for_people(work: Work, limit: int = 100) -> Sequence[Kit]:
    """Kits that wait for a person or failed, oldest first."""
    needs = (Kit.waits_for == WaitFor.PERSON) | (Kit.state == KitState.FAILED)
    return work.session.scalars(
        _seen(work).where(Kit.is_open, needs).order_by(Kit.state_since).limit(limit)
    ).all()


def waiting_for_devices(session: Session) -> Sequence[Kit]:
    return session.scalars(select(Kit).where(Kit.is_open, Kit.waits_for == WaitFor.DEVICE)).all()


def counts(work: Work) -> dict[KitState, int]:
    rows = work.session.execute(select(Kit.state, func.count()).where(Kit.is_open).group_by(Kit.state))
    return {KitState(state): number for state, number in rows}


def attempt(work: Work, run: str) -> KitAttempt:
    """The attempt that a run belongs to."""
    return work.session.scalars(select(KitAttempt).where(KitAttempt.run == run)).one()


def log_lines(
    work: Work, kit_id: int, *, after: tuple[int, int] = (0, 0), limit: int = 1000
) -> Sequence[tuple[PlayLine, KitStep]]:
    """Lines of a kit's log after (attempt, seq), in order."""
    later = (PlayLine.attempt_id > after[0]) | ((PlayLine.attempt_id == after[0]) & (PlayLine.seq > after[1]))
    rows = work.session.execute(
        select(PlayLine, KitStep)
        .join(KitAttempt, KitAttempt.id == PlayLine.attempt_id)
        .join(KitStep, KitStep.id == KitAttempt.step_id)
        .where(KitStep.kit_id == kit_id, later)
        .order_by(PlayLine.attempt_id, PlayLine.seq)
        .limit(limit)
    )
    return [(line, step) for line, step in rows]


def newest_key(work: Work) -> KitKey | None:
    return work.session.scalar(select(KitKey).order_by(KitKey.id.desc()).limit(1))
