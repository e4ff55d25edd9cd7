"""Host names of kits: reserved with the order, one for each, given back with the cancel."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from kitto.assets import queries as asset_queries
from kitto.assets.rules import State
from kitto.base.work import Ledger
from kitto.kitting import queries
from kitto.kitting.rules.profiles import fits_names
from kitto.kitting.rules.states import KitState
from tests.make import KITTO, make_pc
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
PROFILE = """
name: named
title: { ja: 名前, en: Named }
platform: linux
hostname: "Sales-{n:03}"
steps: [{ key: unbox, kind: manual, title: { ja: 開梱, en: Unbox } }]
"""


@pytest.fixture(autouse=True)
def named(own_profiles: Path) -> None:
    (own_profiles / "named").mkdir()
    (own_profiles / "named" / "profile.yml").write_text(PROFILE, encoding="utf-8")


def ordered(client: Any, quantity: int) -> int:
    body = {"profile": "named", "quantity": quantity}
    answer = client.post("/api/v1/kit-orders", json=body, headers=SATO)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


def names_of(client: Any, order: int | None = None) -> list[str]:
    given = {"order": order} if order else {}
    found = client.get("/api/v1/kits", params={"limit": 200, **given}, headers=SATO).json()["items"]
    return sorted(kit["hostname"] for kit in found if kit["state"] not in ("cancelled", "rejected"))


def test_each_kit_of_an_order_has_a_name_of_its_own_and_a_cancelled_one_gives_it_back(
    client: TestClient, ledger: Ledger
) -> None:
    first = ordered(client, 3)
    assert names_of(client) == ["sales-001", "sales-002", "sales-003"]
    at = f"/api/v1/kit-orders/{first}"
    seen = SATO | {"If-Match": client.get(at, headers=SATO).headers["etag"]}
    gone = client.post(f"{at}/cancel", json={"reason": "Not needed."}, headers=seen)
    assert gone.status_code == 200, gone.text
    assert names_of(client) == []
    ordered(client, 2)
    pc = make_pc(ledger)
    kit = client.post("/api/v1/kits", json={"tag": pc.tag, "profile": "named"}, headers=SATO).json()
    assert kit["hostname"] == "sales-003"
    client.post(f"/api/v1/kits/{kit['id']}/cancel", json={"reason": "A wrong one."}, headers=SATO)
    assert names_of(client) == ["sales-001", "sales-002"]


def test_a_device_that_is_kitted_again_keeps_its_name(client: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    ordered(client, 1)
    body = {"tag": pc.tag, "profile": "named"}
    first = client.post("/api/v1/kits", json=body, headers=SATO).json()
    assert first["hostname"] == "sales-002"
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        work.unrecorded("as its steps would have it")
        kit = queries.kit(work, first["id"])
        kit.state, kit.is_open = KitState.READY, False
        asset_queries.by_id(work, pc.id).state = State.READY
    again = client.post("/api/v1/kits", json=body, headers=SATO).json()
    assert again["hostname"] == "sales-002"
    assert names_of(client) == ["sales-001", "sales-002"]


def test_a_device_without_a_pattern_is_called_by_its_tag(client: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    kit = client.post("/api/v1/kits", json={"tag": pc.tag, "profile": "hands"}, headers=SATO).json()
    assert kit["hostname"] == pc.tag


def test_orders_at_once_never_get_the_same_name(over_http: httpx2.Client) -> None:
    ordered(over_http, 1)
    at_once(12, lambda _: ordered(over_http, 3))
    names = names_of(over_http)
    assert len(names) == 37
    assert names == [f"sales-{number:03}" for number in range(1, 38)]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("pc-{n}", True),
        ("sales-{n:04}-tk", True),
        ("{n}", False),
        ("sales", False),
        ("sales-{n.__class__}", False),
        ("sales-{n:0999999999}", False),
        ("営業-{n}", False),
        ("a{n}-", False),
    ],
)
def test_patterns(pattern: str, fits: bool) -> None:
    assert fits_names(pattern) is fits
