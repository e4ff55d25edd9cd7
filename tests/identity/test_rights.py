"""Rights and roles; rules only, no database."""

from itertools import pairwise

from kitto.identity.rules import PERMISSION_SAYS, RIGHTS, ROLE_SAYS, SCOPE_SAYS, Permission, Role, ScopeKind
from kitto.identity.rules.browsers import browser_words


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


def test_a_browser_is_named_in_two_words() -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
    assert browser_words(firefox) == "Firefox · Windows"
    assert browser_words(edge) == "Edge · Windows"
    assert browser_words(safari) == "Safari · iPhone"
    assert browser_words("curl/8.9.1 something") == "curl/8.9.1"
    assert browser_words("") == ""
