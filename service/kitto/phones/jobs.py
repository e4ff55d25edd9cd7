"""What nobody fetched in time is forgotten by the clock."""

from datetime import datetime, timedelta

from kitto.base import clock
from kitto.base.jobs import SHORT, JobRun, is_stale, schedule
from kitto.base.work import system_actor
from kitto.identity.rules import Permission
from kitto.phones import actions


@schedule("*/10 * * * *", SHORT)
def forget_unfetched(run: JobRun, due: datetime) -> None:
    """Forget profiles whose link is over, every ten minutes."""
    if is_stale(due, clock.now(), timedelta(minutes=10)):
        return
    with run.ledger.begin(system_actor("phones", Permission.KIT)) as work:
        actions.forget_profiles(work)
