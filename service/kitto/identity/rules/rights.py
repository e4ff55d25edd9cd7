"""Rights, roles, and where they hold."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

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
    REVEAL_SECRETS = "reveal_secrets"
    PRINT_LABELS = "print_labels"
    GRANT_SEATS = "grant_seats"
    MANAGE_LICENCES = "manage_licences"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_MASTERS = "manage_masters"
    WATCH = "watch"
    MANAGE_PROBES = "manage_probes"
    MANAGE_AGENTS = "manage_agents"
    ACCEPT_FINDINGS = "accept_findings"
    OBSERVE = "observe"
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
    Permission.REVEAL_SECRETS,
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


class ScopeKind(StrEnum):
    """Where a role or a token may be confined to; the rooms above name the things."""

    DEPARTMENT = "department"
    PROJECT = "project"
    SITE = "site"


Scope = tuple[str, str]

ROLE_SAYS: Final[Mapping[Role, str]] = {
    Role.VIEWER: N_("Viewer"),
    Role.TECHNICIAN: N_("Technician"),
    Role.ASSET_MANAGER: N_("Asset manager"),
    Role.ADMINISTRATOR: N_("Administrator"),
}
SCOPE_SAYS: Final[Mapping[ScopeKind, str]] = {
    ScopeKind.DEPARTMENT: N_("Department"),
    ScopeKind.PROJECT: N_("Project"),
    ScopeKind.SITE: N_("Site"),
}
PERMISSION_SAYS: Final[Mapping[Permission, str]] = {
    Permission.SEE: N_("See devices, people and licences"),
    Permission.RECEIVE: N_("Receive deliveries"),
    Permission.EDIT_ASSETS: N_("Edit devices"),
    Permission.ACCEPT: N_("Accept deliveries into the ledger"),
    Permission.MOVE: N_("Move devices between places"),
    Permission.HAND_OVER: N_("Hand over devices"),
    Permission.TAKE_BACK: N_("Take back devices"),
    Permission.REPORT: N_("Report losses and finds"),
    Permission.RETIRE: N_("Ask for retirement"),
    Permission.APPROVE: N_("Approve requests"),
    Permission.DISPOSE: N_("Dispose of devices"),
    Permission.CORRECT: N_("Correct states by hand"),
    Permission.KIT: N_("Kit devices"),
    Permission.REVEAL_SECRETS: N_("See passwords and recovery keys of devices"),
    Permission.PRINT_LABELS: N_("Print labels"),
    Permission.GRANT_SEATS: N_("Grant licence seats"),
    Permission.MANAGE_LICENCES: N_("Manage licences"),
    Permission.MANAGE_PEOPLE: N_("Manage people and projects"),
    Permission.MANAGE_MASTERS: N_("Manage categories, models and places"),
    Permission.WATCH: N_("Watch health"),
    Permission.MANAGE_PROBES: N_("Manage probes"),
    Permission.MANAGE_AGENTS: N_("Manage agents"),
    Permission.ACCEPT_FINDINGS: N_("Accept findings"),
    Permission.OBSERVE: N_("Note what was observed"),
    Permission.READ_JOURNAL: N_("Read the journal"),
    Permission.MANAGE_USERS: N_("Manage accounts"),
    Permission.MANAGE_TOKENS: N_("Manage tokens"),
    Permission.MANAGE_SETTINGS: N_("Manage settings"),
    Permission.OWN_ACCOUNT: N_("Manage the own account"),
}
