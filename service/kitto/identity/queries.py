"""Everything that reads accounts, sign-ins and tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.ids import digest
from kitto.base.paging import USUAL, Page, page
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity.models import Account, ApiToken, CiTrust, PasswordLink, RoleGrant, SignIn
from kitto.identity.rules import Permission, Role
from kitto.identity.rules.limits import folded
from kitto.identity.rules.refusals import LinkUnusable


@dataclass(frozen=True)
class Known:
    """What is compared when somebody signs in; `account_id` is None for a name nobody has."""

    account_id: int | None
    password_hash: str | None
    totp_sealed: str | None
    display_name: str


def known(work: Work, name: str) -> Known:
    """What is kept of a sign-in name. An account that is not active has nothing to compare."""
    row = work.session.execute(
        select(
            Account.id, Account.active, Account.password_hash, Account.totp_sealed, Account.display_name
        ).where(Account.name == name)
    ).one_or_none()
    if row is None:
        return Known(None, None, None, "")
    if not row.active:
        return Known(row.id, None, None, row.display_name)
    return Known(row.id, row.password_hash, row.totp_sealed, row.display_name)


def sign_in_by(work: Work, secret: Secret) -> tuple[SignIn, Account] | None:
    """The sign-in that a cookie belongs to, with its active account and roles."""
    row = work.session.execute(
        select(SignIn, Account)
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.digest == digest(secret.reveal()), Account.active)
        .options(selectinload(Account.roles))
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def token_by(work: Work, public_id: str) -> ApiToken | None:
    """The token with its maker and the maker's roles; whoever was deactivated has none."""
    return work.session.scalar(
        select(ApiToken)
        .join(ApiToken.account)
        .where(ApiToken.public_id == public_id, Account.active)
        .options(joinedload(ApiToken.account).selectinload(Account.roles))
    )


def own_account(work: Work) -> Account:
    """The account of the person who acts."""
    return account(work, int(work.actor.id))


def account(work: Work, account_id: int) -> Account:
    """An account with its roles. Raises NotFound."""
    found = work.session.scalar(
        select(Account).where(Account.id == account_id).options(selectinload(Account.roles))
    )
    if found is None:
        raise NotFound(thing=Words(N_("account")), key=account_id)
    return found


def accounts(
    work: Work, *, text: str = "", active: bool | None = None, cursor: str | None = None, limit: int = USUAL
) -> Page[Account]:
    """Accounts by sign-in name; `text` looks in both names."""
    work.allow(Permission.MANAGE_USERS)
    statement = select(Account).options(selectinload(Account.roles))
    if text:
        statement = statement.where(
            or_(
                Account.name.contains(folded(text), autoescape=True),
                Account.display_name.contains(text, autoescape=True),
            )
        )
    if active is not None:
        statement = statement.where(Account.active == active)
    return page(
        work,
        statement,
        by=(Account.name.expression, Account.id.expression),
        key=lambda row: (row.name, row.id),
        cursor=cursor,
        limit=limit,
    )


def names(work: Work, ids: Sequence[int]) -> dict[int, str]:
    """Display names of accounts, for lists that show who did something."""
    rows = work.session.execute(select(Account.id, Account.display_name).where(Account.id.in_(ids)))
    return {row.id: row.display_name for row in rows}


def sign_ins(work: Work, account_id: int) -> Sequence[SignIn]:
    """The sign-ins of an account that are not over, newest first."""
    return work.session.scalars(
        select(SignIn)
        .where(SignIn.account_id == account_id, SignIn.ends_at > work.now)
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    ).all()


def token(work: Work, token_id: int) -> ApiToken:
    """A token with its maker. Raises NotFound; who may not manage accounts finds only the own ones."""
    statement = (
        select(ApiToken)
        .where(ApiToken.id == token_id)
        .options(joinedload(ApiToken.account).selectinload(Account.roles))
    )
    if not work.actor.may(Permission.MANAGE_USERS):
        statement = statement.where(ApiToken.account_id == maker_id(work))
    found = work.session.scalar(statement)
    if found is None:
        raise NotFound(thing=Words(N_("token")), key=token_id)
    return found


def tokens(work: Work, *, cursor: str | None = None, limit: int = USUAL) -> Page[ApiToken]:
    """Tokens, newest first: all for who manages accounts, else the own ones."""
    work.allow(Permission.MANAGE_TOKENS)
    # Tokens of CI jobs come and go by the minute; the journal has them.
    statement = select(ApiToken).where(ApiToken.trust_id.is_(None)).options(joinedload(ApiToken.account))
    if not work.actor.may(Permission.MANAGE_USERS):
        statement = statement.where(ApiToken.account_id == maker_id(work))
    return page(
        work,
        statement,
        by=(ApiToken.id.expression,),
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def maker_id(work: Work) -> int:
    """The account in whose name the actor acts; a token acts in its maker's."""
    if work.actor.kind == "account":
        return int(work.actor.id)
    return int(work.actor.settings.get("account_id", 0))


def link_by(work: Work, secret: Secret) -> PasswordLink:
    """The link for a new password that this secret opens. Raises LinkUnusable."""
    found = work.session.scalar(select(PasswordLink).where(PasswordLink.digest == digest(secret.reveal())))
    if found is None or found.expires_at <= work.now:
        raise LinkUnusable
    return found


def is_only_administrator(work: Work, account_id: int) -> bool:
    """Nobody else is an active administrator everywhere. Locks their roles, so that two
    administrators cannot take each other's role at the same moment.
    """
    others = (
        select(RoleGrant.account_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(RoleGrant.role == Role.ADMINISTRATOR, RoleGrant.scope_kind.is_(None), Account.active)
        .order_by(RoleGrant.id)
        .with_for_update()
    )
    holders = set(work.session.scalars(others))
    return account_id in holders and len(holders) == 1


def count_administrators(work: Work) -> int:
    """Active accounts with the administrator's role everywhere."""
    return (
        work.session.scalar(
            select(func.count(func.distinct(Account.id)))
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(RoleGrant.role == Role.ADMINISTRATOR, RoleGrant.scope_kind.is_(None), Account.active)
        )
        or 0
    )


def account_by_name(work: Work, name: str) -> Account:
    """The account with this sign-in name. Raises NotFound."""
    work.allow(Permission.MANAGE_USERS)
    found = work.session.scalar(
        select(Account).options(selectinload(Account.roles)).where(Account.name == folded(name))
    )
    if found is None:
        raise NotFound(thing=Words(N_("account")), key=name[:64])
    return found


def ci_trust(work: Work, trust_id: int) -> CiTrust:
    """A rule of trust with its maker. Raises NotFound."""
    found = work.session.scalar(
        select(CiTrust).where(CiTrust.id == trust_id).options(joinedload(CiTrust.account))
    )
    if found is None:
        raise NotFound(thing=Words(N_("CI trust")), key=trust_id)
    return found


def ci_trusts(work: Work, *, cursor: str | None = None, limit: int = USUAL) -> Page[CiTrust]:
    """The rules of trust, newest first."""
    work.allow(Permission.MANAGE_TOKENS)
    return page(
        work,
        select(CiTrust).options(joinedload(CiTrust.account)),
        by=(CiTrust.id.expression,),
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def trusts_of(work: Work, issuer: str) -> Sequence[CiTrust]:
    """The rules that hold for an issuer now, in the order in which they were made."""
    return work.session.scalars(
        select(CiTrust).where(CiTrust.issuer == issuer, CiTrust.ended_at.is_(None)).order_by(CiTrust.id)
    ).all()


def tokens_of_trust(work: Work, trust_id: int) -> Sequence[ApiToken]:
    """Tokens that a rule has given and that are not over."""
    return work.session.scalars(
        select(ApiToken).where(
            ApiToken.trust_id == trust_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > work.now
        )
    ).all()
