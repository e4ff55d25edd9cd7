"""Tokens: what programs sign in with. The secret is shown once and kept only as a digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.ids import digest, new_id, new_token
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity import queries
from kitto.identity.facts import TokenMade, TokenRevoked
from kitto.identity.models import ApiToken
from kitto.identity.rules import Permission, Scope, ScopeKind
from kitto.identity.rules.limits import TOKEN_LONGEST, TOKEN_PREFIX
from kitto.identity.rules.refusals import EndUnfit, ScopeTooWide, TokenTooLong


@dataclass(frozen=True)
class TokenWish:
    """What a token shall be allowed, until when, and how often a minute."""

    name: str
    permissions: Sequence[Permission]
    expires_at: datetime
    quota: int
    scope: Scope | None = None


def make_token(work: Work, wish: TokenWish) -> tuple[ApiToken, Secret]:
    """Make a token that can do no more than its maker. The secret is never shown again.

    Raises TokenTooLong, EndUnfit, ScopeTooWide.
    """
    work.allow(Permission.MANAGE_TOKENS)
    if wish.expires_at <= work.now:
        raise EndUnfit
    if wish.expires_at - work.now > TOKEN_LONGEST:
        raise TokenTooLong(days=TOKEN_LONGEST.days)
    refuse_more_than_own(work, wish)
    public_id, secret = new_id()[:16], new_token()
    token = work.add(
        ApiToken(
            public_id=public_id,
            digest=digest(secret),
            name=wish.name.strip(),
            permissions=sorted(set(map(str, wish.permissions))),
            scope_kind=ScopeKind(wish.scope[0]) if wish.scope else None,
            scope_id=wish.scope[1] if wish.scope else None,
            quota=wish.quota,
            account_id=_maker(work),
            made_at=work.now,
            expires_at=wish.expires_at,
        )
    )
    work.record(
        TokenMade(
            token_id=token.id,
            account_id=token.account_id,
            name=token.name,
            permissions=tuple(token.permissions),
            scope=":".join(wish.scope) if wish.scope else "",
            expires_at=token.expires_at.isoformat(),
        )
    )
    return token, Secret(f"{TOKEN_PREFIX}_{public_id}_{secret}")


def revoke_token(work: Work, token_id: int, *, version: int | None = None) -> ApiToken:
    """Make a token worthless at once. Idempotent. Raises NotFound, VersionStale."""
    work.allow(Permission.MANAGE_TOKENS)
    token = queries.token(work, token_id)
    work.expect(token, version)
    if token.revoked_at is None:
        token.revoked_at = work.now
        work.record(TokenRevoked(token_id=token.id, account_id=token.account_id, name=token.name))
    return token


def refuse_more_than_own(work: Work, wish: TokenWish) -> None:
    """Refuse what its maker may not do. Raises ScopeTooWide."""
    for permission in wish.permissions:
        held = work.actor.scopes_of(permission)
        # None: held everywhere. A token without a scope of its own takes over its maker's scopes.
        fits = held is None or (wish.scope in held if wish.scope else bool(held))
        if permission == Permission.OWN_ACCOUNT or not fits:
            raise ScopeTooWide(permission=str(permission))


def _maker(work: Work) -> int:
    maker = queries.maker_id(work)
    if not maker:
        raise NotFound(thing=Words(N_("account")), key=work.actor.name)
    return maker
