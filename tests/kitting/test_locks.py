"""One holder at a time works on a device, and whoever was overtaken cannot write any more."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.models import Asset
from kitto.base import clock
from kitto.base.errors import Refusal
from kitto.base.work import Ledger
from kitto.kitting import actions, queries
from kitto.kitting.actions.locks import lock_of, refuse_stale
from kitto.kitting.rules.locks import LockHolder
from kitto.kitting.rules.refusals import DeviceBusy, FenceStale
from tests.kitting.conftest import Await, step
from tests.kitting.shop import goes_on
from tests.make import KITTO, make_pc
from tests.stage import at_once


def take(ledger: Ledger, asset_id: int, holder_id: str, holder: LockHolder = LockHolder.CI) -> int:
    with ledger.begin(KITTO) as work:
        taken = actions.take_lock(
            work, asset_id=asset_id, holder=holder, holder_id=holder_id, says=f"run {holder_id}"
        )
        return taken.fence


def test_sixty_takers_at_once_one_holder(ledger: Ledger) -> None:
    pc = make_pc(ledger)

    def try_it(index: int) -> str:
        try:
            return f"fence {take(ledger, pc.id, str(index))}"
        except Refusal as refusal:
            return refusal.code

    answers = Counter(at_once(60, try_it))
    assert answers["fence 1"] == 1
    assert answers["kitting.device_busy"] + answers["changed_meanwhile"] == 59


def test_a_lease_that_ran_out_is_taken_over_and_the_old_fence_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    pc = make_pc(ledger)
    old = take(ledger, pc.id, "slow")
    with pytest.raises(DeviceBusy, match="run slow"):
        take(ledger, pc.id, "quick")
    later = clock.now() + timedelta(minutes=16)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        new = take(ledger, pc.id, "quick")
        assert new == old + 1
        with ledger.begin(KITTO) as work, pytest.raises(FenceStale):
            refuse_stale(work, asset_id=pc.id, holder=LockHolder.CI, holder_id="slow", fence=old)
        with ledger.begin(KITTO) as work:
            actions.release_lock(work, asset_id=pc.id, holder=LockHolder.CI, holder_id="slow", fence=old)
            work.unrecorded("nothing was released")
        with pytest.raises(DeviceBusy):
            take(ledger, pc.id, "third")


def test_a_kit_waits_for_a_device_that_ci_works_on(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    pc = make_pc(ledger)
    fence = take(ledger, pc.id, "4711")
    kit = bench.post("/api/v1/kits", json={"tag": pc.tag, "profile": "hands"}).json()["id"]
    queued = kit_when(kit, lambda found: "4711" in found["reason"])
    assert queued["state"] == "queued"
    with ledger.begin(KITTO) as work:
        actions.release_lock(work, asset_id=pc.id, holder=LockHolder.CI, holder_id="4711", fence=fence)
    kit_when(kit, lambda found: step(found, "unbox")["state"] == "waiting")
    held = bench.get(f"/api/v1/assets/{pc.tag}/lock").json()
    assert (held["holder"], held["says"]) == ("kit", f"kit #{kit}")
    with pytest.raises(DeviceBusy, match=f"kit #{kit}"):
        take(ledger, pc.id, "4712")


REPORTS = """
name: reports
title: { ja: 報告, en: Reports }
platform: linux
steps:
  - { key: report, kind: agent_wait, title: { ja: 報告, en: Report } }
"""


def reports(ledger: Ledger, pc: Asset) -> None:
    """The agent of this device says that it is there."""
    with ledger.begin(KITTO) as work:
        assets.observe(work, asset=pc, source="agent", serial=pc.serial or "", data={})


def standing(ledger: Ledger, kit_id: int) -> tuple[str, str, str]:
    """State of the kit, state of its step, and why."""
    with ledger.read(KITTO) as work:
        work.allow("see")
        kit = queries.kit(work, kit_id)
        return kit.state, kit.steps[0].state, kit.reason


def waits_for_its_report(ledger: Ledger, folder: Path) -> tuple[Asset, int]:
    (folder / "reports").mkdir()
    (folder / "reports" / "profile.yml").write_text(REPORTS, encoding="utf-8")
    pc = make_pc(ledger)
    with ledger.begin(KITTO) as work:
        return pc, actions.start_kit(work, tag=str(pc.tag), profile="reports").id


def test_a_report_ends_no_wait_while_somebody_else_has_the_device(ledger: Ledger, own_profiles: Path) -> None:
    pc, kit = waits_for_its_report(ledger, own_profiles)
    fence = take(ledger, pc.id, "4711")
    reports(ledger, pc)
    assert goes_on(ledger, kit) is None
    assert standing(ledger, kit)[:2] == ("queued", "pending")
    assert "run 4711" in standing(ledger, kit)[2]
    with ledger.begin(KITTO) as work:
        actions.release_lock(work, asset_id=pc.id, holder=LockHolder.CI, holder_id="4711", fence=fence)
    goes_on(ledger, kit)
    assert standing(ledger, kit)[:2] == ("ready", "succeeded")


def test_a_kit_whose_device_was_taken_over_goes_on_with_a_new_fence_or_not_at_all(
    ledger: Ledger, own_profiles: Path
) -> None:
    pc, kit = waits_for_its_report(ledger, own_profiles)
    goes_on(ledger, kit)
    assert standing(ledger, kit)[:2] == ("waiting", "waiting")
    # A kit's lock never runs out, so nobody gets in between; should it ever happen, the fence says so.
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        lock = lock_of(work.session, pc.id)
        assert lock is not None
        mine = lock.fence
        lock.expires_at = clock.now() - timedelta(minutes=1)
        work.unrecorded("what must not happen")
    theirs = take(ledger, pc.id, "4711")
    reports(ledger, pc)
    assert goes_on(ledger, kit) is None
    assert standing(ledger, kit)[1] == "waiting"
    assert "run 4711" in standing(ledger, kit)[2]
    with ledger.begin(KITTO) as work, pytest.raises(FenceStale):
        refuse_stale(work, asset_id=pc.id, holder=LockHolder.KIT, holder_id=str(kit), fence=mine)
    with ledger.begin(KITTO) as work:
        actions.release_lock(work, asset_id=pc.id, holder=LockHolder.CI, holder_id="4711", fence=theirs)
    goes_on(ledger, kit)
    assert standing(ledger, kit)[:2] == ("ready", "succeeded")
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert queries.kit(work, kit).fence == mine + 2
