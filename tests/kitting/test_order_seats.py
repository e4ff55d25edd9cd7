"""Licence seats of an order: reserved with it, one for each kit, counted once, given back when it ends."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.rules import State, Step
from kitto.base.journal import FactRow
from kitto.base.work import Ledger
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.rules import Metric, Policy, PoolDetails, TitleDetails
from tests.kitting.conftest import Await, step
from tests.make import KITTO, make_pc
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
SUZUKI = {"Authorization": "Bearer suzuki"}
PROFILE = """
name: licensed
title: { ja: 席つき, en: Licensed }
platform: linux
licences: [Office]
steps:
  - { key: unbox, kind: manual, title: { ja: 開梱, en: Unbox } }
  - { key: cad, kind: licence, title: { ja: 席, en: Seat }, with: { titles: [ＣＡＤ] } }
  - { key: last, kind: manual, title: { ja: 最後, en: Last } }
"""


@pytest.fixture(autouse=True)
def licensed(own_profiles: Path) -> None:
    (own_profiles / "licensed").mkdir()
    (own_profiles / "licensed" / "profile.yml").write_text(PROFILE, encoding="utf-8")


def pool(ledger: Ledger, title: str, cap: int, policy: Policy = Policy.HARD, name: str = "2026") -> int:
    with ledger.begin(KITTO) as work:
        known = positions.title_by_name(work, title) or licences.add_title(work, TitleDetails(name=title))
        details = PoolDetails(title_id=known.id, name=name, metric=Metric.DEVICE, cap=cap, policy=policy)
        return licences.open_pool(work, details).id


def term(ledger: Ledger, number: int, **days: date) -> None:
    """Say when the pool is valid."""
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        work.unrecorded("as if it had been entered with this term")
        for name, day in days.items():
            setattr(positions.pool(work, number), name, day)


def ordered(client: Any) -> Any:
    """The orders there are."""
    return client.get("/api/v1/kit-orders", headers=SATO).json()["items"]


def counted(client: Any, number: int) -> tuple[int, int]:
    """Given and reserved seats of a pool."""
    found = client.get(f"/api/v1/licence-pools/{number}", headers=SATO).json()
    return found["used"], found["reserved"]


def order(client: Any, quantity: int, **more: Any) -> Any:
    body = {"profile": "licensed", "quantity": quantity, **more}
    return client.post("/api/v1/kit-orders", json=body, headers=SATO)


def end(client: Any, at: str, how: str, who: dict[str, str] = SATO) -> Any:
    seen = who | {"If-Match": client.get(at, headers=who).headers["etag"]}
    return client.post(f"{at}/{how}", json={"reason": "Not needed."}, headers=seen)


def test_an_order_reserves_a_seat_for_each_kit_and_the_steps_take_them_over(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    office, cad = pool(ledger, "Office", 3), pool(ledger, "CAD", 3)
    made = order(bench, 2).json()
    assert (counted(bench, office), counted(bench, cad)) == ((0, 2), (0, 2))
    assert [(one["title"], one["reserved"], one["lacking"]) for one in made["seats"]] == [
        ("Office", 2, 0),
        ("ＣＡＤ", 2, 0),
    ]
    pc = make_pc(ledger)
    at = f"/api/v1/kit-orders/{made['id']}"
    kit = bench.post(f"{at}/devices", json={"tag": pc.tag}, headers=SATO).json()["id"]
    assert (counted(bench, office), counted(bench, cad)) == ((1, 1), (0, 2))
    kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    bench.post(f"/api/v1/kits/{kit}/steps/unbox/confirm", json={}, headers=SATO)
    kit_when(kit, lambda found: step(found, "last")["state"] == "waiting")
    assert (counted(bench, office), counted(bench, cad)) == ((1, 1), (1, 1))
    told = [(one["reserved"], one["given"], one["lacking"]) for one in bench.get(at).json()["seats"]]
    assert told == [(1, 1, 0), (1, 1, 0)]
    page = bench.get(f"/kitting/orders/{made['id']}", headers=SATO).text
    assert "1 reserved, 1 given" in page
    assert f"/kitting/orders/{made['id']}" in bench.get(f"/licences/{cad}", headers=SATO).text
    assert end(bench, at, "cancel").status_code == 200
    kit_when(kit, lambda found: found["state"] == "cancelled")
    assert (counted(bench, office), counted(bench, cad)) == ((0, 0), (0, 0))


def test_a_full_pool_refuses_the_order_whole_and_says_what_to_do(client: TestClient, ledger: Ledger) -> None:
    office, cad = pool(ledger, "Office", 9), pool(ledger, "CAD", 2)
    answer = order(client, 3)
    assert (answer.status_code, answer.json()["code"]) == (409, "licences.seats_short")
    assert "3 seats of CAD are wanted, and 2 are free. Ask for fewer" in answer.json()["detail"]
    assert (counted(client, office), counted(client, cad)) == ((0, 0), (0, 0))
    assert ordered(client) == []
    more = pool(ledger, "CAD", 5, name="2027")
    assert order(client, 3).status_code == 201
    assert (counted(client, cad), counted(client, more)) == ((0, 2), (0, 1))


def test_a_warning_pool_lets_the_order_pass_and_says_so(client: TestClient, ledger: Ledger) -> None:
    office, cad = pool(ledger, "Office", 1, Policy.WARN), pool(ledger, "CAD", 0, Policy.COUNT)
    made = order(client, 3).json()
    assert (counted(client, office), counted(client, cad)) == ((0, 3), (0, 3))
    assert [one["over"] for one in made["seats"]] == ["Office / 2026", ""]
    with ledger.read(KITTO) as work:
        work.allow("see")
        over = FactRow.kind == "licences.seats_reserved_over_cap"
        (fact,) = work.session.scalars(select(FactRow).where(over))
    assert (fact.flagged, fact.data["used"], fact.data["reserved"], fact.data["cap"]) == (True, 0, 3, 1)
    page = client.get(f"/kitting/orders/{made['id']}", headers=SATO).text
    assert "Office / 2026 is over its limit with this order." in page


@pytest.mark.parametrize("listed", [False, True])
def test_an_order_for_a_seat_that_no_pool_can_give_is_refused_and_says_what_to_do(
    client: TestClient, ledger: Ledger, listed: bool
) -> None:
    office = pool(ledger, "Office", 9)
    if listed:
        term(ledger, pool(ledger, "CAD", 9), ends_on=date(2020, 3, 31))
    answer = order(client, 2)
    assert (answer.status_code, answer.json()["code"]) == (409, "licences.no_pool_valid")
    assert "2 seats of ＣＡＤ are wanted, and no pool of it" in answer.json()["detail"]
    assert (counted(client, office), ordered(client)) == ((0, 0), [])
    pool(ledger, "CAD", 9, name="2027")
    assert order(client, 2).status_code == 201


@pytest.mark.parametrize(("policy", "told"), [(Policy.WARN, 1), (Policy.COUNT, 0)])
def test_where_the_policy_of_what_is_not_valid_refuses_nothing_the_order_stands_and_says_what_it_lacks(
    client: TestClient, ledger: Ledger, policy: Policy, told: int
) -> None:
    pool(ledger, "Office", 9)
    term(ledger, pool(ledger, "CAD", 9), ends_on=date(2020, 3, 31))
    term(ledger, pool(ledger, "CAD", 9, policy, name="next"), starts_on=date(2999, 4, 1))
    made = order(client, 2).json()
    assert [(one["title"], one["lacking"]) for one in made["seats"]] == [("Office", 0), ("ＣＡＤ", 2)]
    page = client.get(f"/kitting/orders/{made['id']}", headers=SATO).text
    assert "2 kits have no seat of ＣＡＤ yet." in page
    with ledger.read(KITTO) as work:
        work.allow("see")
        facts = work.session.scalars(select(FactRow).where(FactRow.kind == "licences.seats_without_pool"))
        assert [(one.flagged, one.data["quantity"], one.data["for_id"]) for one in facts] == [
            (True, 2, made["id"])
        ] * told


def test_a_reserved_seat_is_nobody_elses(client: TestClient, ledger: Ledger) -> None:
    office, _ = pool(ledger, "Office", 2), pool(ledger, "CAD", 2)
    made = order(client, 2).json()
    body = {"holder_kind": "asset", "holder_id": make_pc(ledger).id}
    seats = f"/api/v1/licence-pools/{office}"
    assert client.post(f"{seats}/seats", json=body, headers=SATO).json()["code"] == "licences.seats_used_up"
    etag = client.get(seats, headers=SATO).headers["etag"]
    lower = client.patch(seats, json={"cap": 1}, headers=SUZUKI | {"If-Match": etag})
    assert lower.json()["code"] == "licences.cap_too_low"
    # A kit without an order takes nothing that is reserved; the order's own place does, in a full pool.
    stray, pc = make_pc(ledger), make_pc(ledger)
    client.post("/api/v1/kits", json={"tag": stray.tag, "profile": "licensed"}, headers=SATO)
    assert counted(client, office) == (0, 2)
    at = f"/api/v1/kit-orders/{made['id']}/devices"
    assert client.post(at, json={"tag": pc.tag, "start": False}, headers=SATO).status_code == 201
    assert counted(client, office) == (1, 1)


@pytest.mark.parametrize("how", ["rejected", "one kit cancelled", "device void", "device kitted before"])
def test_whatever_ends_a_kit_gives_its_seats_back(client: TestClient, ledger: Ledger, how: str) -> None:
    office, cad = pool(ledger, "Office", 5), pool(ledger, "CAD", 5)
    made = order(client, 1, needs_approval=how == "rejected").json()
    at = f"/api/v1/kit-orders/{made['id']}"
    assert (counted(client, office), counted(client, cad)) == ((0, 1), (0, 1))
    if how == "rejected":
        assert end(client, at, "reject", SUZUKI).status_code == 200
    elif how == "one kit cancelled":
        (kit,) = client.get("/api/v1/kits", params={"order": made["id"]}, headers=SATO).json()["items"]
        client.post(f"/api/v1/kits/{kit['id']}/cancel", json={"reason": "Not needed."}, headers=SATO)
    elif how == "device void":
        pc = make_pc(ledger, State.RECEIVED)
        client.post(f"{at}/devices", json={"tag": pc.tag}, headers=SATO)
        assert counted(client, office) == (1, 0)
        with ledger.begin(KITTO) as work:
            assets.take_step(work, tag=str(pc.tag), step=Step.VOID, reason="entered twice")
    else:
        pc = make_pc(ledger)
        body = {"holder_kind": "asset", "holder_id": pc.id}
        client.post(f"/api/v1/licence-pools/{office}/seats", json=body, headers=SATO)
        kit = client.post(f"{at}/devices", json={"tag": pc.tag, "start": False}, headers=SATO).json()["id"]
        assert counted(client, office) == (1, 0), "the device has one already"
        client.post(f"/api/v1/kits/{kit}/cancel", json={"reason": "Not needed."}, headers=SATO)
        assert counted(client, office) == (1, 0), "the kit did not bring that seat"
        return
    assert (counted(client, office), counted(client, cad)) == ((0, 0), (0, 0))


def test_what_a_passed_over_step_did_not_take_is_free_when_the_kit_is_ready(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    pool(ledger, "Office", 1)
    cad = pool(ledger, "CAD", 1)
    made, pc = order(bench, 1).json(), make_pc(ledger)
    kit = bench.post(f"/api/v1/kit-orders/{made['id']}/devices", json={"tag": pc.tag}).json()["id"]
    kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    term(ledger, cad, ends_on=date(2020, 3, 31))
    bench.post(f"/api/v1/kits/{kit}/steps/unbox/confirm", json={})
    short = kit_when(kit, lambda found: step(found, "cad")["state"] == "waiting")
    assert short["waits_for"] == "licence"
    assert counted(bench, cad) == (0, 0), "a seat whose term is over is no use to the kit"
    skip = {"reason": "It runs without."}
    assert bench.post(f"/api/v1/kits/{kit}/steps/cad/skip", json=skip).status_code == 200
    kit_when(kit, lambda found: step(found, "last")["state"] == "waiting")
    bench.post(f"/api/v1/kits/{kit}/steps/last/confirm", json={})
    kit_when(kit, lambda found: found["state"] == "ready")


def test_orders_at_once_never_overbook_a_pool(over_http: httpx2.Client, ledger: Ledger) -> None:
    office, cad = pool(ledger, "Office", 20), pool(ledger, "CAD", 14)
    answers = at_once(12, lambda n: order(over_http, 3 if n % 2 else 2))
    got = Counter(answer.status_code for answer in answers)
    total = sum(answer.json()["quantity"] for answer in answers if answer.status_code == 201)
    assert set(got) == {201, 409}
    assert 12 <= total <= 14
    assert (counted(over_http, office), counted(over_http, cad)) == ((0, total), (0, total))
    at = [f"/api/v1/kit-orders/{answer.json()['id']}" for answer in answers if answer.status_code == 201]
    ended = at_once(len(at), lambda n: end(over_http, at[n], "cancel"))
    assert {answer.status_code for answer in ended} == {200}
    assert (counted(over_http, office), counted(over_http, cad)) == ((0, 0), (0, 0))
