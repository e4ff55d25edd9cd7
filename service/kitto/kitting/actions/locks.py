"""One holder at a time works on a device: kits, runs from CI, comparisons and people take the same lock."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kitto.assets import queries as asset_queries
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting.facts import DeviceLocked, DeviceUnlocked
from kitto.kitting.models import DeviceLock
from kitto.kitting.rules.locks import LEASES, LockHolder
from kitto.kitting.rules.refusals import DeviceBusy, FenceStale


def take_lock(work: Work, *, asset_id: int, holder: LockHolder, holder_id: str, says: str = "") -> DeviceLock:
    """Take the device for a holder. Idempotent for the same holder, whose lease begins anew.

    `says` is how people read it: "kit #12", "deploy 4711 of example/pcs". Refuses device_busy, which names
    who holds it. A lease that has run out is taken over with a new fence; the old one is refused.
    """
    work.allow(Permission.KIT)
    asset = asset_queries.by_id(work, asset_id)
    work.allow(Permission.KIT, asset.scopes)
    lock = _row(work, asset_id)
    mine = lock.holder is holder and lock.holder_id == holder_id
    if not mine and is_held(lock, work):
        raise DeviceBusy(tag=asset.name, holder=lock.says or f"{lock.holder} {lock.holder_id}")
    lease = LEASES[holder]
    lock.expires_at = work.now + lease if lease else None
    if mine:
        work.unrecorded("the same holder keeps the device")
        return lock
    lock.holder, lock.holder_id, lock.says, lock.taken_at = holder, holder_id, says[:200], work.now
    lock.fence += 1
    work.record(
        DeviceLocked(asset_id=asset.id, tag=asset.name, holder=holder, holder_id=holder_id, fence=lock.fence)
    )
    return lock


def renew_lock(work: Work, *, asset_id: int, holder: LockHolder, holder_id: str, fence: int) -> DeviceLock:
    """Lengthen the lease. Refuses fence_stale when somebody else has taken the device meanwhile."""
    work.allow(Permission.KIT)
    lock = _row(work, asset_id)
    _refuse_stale(work, lock, holder, holder_id, fence)
    lease = LEASES[holder]
    lock.expires_at = work.now + lease if lease else None
    work.unrecorded("the same holder keeps the device")
    return lock


def release_lock(work: Work, *, asset_id: int, holder: LockHolder, holder_id: str, fence: int) -> None:
    """Give the device back. Idempotent; a lock that somebody else holds by now is left alone."""
    work.allow(Permission.KIT)
    lock = work.session.get(DeviceLock, asset_id, with_for_update=True)
    if lock is None or (lock.holder, lock.holder_id, lock.fence) != (holder, holder_id, fence):
        return
    asset = asset_queries.by_id(work, asset_id)
    lock.holder, lock.says, lock.expires_at = None, "", None
    work.record(DeviceUnlocked(asset_id=asset.id, tag=asset.name, holder=holder, holder_id=holder_id))


def refuse_stale(work: Work, *, asset_id: int, holder: LockHolder, holder_id: str, fence: int) -> None:
    """Refuse fence_stale unless this holder still has the device under this fence."""
    work.allow(Permission.KIT)
    _refuse_stale(work, _row(work, asset_id), holder, holder_id, fence)


def _refuse_stale(work: Work, lock: DeviceLock, holder: LockHolder, holder_id: str, fence: int) -> None:
    if (lock.holder, lock.holder_id, lock.fence) != (holder, holder_id, fence):
        asset = asset_queries.by_id(work, lock.asset_id)
        raise FenceStale(tag=asset.name)


def is_held(lock: DeviceLock, work: Work) -> bool:
    """Whether somebody has the device now."""
    return lock.holder is not None and (lock.expires_at is None or lock.expires_at > work.now)


def lock_of(session: Session, asset_id: int) -> DeviceLock | None:
    """The lock of a device as it stands, for reading."""
    return session.get(DeviceLock, asset_id)


def _row(work: Work, asset_id: int) -> DeviceLock:
    """The row of the device's lock, held until the work ends; made when it is not there."""
    statement = select(DeviceLock).where(DeviceLock.asset_id == asset_id).with_for_update()
    found = work.session.scalar(statement)
    if found is None:
        # The device's own row is what two first takers meet at.
        asset_queries.locked_by_id(work, asset_id)
        found = work.session.scalar(statement)
    if found is None:
        found = DeviceLock(
            asset_id=asset_id,
            holder=None,
            holder_id="",
            says="",
            fence=0,
            taken_at=None,
            expires_at=None,
        )
        work.add(found)
    return found
