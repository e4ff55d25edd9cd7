"""Accounts, their roles, sign-ins, tokens, links for a new password, and counted tries."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.base.db import Base, Id, words
from kitto.base.work import Grant
from kitto.identity.rules import RIGHTS, Permission, Role, Scope, ScopeKind
from kitto.identity.rules.browsers import browser_words
from kitto.identity.rules.limits import SEEN_EVERY
from kitto.identity.rules.trust import TrustWish


class Account(Base):
    """Who may sign in. A password that is not set yet, or was taken away, is None."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str]
    time_zone: Mapped[str]
    password_hash: Mapped[str | None]
    password_at: Mapped[datetime | None]
    # Sealed seeds of the code app: the one in use, and one that is being set up.
    totp_sealed: Mapped[str | None]
    totp_pending: Mapped[str | None]
    totp_counter: Mapped[int | None]
    # The member of the organisation behind the account; a number only, because people is above us.
    person_id: Mapped[int | None] = mapped_column(Id, index=True)
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    roles: Mapped[list["RoleGrant"]] = relationship(
        back_populates="account",
        cascade="all, delete-orphan",
        lazy="raise_on_sql",
        order_by="RoleGrant.id",
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def has_code(self) -> bool:
        return self.totp_sealed is not None

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The rights of the roles, each in its scope; nobody is kept from the own account."""
        own = Grant(frozenset({Permission.OWN_ACCOUNT}))
        return (own, *(role.grant for role in self.roles))


class RoleGrant(Base):
    """A role of an account, everywhere or in one scope."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id"), index=True)
    role: Mapped[Role] = mapped_column(words(Role))
    scope_kind: Mapped[ScopeKind | None] = mapped_column(words(ScopeKind))
    scope_id: Mapped[str | None]

    account: Mapped[Account] = relationship(back_populates="roles", lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("account_id", "role", "scope_kind", "scope_id"),
        CheckConstraint("(scope_kind IS NULL) = (scope_id IS NULL)", name="scope_whole"),
    )

    @property
    def scope(self) -> Scope | None:
        return scope_of(self.scope_kind, self.scope_id)

    @property
    def grant(self) -> Grant:
        return Grant(frozenset(map(str, RIGHTS[self.role])), self.scope)


class SignIn(Base):
    """One signed-in browser. The cookie holds the secret; here is only its digest."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str]
    browser: Mapped[str]

    @property
    def browser_words(self) -> str:
        return browser_words(self.browser)

    def is_over(self, now: datetime, idle: timedelta) -> bool:
        return now >= self.ends_at or now - self.seen_at >= idle

    def is_seen_long_ago(self, now: datetime) -> bool:
        return now - self.seen_at >= SEEN_EVERY


class ApiToken(Base):
    """What a program signs in with. The public half finds it, the digest proves the secret half."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    name: Mapped[str]
    permissions: Mapped[list[str]]
    scope_kind: Mapped[ScopeKind | None] = mapped_column(words(ScopeKind))
    scope_id: Mapped[str | None]
    quota: Mapped[int]
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    # Given for an id-token of a CI job: by which rule, and which devices it reaches at most.
    trust_id: Mapped[int | None] = mapped_column(Id, ForeignKey("ci_trust.id"), index=True)
    inventory: Mapped[dict[str, Any] | None]
    version: Mapped[int] = mapped_column()

    account: Mapped[Account] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (CheckConstraint("(scope_kind IS NULL) = (scope_id IS NULL)", name="scope_whole"),)

    @property
    def scope(self) -> Scope | None:
        return scope_of(self.scope_kind, self.scope_id)

    def is_over(self, now: datetime) -> bool:
        return self.revoked_at is not None or now >= self.expires_at

    def state(self, now: datetime) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if now >= self.expires_at else "live"

    def grants(self, of_maker: tuple[Grant, ...]) -> tuple[Grant, ...]:
        """The token's rights, never more than its maker has now."""
        asked = frozenset(self.permissions)
        return tuple(
            Grant(asked & held.permissions, self.scope or held.scope)
            for held in of_maker
            if asked & held.permissions and (self.scope is None or held.scope in (None, self.scope))
        )


class PasswordLink(Base):
    """A link with which a person sets a password, once, within a day."""

    __tablename__ = "password_link"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class TryCount(Base):
    """Tries to sign in since the window began, counted for one account or one address."""

    __tablename__ = "try_count"

    key: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    since: Mapped[datetime] = mapped_column(index=True)


def scope_of(kind: ScopeKind | None, key: str | None) -> Scope | None:
    return None if kind is None or key is None else (kind.value, key)


class CiTrust(Base):
    """A rule by which id-tokens of a CI system are exchanged for short tokens of ours.

    Such a token acts in the name of the account that wrote the rule, and never has more rights than it.
    """

    __tablename__ = "ci_trust"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    name: Mapped[str]
    issuer: Mapped[str] = mapped_column(index=True)
    audience: Mapped[str]
    jwks_url: Mapped[str]
    pins: Mapped[dict[str, Any]]
    permissions: Mapped[list[str]]
    scope_kind: Mapped[ScopeKind | None] = mapped_column(words(ScopeKind))
    scope_id: Mapped[str | None]
    tag_prefix: Mapped[str]
    categories: Mapped[list[str]]
    minutes: Mapped[int]
    quota: Mapped[int]
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id"), index=True)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def scope(self) -> Scope | None:
        return scope_of(self.scope_kind, self.scope_id)

    @property
    def inventory(self) -> dict[str, Any] | None:
        """Which devices its tokens reach; None: all within the scope."""
        only = {"tag_prefix": self.tag_prefix, "categories": self.categories}
        return {name: value for name, value in only.items() if value} or None

    def note(self, wish: TrustWish, account_id: int) -> None:
        """Take over what the rule says now."""
        self.name, self.issuer, self.audience = wish.name.strip(), wish.issuer, wish.audience.strip()
        self.jwks_url, self.minutes, self.quota = wish.jwks_url, wish.minutes, wish.quota
        self.pins = {claim: list(values) for claim, values in wish.pins.items()}
        self.permissions = sorted(set(map(str, wish.permissions)))
        self.scope_kind = ScopeKind(wish.scope[0]) if wish.scope else None
        self.scope_id = wish.scope[1] if wish.scope else None
        self.tag_prefix, self.categories = wish.tag_prefix, list(wish.categories)
        self.account_id = account_id


class UsedIdToken(Base):
    """An id-token that was exchanged; kept until it would have expired anyway."""

    __tablename__ = "used_id_token"

    mark: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
