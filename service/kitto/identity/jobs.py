"""What is over is forgotten by the clock."""

from datetime import datetime, timedelta

from kitto.base import clock
from kitto.base.jobs import SHORT, JobRun, is_stale, schedule
from kitto.base.work import system_actor
from kitto.identity import actions
from kitto.identity.rules import Permission


@schedule("7 * * * *", SHORT)
def forget_ended(run: JobRun, due: datetime) -> None:
    """Forget what is over, once an hour: tries, sign-ins, links, kept answers, id-tokens, CI tokens."""
    if is_stale(due, clock.now(), timedelta(hours=1)):
        return
    with run.ledger.begin(system_actor("identity", Permission.MANAGE_USERS)) as work:
        actions.forget_ended(work)
        actions.forget_used(work)
