"""Rights, roles and the limits of signing in."""

from datetime import timedelta
from enum import StrEnum

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class Permission(StrEnum):
    """Every right there is. An action asks for one in its first line."""

    SEE = "see"
    RECEIVE = "receive"
    EDIT_ASSETS = "edit_assets"
    ACCEPT = "accept"
    MOVE = "move"
    HAND_OVER = "hand_over"
    TAKE_BACK = "take_back"
    REPORT = "report"
    RETIRE = "retire"
    APPROVE = "approve"
    DISPOSE = "dispose"
    CORRECT = "correct"
    KIT = "kit"
    PRINT_LABELS = "print_labels"
    GRANT_SEATS = "grant_seats"
    MANAGE_LICENCES = "manage_licences"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_MASTERS = "manage_masters"
    WATCH = "watch"
    MANAGE_PROBES = "manage_probes"
    MANAGE_AGENTS = "manage_agents"
    ACCEPT_FINDINGS = "accept_findings"
    READ_JOURNAL = "read_journal"
    MANAGE_USERS = "manage_users"
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_SETTINGS = "manage_settings"
    OWN_ACCOUNT = "own_account"


class Role(StrEnum):
    """The four roles. A person may hold several, each everywhere or in one scope."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    ASSET_MANAGER = "asset_manager"
    ADMINISTRATOR = "administrator"


_VIEWER = frozenset({Permission.SEE, Permission.REPORT, Permission.OWN_ACCOUNT})
_TECHNICIAN = _VIEWER | {
    Permission.RECEIVE,
    Permission.EDIT_ASSETS,
    Permission.MOVE,
    Permission.HAND_OVER,
    Permission.TAKE_BACK,
    Permission.RETIRE,
    Permission.KIT,
    Permission.PRINT_LABELS,
    Permission.GRANT_SEATS,
    Permission.WATCH,
    Permission.MANAGE_PROBES,
    Permission.ACCEPT_FINDINGS,
    Permission.READ_JOURNAL,
}
_ASSET_MANAGER = _TECHNICIAN | {
    Permission.ACCEPT,
    Permission.APPROVE,
    Permission.DISPOSE,
    Permission.MANAGE_LICENCES,
    Permission.MANAGE_PEOPLE,
    Permission.MANAGE_MASTERS,
    Permission.MANAGE_AGENTS,
}
RIGHTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.TECHNICIAN: _TECHNICIAN,
    Role.ASSET_MANAGER: _ASSET_MANAGER,
    Role.ADMINISTRATOR: frozenset(Permission),
}

# NIST SP 800-63B and ASVS 5.0 6.2: length counts, composition rules do not.
PASSWORD_LEAST = 12
PASSWORD_MOST = 128
TOKEN_LONGEST = timedelta(days=366)
TOKEN_PREFIX = "kitto"  # noqa: S105 -- how a token starts, so that scanners can find leaked ones
# Failures in WINDOW before an account or an address has to wait.
FAILURES_PER_ACCOUNT = 5
FAILURES_PER_ADDRESS = 50
FAILURE_WINDOW = timedelta(minutes=15)


class SignInRefused(Refusal):
    code = "identity.sign_in_refused"
    status = 401
    says = N_("You are not signed in: name, password or code do not fit. Check them and try again.")


class SignInNeeded(Refusal):
    code = "identity.sign_in_needed"
    status = 401
    says = N_("Sign in first.")


class TooManyTries(Refusal):
    code = "identity.too_many_tries"
    status = 429
    says = N_("Too many failed tries. Wait {minutes} minutes, then try again.")


class TooManyRequests(Refusal):
    code = "identity.too_many_requests"
    status = 429
    says = N_("Nothing was done: this token asks more often than its quota allows. Wait and try again.")


class FormExpired(Refusal):
    code = "identity.form_expired"
    status = 403
    says = N_("Nothing was changed: the form is too old or came from elsewhere. Reload and try again.")


class PasswordTooWeak(Refusal):
    code = "identity.password_too_weak"
    status = 422
    says = N_("The password was not set: use {least} to {most} characters that are not easy to guess.")


class NameTaken(Refusal):
    code = "identity.name_taken"
    says = N_("The account was not made: the sign-in name “{name}” is taken. Choose another.")


class CodeRefused(Refusal):
    code = "identity.code_refused"
    status = 422
    says = N_("The six-digit code does not fit. Check the clock of your phone and type the newest code.")


class LastAdministrator(Refusal):
    code = "identity.last_administrator"
    says = N_("Nothing was changed: this is the last administrator. Make another one first.")


class TokenTooLong(Refusal):
    code = "identity.token_too_long"
    status = 422
    says = N_("The token was not made: it may live at most {days} days. Choose an earlier end.")


class ScopeTooWide(Refusal):
    code = "identity.scope_too_wide"
    status = 403
    says = N_("The token was not made: it would have rights that you do not have ({permission}).")
