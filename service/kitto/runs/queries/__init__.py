"""Everything that reads runs from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, true

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import Page, page
from kitto.base.work import Actor, Work
from kitto.identity.rules import Permission
from kitto.kitting.models import DeviceLock
from kitto.kitting.rules.locks import LockHolder
from kitto.runs.models import OutsideDevice, OutsideEvent, OutsideRun
from kitto.runs.rules.states import RunState

WINDOW = 500


@dataclass(frozen=True)
class RunFilter:
    """Which runs a list shows. Empty means all."""

    states: tuple[RunState, ...] = ()
    asset_id: int | None = None


def owner_of(actor: Actor) -> str:
    """In whose name runs are reported: an account, also through any of its tokens."""
    account = actor.settings.get("account_id")
    return f"account:{account}" if account else f"{actor.kind}:{actor.id}"


def run_by(work: Work, ulid: str) -> OutsideRun | None:
    """The run of this name, held until the work ends; None when there is none."""
    return work.session.scalar(select(OutsideRun).where(OutsideRun.ulid == ulid).with_for_update())


def run(work: Work, ulid: str) -> OutsideRun:
    """One run, if the actor may see a device of it. Refuses with not_found."""
    found = work.session.scalar(select(OutsideRun).where(OutsideRun.ulid == ulid, _seen(work)))
    if found is None:
        raise NotFound(thing=Words(N_("run")), key=ulid[:26])
    return found


def runs(work: Work, chosen: RunFilter, *, cursor: str | None = None, limit: int = 50) -> Page[OutsideRun]:
    """A page of runs, newest first."""
    statement = select(OutsideRun).where(_seen(work))
    if chosen.states:
        statement = statement.where(OutsideRun.state.in_(chosen.states))
    if chosen.asset_id is not None:
        of_asset = select(OutsideDevice.run_id).where(OutsideDevice.asset_id == chosen.asset_id)
        statement = statement.where(OutsideRun.id.in_(of_asset))
    return page(
        work,
        statement,
        by=(OutsideRun.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def devices(work: Work, found: OutsideRun, limit: int = 1000) -> Sequence[tuple[OutsideDevice, str | None]]:
    """The hosts of a run with the tags of their devices, by name; those out of reach are left out."""
    rows = work.session.execute(
        _reached(work, select(OutsideDevice, Asset.tag))
        .where(OutsideDevice.run_id == found.id)
        .order_by(OutsideDevice.host)
        .limit(limit)
    )
    return [(device, tag) for device, tag in rows]


def held_by(work: Work, found: OutsideRun) -> Sequence[tuple[OutsideDevice, Asset]]:
    """The devices that a run holds, in the order in which everybody locks them."""
    rows = work.session.execute(
        select(OutsideDevice, Asset)
        .join(Asset, Asset.id == OutsideDevice.asset_id)
        .where(OutsideDevice.run_id == found.id, OutsideDevice.fence.is_not(None))
        .order_by(Asset.id)
    )
    return [(device, asset) for device, asset in rows]


def lost_by(work: Work, found: OutsideRun) -> Sequence[tuple[OutsideDevice, Asset, DeviceLock | None]]:
    """Devices whose lock is no longer the run's, with the lock as it stands."""
    ours = and_(
        DeviceLock.holder == LockHolder.CI,
        DeviceLock.holder_id == found.ulid,
        DeviceLock.fence == OutsideDevice.fence,
    )
    rows = work.session.execute(
        select(OutsideDevice, Asset, DeviceLock)
        .join(Asset, Asset.id == OutsideDevice.asset_id)
        .outerjoin(DeviceLock, DeviceLock.asset_id == OutsideDevice.asset_id)
        .where(
            OutsideDevice.run_id == found.id,
            OutsideDevice.fence.is_not(None),
            or_(DeviceLock.asset_id.is_(None), DeviceLock.holder.is_(None), not_(ours)),
        )
        .order_by(Asset.id)
    )
    return [(device, asset, lock) for device, asset, lock in rows]


def events(
    work: Work, found: OutsideRun, *, after: int = 0, limit: int = WINDOW, trouble: bool = False
) -> Sequence[OutsideEvent]:
    """A window of a run's events after a number; `trouble`: only what failed or was not reached."""
    statement = select(OutsideEvent).where(OutsideEvent.run_id == found.id, OutsideEvent.seq > after)
    if trouble:
        statement = statement.where(OutsideEvent.status.in_(("failed", "unreachable")))
    if work.actor.scopes_of(Permission.SEE) is not None:
        hosts = _reached(work, select(OutsideDevice.host)).where(OutsideDevice.run_id == found.id)
        statement = statement.where(or_(OutsideEvent.host == "", OutsideEvent.host.in_(hosts)))
    return work.session.scalars(statement.order_by(OutsideEvent.seq).limit(limit)).all()


def _reached(work: Work, statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    joined = statement.outerjoin(Asset, Asset.id == OutsideDevice.asset_id)
    if work.actor.scopes_of(Permission.SEE) is None:
        return joined
    return joined.where(OutsideDevice.asset_id.is_not(None), within_reach(work))


def _seen(work: Work) -> ColumnElement[bool]:
    if work.actor.scopes_of(Permission.SEE) is None:
        return true()
    own = OutsideRun.owner == owner_of(work.actor)
    reached = (
        select(OutsideDevice.id)
        .join(Asset, Asset.id == OutsideDevice.asset_id)
        .where(OutsideDevice.run_id == OutsideRun.id, within_reach(work))
    )
    return or_(own, exists(reached))
