"""Rights, roles, refusals and the limits of signing in."""

from kitto.identity.rules.limits import Caller
from kitto.identity.rules.refusals import SignInNeeded
from kitto.identity.rules.rights import (
    PERMISSION_SAYS,
    RIGHTS,
    ROLE_SAYS,
    SCOPE_SAYS,
    Permission,
    Role,
    Scope,
    ScopeKind,
)

__all__ = [
    "PERMISSION_SAYS",
    "RIGHTS",
    "ROLE_SAYS",
    "SCOPE_SAYS",
    "Caller",
    "Permission",
    "Role",
    "Scope",
    "ScopeKind",
    "SignInNeeded",
]
