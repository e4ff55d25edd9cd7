"""Signing in and out: what gets in, what does not, and what an onlooker can learn."""

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from starlette.testclient import TestClient

from kitto.base import clock
from kitto.base.journal import FactRow
from kitto.base.work import Ledger, system_actor
from kitto.identity.actions import tries
from kitto.identity.models import Account, SignIn, TryCount
from kitto.identity.rules import Role
from kitto.identity.rules.limits import FAILURE_WINDOW, FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS
from tests.identity.conftest import GOOD, Browser
from tests.stage import at_once

Enrol = Callable[..., Account]


def test_sato_signs_in_and_sees_the_own_account(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.TECHNICIAN, shown="佐藤 花子")
    assert browser.sign_in("sato") == 303
    assert "佐藤 花子" in browser.look()


def test_a_name_typed_full_width_and_in_capitals_is_the_same_account(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    assert browser.sign_in("　ＳＡＴＯ ") == 303


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(door: TestClient, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    answer = door.post("/sign-in", data={"name": "sato", "password": GOOD}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_with_https_the_cookie_is_bound_to_the_host(
    app: FastAPI, enrol: Enrol, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kitto.base import settings as settings_module

    enrol("sato", Role.VIEWER)
    monkeypatch.setenv("KITTO_BASE_URL", "https://testserver")
    settings_module.settings.cache_clear()
    client = TestClient(app, base_url="https://testserver")
    answer = client.post("/sign-in", data={"name": "sato", "password": GOOD}, follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("__Host-kitto=")
    assert "Secure" in answer.headers["set-cookie"]
    assert client.get("/account").status_code == 200


def test_the_database_holds_no_secret_of_the_cookie(browser: Browser, ledger: Ledger, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        row = work.session.scalars(select(SignIn)).one()
        bodies = "".join(work.session.scalars(select(FactRow.body)))
    assert browser.cookie != row.digest
    assert browser.cookie not in bodies
    assert GOOD not in bodies


def test_signing_in_gives_a_new_cookie_and_ends_the_one_brought_along(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    first = browser.cookie
    browser.sign_in("sato")
    assert browser.cookie != first
    thief = browsers()
    thief.client.cookies.set("kitto", first)
    assert thief.client.get("/account", follow_redirects=False).status_code == 303


def test_a_cookie_that_an_attacker_planted_is_worth_nothing_after_signing_in(
    browser: Browser, enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.client.cookies.set("kitto", "planted")
    browser.client.post("/sign-in", data={"name": "sato", "password": GOOD}, follow_redirects=False)
    cookies = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == "kitto"]
    assert any(value != "planted" for value in cookies)
    thief = TestClient(browser.client.app)
    thief.cookies.set("kitto", "planted")
    assert thief.get("/account", follow_redirects=False).status_code == 303


def test_signing_out_ends_the_sign_in_on_the_server(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    kept = browser.cookie
    assert browser.post("/sign-out") == 303
    again = browsers()
    again.client.cookies.set("kitto", kept)
    assert again.client.get("/account", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\n/x"]
)
def test_after_signing_in_nobody_is_led_to_another_site(browser: Browser, enrol: Enrol, wanted: str) -> None:
    enrol("sato", Role.VIEWER)
    form = {"name": "sato", "password": GOOD, "next": wanted}
    answer = browser.client.post("/sign-in", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_comes_back(door: TestClient) -> None:
    answer = door.get("/account?tab=1", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/account%3Ftab%3D1"


def test_a_program_that_is_not_signed_in_gets_a_problem(door: TestClient) -> None:
    answer = door.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "identity.sign_in_needed"


@pytest.mark.parametrize(
    ("name", "password"),
    [("sato", "wrong password here"), ("nobody", GOOD), ("gone", GOOD), ("sato", ""), ("", "")],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    door: TestClient, enrol: Enrol, ledger: Ledger, name: str, password: str
) -> None:
    enrol("sato", Role.VIEWER)
    gone = enrol("gone", Role.VIEWER)
    with ledger.begin(system_actor("test", "x")) as work:
        work.allow("x")
        work.unrecorded("a test shuts an account out")
        work.session.execute(update(Account).where(Account.id == gone.id).values(active=False))
    form = {"name": name, "password": password}
    answer = door.post("/sign-in", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "identity.sign_in_refused"


def test_an_unknown_name_takes_as_long_as_a_wrong_password(ledger: Ledger, enrol: Enrol) -> None:
    from kitto.base.seal import Secret
    from kitto.identity import actions
    from kitto.identity.rules import Caller
    from kitto.identity.rules.refusals import SignInRefused

    enrol("sato", Role.VIEWER)

    def seconds(name: str, number: int) -> float:
        started = perf_counter()
        with pytest.raises(SignInRefused):
            actions.sign_in(
                ledger,
                name=name,
                password=Secret("wrong password here"),
                code="",
                caller=Caller(f"10.0.{number}.1"),
                old=None,
            )
        return perf_counter() - started

    known = median(seconds("sato", number) for number in range(FAILURES_PER_ACCOUNT))
    unknown = median(seconds(f"nobody{number}", number) for number in range(FAILURES_PER_ACCOUNT))
    assert 0.4 < known / unknown < 2.5


def test_ten_wrong_passwords_at_once_are_counted_each(app: FastAPI, door: TestClient, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)

    def one(_: int) -> int:
        client = TestClient(app, raise_server_exceptions=False)
        return client.post("/sign-in", data={"name": "sato", "password": "wrong"}).status_code

    answers = at_once(10, one)
    assert sorted(answers) == [401] * FAILURES_PER_ACCOUNT + [429] * (10 - FAILURES_PER_ACCOUNT)
    late = door.post("/sign-in", data={"name": "sato", "password": GOOD}, follow_redirects=False)
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 60


def test_after_the_window_the_account_is_open_again(browser: Browser, ledger: Ledger, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    for _ in range(FAILURES_PER_ACCOUNT + 1):
        browser.sign_in("sato", "wrong")
    with ledger.begin(system_actor("test", "x")) as work:
        work.allow("x")
        work.unrecorded("a test lets time pass")
        work.session.execute(update(TryCount).values(since=clock.now() - FAILURE_WINDOW))
    assert browser.sign_in("sato") == 303


def test_one_address_that_tries_many_names_has_to_wait(ledger: Ledger) -> None:
    address = tries.key_of_address("192.0.2.7")
    with ledger.begin(system_actor("test", "x")) as work:
        work.allow("x")
        work.unrecorded("tries are counted")
        waits = [
            tries.claim(work, tries.key_of_account(f"name{number}"), address)
            for number in range(FAILURES_PER_ADDRESS + 1)
        ]
    assert waits[:-1] == [None] * FAILURES_PER_ADDRESS
    assert waits[-1] is not None


def test_ipv6_neighbours_count_as_one_address() -> None:
    assert tries.key_of_address("2001:db8::1") == tries.key_of_address("2001:db8::ffff:1")
    assert tries.key_of_address("2001:db8::1") != tries.key_of_address("2001:db8:0:1::1")


def test_a_sign_in_that_lay_idle_is_over(browser: Browser, ledger: Ledger, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    _shift(ledger, seen_at=clock.now() - timedelta(minutes=61))
    assert browser.client.get("/account", follow_redirects=False).status_code == 303


def test_a_sign_in_ends_after_its_hours_even_in_use(browser: Browser, ledger: Ledger, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    _shift(ledger, ends_at=clock.now() - timedelta(seconds=1))
    assert browser.client.get("/account", follow_redirects=False).status_code == 303


def test_use_keeps_a_sign_in_alive_and_is_written_once_a_minute(
    browser: Browser, ledger: Ledger, enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    long_ago = clock.now() - timedelta(minutes=30)
    _shift(ledger, seen_at=long_ago)
    browser.look()
    first = _seen(ledger)
    browser.look()
    assert first > long_ago + timedelta(minutes=29)
    assert _seen(ledger) == first


def test_failed_and_good_sign_ins_are_in_the_journal_without_what_was_typed(
    browser: Browser, ledger: Ledger, enrol: Enrol
) -> None:
    account = enrol("sato", Role.VIEWER)
    browser.sign_in("sato", "wrong password here")
    browser.sign_in("my secret typed as a name", "x")
    browser.sign_in("sato")
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        rows = list(work.session.scalars(select(FactRow).order_by(FactRow.seq)))
    kinds = [(row.kind, row.subject_id) for row in rows][-3:]
    assert kinds == [
        ("identity.sign_in_failed", str(account.id)),
        ("identity.sign_in_failed", "unknown"),
        ("identity.signed_in", str(account.id)),
    ]
    assert "secret typed" not in "".join(row.body for row in rows)


def _shift(ledger: Ledger, **values: object) -> None:
    with ledger.begin(system_actor("test", "x")) as work:
        work.allow("x")
        work.unrecorded("a test lets time pass")
        work.session.execute(update(SignIn).values(**values))


def _seen(ledger: Ledger) -> object:
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        return work.session.scalars(select(SignIn.seen_at)).one()
