"""Everything that reads first connections and SSH authorities."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import Page, page
from kitto.base.work import Work
from kitto.bootstrap.models import BootstrapReturn, BootstrapToken, SshAuthority, SshCertificate
from kitto.bootstrap.rules.authorities import AuthorityKind
from kitto.bootstrap.rules.states import ReturnState


@dataclass(frozen=True)
class TokenFilter:
    """Which tokens a list shows. Empty means all."""

    asset_id: int | None = None


def tokens(
    work: Work, chosen: TokenFilter, *, cursor: str | None = None, limit: int = 50
) -> Page[BootstrapToken]:
    """A page of one-time tokens, newest first."""
    statement = _seen(work)
    if chosen.asset_id is not None:
        statement = statement.where(BootstrapToken.asset_id == chosen.asset_id)
    return page(
        work,
        statement,
        by=(BootstrapToken.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def token(work: Work, token_id: int) -> BootstrapToken:
    """One token. Refuses with not_found."""
    return _one(work, _seen(work).where(BootstrapToken.id == token_id), token_id)


def locked(work: Work, token_id: int) -> BootstrapToken:
    """The same, held until the work ends."""
    statement = _seen(work).where(BootstrapToken.id == token_id)
    return _one(work, statement.with_for_update(of=BootstrapToken), token_id)


def _one(work: Work, statement: Select[BootstrapToken], token_id: int) -> BootstrapToken:
    found = work.session.scalar(statement)
    if found is None:
        raise NotFound(thing=Words(N_("first connection")), key=str(token_id))
    return found


def _seen(work: Work) -> Select[BootstrapToken]:
    return select(BootstrapToken).join(Asset, Asset.id == BootstrapToken.asset_id).where(within_reach(work))


def by_digest(work: Work, digest: str) -> BootstrapToken | None:
    """The token with this digest, held until the work ends."""
    statement = select(BootstrapToken).where(BootstrapToken.digest == digest)
    return work.session.scalar(statement.with_for_update(of=BootstrapToken))


def returned(work: Work, return_id: int) -> BootstrapReturn:
    """What a machine said, held until the work ends. Refuses with not_found."""
    statement = (
        select(BootstrapReturn)
        .join(BootstrapToken, BootstrapToken.id == BootstrapReturn.token_id)
        .join(Asset, Asset.id == BootstrapToken.asset_id)
        .where(BootstrapReturn.id == return_id, within_reach(work))
    )
    found = work.session.scalar(statement.with_for_update(of=BootstrapReturn))
    if found is None:
        raise NotFound(thing=Words(N_("first connection")), key=str(return_id))
    return found


def keys_that_wait(work: Work, limit: int = 50) -> Sequence[BootstrapReturn]:
    """Changed keys that a person must decide on, oldest first."""
    return work.session.scalars(
        select(BootstrapReturn)
        .join(BootstrapToken, BootstrapToken.id == BootstrapReturn.token_id)
        .join(Asset, Asset.id == BootstrapToken.asset_id)
        .where(BootstrapReturn.state == ReturnState.WAITING, within_reach(work))
        .order_by(BootstrapReturn.id)
        .limit(limit)
    ).all()


def password_of(work: Work, asset_id: int) -> BootstrapReturn | None:
    """The newest return of a device that brought a password."""
    return work.session.scalar(
        select(BootstrapReturn)
        .join(BootstrapToken, BootstrapToken.id == BootstrapReturn.token_id)
        .where(
            BootstrapToken.asset_id == asset_id,
            BootstrapReturn.state == ReturnState.TAKEN,
            BootstrapReturn.password_sealed != "",
        )
        .order_by(BootstrapReturn.id.desc())
        .limit(1)
    )


def authority(work: Work, kind: AuthorityKind) -> SshAuthority | None:
    """The living authority of this kind, if it was needed before."""
    statement = select(SshAuthority).where(SshAuthority.kind == kind, SshAuthority.ended_at.is_(None))
    return work.session.scalar(statement)


def known_authority(work: Work, kind: AuthorityKind) -> SshAuthority:
    """The same. Refuses with not_found when it was never needed."""
    found = authority(work, kind)
    if found is None:
        raise NotFound(thing=Words(N_("SSH authority")), key=str(kind))
    return found


def revoked_serials(work: Work, authority_id: int) -> tuple[int, ...]:
    """Numbers of what this authority has taken back. Certificates long over are no danger and left out."""
    found = work.session.scalars(
        select(SshCertificate.serial)
        .where(
            SshCertificate.authority_id == authority_id,
            SshCertificate.revoked_at.is_not(None),
            SshCertificate.valid_until > work.now,
        )
        .order_by(SshCertificate.serial)
    )
    return tuple(found)


def certificates(
    work: Work, kind: AuthorityKind, *, cursor: str | None = None, limit: int = 50
) -> Page[SshCertificate]:
    """A page of signed certificates, newest first."""
    statement = (
        select(SshCertificate)
        .join(SshAuthority, SshAuthority.id == SshCertificate.authority_id)
        .join(Asset, Asset.id == SshCertificate.asset_id)
        .where(SshAuthority.kind == kind, within_reach(work))
    )
    return page(
        work,
        statement,
        by=(SshCertificate.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )
