"""Permissions to enrol."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from kitto.assets import queries as assets
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.ids import digest, new_token
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.checkins.facts import EnrolmentTokenEnded, EnrolmentTokenMade
from kitto.checkins.models import EnrolmentToken
from kitto.checkins.rules.refusals import TokenRefused, TokenTooLong
from kitto.identity.rules import Permission

USUAL_LIFE = timedelta(hours=72)
LONGEST_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class IssuedToken:
    """A new token; its text is shown once and kept nowhere."""

    token_id: int
    text: Secret
    expires_at: datetime
    asset_id: int | None
    max_uses: int


def issue_enrolment_token(
    work: Work,
    *,
    tag: str | None = None,
    max_uses: int = 1,
    lifetime: timedelta = USUAL_LIFE,
    note: str = "",
) -> IssuedToken:
    """Let machines enrol: one device by its tag, or any machine, which then waits for a person."""
    right = Permission.KIT if tag else Permission.MANAGE_AGENTS
    work.allow(right)
    if lifetime > LONGEST_LIFE:
        raise TokenTooLong(days=LONGEST_LIFE.days)
    asset = assets.by_tag(work, tag) if tag else None
    if asset is not None:
        work.allow(right, asset.scopes)
    text = new_token()
    made = work.add(
        EnrolmentToken(
            digest=digest(text),
            asset_id=asset.id if asset else None,
            note=note,
            max_uses=1 if asset else max_uses,
            uses=0,
            made_by=work.actor.name,
            made_at=work.now,
            expires_at=work.now + lifetime,
            ended_at=None,
        )
    )
    about = note or (asset.name if asset else "")
    work.record(EnrolmentTokenMade(token_id=made.id, asset_id=made.asset_id, uses=made.max_uses, note=about))
    return IssuedToken(made.id, Secret(text), made.expires_at, made.asset_id, made.max_uses)


def end_enrolment_token(work: Work, *, token_id: int) -> EnrolmentToken:
    """Let nobody use a token any more. Doing it twice changes nothing."""
    work.allow(Permission.MANAGE_AGENTS)
    token = work.session.scalar(select(EnrolmentToken).where(EnrolmentToken.id == token_id))
    if token is None:
        raise NotFound(thing=Words(N_("enrolment token")), key=str(token_id))
    if token.ended_at is None:
        token.ended_at = work.now
        work.record(EnrolmentTokenEnded(token_id=token.id, asset_id=token.asset_id))
    return token


def spend(work: Work, text: str) -> EnrolmentToken:
    """Use a token once, in one statement, so that two machines cannot share the last use.

    Raises TokenRefused. If the work is undone, so is the use.
    """
    spent = work.session.scalar(
        update(EnrolmentToken)
        .where(
            EnrolmentToken.digest == digest(text),
            EnrolmentToken.uses < EnrolmentToken.max_uses,
            EnrolmentToken.expires_at > work.now,
            EnrolmentToken.ended_at.is_(None),
        )
        .values(uses=EnrolmentToken.uses + 1)
        .returning(EnrolmentToken)
        .execution_options(synchronize_session=False)
    )
    if spent is None:
        raise TokenRefused
    return spent
