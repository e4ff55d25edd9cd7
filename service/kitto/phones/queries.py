"""Everything that reads of codes and profiles for phones."""

from sqlalchemy import select

from kitto.base.ids import digest
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.phones.models import ProfileLink
from kitto.phones.rules.refusals import LinkOver


def link(work: Work, token: Secret, *, held: bool = False) -> ProfileLink:
    """The link of a token while its profile can be fetched. Refuses LinkOver."""
    work.allow_everyone("the link itself is the right; it is given out once")
    statement = select(ProfileLink).where(ProfileLink.digest == digest(token.reveal()))
    found = work.session.scalar(statement.with_for_update() if held else statement)
    if found is None or found.sealed is None or found.expires_at <= work.now:
        raise LinkOver
    return found
