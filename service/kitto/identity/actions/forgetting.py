"""Forgetting what is over."""

from sqlalchemy import delete, select

from kitto.base.work import Work
from kitto.identity.models import PasswordLink, SignIn, TryCount
from kitto.identity.rules import Permission
from kitto.identity.rules.limits import FAILURE_WINDOW
from kitto.web import replays


def forget_ended(work: Work) -> None:
    """Drop tries out of their window, sign-ins and links past their end, and old kept answers."""
    work.allow(Permission.MANAGE_USERS)
    work.unrecorded("what is over has no effect any more; its facts stay")
    # a row that a try is just counting in is left for the next time, so that nobody waits or fails
    old = (
        select(TryCount.key)
        .where(TryCount.since <= work.now - FAILURE_WINDOW)
        .with_for_update(skip_locked=True)
    )
    work.session.execute(delete(TryCount).where(TryCount.key.in_(old)))
    work.session.execute(delete(SignIn).where(SignIn.ends_at <= work.now))
    work.session.execute(delete(PasswordLink).where(PasswordLink.expires_at <= work.now))
    replays.forget_old(work)
