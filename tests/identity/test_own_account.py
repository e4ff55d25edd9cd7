"""What people do with their own password, code app and sign-ins."""

from collections.abc import Callable

import pyotp
import pytest

from kitto.base.work import Ledger, system_actor
from kitto.identity import queries
from kitto.identity.models import Account
from kitto.identity.rules import Role
from tests.identity.conftest import GOOD, Browser

Enrol = Callable[..., Account]
NEW = "seven quiet lanterns downstream"


def _code(seed: str, ahead: int = 0) -> str:
    from kitto.base import clock

    return pyotp.TOTP(seed).generate_otp(int(clock.now().timestamp()) // 30 + ahead)


def _set_up(browser: Browser) -> str:
    assert browser.post("/account/code", present=GOOD) == 303
    seed = browser.look("/account/code/confirm").split('data-copy="')[1].split('"')[0]
    assert browser.post("/account/code/confirm", code=_code(seed, -1)) == 303
    browser.look()
    return seed


def test_a_new_password_ends_every_other_sign_in_and_gives_this_browser_a_new_cookie(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    other = browsers()
    other.sign_in("sato")
    before = browser.cookie
    assert browser.post("/account/password", present=GOOD, password=NEW) == 303
    assert browser.cookie != before
    browser.look()
    assert other.client.get("/account", follow_redirects=False).status_code == 303
    assert browsers().sign_in("sato", GOOD) == 401
    assert browsers().sign_in("sato", NEW) == 303


def test_without_the_present_password_nothing_changes(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    assert browser.post("/account/password", present="wrong", password=NEW) == 422
    assert browsers().sign_in("sato", GOOD) == 303


def test_a_stolen_browser_cannot_try_passwords_without_end(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    answers = [browser.post("/account/password", present="wrong", password=NEW) for _ in range(6)]
    assert answers == [422] * 5 + [429]


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "password1234",
        "aaaaaaaaaaaaaaaa",
        "qwertyuiop[]",
        "kitto-sato-2026",
        "Summer2026!!Tokyo",
        "x" * 129,
    ],
)
def test_a_weak_password_is_refused_and_the_old_one_stays(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol, weak: str
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    assert browser.post("/account/password", present=GOOD, password=weak) == 422
    assert browsers().sign_in("sato", GOOD) == 303


def test_a_password_is_taken_as_it_is_with_blanks_and_japanese(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    odd = " 橋の下を Quiet 流れる水、九月  "
    assert browser.post("/account/password", present=GOOD, password=odd) == 303
    assert browsers().sign_in("sato", odd.strip()) == 401
    assert browsers().sign_in("sato", odd) == 303


def test_with_a_code_app_the_password_alone_is_not_enough(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    seed = _set_up(browser)
    assert browsers().sign_in("sato") == 401
    assert browsers().sign_in("sato", code="000000") == 401
    assert browsers().sign_in("sato", code=_code(seed)) == 303


def test_a_code_works_once(browser: Browser, browsers: Callable[[], Browser], enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    code = _code(_set_up(browser))
    assert browsers().sign_in("sato", code=code) == 303
    assert browsers().sign_in("sato", code=code) == 401


def test_the_code_that_set_the_app_up_does_not_sign_in(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    seed = _set_up(browser)
    assert browsers().sign_in("sato", code=_code(seed, -1)) == 401


def test_a_wrong_first_code_leaves_the_app_off(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    browser.post("/account/code", present=GOOD)
    assert browser.post("/account/code/confirm", code="12ab56") == 422
    assert browser.sign_in("sato") == 303


def test_removing_the_app_needs_password_and_code(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    seed = _set_up(browser)
    assert browser.post("/account/code/remove", present=GOOD, code="000000") == 422
    assert browser.post("/account/code/remove", present=GOOD, code=_code(seed)) == 303
    browser.look()
    assert browser.sign_in("sato") == 303


def test_the_seed_is_sealed_in_the_database(browser: Browser, enrol: Enrol, ledger: Ledger) -> None:
    account = enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    seed = _set_up(browser)
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        kept = queries.account(work, account.id).totp_sealed
    assert kept is not None
    assert seed not in kept


def test_sato_signs_out_everywhere_else(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    other = browsers()
    other.sign_in("sato")
    assert browser.post("/account/sign-ins/end-others") == 303
    browser.look()
    assert other.client.get("/account", follow_redirects=False).status_code == 303


def test_nobody_ends_the_sign_in_of_somebody_else(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    enrol("tanaka", Role.VIEWER)
    browser.sign_in("sato")
    mine = browser.client.get("/api/v1/me/sign-ins").json()[0]["id"]
    other = browsers()
    other.sign_in("tanaka")
    assert other.post(f"/account/sign-ins/{mine}/end") == 303
    browser.look()


@pytest.mark.parametrize(("locale", "zone"), [("xx", "UTC"), ("ja", "Mars/Olympus"), ("ja", "../etc/passwd")])
def test_only_what_is_offered_can_be_chosen(browser: Browser, enrol: Enrol, locale: str, zone: str) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    assert browser.post("/account", locale=locale, time_zone=zone) == 422


def test_a_link_sets_a_password_once(browser: Browser, browsers: Callable[[], Browser], enrol: Enrol) -> None:
    enrol("root", Role.ADMINISTRATOR)
    browser.sign_in("root")
    page = browser.client.post(
        "/settings/accounts/new",
        data={"csrf_token": browser.token, "name": "new.one", "display_name": "新人", "roles": "viewer"},
    )
    assert page.status_code == 200
    path = "/set-password/" + page.text.split("/set-password/")[1].split("<")[0].split('"')[0]
    newcomer = browsers()
    assert newcomer.client.get(path).status_code == 200
    assert newcomer.post(path, password="short") == 422
    assert newcomer.post(path, password=NEW) == 303
    assert newcomer.sign_in("new.one", NEW) == 303
    assert browsers().post(path, password=NEW) == 410
    assert browsers().client.get("/set-password/made-up").status_code == 410
