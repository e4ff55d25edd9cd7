"""Runs that fell silent are noted by the clock."""

from datetime import datetime, timedelta

from kitto.base import clock
from kitto.base.jobs import SHORT, JobRun, is_stale, schedule
from kitto.base.work import system_actor
from kitto.identity.rules import Permission
from kitto.runs import actions


@schedule("*/5 * * * *", SHORT)
def note_silent(run: JobRun, due: datetime) -> None:
    """Mark runs whose reporter is gone, every five minutes."""
    if is_stale(due, clock.now(), timedelta(minutes=5)):
        return
    with run.ledger.begin(system_actor("runs", Permission.KIT, Permission.SEE)) as work:
        actions.note_silent(work)
