"""Rules of trust for CI systems, and the exchange of their id-tokens for short tokens of ours (RFC 8693)."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.ids import digest, new_id, new_token
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity import queries
from kitto.identity.actions.tokens import TokenWish, refuse_more_than_own
from kitto.identity.facts import CiTrustChanged, CiTrustEnded, CiTrustMade, TokenExchanged
from kitto.identity.models import ApiToken, CiTrust, UsedIdToken
from kitto.identity.rules import Permission
from kitto.identity.rules.limits import TOKEN_PREFIX
from kitto.identity.rules.refusals import IdTokenUntrusted, IdTokenUsed
from kitto.identity.rules.trust import Proved, TrustWish, check_pins, check_wish


def trust_ci(work: Work, wish: TrustWish) -> CiTrust:
    """Write a rule. Its tokens can do no more than its maker. Raises TrustUnfit, ScopeTooWide."""
    work.allow(Permission.MANAGE_TOKENS)
    account_id = _fit(work, wish)
    trust = CiTrust(made_at=work.now, ended_at=None, used_at=None)
    trust.note(wish, account_id)
    work.add(trust)
    work.record(
        CiTrustMade(
            trust_id=trust.id, account_id=account_id, name=trust.name, issuer=trust.issuer, **_said(trust)
        )
    )
    return trust


def change_trust(work: Work, trust_id: int, wish: TrustWish, *, version: int | None) -> CiTrust:
    """Change a rule; from now on its tokens act in the changer's name. Raises NotFound, TrustUnfit."""
    work.allow(Permission.MANAGE_TOKENS)
    trust = queries.ci_trust(work, trust_id)
    work.expect(trust, version)
    account_id = _fit(work, wish)
    before = _said(trust)
    trust.note(wish, account_id)
    after = _said(trust)
    changes = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    work.record(CiTrustChanged(trust_id=trust.id, account_id=account_id, name=trust.name, changes=changes))
    return trust


def end_trust(work: Work, trust_id: int, *, version: int | None = None) -> CiTrust:
    """Trust it no more; tokens that it gave end at once. Idempotent."""
    work.allow(Permission.MANAGE_TOKENS)
    trust = queries.ci_trust(work, trust_id)
    work.expect(trust, version)
    if trust.ended_at is None:
        trust.ended_at = work.now
        for token in queries.tokens_of_trust(work, trust.id):
            token.revoked_at = work.now
        work.record(CiTrustEnded(trust_id=trust.id, account_id=trust.account_id, name=trust.name))
    return trust


def exchange(work: Work, proved: Proved) -> tuple[ApiToken, Secret]:
    """A token of a few minutes for an id-token that was proved; each id-token is good for one.

    Raises IdTokenUntrusted, IdTokenForeign, IdTokenUsed.
    """
    work.allow_everyone("the id-token was proved to come from an issuer that an administrator trusts")
    trust = _rule_for(work, proved)
    _use_once(work, proved)
    public_id, secret = new_id()[:16], new_token()
    token = work.add(
        ApiToken(
            public_id=public_id,
            digest=digest(secret),
            name=f"{trust.name}: {proved.subject}"[:200],
            permissions=trust.permissions,
            scope_kind=trust.scope_kind,
            scope_id=trust.scope_id,
            inventory=trust.inventory,
            quota=trust.quota,
            account_id=trust.account_id,
            trust_id=trust.id,
            made_at=work.now,
            expires_at=work.now + timedelta(minutes=trust.minutes),
        )
    )
    trust.used_at = work.now
    work.record(
        TokenExchanged(
            token_id=token.id, trust_id=trust.id, name=trust.name, issuer=trust.issuer, job=proved.subject
        )
    )
    return token, Secret(f"{TOKEN_PREFIX}_{public_id}_{secret}")


def forget_used(work: Work) -> None:
    """Drop id-tokens that have expired by themselves, and exchanged tokens that ended a day ago."""
    work.allow(Permission.MANAGE_USERS)
    work.unrecorded("what is over has no effect any more; its facts stay")
    work.session.execute(delete(UsedIdToken).where(UsedIdToken.expires_at < work.now - timedelta(hours=1)))
    old = ApiToken.expires_at < work.now - timedelta(days=1)
    work.session.execute(delete(ApiToken).where(ApiToken.trust_id.is_not(None), old))


def _fit(work: Work, wish: TrustWish) -> int:
    check_wish(wish)
    permissions = tuple(Permission(name) for name in wish.permissions)
    refuse_more_than_own(work, TokenWish(wish.name, permissions, work.now, wish.quota, wish.scope))
    maker = queries.maker_id(work)
    if not maker:
        raise NotFound(thing=Words(N_("account")), key=work.actor.name)
    return maker


def _rule_for(work: Work, proved: Proved) -> CiTrust:
    """The first rule that the token fits; if none does, the refusal of the last one."""
    refused: Exception = IdTokenUntrusted()
    given = proved.claims.get("aud")
    audiences = set(given if isinstance(given, list) else [given])
    for trust in queries.trusts_of(work, proved.issuer):
        if trust.audience not in audiences:
            continue
        try:
            check_pins(trust.pins, proved)
        except Exception as foreign:  # noqa: BLE001 -- another rule may fit; the last reason is told
            refused = foreign
            continue
        return trust
    raise refused


def _use_once(work: Work, proved: Proved) -> None:
    make: Any = postgresql.insert if work.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    used = work.session.execute(
        make(UsedIdToken)
        .values(mark=proved.mark, expires_at=proved.expires_at)
        .on_conflict_do_nothing(index_elements=[UsedIdToken.mark])
        .returning(UsedIdToken.mark)
    ).first()
    if used is None:
        raise IdTokenUsed


def _said(trust: CiTrust) -> dict[str, Any]:
    return {
        "audience": trust.audience,
        "pins": {claim: list(values) for claim, values in trust.pins.items()},
        "permissions": tuple(trust.permissions),
        "scope": ":".join(trust.scope) if trust.scope else "",
    }
