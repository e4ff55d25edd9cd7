"""What administrators do with accounts, and what others may not."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from starlette.testclient import TestClient

from kitto.base import clock
from kitto.base.errors import NotAllowed
from kitto.base.seal import Secret
from kitto.base.work import Actor, Grant, Ledger, system_actor
from kitto.identity import actions, queries
from kitto.identity.actions import RoleIn
from kitto.identity.models import Account, PasswordLink
from kitto.identity.rules import Permission, Role
from kitto.identity.rules.refusals import (
    LastAdministrator,
    LinkUnusable,
    NameTaken,
    NameUnfit,
    PasswordTooWeak,
)
from tests.identity.conftest import GOOD, ROOT, Browser
from tests.stage import at_once

Enrol = Callable[..., Account]
PATH = "/api/v1/accounts"


def test_an_administrator_makes_an_account(client: TestClient) -> None:
    client.headers["Authorization"] = "Bearer admin"
    body = {"name": "sato", "display_name": "佐藤 花子", "roles": [{"role": "technician"}]}
    made = client.post(PATH, json=body)
    assert made.status_code == 201
    assert "/set-password/" in made.json()["link"]
    shown = client.get(made.headers["location"])
    assert shown.json()["roles"] == [{"role": "technician", "scope_kind": None, "scope_id": None}]
    assert shown.json()["has_password"] is False
    assert [item["name"] for item in client.get(PATH, params={"q": "佐藤"}).json()["items"]] == ["sato"]


@pytest.mark.parametrize("who", ["sato", "suzuki", "tanaka", "guest"])
def test_others_may_neither_see_nor_make_accounts(client: TestClient, who: str) -> None:
    client.headers["Authorization"] = f"Bearer {who}"
    body = {"name": "x.y", "display_name": "X", "roles": []}
    assert client.get(PATH).status_code == 403
    assert client.post(PATH, json=body).status_code == 403
    assert client.get("/settings/accounts").status_code == 403
    assert client.post("/settings/accounts/new", data={"name": "xy", "display_name": "X"}).status_code == 403


def test_a_name_is_taken_once(ledger: Ledger, enrol: Enrol) -> None:
    enrol("sato")
    with pytest.raises(NameTaken), ledger.begin(ROOT) as work:
        actions.make_account(work, name="SATO", display_name="x", roles=[])


@pytest.mark.parametrize("name", ["", "a", "with blank", "<b>", "佐藤", "x" * 65, "a\x00b/"])
def test_an_unfit_name_is_refused(ledger: Ledger, name: str) -> None:
    with pytest.raises(NameUnfit), ledger.begin(ROOT) as work:
        actions.make_account(work, name=name, display_name="x", roles=[])


def test_a_lost_link_cannot_be_used_after_a_day(ledger: Ledger) -> None:
    with ledger.begin(ROOT) as work:
        _, link = actions.make_account(work, name="sato", display_name="x", roles=[])
        work.session.execute(update(PasswordLink).values(expires_at=clock.now()))
    with pytest.raises(LinkUnusable), ledger.begin(ROOT) as work:
        actions.set_first_password(work, link=link, password=Secret(GOOD))


def test_a_new_link_ends_the_older_one(ledger: Ledger) -> None:
    with ledger.begin(ROOT) as work:
        account, old = actions.make_account(work, name="sato", display_name="x", roles=[])
        new = actions.make_password_link(work, account.id)
    with pytest.raises(LinkUnusable), ledger.begin(ROOT) as work:
        actions.set_first_password(work, link=old, password=Secret(GOOD))
    with ledger.begin(ROOT) as work:
        actions.set_first_password(work, link=new, password=Secret(GOOD))


def test_changed_roles_hold_at_once_and_end_the_sign_ins(
    browser: Browser, ledger: Ledger, enrol: Enrol
) -> None:
    account = enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    with ledger.begin(ROOT) as work:
        before = queries.account(work, account.id).version
        actions.change_roles(work, account.id, roles=[RoleIn(Role.TECHNICIAN, ("department", "7"))])
        assert queries.account(work, account.id).version > before
    assert browser.client.get("/account", follow_redirects=False).status_code == 303
    browser.token = ""
    browser.client.cookies.clear()
    browser.sign_in("sato")
    grants = browser.client.get("/api/v1/me").json()["grants"]
    assert [(g["scope_kind"], g["scope_id"]) for g in grants if "kit" in g["permissions"]] == [
        ("department", "7")
    ]


def test_a_stale_page_changes_no_roles(client: TestClient, ledger: Ledger, enrol: Enrol) -> None:
    account = enrol("sato", Role.VIEWER)
    client.headers["Authorization"] = "Bearer admin"
    body = {"roles": [{"role": "technician"}]}
    url = f"{PATH}/{account.id}/roles"
    version = client.get(f"{PATH}/{account.id}").headers["etag"]
    assert client.put(url, json=body).status_code == 428
    assert client.put(url, json=body, headers={"If-Match": version}).status_code == 200
    assert client.put(url, json=body, headers={"If-Match": version}).status_code == 412


def test_whoever_is_shut_out_is_out_at_once(browser: Browser, ledger: Ledger, enrol: Enrol) -> None:
    account = enrol("sato", Role.VIEWER)
    browser.sign_in("sato")
    with ledger.begin(ROOT) as work:
        actions.deactivate(work, account.id)
    assert browser.client.get("/account", follow_redirects=False).status_code == 303
    browser.client.cookies.clear()
    browser.token = ""
    assert browser.sign_in("sato") == 401
    with ledger.begin(ROOT) as work:
        actions.reactivate(work, account.id)
    assert browser.sign_in("sato") == 303


def test_the_last_administrator_stays(ledger: Ledger, enrol: Enrol) -> None:
    account = enrol("root", Role.ADMINISTRATOR)
    with pytest.raises(LastAdministrator), ledger.begin(ROOT) as work:
        actions.deactivate(work, account.id)
    with pytest.raises(LastAdministrator), ledger.begin(ROOT) as work:
        actions.change_roles(work, account.id, roles=[RoleIn(Role.VIEWER)])


def test_two_administrators_cannot_remove_each_other_at_once(ledger: Ledger, enrol: Enrol) -> None:
    both = [enrol("root1", Role.ADMINISTRATOR), enrol("root2", Role.ADMINISTRATOR)]

    def remove(index: int) -> str:
        try:
            with ledger.begin(ROOT) as work:
                actions.deactivate(work, both[index].id)
        except LastAdministrator:
            return "refused"
        return "done"

    assert sorted(at_once(2, remove)) == ["done", "refused"]
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        assert queries.count_administrators(work) == 1


def test_a_token_cannot_make_an_administrator_out_of_less(ledger: Ledger, enrol: Enrol) -> None:
    target = enrol("root", Role.ADMINISTRATOR)
    enrol("root2", Role.ADMINISTRATOR)
    weak = Actor(kind="token", id="9", name="t", grants=(Grant(frozenset({Permission.MANAGE_USERS})),))
    with pytest.raises(NotAllowed), ledger.begin(weak) as work:
        actions.make_account(work, name="evil", display_name="x", roles=[RoleIn(Role.ADMINISTRATOR)])
    with pytest.raises(NotAllowed), ledger.begin(weak) as work:
        actions.make_password_link(work, target.id)


def test_an_administrator_of_one_department_manages_no_accounts(ledger: Ledger) -> None:
    grants = (Grant(frozenset(Permission), ("department", "7")),)
    narrow = Actor(kind="account", id="9", name="t", grants=grants)
    with pytest.raises(NotAllowed), ledger.begin(narrow) as work:
        actions.make_account(work, name="evil", display_name="x", roles=[])


def test_the_first_administrator_has_the_password_that_was_typed(ledger: Ledger, browser: Browser) -> None:
    cli = system_actor("cli", Permission.MANAGE_USERS)
    with ledger.begin(cli) as work:
        _, link = actions.create_first_administrator(
            work, name="root", display_name="Root", password=Secret(GOOD)
        )
    assert link is None
    assert browser.sign_in("root") == 303
    with pytest.raises(NameTaken), ledger.begin(cli) as work:
        actions.create_first_administrator(work, name="root", display_name="Root", password=Secret(GOOD))
    with pytest.raises(PasswordTooWeak), ledger.begin(cli) as work:
        actions.create_first_administrator(work, name="two", display_name="Two", password=Secret("admin"))


def test_without_a_password_the_first_administrator_gets_a_link(ledger: Ledger) -> None:
    cli = system_actor("cli", Permission.MANAGE_USERS)
    with ledger.begin(cli) as work:
        account, link = actions.create_first_administrator(work, name="root", display_name="Root")
        assert link is not None
        assert account.password_hash is None


def test_a_new_house_has_no_account(app: FastAPI, ledger: Ledger) -> None:
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        assert work.session.scalars(select(Account)).all() == []


def test_every_page_of_accounts_is_drawn(client: TestClient, enrol: Enrol) -> None:
    account = enrol("sato", Role.TECHNICIAN, RoleIn(Role.ASSET_MANAGER, ("project", "3")))
    client.headers["Authorization"] = "Bearer admin"
    for path in ("", "/new", f"/{account.id}", f"/{account.id}/deactivate"):
        page = client.get("/settings/accounts" + path)
        assert page.status_code == 200, page.text
    assert client.get("/settings/accounts/999").status_code == 404
    kept = {
        "roles": ["technician", "asset_manager@project:3"],
        "more_role": "viewer",
        "more_kind": "site",
        "more_id": "9",
    }
    url = f"/settings/accounts/{account.id}/roles"
    assert client.post(url, data=kept, follow_redirects=False).status_code == 303
    roles = client.get(f"{PATH}/{account.id}").json()["roles"]
    assert {"role": "viewer", "scope_kind": "site", "scope_id": "9"} in roles
    assert len(roles) == 3
    assert client.post(url, data={"roles": "technician@moon:3"}).status_code == 422
