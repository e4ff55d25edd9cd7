"""Holding, retrying from any step, doing one thing to many kits, telling of what is late."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kitto.base import clock
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.actions.machine import note_outcome
from kitto.kitting.adapters.plays import Outcome, PlayOutcome
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.rules.states import KIT_TABLE, STEP_TABLE, picture
from tests.kitting.conftest import Await, step
from tests.make import KITTO, make_pc

DOCS = Path(__file__).resolve().parents[2] / "docs" / "kitting.md"


def started(bench: TestClient, ledger: Ledger) -> int:
    answer = bench.post("/api/v1/kits", json={"tag": make_pc(ledger).tag, "profile": "hands"})
    number: int = answer.json()["id"]
    return number


def test_a_kit_on_hold_begins_nothing_until_it_is_resumed(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    kit = started(bench, ledger)
    kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    assert (
        bench.post(f"/api/v1/kits/{kit}/hold", json={"reason": "x"}).json()["code"] == "kitting.reason_needed"
    )
    held = bench.post(f"/api/v1/kits/{kit}/hold", json={"reason": "The cable is missing."}).json()
    assert (held["state"], held["reason"]) == ("held", "The cable is missing.")
    bench.post(f"/api/v1/kits/{kit}/steps/unbox/confirm", json={"ticked": [0, 1]})
    with ledger.begin(kitto()) as work:
        assert machine.next_todo(work, kit) is None
    still = bench.get(f"/api/v1/kits/{kit}").json()
    assert (still["state"], step(still, "label")["state"]) == ("held", "pending")
    assert bench.post(f"/api/v1/kits/{kit}/resume").json()["state"] in ("queued", "waiting")
    kit_when(kit, lambda found: step(found, "label")["state"] == "waiting")
    assert bench.post(f"/api/v1/kits/{kit}/resume").json()["code"] == "kitting.not_held"


def test_one_thing_is_done_to_many_kits_and_what_is_refused_is_said(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    kits = [started(bench, ledger) for _ in range(3)]
    for kit in kits:
        kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    bench.post(f"/api/v1/kits/{kits[0]}/cancel", json={"reason": "A wrong machine."})
    answer = bench.post("/api/v1/kits/hold", json={"kits": kits, "reason": "The fire drill."}).json()
    assert (answer["done"], list(answer["refused"])) == (kits[1:], [str(kits[0])])
    assert bench.post("/api/v1/kits/resume", json={"kits": kits[1:]}).json()["refused"] == {}
    ended = bench.post("/api/v1/kits/cancel", json={"kits": kits[1:], "reason": "The fire drill."}).json()
    assert ended["done"] == kits[1:]
    assert {bench.get(f"/api/v1/kits/{kit}").json()["state"] for kit in kits} == {"cancelled"}


def test_retrying_from_an_earlier_step_does_it_again_and_keeps_what_was(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    kit = started(bench, ledger)
    kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    bench.post(f"/api/v1/kits/{kit}/steps/unbox/confirm", json={"ticked": [0, 1]})
    kit_when(kit, lambda found: step(found, "label")["state"] == "waiting")
    bench.post(f"/api/v1/kits/{kit}/retry", json={"step": "unbox"})
    again = kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    assert step(again, "label")["state"] == "pending"
    assert [one["kind"] for one in step(again, "unbox")["evidence"]] == ["confirmed"]
    assert bench.get(f"/api/v1/kits/{kit}/chain").json()["holds"] is True


def test_a_wait_that_is_too_long_is_told_once(
    bench: TestClient, ledger: Ledger, kit_when: Await, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = started(bench, ledger)
    kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    later = clock.now() + timedelta(hours=2)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        for _ in range(2):
            with ledger.begin(kitto()) as work:
                machine.note_late(work, kit)
    facts = bench.get(
        "/api/v1/facts", params={"kind": "kitting.step_late"}, headers={"Authorization": "Bearer admin"}
    )
    assert len(facts.json()["items"]) == 1


LOST = """
name: lost
title: { ja: 消失, en: Lost }
platform: linux
parameters: { type: object, properties: {} }
steps:
  - { key: p, kind: webhook, title: { ja: 送信, en: Send }, on_lost: ON_LOST, verify: check.yml }
"""


@pytest.mark.parametrize(
    ("on_lost", "state"), [("rerun", "pending"), ("ask", "lost"), ("reattach", "lost"), ("verify", "running")]
)
def test_what_is_lost_goes_on_as_its_profile_says(
    bench: TestClient, ledger: Ledger, own_profiles: Path, on_lost: str, state: str
) -> None:
    (own_profiles / "lost").mkdir()
    (own_profiles / "lost" / "profile.yml").write_text(LOST.replace("ON_LOST", on_lost), encoding="utf-8")
    from kitto.kitting import actions

    pc = make_pc(ledger)
    with ledger.begin(KITTO) as work:
        kit_id = actions.start_kit(work, tag=str(pc.tag), profile="lost", only=frozenset({"p"})).id
        found = queries.kit(work, kit_id)
        from kitto.kitting.actions.locks import take_lock
        from kitto.kitting.actions.machine import _claim
        from kitto.kitting.actions.settle import open_steps
        from kitto.kitting.rules.locks import LockHolder

        lock = take_lock(work, asset_id=pc.id, holder=LockHolder.KIT, holder_id=str(kit_id), says="")
        found.fence = lock.fence
        open_steps(work, found)
        run = _claim(work, found, found.steps[0]).run
    with ledger.begin(kitto()) as work:
        note_outcome(work, kit_id, "p", run, PlayOutcome(outcome=Outcome.LOST, reason="It died."))
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        one = queries.kit(work, kit_id).steps[0]
        assert one.state == state
        assert [item.mode for item in one.attempts] == ["run", "verify"][: 2 if on_lost == "verify" else 1]


def test_the_pictures_in_the_docs_are_what_the_tables_say() -> None:
    told = DOCS.read_text(encoding="utf-8")
    assert picture(KIT_TABLE) in told
    assert picture(STEP_TABLE) in told
