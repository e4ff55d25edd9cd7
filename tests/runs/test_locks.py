"""One holder at a time works on a device: a run from CI waits for a kit, and a kit for a run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kitto.base.journal import FactRow
from kitto.base.work import Ledger, Work
from kitto.kitting import actions as kitting
from kitto.kitting.models import DeviceLock
from kitto.kitting.rules.locks import LockHolder
from kitto.kitting.rules.refusals import DeviceBusy
from kitto.runs import actions
from tests.make import KITTO, make_pc
from tests.runs.test_reporting import PATH, SATO, begin, lines, opening, send
from tests.stage import at_once

SECOND = "01KAYQ3W5X8ZJ6N0V4T2M9B7RD"


@contextmanager
def later(ledger: Ledger, minutes: int) -> Iterator[Work]:
    with ledger.begin(KITTO) as work:
        work.now += timedelta(minutes=minutes)
        yield work


def kit_takes(work: Work, asset_id: int) -> DeviceLock:
    return kitting.take_lock(work, asset_id=asset_id, holder=LockHolder.KIT, holder_id="12", says="kit #12")


def fall_silent(ledger: Ledger) -> None:
    with later(ledger, 16) as work:
        assert actions.note_silent(work) == 1


def test_a_run_is_refused_a_device_that_a_kit_holds_and_the_sentence_names_the_kit(
    client: TestClient, ledger: Ledger
) -> None:
    free, held = make_pc(ledger), make_pc(ledger)
    with ledger.begin(KITTO) as work:
        kit_takes(work, held.id)
    answer = begin(client, ("a", free.name), ("b", held.name))
    assert (answer.status_code, answer.json()["code"]) == (409, "kitting.device_busy")
    assert held.name in answer.json()["detail"]
    assert "kit #12" in answer.json()["detail"]
    assert client.get(PATH, headers=SATO).status_code == 404
    with ledger.read(KITTO) as work:
        work.allow("see")
        lock = work.session.get(DeviceLock, free.id)
    assert lock is None


def test_a_run_that_takes_what_it_can_get_says_where_it_goes_without(
    client: TestClient, ledger: Ledger
) -> None:
    free, held = make_pc(ledger), make_pc(ledger)
    with ledger.begin(KITTO) as work:
        kit_takes(work, held.id)
    assert begin(client, ("a", free.name), ("b", held.name), locks="try").status_code == 200
    devices = {device["host"]: device for device in client.get(PATH, headers=SATO).json()["devices"]}
    assert (devices["a"]["without_lock"], devices["a"]["fence"]) == (False, 1)
    assert (devices["b"]["without_lock"], devices["b"]["fence"]) == (True, None)
    with ledger.read(KITTO) as work:
        work.allow("see")
        flagged = work.session.scalars(select(FactRow).where(FactRow.flagged.is_(True))).all()
    assert [(fact.kind, fact.data["holder"]) for fact in flagged] == [("runs.played_without_lock", "kit #12")]


def test_while_a_run_goes_on_no_kit_gets_the_device_and_after_it_one_does(
    client: TestClient, ledger: Ledger
) -> None:
    pc = make_pc(ledger)
    begin(client, ("a", pc.name))
    with pytest.raises(DeviceBusy, match=r"site\.yml"), ledger.begin(KITTO) as work:
        kit_takes(work, pc.id)
    client.post(f"{PATH}/end", json={"at": "2026-11-25T09:00:00+09:00"}, headers=SATO)
    with ledger.begin(KITTO) as work:
        assert kit_takes(work, pc.id).fence == 2


def test_of_many_runs_at_once_exactly_one_gets_the_device(client: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    ulids = [f"01KAYQ3W5X8ZJ6N0V4T2M9B{number:03d}" for number in range(12)]
    codes = at_once(12, lambda i: begin(client, ("a", pc.name), ulid=ulids[i]).status_code)
    assert codes.count(200) == 1
    assert set(codes) <= {200, 409, 503}


def test_an_old_fence_is_refused_after_another_has_taken_the_device(
    client: TestClient, ledger: Ledger
) -> None:
    pc = make_pc(ledger)
    begin(client, ("a", pc.name))
    send(client, lines(1, 1))
    with later(ledger, 20) as work:
        assert kit_takes(work, pc.id).fence == 2
    answer = send(client, lines(2, 2))
    assert (answer.status_code, answer.json()["code"]) == (409, "kitting.fence_stale")
    assert pc.name in answer.json()["detail"]
    assert client.get(PATH, headers=SATO).json()["last_seq"] == 1
    # What really happened is not lost: the reporter says that it goes on without the lock.
    assert client.post(f"{PATH}/without-lock", headers=SATO).status_code == 200
    assert send(client, lines(2, 2)).json()["last_seq"] == 2


def test_a_run_that_was_silent_takes_its_device_again_if_nobody_had_it(
    client: TestClient, ledger: Ledger
) -> None:
    pc = make_pc(ledger)
    begin(client, ("a", pc.name))
    fall_silent(ledger)
    assert send(client, lines(1, 1)).json()["state"] == "running"
    assert begin(client, ("a", pc.name), ulid=SECOND).status_code == 409


def test_a_run_that_was_silent_is_refused_if_somebody_had_its_device_in_between(
    client: TestClient, ledger: Ledger
) -> None:
    pc = make_pc(ledger)
    begin(client, ("a", pc.name))
    fall_silent(ledger)
    assert begin(client, ("a", pc.name), ulid=SECOND).status_code == 200
    client.post(f"/api/v1/runs/{SECOND}/end", json={"at": "2026-11-25T09:00:00+09:00"}, headers=SATO)
    assert send(client, lines(1, 1)).json()["code"] == "kitting.fence_stale"


def test_an_import_takes_no_lock(client: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    with ledger.begin(KITTO) as work:
        kit_takes(work, pc.id)
    head = json.dumps({"run": opening(("a", pc.name))})
    answer = client.post("/api/v1/runs/import", content=head, headers=SATO)
    assert (answer.status_code, answer.json()["state"]) == (201, "failed")
    assert client.get(PATH, headers=SATO).json()["devices"][0]["without_lock"] is False
