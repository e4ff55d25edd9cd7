"""Commands of pages that are not ours are refused, and nothing changes."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from kitto.identity.models import Account
from kitto.identity.rules import Role
from tests.identity.conftest import GOOD, Browser

Enrol = Callable[..., Account]
CHOICE = {"locale": "ja", "time_zone": "UTC"}


def test_a_form_of_ours_is_taken(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    assert browser.post("/account", **CHOICE) == 303
    assert 'lang="ja"' in browser.look()


def test_a_form_without_its_token_is_refused(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    assert browser.client.post("/account", data=CHOICE).status_code == 403
    assert 'lang="en"' in browser.look()


def test_a_token_of_another_sign_in_is_refused(
    browser: Browser, browsers: Callable[[], Browser], enrol: Enrol
) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    other = browsers()
    other.sign_in("sato")
    assert browser.client.post("/account", data={"csrf_token": other.token, **CHOICE}).status_code == 403


def test_a_script_of_ours_sends_the_token_in_a_header(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    headers = {"X-CSRF-Token": browser.token}
    answer = browser.client.post("/api/v1/me/sign-ins/end-others", headers=headers)
    assert answer.status_code == 204
    assert browser.client.post("/api/v1/me/sign-ins/end-others").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_can_neither_command_nor_sign_somebody_in(
    browser: Browser, enrol: Enrol, headers: dict[str, str]
) -> None:
    enrol("sato", Role.VIEWER)
    planted = browser.client.post(
        "/sign-in", data={"name": "sato", "password": GOOD}, headers=headers, follow_redirects=False
    )
    assert planted.status_code == 403
    browser.sign_in("sato")
    form = {"csrf_token": browser.token, **CHOICE}
    assert browser.client.post("/account", data=form, headers=headers).status_code == 403


def test_our_own_origin_is_welcome(browser: Browser, enrol: Enrol) -> None:
    enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    form = {"csrf_token": browser.token, **CHOICE}
    answer = browser.client.post("/account", data=form, headers=headers, follow_redirects=False)
    assert answer.status_code == 303


def test_reading_an_address_changes_nothing(door: TestClient) -> None:
    assert door.get("/sign-out").status_code == 405
    assert door.get("/account/sign-ins/end-others", follow_redirects=False).status_code in (303, 405)


def test_a_name_with_markup_is_shown_as_text(browser: Browser, enrol: Enrol) -> None:
    name = "<img src=x onerror=alert(1)>"
    account = enrol("sato", Role.ADMINISTRATOR, shown=name)
    browser.sign_in("sato")
    for path in ("/account", "/settings/accounts", f"/settings/accounts/{account.id}"):
        page = browser.look(path)
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
