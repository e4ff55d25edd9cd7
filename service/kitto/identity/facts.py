"""What happens to accounts, sign-ins and tokens. No secret and no typed name is ever in a fact."""

from dataclasses import dataclass
from typing import ClassVar

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class _OfAccount(Fact):
    about: ClassVar[tuple[str, str]] = ("account", "account_id")

    account_id: int


@dataclass(frozen=True, kw_only=True)
class SignedIn(_OfAccount):
    kind: ClassVar[str] = "identity.signed_in"
    says: ClassVar[str] = N_("Signed in from {address}")

    address: str
    with_code: bool


@dataclass(frozen=True, kw_only=True)
class SignInFailed(Fact):
    """`account` is the account's number, or "unknown": what was typed may be a password."""

    kind: ClassVar[str] = "identity.sign_in_failed"
    says: ClassVar[str] = N_("Sign-in failed from {address}")
    about: ClassVar[tuple[str, str]] = ("account", "account")

    account: str
    address: str


@dataclass(frozen=True, kw_only=True)
class SignInBlocked(Fact):
    """Recorded once per window, when the last allowed try is used up."""

    kind: ClassVar[str] = "identity.sign_in_blocked"
    says: ClassVar[str] = N_("Too many failed tries from {address}: sign-in has to wait")
    about: ClassVar[tuple[str, str]] = ("account", "account")
    flagged: ClassVar[bool] = True

    account: str
    address: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(_OfAccount):
    kind: ClassVar[str] = "identity.signed_out"
    says: ClassVar[str] = N_("Signed out ({sign_ins} sign-ins ended)")

    sign_ins: int


@dataclass(frozen=True, kw_only=True)
class AccountMade(_OfAccount):
    kind: ClassVar[str] = "identity.account_made"
    says: ClassVar[str] = N_("Account {name} made for {display_name}")

    name: str
    display_name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AccountChanged(_OfAccount):
    kind: ClassVar[str] = "identity.account_changed"
    says: ClassVar[str] = N_("Account changed")


@dataclass(frozen=True, kw_only=True)
class RolesChanged(_OfAccount):
    kind: ClassVar[str] = "identity.roles_changed"
    says: ClassVar[str] = N_("Roles changed")


@dataclass(frozen=True, kw_only=True)
class AccountDeactivated(_OfAccount):
    kind: ClassVar[str] = "identity.account_deactivated"
    says: ClassVar[str] = N_("Account deactivated")


@dataclass(frozen=True, kw_only=True)
class AccountReactivated(_OfAccount):
    kind: ClassVar[str] = "identity.account_reactivated"
    says: ClassVar[str] = N_("Account reactivated")


@dataclass(frozen=True, kw_only=True)
class PasswordLinkMade(_OfAccount):
    kind: ClassVar[str] = "identity.password_link_made"
    says: ClassVar[str] = N_("Link for a new password made")


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(_OfAccount):
    kind: ClassVar[str] = "identity.password_changed"
    says: ClassVar[str] = N_("Password changed")

    by_link: bool = False


@dataclass(frozen=True, kw_only=True)
class TotpEnabled(_OfAccount):
    kind: ClassVar[str] = "identity.totp_enabled"
    says: ClassVar[str] = N_("Code app set up")


@dataclass(frozen=True, kw_only=True)
class TotpRemoved(_OfAccount):
    kind: ClassVar[str] = "identity.totp_removed"
    says: ClassVar[str] = N_("Code app removed")


@dataclass(frozen=True, kw_only=True)
class TokenMade(Fact):
    kind: ClassVar[str] = "identity.token_made"
    says: ClassVar[str] = N_("Token {name} made")
    about: ClassVar[tuple[str, str]] = ("token", "token_id")
    also: ClassVar[tuple[str, str] | None] = ("account", "account_id")

    token_id: int
    account_id: int
    name: str
    permissions: tuple[str, ...]
    scope: str
    expires_at: str


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Fact):
    kind: ClassVar[str] = "identity.token_revoked"
    says: ClassVar[str] = N_("Token {name} revoked")
    about: ClassVar[tuple[str, str]] = ("token", "token_id")
    also: ClassVar[tuple[str, str] | None] = ("account", "account_id")

    token_id: int
    account_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class CiTrustMade(Fact):
    kind: ClassVar[str] = "identity.ci_trust_made"
    says: ClassVar[str] = N_("CI trust {name} made for {issuer}")
    about: ClassVar[tuple[str, str]] = ("ci_trust", "trust_id")
    also: ClassVar[tuple[str, str] | None] = ("account", "account_id")

    trust_id: int
    account_id: int
    name: str
    issuer: str
    audience: str
    pins: dict[str, list[str]]
    permissions: tuple[str, ...]
    scope: str


@dataclass(frozen=True, kw_only=True)
class CiTrustChanged(Fact):
    kind: ClassVar[str] = "identity.ci_trust_changed"
    says: ClassVar[str] = N_("CI trust {name} changed")
    about: ClassVar[tuple[str, str]] = ("ci_trust", "trust_id")
    also: ClassVar[tuple[str, str] | None] = ("account", "account_id")

    trust_id: int
    account_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class CiTrustEnded(Fact):
    kind: ClassVar[str] = "identity.ci_trust_ended"
    says: ClassVar[str] = N_("CI trust {name} ended")
    about: ClassVar[tuple[str, str]] = ("ci_trust", "trust_id")
    also: ClassVar[tuple[str, str] | None] = ("account", "account_id")

    trust_id: int
    account_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class TokenExchanged(Fact):
    """A CI job has exchanged its id-token; `job` is what its issuer calls it."""

    kind: ClassVar[str] = "identity.token_exchanged"
    says: ClassVar[str] = N_("CI job {job} got a token by the trust {name}")
    about: ClassVar[tuple[str, str]] = ("token", "token_id")
    also: ClassVar[tuple[str, str] | None] = ("ci_trust", "trust_id")

    token_id: int
    trust_id: int
    name: str
    issuer: str
    job: str
