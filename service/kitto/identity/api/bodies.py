"""What the JSON doors of identity take and give."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kitto.base.seal import Secret
from kitto.base.work import Grant
from kitto.identity.actions import RoleIn
from kitto.identity.models import Account, ApiToken, RoleGrant, SignIn
from kitto.identity.rules import Permission, Role, Scope, ScopeKind
from kitto.identity.rules.limits import KEY_MOST, QUOTA_LEAST, QUOTA_MOST, QUOTA_USUAL
from kitto.identity.rules.refusals import RolesUnfit
from kitto.web.bodies import Number, Strict

# Control characters have no place in names, and PostgreSQL keeps no NUL in a text.
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
ScopeKey = Annotated[str, Field(min_length=1, max_length=KEY_MOST, pattern=r"^[^\x00-\x1f\x7f]*$")]
SHOWN_ONCE = "Shown once, and never again."


class Exact(BaseModel):
    """A body with a password: nothing of it is trimmed or shown in a message."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PresentIn(Exact):
    """The present password, and the code if the account has a code app."""

    present: SecretStr = Field(
        max_length=1000, description="The present password.", examples=["the blue scanner beeps at nine"]
    )
    code: str = Field(default="", max_length=20, examples=["123456"])

    def secret(self) -> Secret:
        return Secret(self.present.get_secret_value())


class PasswordIn(PresentIn):
    password: SecretStr = Field(
        max_length=1000,
        description="The new password: 12 to 128 characters.",
        examples=["a calm bench in Shinjuku"],
    )


class CodeIn(Strict):
    code: str = Field(min_length=1, max_length=20, examples=["123456"])


class CodeOut(BaseModel):
    """What a code app needs. Nothing holds until a code proves that it arrived."""

    seed: str = Field(description=SHOWN_ONCE)
    address: str = Field(description="The otpauth address of the QR code.")


class GrantOut(BaseModel):
    """Rights, everywhere (no scope) or in one scope."""

    permissions: list[str]
    scope_kind: str | None = None
    scope_id: str | None = None

    @classmethod
    def of(cls, grant: Grant) -> Self:
        kind, key = grant.scope or (None, None)
        return cls(permissions=sorted(grant.permissions), scope_kind=kind, scope_id=key)


class MeOut(BaseModel):
    """Who speaks: a person or a token."""

    kind: str = Field(examples=["account"])
    id: str
    name: str = Field(examples=["佐藤 花子"])
    locale: str
    time_zone: str
    grants: list[GrantOut]


class PreferIn(Strict):
    locale: str = Field(max_length=10, examples=["ja"])
    time_zone: str = Field(max_length=64, examples=["Asia/Tokyo"])


class RoleBody(Strict):
    """A role, everywhere or in one scope."""

    role: Role = Field(examples=["technician"])
    scope_kind: ScopeKind | None = None
    scope_id: ScopeKey | None = Field(default=None, examples=["7"])

    def wish(self) -> RoleIn:
        return RoleIn(self.role, scope(self.scope_kind, self.scope_id))

    @classmethod
    def of(cls, grant: RoleGrant) -> Self:
        return cls(role=grant.role, scope_kind=grant.scope_kind, scope_id=grant.scope_id)


class AccountIn(Strict):
    name: Line = Field(examples=["sato"])
    display_name: Line = Field(examples=["佐藤 花子"])
    roles: list[RoleBody] = Field(max_length=100)
    locale: str = Field(default="", max_length=10, examples=["ja"])
    time_zone: str = Field(default="", max_length=64, examples=["Asia/Tokyo"])
    person_id: Number | None = None


class AccountChange(Strict):
    display_name: Line = Field(examples=["佐藤 花子"])
    person_id: Number | None = Field(description="The member behind the account, or null.")


class RolesIn(Strict):
    roles: list[RoleBody] = Field(max_length=100)


class AccountOut(BaseModel):
    id: int
    version: int
    name: str
    display_name: str
    active: bool
    locale: str
    time_zone: str
    person_id: int | None
    has_password: bool
    has_code: bool
    roles: list[RoleBody]
    made_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            id=account.id,
            version=account.version,
            name=account.name,
            display_name=account.display_name,
            active=account.active,
            locale=account.locale,
            time_zone=account.time_zone,
            person_id=account.person_id,
            has_password=account.password_hash is not None,
            has_code=account.has_code,
            roles=[RoleBody.of(grant) for grant in account.roles],
            made_at=account.made_at,
        )


class AccountsOut(BaseModel):
    items: list[AccountOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class LinkOut(BaseModel):
    """A link with which a person sets a password, once, within 24 hours."""

    account_id: int
    link: str = Field(description=SHOWN_ONCE, examples=["https://kitto.example.jp/set-password/…"])


class SignInOut(BaseModel):
    """One signed-in browser."""

    id: int
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    browser: str
    is_this: bool

    @classmethod
    def of(cls, row: SignIn, session_id: str) -> Self:
        return cls(
            id=row.id,
            made_at=row.made_at,
            seen_at=row.seen_at,
            ends_at=row.ends_at,
            address=row.address,
            browser=row.browser,
            is_this=str(row.id) == session_id,
        )


class TokenIn(Strict):
    name: Line = Field(examples=["CI of the kitting line"])
    permissions: list[Permission] = Field(min_length=1, max_length=50, examples=[["see", "kit"]])
    expires_at: datetime = Field(examples=["2027-03-31T00:00:00+09:00"])
    quota: int = Field(default=QUOTA_USUAL, ge=QUOTA_LEAST, le=QUOTA_MOST, description="Requests per minute.")
    scope_kind: ScopeKind | None = None
    scope_id: ScopeKey | None = None


class TokenOut(BaseModel):
    id: int
    version: int
    public_id: str
    name: str
    permissions: list[str]
    scope_kind: ScopeKind | None
    scope_id: str | None
    quota: int
    account_id: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    state: str = Field(examples=["live"])

    @classmethod
    def of(cls, token: ApiToken, now: datetime) -> Self:
        return cls(
            id=token.id,
            version=token.version,
            public_id=token.public_id,
            name=token.name,
            permissions=token.permissions,
            scope_kind=token.scope_kind,
            scope_id=token.scope_id,
            quota=token.quota,
            account_id=token.account_id,
            made_at=token.made_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
            used_at=token.used_at,
            state=token.state(now),
        )


class TokenMadeOut(BaseModel):
    token: TokenOut
    secret: str = Field(description=SHOWN_ONCE, examples=["kitto_…"])


class TokensOut(BaseModel):
    items: list[TokenOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


def scope(kind: ScopeKind | None, key: str | None) -> Scope | None:
    """Both halves, or neither. Raises RolesUnfit."""
    if (kind is None) != (key is None):
        raise RolesUnfit
    return None if kind is None or key is None else (kind.value, key)
