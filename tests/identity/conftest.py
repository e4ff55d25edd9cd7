"""Real accounts before the real doors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kitto.base.seal import Secret
from kitto.base.work import Actor, Grant, Ledger
from kitto.identity import actions
from kitto.identity.actions import RoleIn
from kitto.identity.models import Account
from kitto.identity.rules import Permission, Role

GOOD = "four grey herons overhead"
ROOT = Actor(kind="system", id="maker", name="maker", grants=(Grant(frozenset(Permission)),), locale="en")


@dataclass
class Browser:
    """A browser that keeps its cookie and sends the form token of the page it is on."""

    client: TestClient
    token: str = field(default="")

    def sign_in(self, name: str, password: str = GOOD, code: str = "", **fields: str) -> int:
        form = {"csrf_token": self.token, "name": name, "password": password, "code": code, **fields}
        answer = self.client.post("/sign-in", data=form, follow_redirects=False)
        if answer.status_code == 303:
            self.look()
        return answer.status_code

    def look(self, path: str = "/account") -> str:
        page = self.client.get(path)
        assert page.status_code == 200, page.text
        self.token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        return page.text

    def post(self, path: str, **form: str) -> int:
        data = {"csrf_token": self.token, **form}
        return self.client.post(path, data=data, follow_redirects=False).status_code

    @property
    def cookie(self) -> str:
        return self.client.cookies["kitto"]


@pytest.fixture
def enrol(ledger: Ledger) -> Callable[..., Account]:
    """Makes an account that can sign in with GOOD."""

    def make(name: str, *roles: Role | RoleIn, password: str = GOOD, shown: str = "") -> Account:
        wanted = [role if isinstance(role, RoleIn) else RoleIn(role) for role in roles]
        with ledger.begin(ROOT) as work:
            account, link = actions.make_account(
                work, name=name, display_name=shown or name, roles=wanted, locale="en"
            )
        with ledger.begin(ROOT) as work:
            actions.set_first_password(work, link=link, password=Secret(password))
        return account

    return make


@pytest.fixture
def door(app: FastAPI) -> Iterator[TestClient]:
    """A client before the real doors; nobody is played."""
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def browsers(app: FastAPI, door: TestClient) -> Callable[[], Browser]:
    """As many browsers as wanted, each with its own cookies."""
    return lambda: Browser(TestClient(app, raise_server_exceptions=False))


@pytest.fixture
def browser(browsers: Callable[[], Browser]) -> Browser:
    return browsers()
