"""A run from elsewhere holds its devices like any kit: one holder at a time, with a fence that only grows."""

from sqlalchemy import func, select

from kitto.assets import queries as asset_queries
from kitto.assets.models import Asset
from kitto.base.i18n import N_, Words
from kitto.base.work import Work
from kitto.kitting import queries as kitting
from kitto.runs import queries
from kitto.runs.models import OutsideDevice, OutsideRun
from kitto.runs.rules.refusals import DeviceHeld, LockLost
from kitto.runs.rules.states import SILENT_AFTER, RunState


def take(work: Work, run: OutsideRun, device: OutsideDevice, asset: Asset) -> None:
    """Hold the device for the run. Raises DeviceHeld, which names who has it."""
    held = asset_queries.locked(work, asset.name)
    holder = holder_of(work, run, held)
    if holder is not None:
        raise DeviceHeld(tag=asset.name, holder=holder)
    newest = select(func.max(OutsideDevice.fence)).where(OutsideDevice.asset_id == asset.id)
    device.fence = (work.session.scalar(newest) or 0) + 1
    device.without_lock = False


def holder_of(work: Work, run: OutsideRun, asset: Asset) -> Words | str | None:
    """Who else has the device now, in words; None when nobody has."""
    kit = kitting.open_kit_of(work, asset.id)
    if kit is not None:
        return Words(N_("kit #{number}"), {"number": kit.id})
    other = work.session.scalar(
        select(OutsideRun)
        .join(OutsideDevice, OutsideDevice.run_id == OutsideRun.id)
        .where(
            OutsideDevice.asset_id == asset.id,
            OutsideDevice.fence.is_not(None),
            OutsideRun.id != run.id,
            OutsideRun.state == RunState.RUNNING,
            OutsideRun.heard_at > work.now - SILENT_AFTER,
        )
        .limit(1)
    )
    return other.says() if other is not None else None


def keep(work: Work, run: OutsideRun) -> None:
    """Go on holding the run's devices. Raises LockLost when somebody has taken one meanwhile."""
    for device, asset in queries.held_by(work, run):
        newest = select(func.max(OutsideDevice.fence)).where(OutsideDevice.asset_id == asset.id)
        holder = holder_of(work, run, asset)
        if holder is not None or work.session.scalar(newest) != device.fence:
            raise LockLost(tag=asset.name, holder=holder or Words(N_("another run")))


def release(work: Work, run: OutsideRun) -> None:
    """Give all devices of the run back. Idempotent."""
