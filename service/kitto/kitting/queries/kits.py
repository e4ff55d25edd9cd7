"""Kits, their steps, attempts and logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from kitto.assets.models import Asset, Model
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Told, Words
from kitto.base.paging import Page, page
from kitto.base.work import Work
from kitto.kitting.models import (
    Kit,
    KitAttempt,
    KitDrift,
    KitEvidence,
    KitKey,
    KitPhoto,
    KitProfileVersion,
    KitSecret,
    KitStep,
    PlayLine,
)
from kitto.kitting.rules.refusals import StepUnknown
from kitto.kitting.rules.states import DONE, OPEN, KitState, StepState, WaitFor


@dataclass(frozen=True)
class KitFilter:
    """Which kits a list shows. Empty means all."""

    states: tuple[KitState, ...] = ()
    open_only: bool = False
    asset_id: int | None = None
    order_id: int | None = None
    profile: str = ""
    version: int | None = None


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
    """Kits whose device the actor may see; those without a device, for whoever is confined to nothing."""
    joined = select(Kit).outerjoin(Asset, Asset.id == Kit.asset_id)
    return joined.where(Kit.asset_id.is_(None) | within_reach(work))


def step_of(found: Kit, key: str) -> KitStep:
    """The step with this key. Refuses with step_unknown."""
    for step in found.steps:
        if step.key == key:
            return step
    raise StepUnknown(number=found.id, step=key[:64])


def current_step(found: Kit) -> KitStep | None:
    """The step to look at: failed, else running, waiting, or next; None if all are done."""
    open_ones = [step for step in found.steps if step.state not in DONE]
    return min(open_ones, key=lambda step: (_ORDER.index(step.state), step.position), default=None)


_ORDER = (
    StepState.FAILED,
    StepState.LOST,
    StepState.RUNNING,
    StepState.WAITING,
    StepState.RUNNABLE,
    StepState.PENDING,
    StepState.CANCELLED,
)


def model_of(work: Work, found: Kit) -> str:
    """Maker and model of the kit's device; empty while it has none."""
    if found.asset_id is None:
        return ""
    statement = select(Model.maker, Model.name).join(Asset, Asset.model_id == Model.id)
    row = work.session.execute(statement.where(Asset.id == found.asset_id)).one()
    return f"{row[0]} {row[1]}"


def open_kit_of(work: Work, asset_id: int) -> Kit | None:
    """The kit that keeps others off the device, if there is one."""
    return work.session.scalar(select(Kit).where(Kit.asset_id == asset_id, Kit.is_open))


def ready_kit_of(work: Work, asset_id: int) -> Kit | None:
    """The kit that made the device ready, while nobody has it yet."""
    return work.session.scalar(select(Kit).where(Kit.asset_id == asset_id, Kit.state == KitState.READY))


def kits_of_order(work: Work, order_id: int) -> Sequence[Kit]:
    """All kits of an order, in the order they were made."""
    return work.session.scalars(_seen(work).where(Kit.order_id == order_id).order_by(Kit.id)).all()


def late_kits(session: Session, now: datetime) -> Sequence[Kit]:
    """Open kits with a step that is late, with nobody told, or whose pause is over."""
    late = KitStep.deadline_at.is_not(None) & (KitStep.deadline_at <= now) & KitStep.escalated_at.is_(None)
    rested = KitStep.retry_at.is_not(None) & (KitStep.retry_at <= now)
    waiting = select(KitStep.kit_id).where(KitStep.state == StepState.WAITING, late | rested)
    return session.scalars(select(Kit).where(Kit.is_open, Kit.id.in_(waiting)).order_by(Kit.id)).all()


def movable(session: Session) -> Sequence[Kit]:
    """Open kits that wait for nothing: a step of theirs runs or could, or they are being cancelled."""
    moves = select(KitStep.kit_id).where(KitStep.state.in_((StepState.RUNNING, StepState.RUNNABLE)))
    works = Kit.state.in_((KitState.RUNNING, KitState.WAITING, KitState.VERIFYING)) & Kit.id.in_(moves)
    could = works | (Kit.state == KitState.QUEUED) | Kit.cancel_asked_at.is_not(None)
    statement = select(Kit).where(Kit.is_open, Kit.asset_id.is_not(None), could)
    return session.scalars(statement.order_by(Kit.id)).all()


def photo_by_hash(work: Work, step_id: int, sha256: str) -> KitPhoto | None:
    return work.session.scalar(select(KitPhoto).where(KitPhoto.step_id == step_id, KitPhoto.sha256 == sha256))


def photo(work: Work, kit_id: int, photo_id: int) -> KitPhoto:
    """One photo of a kit. Refuses with not_found."""
    kit(work, kit_id)
    found = work.session.get(KitPhoto, photo_id)
    if found is None or found.kit_id != kit_id:
        raise NotFound(thing=Words(N_("photo")), key=str(photo_id))
    return found


def newest_drift(work: Work, kit_id: int) -> KitDrift | None:
    """The last comparison of a kit's device with what it was kitted by."""
    statement = select(KitDrift).where(KitDrift.kit_id == kit_id)
    return work.session.scalar(statement.order_by(KitDrift.id.desc()).limit(1))


def difference_said(difference: Mapping[str, Any], locale: str) -> str:
    """What one difference of a comparison says, in this language."""
    told = difference.get("told")
    return Told.of(told).said(locale) if told else str(difference["text"])


def drift_of(work: Work, asset_id: int, limit: int = 20) -> Sequence[KitDrift]:
    """Comparisons of a device, newest first."""
    statement = select(KitDrift).where(KitDrift.asset_id == asset_id)
    return work.session.scalars(statement.order_by(KitDrift.id.desc()).limit(limit)).all()


def failed_at(work: Work, kit_id: int, step: str) -> bool:
    """Whether a kit stands failed or lost at this step."""
    statement = select(KitStep.id).where(
        KitStep.kit_id == kit_id,
        KitStep.key == step,
        KitStep.state.in_((StepState.FAILED, StepState.LOST)),
    )
    return work.session.scalar(statement) is not None


def due_for_comparison(work: Work) -> list[int]:
    """Kits of devices that are to be compared again: the newest ready one of each, as their profiles say."""
    newest = select(func.max(Kit.id)).where(Kit.ready_at.is_not(None)).group_by(Kit.asset_id)
    last = select(func.max(KitDrift.at)).where(KitDrift.kit_id == Kit.id).scalar_subquery()
    rows = work.session.execute(
        select(Kit.id, KitProfileVersion.definition, last)
        .join(KitProfileVersion, KitProfileVersion.id == Kit.profile_id)
        .where(Kit.id.in_(newest))
        .order_by(Kit.id)
    )
    return [kit_id for kit_id, definition, at in rows if _is_due(definition.get("drift"), at, work.now)]


def _is_due(drift: dict[str, Any] | None, at: datetime | None, now: datetime) -> bool:
    if not drift:
        return False
    return at is None or now - at >= timedelta(hours=drift.get("hours", 24))


def chain_holds(work: Work, found: Kit) -> bool:
    """Whether the kit's evidence and changes of state are as they were written, none missing."""
    rows = work.session.scalars(
        select(KitEvidence).where(KitEvidence.kit_id == found.id).order_by(KitEvidence.id)
    ).all()
    before = "0" * 64
    for row in rows:
        if row.prev_hash != before or row.sealed_with() != row.hash:
            return False
        before = row.hash
    return before == found.chain


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
    if chosen.order_id is not None:
        found.append(Kit.order_id == chosen.order_id)
    if chosen.profile:
        found.append(Kit.profile.has(name=chosen.profile))
    if chosen.version is not None:
        found.append(Kit.profile.has(KitProfileVersion.number == chosen.version))
    return found


def board(work: Work, limit: int = 500) -> dict[KitState, list[Kit]]:
    """The open kits by state, oldest wait first."""
    shown = Kit.is_open | (Kit.state == KitState.READY)
    rows = work.session.scalars(_seen(work).where(shown).order_by(Kit.state_since).limit(limit)).all()
    columns: dict[KitState, list[Kit]] = {state: [] for state in KitState if state in OPEN | {KitState.READY}}
    for row in rows:
        columns[row.state].append(row)
    return columns


def waiting_for_people(work: Work, limit: int = 100) -> Sequence[Kit]:
    """Kits that wait for a person or failed, oldest first."""
    needs = Kit.waits_for.in_((WaitFor.PERSON, WaitFor.APPROVAL, WaitFor.LICENCE)) | (
        Kit.state == KitState.FAILED
    )
    return work.session.scalars(
        _seen(work).where(Kit.is_open, needs).order_by(Kit.state_since).limit(limit)
    ).all()


def waiting_for_devices(session: Session) -> Sequence[Kit]:
    return session.scalars(select(Kit).where(Kit.is_open, Kit.waits_for == WaitFor.DEVICE)).all()


def counts(work: Work) -> dict[KitState, int]:
    rows = work.session.execute(select(Kit.state, func.count()).where(Kit.is_open).group_by(Kit.state))
    return {KitState(state): number for state, number in rows}


def attempt(work: Work, run: str, *, lock: bool = False) -> KitAttempt:
    """The attempt that a run belongs to. `lock`: held until the work ends."""
    statement = select(KitAttempt).where(KitAttempt.run == run)
    return work.session.scalars(statement.with_for_update() if lock else statement).one()


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


def secrets_of(work: Work, asset_id: int) -> Sequence[KitSecret]:
    """The secrets of a device that count, by name; sealed as they are."""
    statement = select(KitSecret).where(KitSecret.asset_id == asset_id, KitSecret.ended_at.is_(None))
    return work.session.scalars(statement.order_by(KitSecret.name, KitSecret.id)).all()
