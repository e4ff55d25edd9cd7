"""A run from elsewhere holds its devices as kits do: by the one lock of kitting, under its fence."""

from kitto.assets.models import Asset
from kitto.base.work import Work
from kitto.kitting import actions as kitting
from kitto.kitting.models import DeviceLock
from kitto.kitting.rules.locks import LockHolder
from kitto.kitting.rules.refusals import FenceStale
from kitto.runs import queries
from kitto.runs.models import OutsideDevice, OutsideRun
from kitto.runs.rules.states import RENEW_EVERY


def take(work: Work, run: OutsideRun, device: OutsideDevice, asset: Asset) -> None:
    """Hold the device for the run. Raises DeviceBusy, which names who has it."""
    lock = kitting.take_lock(
        work, asset_id=asset.id, holder=LockHolder.CI, holder_id=run.ulid, says=run.says()
    )
    device.fence, device.without_lock = lock.fence, False


def keep(work: Work, run: OutsideRun) -> None:
    """Go on holding the run's devices. Raises FenceStale when somebody has had one meanwhile.

    A device that was given back while the run was silent, and that nobody took since, is taken again.
    """
    for device, asset, lock in queries.lost_by(work, run):
        if lock is None or lock.holder is not None or lock.fence != device.fence:
            raise FenceStale(tag=asset.name)
        take(work, run, device, asset)
    if work.now - run.renewed_at < RENEW_EVERY:
        return
    for device, asset in queries.held_by(work, run):
        kitting.renew_lock(
            work, asset_id=asset.id, holder=LockHolder.CI, holder_id=run.ulid, fence=device.fence or 0
        )
    run.renewed_at = work.now


def release(work: Work, run: OutsideRun) -> None:
    """Give all devices of the run back. Idempotent."""
    for device, asset in queries.held_by(work, run):
        kitting.release_lock(
            work, asset_id=asset.id, holder=LockHolder.CI, holder_id=run.ulid, fence=device.fence or 0
        )


def holder_in_words(lock: DeviceLock | None) -> str:
    """Who has a device, as the lock itself says it."""
    if lock is None or lock.holder is None:
        return "–"
    return lock.says or f"{lock.holder.value} {lock.holder_id}"
