"""A kit from start to ready by hands, and everything it refuses on the way."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.models import Asset
from kitto.assets.rules import State
from kitto.base import journal
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting.models import KitEvidence
from kitto.kitting.rules.states import KIT_TABLE, STEP_TABLE, KitState, StepState
from tests.kitting.conftest import SATO, Await, step
from tests.make import KITTO, make_pc
from tests.stage import at_once


def started(bench: TestClient, asset: Asset, **given: Any) -> dict[str, Any]:
    answer = bench.post("/api/v1/kits", json={"tag": asset.tag, "profile": "hands"} | given)
    assert answer.status_code == 201, answer.text
    kit: dict[str, Any] = answer.json()
    return kit


def waits_at(key: str) -> Any:
    return lambda kit: step(kit, key)["state"] == "waiting"


def reports(ledger: Ledger, asset: Asset, serial: str) -> None:
    """The device says its serial number, as check-ins pass it on."""
    with ledger.begin(KITTO) as work:
        work.allow(Permission.OBSERVE)
        found = asset_queries.by_id(work, asset.id)
        assets.observe(work, asset=found, source="agent", serial=serial, data={})


def test_a_kit_goes_through_hands_and_reports_to_ready(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    pc = make_pc(ledger)
    kit = started(bench, pc)["id"]
    kit_when(kit, waits_at("unbox"))
    bench.post(f"/api/v1/kits/{kit}/steps/unbox/confirm", json={"ticked": [0, 1]})
    kit_when(kit, waits_at("label"))
    scanned = f"ｈｔｔｐｓ：／／ｋ．ｅｘａｍｐｌｅ／ｔ／{str(pc.tag).replace('-', '').lower()}"
    assert bench.post(f"/api/v1/kits/{kit}/steps/label/scan", json={"scanned": scanned}).status_code == 200
    kit_when(kit, waits_at("report"))
    reports(ledger, pc, str(pc.serial))
    done = kit_when(kit, lambda found: found["state"] == "ready")
    assert [item["state"] for item in done["steps"]] == ["succeeded"] * 4
    assert all(item["evidence"] for item in done["steps"])
    assert bench.get(f"/api/v1/assets/{pc.tag}").json()["state"] == "ready"
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        proofs = work.session.scalars(select(KitEvidence).order_by(KitEvidence.id)).all()
        assert [proof.sealed_with() for proof in proofs] == [proof.hash for proof in proofs]
        assert [p.prev_hash for p in proofs[1:]] == [p.hash for p in proofs[:-1]]
        assert journal.verify(work.session).verified


def test_a_second_report_of_the_same_device_lets_its_next_kit_go_on_too(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    pc = make_pc(ledger)
    for _ in range(2):
        kit = started(bench, pc)["id"]
        kit_when(kit, waits_at("unbox"))
        bench.post(f"/api/v1/kits/{kit}/steps/unbox/confirm", json={"ticked": [0, 1]})
        kit_when(kit, waits_at("label"))
        bench.post(f"/api/v1/kits/{kit}/steps/label/scan", json={"scanned": pc.tag})
        kit_when(kit, waits_at("report"))
        reports(ledger, pc, str(pc.serial))
        kit_when(kit, lambda found: found["state"] == "ready")


def test_a_device_with_another_serial_number_stops_the_kit(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    pc = make_pc(ledger)
    kit = started(bench, pc)["id"]
    for key in ("unbox", "label"):
        kit_when(kit, waits_at(key))
        bench.post(f"/api/v1/kits/{kit}/steps/{key}/skip", json={"reason": "Not for this test."})
    kit_when(kit, waits_at("report"))
    reports(ledger, pc, "ANOTHER-ONE")
    failed = kit_when(kit, lambda found: found["state"] == "failed")
    assert "ANOTHER-ONE" in step(failed, "report")["reason"]
    assert str(pc.serial) in step(failed, "report")["reason"]
    # The right device is found and reports: trying again from there finishes the kit.
    reports(ledger, pc, str(pc.serial))
    assert bench.post(f"/api/v1/kits/{kit}/retry", json={}).status_code == 200
    kit_when(kit, lambda found: found["state"] == "ready")


def test_sixty_starts_at_once_make_one_kit(bench: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    body = {"tag": pc.tag, "profile": "hands"}
    answers = at_once(60, lambda _: bench.post("/api/v1/kits", json=body, headers=SATO))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 59}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"kitting.kit_running"}


def test_cancelling_puts_the_device_back_in_stock(bench: TestClient, ledger: Ledger, kit_when: Await) -> None:
    pc = make_pc(ledger)
    kit = started(bench, pc)["id"]
    kit_when(kit, waits_at("unbox"))
    short = bench.post(f"/api/v1/kits/{kit}/cancel", json={"reason": "x"})
    assert (short.status_code, short.json()["code"]) == (422, "kitting.reason_needed")
    ended = bench.post(f"/api/v1/kits/{kit}/cancel", json={"reason": "It is damaged."}).json()
    assert ended["state"] == "cancelled"
    assert bench.get(f"/api/v1/assets/{pc.tag}").json()["state"] == "in_stock"
    again = bench.post(f"/api/v1/kits/{kit}/cancel", json={"reason": "It is damaged."})
    assert again.json()["code"] == "kitting.kit_over"


def test_what_a_step_refuses_changes_nothing(bench: TestClient, ledger: Ledger, kit_when: Await) -> None:
    pc, other = make_pc(ledger), make_pc(ledger)
    kit = started(bench, pc)["id"]
    kit_when(kit, waits_at("unbox"))
    address = f"/api/v1/kits/{kit}/steps"
    half = bench.post(f"{address}/unbox/confirm", json={"ticked": [0]})
    assert (half.status_code, half.json()["code"]) == (422, "kitting.checks_open")
    early = bench.post(f"{address}/label/scan", json={"scanned": pc.tag})
    assert early.json()["code"] == "kitting.step_not_waiting"
    unknown = bench.post(f"{address}/polish/confirm", json={})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "kitting.step_unknown")
    bench.post(f"{address}/unbox/confirm", json={"ticked": [0, 1]})
    kit_when(kit, waits_at("label"))
    wrong = bench.post(f"{address}/label/scan", json={"scanned": other.tag})
    assert wrong.json()["code"] == "kitting.wrong_scan"
    assert str(pc.tag) in wrong.json()["detail"]
    assert step(bench.get(f"/api/v1/kits/{kit}").json(), "label")["state"] == "waiting"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"profile": "nothing"}, "kitting.profile_unknown"),
        ({"profile": "../hands"}, "kitting.profile_unknown"),
        ({"parameters": {"colour": "green"}}, "kitting.parameter_wrong"),
        ({"parameters": {"size": 3}}, "kitting.parameter_wrong"),
        ({"tag": "PC-999999-X"}, "not_found"),
    ],
)
def test_a_kit_that_cannot_be_is_refused_in_words(
    bench: TestClient, ledger: Ledger, given: dict[str, Any], code: str
) -> None:
    pc = make_pc(ledger)
    answer = bench.post("/api/v1/kits", json={"tag": pc.tag, "profile": "hands"} | given)
    assert answer.json()["code"] == code
    assert bench.get(f"/api/v1/assets/{pc.tag}").json()["state"] == "in_stock"


def test_a_profile_that_is_edited_does_not_reach_a_running_kit(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    first = started(bench, make_pc(ledger))
    path = own_profiles / "hands" / "profile.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("Unbox", "Open"), encoding="utf-8")
    assert bench.post("/api/v1/profiles/hands/freeze").status_code == 201
    second = started(bench, make_pc(ledger))
    assert (first["profile_version"], second["profile_version"]) == (1, 2)
    assert first["content"] != second["content"]
    assert step(bench.get(f"/api/v1/kits/{first['id']}").json(), "unbox")["title"] == "Unbox"
    assert step(second, "unbox")["title"] == "Open"
    kit_when(first["id"], waits_at("unbox"))


def test_a_broken_profile_says_what_is_wrong(bench: TestClient, ledger: Ledger, own_profiles: Path) -> None:
    pc = make_pc(ledger)
    path = own_profiles / "hands" / "profile.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("kind: label", "kind: dance"), encoding="utf-8")
    answer = bench.post("/api/v1/kits", json={"tag": pc.tag, "profile": "hands"})
    assert answer.json()["code"] == "kitting.profile_broken"
    assert "dance" in answer.json()["detail"]


def test_a_guest_and_a_viewer_may_not_kit(bench: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger, State.IN_STOCK)
    for name in ("guest", "tanaka"):
        headers = {"Authorization": f"Bearer {name}"}
        answer = bench.post("/api/v1/kits", json={"tag": pc.tag, "profile": "hands"}, headers=headers)
        assert answer.status_code == 403


def test_the_tables_reach_every_state_and_leave_no_dead_end() -> None:
    reached = {KitState.EXPECTED} | {state for targets in KIT_TABLE.values() for state in targets}
    assert reached == set(KitState)
    ends = {state for state, targets in KIT_TABLE.items() if not targets}
    assert ends == {KitState.HANDED_OVER, KitState.CANCELLED, KitState.REJECTED}
    reached_steps = {StepState.PENDING} | {s for targets in STEP_TABLE.values() for s in targets}
    assert reached_steps == set(StepState)
