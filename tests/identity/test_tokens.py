"""Tokens: what they may do, when they end, and that their secret is shown once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from kitto.base import clock
from kitto.base.work import Actor, Grant, Ledger, system_actor
from kitto.identity import actions
from kitto.identity.actions import RoleIn
from kitto.identity.doors import Quotas, person_actor
from kitto.identity.models import Account, ApiToken
from kitto.identity.rules import Permission, Role, Scope
from kitto.identity.rules.refusals import EndUnfit, ScopeTooWide, TokenTooLong
from kitto.web.replays import KeptAnswer
from tests.identity.conftest import ROOT, Browser

Enrol = Callable[..., Account]
PATH = "/api/v1/tokens"


def _wish(
    *permissions: Permission, scope: Scope | None = None, quota: int = 600, days: float = 30
) -> actions.TokenWish:
    return actions.TokenWish("CI", permissions, clock.now() + timedelta(days=days), quota, scope)


def _make(ledger: Ledger, maker: Account, wish: actions.TokenWish) -> str:
    with ledger.begin(person_actor(maker)) as work:
        _, secret = actions.make_token(work, wish)
    return secret.reveal()


def _me(door: TestClient, token: str) -> dict[str, object] | int:
    answer = door.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    return answer.json() if answer.status_code == 200 else answer.status_code


def test_a_token_speaks_with_the_rights_it_was_given(door: TestClient, ledger: Ledger, enrol: Enrol) -> None:
    token = _make(ledger, enrol("root", Role.ADMINISTRATOR), _wish(Permission.SEE, Permission.KIT))
    me = _me(door, token)
    assert isinstance(me, dict)
    assert me["kind"] == "token"
    assert me["grants"] == [{"permissions": ["kit", "see"], "scope_kind": None, "scope_id": None}]
    answer = door.get("/api/v1/accounts", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "not_allowed"


def test_a_token_needs_no_form_token(door: TestClient, ledger: Ledger, enrol: Enrol) -> None:
    root = enrol("root", Role.ADMINISTRATOR)
    token = _make(ledger, root, _wish(*(set(Permission) - {Permission.OWN_ACCOUNT})))
    headers = {"Authorization": f"Bearer {token}"}
    body = {"name": "x.y", "display_name": "X", "roles": [{"role": "viewer"}]}
    assert door.post("/api/v1/accounts", json=body, headers=headers).status_code == 201


def test_a_token_stays_in_its_scope(ledger: Ledger, enrol: Enrol) -> None:
    root = enrol("root", Role.ADMINISTRATOR)
    _make(ledger, root, _wish(Permission.SEE, scope=("department", "7")))
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        row = work.session.scalars(select(ApiToken)).one()
    everywhere = (Grant(frozenset({"see"})),)
    assert row.grants(everywhere) == (Grant(frozenset({"see"}), ("department", "7")),)
    assert row.grants((Grant(frozenset({"see"}), ("department", "8")),)) == ()


def test_a_token_loses_what_its_maker_loses(door: TestClient, ledger: Ledger, enrol: Enrol) -> None:
    enrol("other", Role.ADMINISTRATOR)
    root = enrol("root", Role.ADMINISTRATOR)
    token = _make(ledger, root, _wish(Permission.SEE, Permission.KIT))
    with ledger.begin(ROOT) as work:
        actions.change_roles(work, root.id, roles=[RoleIn(Role.VIEWER, ("project", "3"))])
    me = _me(door, token)
    assert isinstance(me, dict)
    assert me["grants"] == [{"permissions": ["see"], "scope_kind": "project", "scope_id": "3"}]
    with ledger.begin(ROOT) as work:
        actions.deactivate(work, root.id)
    assert _me(door, token) == 401


def test_a_maker_gives_no_right_they_do_not_have(ledger: Ledger, enrol: Enrol) -> None:
    enrol("root", Role.ADMINISTRATOR)
    grants = (Grant(frozenset({"manage_tokens", "see"})), Grant(frozenset({"kit"}), ("site", "1")))
    maker = Actor(kind="account", id="1", name="x", grants=grants)
    for wish in (
        _wish(Permission.DISPOSE),
        _wish(Permission.KIT, scope=("site", "2")),
        _wish(Permission.OWN_ACCOUNT),
    ):
        with pytest.raises(ScopeTooWide), ledger.begin(maker) as work:
            actions.make_token(work, wish)
    with ledger.begin(maker) as work:
        actions.make_token(work, _wish(Permission.KIT, scope=("site", "1")))


@pytest.mark.parametrize(("days", "refusal"), [(-1, EndUnfit), (0, EndUnfit), (400, TokenTooLong)])
def test_a_token_ends_within_a_year(
    ledger: Ledger, enrol: Enrol, days: float, refusal: type[Exception]
) -> None:
    root = enrol("root", Role.ADMINISTRATOR)
    with pytest.raises(refusal):
        _make(ledger, root, _wish(Permission.SEE, days=days))


@pytest.mark.parametrize(
    "change", [{"revoked_at": clock.now()}, {"expires_at": clock.now()}], ids=["revoked", "expired"]
)
def test_a_token_that_is_over_opens_nothing(
    door: TestClient, ledger: Ledger, enrol: Enrol, change: dict[str, object]
) -> None:
    token = _make(ledger, enrol("root", Role.ADMINISTRATOR), _wish(Permission.SEE))
    with ledger.begin(ROOT) as work:
        work.allow(Permission.SEE)
        work.unrecorded("a test lets time pass")
        work.session.execute(update(ApiToken).values(**change))
    assert _me(door, token) == 401


@pytest.mark.parametrize("forged", ["kitto_", "kitto_x", "kitto_a_b", "kitto__", "kitto_a_b_c", "kitto_é_b"])
def test_a_forged_token_opens_nothing(door: TestClient, forged: str) -> None:
    answer = door.get("/api/v1/me", headers={"Authorization": f"Bearer {forged}".encode()})
    assert answer.status_code == 401


def test_the_right_public_half_with_a_wrong_secret_opens_nothing(
    door: TestClient, ledger: Ledger, enrol: Enrol
) -> None:
    token = _make(ledger, enrol("root", Role.ADMINISTRATOR), _wish(Permission.SEE))
    assert _me(door, token[:-1] + ("A" if token[-1] != "A" else "B")) == 401


def test_a_token_that_asks_too_often_has_to_wait(door: TestClient, ledger: Ledger, enrol: Enrol) -> None:
    token = _make(ledger, enrol("root", Role.ADMINISTRATOR), _wish(Permission.SEE, quota=2))
    headers = {"Authorization": f"Bearer {token}"}
    answers = [door.get("/api/v1/me", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 30


def test_a_quota_fills_up_again_with_time() -> None:
    quotas, now = Quotas(), clock.now()
    assert [quotas.take(1, 60, now) for _ in range(60)] == [0] * 60
    assert quotas.take(1, 60, now) > 0
    assert quotas.take(1, 60, now + timedelta(seconds=2)) == 0
    assert quotas.take(2, 60, now) == 0


def test_the_secret_is_shown_once_and_kept_nowhere(client: TestClient, ledger: Ledger, enrol: Enrol) -> None:
    for number in range(5):
        enrol(f"root{number}", Role.ADMINISTRATOR)
    client.headers["Authorization"] = "Bearer admin"
    body = {"name": "CI", "permissions": ["see"], "expires_at": (clock.now() + timedelta(days=9)).isoformat()}
    made = client.post(PATH, json=body, headers={"Idempotency-Key": "once"})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    secret = made.json()["secret"]
    again = client.post(PATH, json=body, headers={"Idempotency-Key": "once"})
    assert again.headers["idempotent-replayed"] == "true"
    assert secret not in again.text
    assert len(client.get(PATH).json()["items"]) == 1
    assert secret not in client.get(PATH).text
    with ledger.read(system_actor("test")) as work:
        work.allow_everyone("a test looks")
        kept = work.session.scalars(select(KeptAnswer.body)).one()
    assert secret.rsplit("_", 1)[1].encode() not in kept


def test_a_token_is_revoked(client: TestClient, ledger: Ledger, enrol: Enrol) -> None:
    for number in range(5):
        enrol(f"root{number}", Role.ADMINISTRATOR)
    client.headers["Authorization"] = "Bearer admin"
    body = {"name": "CI", "permissions": ["see"], "expires_at": (clock.now() + timedelta(days=9)).isoformat()}
    token = client.post(PATH, json=body).json()["token"]
    url = f"{PATH}/{token['id']}"
    assert client.delete(url).status_code == 428
    assert client.delete(url, headers={"If-Match": f'"{token["version"]}"'}).status_code == 204
    assert client.get(url).json()["state"] == "revoked"


@pytest.mark.parametrize("who", ["sato", "suzuki", "tanaka", "guest"])
def test_others_make_no_tokens(client: TestClient, who: str) -> None:
    client.headers["Authorization"] = f"Bearer {who}"
    assert client.get(PATH).status_code == 403
    assert client.get("/settings/tokens").status_code == 403


def test_a_token_is_made_and_revoked_in_the_console(browser: Browser, enrol: Enrol) -> None:
    enrol("root", Role.ADMINISTRATOR)
    browser.sign_in("root")
    browser.look("/settings/tokens")
    browser.look("/settings/tokens/new")
    day = (clock.now() + timedelta(days=9)).date().isoformat()
    form = {"csrf_token": browser.token, "name": "CI", "permissions": ["see", "kit"], "last_day": day}
    page = browser.client.post("/settings/tokens/new", data=form)
    assert page.status_code == 200
    secret = "kitto_" + page.text.split('data-copy="kitto_')[1].split('"')[0]
    listed = browser.look("/settings/tokens")
    assert secret not in listed
    number = listed.split("/settings/tokens/")[2].split("/")[0]
    browser.look(f"/settings/tokens/{number}/revoke")
    assert browser.post(f"/settings/tokens/{number}/revoke") == 303
