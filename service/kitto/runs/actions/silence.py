"""Runs that are not heard of any more."""

from sqlalchemy import select

from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.runs.actions import locks
from kitto.runs.facts import RunFellSilent
from kitto.runs.models import OutsideRun
from kitto.runs.rules.states import SILENT_AFTER, RunState


def note_silent(work: Work, limit: int = 200) -> int:
    """Mark runs that nothing was heard of for SILENT_AFTER and free their devices. Returns how many."""
    work.allow(Permission.KIT)
    found = work.session.scalars(
        select(OutsideRun)
        .where(OutsideRun.state == RunState.RUNNING, OutsideRun.heard_at < work.now - SILENT_AFTER)
        .order_by(OutsideRun.heard_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for run in found:
        run.become(RunState.SILENT)
        locks.release(work, run)
        work.record(RunFellSilent(run=run.ulid, play=run.play))
    return len(found)
