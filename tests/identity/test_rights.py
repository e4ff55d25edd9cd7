"""Rights and roles; rules only, no database."""

from itertools import pairwise

from kitto.identity.rules import PERMISSION_SAYS, RIGHTS, ROLE_SAYS, SCOPE_SAYS, Permission, Role, ScopeKind


def test_every_right_role_and_scope_has_words() -> None:
    assert set(PERMISSION_SAYS) == set(Permission)
    assert set(ROLE_SAYS) == set(Role)
    assert set(SCOPE_SAYS) == set(ScopeKind)


def test_each_role_may_do_all_that_the_one_before_may() -> None:
    for less, more in pairwise(RIGHTS[role] for role in Role):
        assert less < more


def test_only_administrators_manage_accounts_and_tokens() -> None:
    for right in (Permission.MANAGE_USERS, Permission.MANAGE_TOKENS, Permission.MANAGE_SETTINGS):
        assert [role for role in Role if right in RIGHTS[role]] == [Role.ADMINISTRATOR]
