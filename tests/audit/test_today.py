"""Today: what waits for a person, and the way into the settings."""

import pytest
from starlette.testclient import TestClient

from kitto.assets.rules import State
from kitto.base.work import Ledger
from tests.make import make_pc


def test_today_shows_devices_by_state_and_the_newest_facts(client: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger, State.READY)
    client.headers["Authorization"] = "Bearer sato"
    page = client.get("/")
    assert page.status_code == 200, page.text
    assert "/devices?state=ready" in page.text
    assert str(pc.tag) in page.text


@pytest.mark.parametrize("who", ["sato", "suzuki", "tanaka", "admin"])
def test_today_and_the_settings_are_drawn_for_everyone(client: TestClient, who: str) -> None:
    client.headers["Authorization"] = f"Bearer {who}"
    assert client.get("/").status_code == 200
    assert client.get("/settings").status_code == 200


def test_only_administrators_see_the_way_to_the_accounts(client: TestClient) -> None:
    client.headers["Authorization"] = "Bearer admin"
    assert "/settings/accounts" in client.get("/settings").text
    client.headers["Authorization"] = "Bearer sato"
    assert "/settings/accounts" not in client.get("/settings").text


def test_a_viewer_sees_no_facts_on_today(client: TestClient, ledger: Ledger) -> None:
    make_pc(ledger)
    client.headers["Authorization"] = "Bearer tanaka"
    assert 'href="/journal"' not in client.get("/").text
