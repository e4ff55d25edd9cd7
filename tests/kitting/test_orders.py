"""Orders: N devices of a profile, approved by somebody else, each device with a kit of its own."""

from collections import Counter
from typing import Any

from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.rules import State
from kitto.base.work import Ledger
from tests.kitting.conftest import SATO, Await, step
from tests.make import KITTO, OTHER, make_pc
from tests.stage import at_once

SUZUKI = {"Authorization": "Bearer suzuki"}


def ordered(bench: TestClient, quantity: int = 2, **given: Any) -> dict[str, Any]:
    answer = bench.post("/api/v1/kit-orders", json={"profile": "hands", "quantity": quantity} | given)
    assert answer.status_code == 201, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


def bound(bench: TestClient, order: int, tag: str) -> Any:
    return bench.post(f"/api/v1/kit-orders/{order}/devices", json={"tag": tag})


def test_an_order_becomes_kits_as_devices_are_scanned_into_it(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    asked = ordered(bench)
    assert (asked["state"], asked["kits"]) == ("approved", {"expected": 2})
    first, second = make_pc(ledger), make_pc(ledger)
    kit = bound(bench, asked["id"], str(first.tag)).json()
    assert (kit["order_id"], kit["tag"], kit["state"]) == (asked["id"], str(first.tag), "queued")
    # The same scan again is the same kit.
    assert bound(bench, asked["id"], str(first.tag)).json()["id"] == kit["id"]
    assert bound(bench, asked["id"], str(second.tag)).status_code == 201
    third = bound(bench, asked["id"], str(make_pc(ledger).tag))
    assert (third.status_code, third.json()["code"]) == (409, "kitting.order_full")
    kit_when(kit["id"], lambda found: step(found, "unbox")["state"] == "waiting")


def test_a_device_that_has_just_arrived_waits_for_its_acceptance(bench: TestClient, ledger: Ledger) -> None:
    asked = ordered(bench, 1)
    pc = make_pc(ledger, State.RECEIVED)
    kit = bound(bench, asked["id"], str(pc.tag)).json()
    assert kit["state"] == "received"
    early = bench.post(f"/api/v1/kits/{kit['id']}/start")
    assert early.json()["code"] == "kitting.not_ready_to_start"
    assert bench.post(f"/api/v1/kits/{kit['id']}/inspect").json()["state"] == "inspecting"
    with ledger.begin(OTHER) as work:
        assets.accept(work, tag=str(pc.tag))
    assert bench.get(f"/api/v1/kits/{kit['id']}").json()["state"] == "registered"
    assert bench.post(f"/api/v1/kits/{kit['id']}/start").json()["state"] == "queued"


def test_a_device_that_is_sent_back_ends_its_kit(bench: TestClient, ledger: Ledger) -> None:
    asked = ordered(bench, 1)
    pc = make_pc(ledger, State.RECEIVED)
    kit = bound(bench, asked["id"], str(pc.tag)).json()
    from kitto.assets.rules import Step

    with ledger.begin(KITTO) as work:
        assets.take_step(work, tag=str(pc.tag), step=Step.REJECT, reason="dead on arrival")
    assert bench.get(f"/api/v1/kits/{kit['id']}").json()["state"] == "rejected"


def test_who_asked_cannot_approve_and_nothing_starts_before(bench: TestClient, ledger: Ledger) -> None:
    asked = ordered(bench, 1, needs_approval=True)
    assert asked["state"] == "asked"
    pc = make_pc(ledger)
    assert bound(bench, asked["id"], str(pc.tag)).json()["code"] == "kitting.order_not_open"
    address = f"/api/v1/kit-orders/{asked['id']}"
    match = {"If-Match": f'"{asked["version"]}"'}
    assert bench.post(f"{address}/approve", headers=match).status_code == 403  # a technician may not at all
    own = bench.post(
        "/api/v1/kit-orders",
        json={"profile": "hands", "quantity": 1, "needs_approval": True},
        headers=SUZUKI,
    ).json()
    refused = bench.post(
        f"/api/v1/kit-orders/{own['id']}/approve", headers=SUZUKI | {"If-Match": f'"{own["version"]}"'}
    )
    assert refused.json()["code"] == "kitting.same_person"
    approved = bench.post(f"{address}/approve", headers=SUZUKI | match)
    assert (approved.json()["state"], approved.json()["decided_by"]) == ("approved", "鈴木 一郎")
    stale = bench.post(f"{address}/approve", headers=SUZUKI | match)
    assert stale.status_code == 412
    assert bound(bench, asked["id"], str(pc.tag)).status_code == 201


def test_a_cancelled_order_gives_its_devices_back(bench: TestClient, ledger: Ledger, kit_when: Await) -> None:
    asked = ordered(bench, 3)
    pc = make_pc(ledger)
    kit = bound(bench, asked["id"], str(pc.tag)).json()
    kit_when(kit["id"], lambda found: step(found, "unbox")["state"] == "waiting")
    now = bench.get(f"/api/v1/kit-orders/{asked['id']}")
    ended = bench.post(
        f"/api/v1/kit-orders/{asked['id']}/cancel",
        json={"reason": "The project was stopped."},
        headers={"If-Match": now.headers["ETag"]},
    ).json()
    assert (ended["state"], ended["kits"]) == ("cancelled", {"cancelled": 3})
    assert bench.get(f"/api/v1/assets/{pc.tag}").json()["state"] == "in_stock"
    assert bench.get(f"/api/v1/assets/{pc.tag}/lock").json()["holder"] is None


def test_sixty_scans_at_once_fill_five_places_once_each(bench: TestClient, ledger: Ledger) -> None:
    asked = ordered(bench, 5)
    tags = [str(make_pc(ledger).tag) for _ in range(12)]
    answers = at_once(
        60,
        lambda index: bench.post(
            f"/api/v1/kit-orders/{asked['id']}/devices",
            json={"tag": tags[index % 12], "start": False},
            headers=SATO,
        ),
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["tag"] for answer in answers if answer.status_code == 201}
    assert len(made) == 5
    states = bench.get(f"/api/v1/kit-orders/{asked['id']}").json()["kits"]
    assert states == {"registered": 5}
    codes = Counter(answer.json()["code"] for answer in answers if answer.status_code == 409)
    assert set(codes) <= {"kitting.order_full", "changed_meanwhile"}


def test_an_order_that_cannot_be_is_refused(bench: TestClient) -> None:
    for quantity in (0, -1, 501, 10**9):
        answer = bench.post("/api/v1/kit-orders", json={"profile": "hands", "quantity": quantity})
        assert (answer.status_code, answer.json()["code"]) == (422, "kitting.quantity_wrong")
    wrong = bench.post("/api/v1/kit-orders", json={"profile": "hands", "quantity": 1, "project_id": 4711})
    assert wrong.json()["code"] == "not_found"


def test_a_place_without_a_device_yet_refuses_what_needs_one(bench: TestClient) -> None:
    order = ordered(bench, 1)["id"]
    kit = bench.get("/api/v1/kits", params={"order": order}).json()["items"][0]["id"]
    for path, body in (
        ("steps/unbox/confirm", {"ticked": [0, 1]}),
        ("steps/label/scan", {"scanned": "PC-1"}),
        ("steps/unbox/skip", {"reason": "not wanted here"}),
        ("steps/unbox/dry-run", {}),
        ("hold", {"reason": "not wanted here"}),
        ("start", {}),
        ("retry", {}),
        ("comparison", {}),
        ("report.pdf", None),
    ):
        address = f"/api/v1/kits/{kit}/{path}"
        answer = bench.get(address) if body is None else bench.post(address, json=body)
        assert answer.status_code in (409, 200), f"{path}: {answer.text}"
