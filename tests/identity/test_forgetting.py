"""What is over is forgotten; what holds stays."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select, update

from kitto.base import clock
from kitto.base.work import Ledger, system_actor
from kitto.identity import actions
from kitto.identity.models import Account, PasswordLink, SignIn, TryCount
from kitto.identity.rules import Permission, Role
from tests.identity.conftest import ROOT, Browser

Enrol = Callable[..., Account]


def test_what_is_over_is_forgotten_and_the_rest_stays(browser: Browser, ledger: Ledger, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    enrol("tanaka", Role.VIEWER)
    browser.sign_in("sato")
    browser.sign_in("tanaka", "wrong")
    with ledger.begin(ROOT) as work:
        actions.make_account(work, name="new", display_name="new", roles=[])
    forget(ledger)
    assert count(ledger) == (1, 1, 2)
    with ledger.begin(ROOT) as work:
        work.allow(Permission.SEE)
        work.unrecorded("a test lets time pass")
        long_ago = clock.now() - timedelta(days=2)
        work.session.execute(update(TryCount).values(since=long_ago))
        work.session.execute(update(SignIn).values(ends_at=long_ago))
        work.session.execute(update(PasswordLink).values(expires_at=long_ago))
    forget(ledger)
    assert count(ledger) == (0, 0, 0)


def forget(ledger: Ledger) -> None:
    with ledger.begin(system_actor("identity", Permission.MANAGE_USERS)) as work:
        actions.forget_ended(work)


def count(ledger: Ledger) -> tuple[int, ...]:
    with ledger.read(ROOT) as work:
        work.allow(Permission.SEE)
        return tuple(
            work.session.scalar(select(func.count()).select_from(table)) or 0
            for table in (SignIn, PasswordLink, TryCount)
        )
