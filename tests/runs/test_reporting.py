"""Reporting a run: once, in order, by whoever opened it, under the lock of each device."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kitto.base import clock
from kitto.base.journal import FactRow
from kitto.base.work import Ledger, system_actor
from kitto.identity.rules import Permission
from kitto.runs import actions
from kitto.runs.models import OutsideRun
from kitto.runs.rules import wire
from kitto.runs.rules.refusals import BatchTooLarge
from tests.make import make_pc
from tests.runs.conftest import NIGHT, RUN
from tests.stage import at_once

PATH = f"/api/v1/runs/{RUN}"
SATO = {"Authorization": "Bearer sato"}
SUZUKI = {"Authorization": "Bearer suzuki"}


def opening(*hosts: tuple[str, str], ulid: str = RUN) -> dict[str, Any]:
    named = [{"name": name, "tag": tag} for name, tag in hosts]
    return {"id": ulid, "started_at": NIGHT, "play": "site.yml", "hosts": named}


def lines(first: int, last: int, **given: Any) -> bytes:
    event = {"at": NIGHT, "kind": "result", "host": "pc1", "task": "Set it", "status": "ok"} | given
    return b"".join(json.dumps({"seq": seq, **event}).encode() + b"\n" for seq in range(first, last + 1))


def begin(
    client: TestClient, *hosts: tuple[str, str], ulid: str = RUN, locks: str = "need", **headers: str
) -> Any:
    return client.put(
        f"/api/v1/runs/{ulid}?locks={locks}", json=opening(*hosts, ulid=ulid), headers=headers or SATO
    )


def send(client: TestClient, body: bytes, ulid: str = RUN, **headers: str) -> Any:
    return client.post(f"/api/v1/runs/{ulid}/events", content=body, headers=headers or SATO)


def test_a_play_from_elsewhere_is_on_the_page_of_its_device_and_in_the_journal(
    client: TestClient, ledger: Ledger
) -> None:
    tag = make_pc(ledger).name
    assert begin(client, ("pc1", tag), ("other", "")).status_code == 200
    assert send(client, gzip.compress(lines(1, 3))).json()["last_seq"] == 3
    assert send(client, lines(4, 4, status="changed", text="端末")).json()["last_seq"] == 4
    ended = client.post(f"{PATH}/end", json={"at": NIGHT, "hosts": {"pc1": "changed"}}, headers=SATO)
    assert ended.json()["state"] == "succeeded"
    run = client.get(PATH, headers=SATO).json()
    known = {device["host"]: device for device in run["devices"]}
    assert (known["pc1"]["tag"], known["pc1"]["ok"], known["pc1"]["changed"]) == (tag, 3, 1)
    assert known["other"]["tag"] is None
    page = client.get(f"/devices/{tag}", headers=SATO).text
    assert f'href="/runs/{RUN}"' in page
    shown = client.get(f"/runs/{RUN}", headers=SATO).text
    assert "端末" in shown
    assert f'href="/devices/{tag}"' in shown
    with ledger.read(system_actor("test", Permission.SEE)) as work:
        work.allow(Permission.SEE)
        kinds = work.session.scalars(
            select(FactRow.kind).where(FactRow.kind.like("runs.%")).order_by(FactRow.seq)
        ).all()
    assert kinds == ["runs.opened", "runs.device_played", "runs.ended"]


def test_sending_twice_counts_once(client: TestClient) -> None:
    begin(client, ("pc1", ""))
    begin(client, ("pc1", ""))
    for _ in range(2):
        assert send(client, lines(1, 5)).json()["last_seq"] == 5
    assert send(client, lines(4, 8)).json()["last_seq"] == 8
    assert client.get(PATH, headers=SATO).json()["devices"][0]["ok"] == 8
    events = client.get(f"{PATH}/events?after=6", headers=SATO).json()
    assert [event["seq"] for event in events] == [7, 8]


def test_the_same_batch_from_many_threads_counts_once(client: TestClient) -> None:
    begin(client, ("pc1", ""))
    codes = at_once(12, lambda _: send(client, lines(1, 50)).status_code)
    assert set(codes) <= {200, 503}
    assert client.get(PATH, headers=SATO).json()["devices"][0]["ok"] == 50


def test_a_gap_is_refused_with_the_number_that_comes_next(client: TestClient) -> None:
    begin(client, ("pc1", ""))
    send(client, lines(1, 2))
    answer = send(client, lines(5, 6))
    assert (answer.status_code, answer.json()["code"]) == (409, "runs.events_missing")
    assert "event 3 comes next" in answer.json()["detail"]
    assert client.get(PATH, headers=SATO).json()["last_seq"] == 2


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{"seq": 1', 1),
        (lines(1, 1) + b'{"seq": "two"}\n', 2),
        (lines(1, 1) + b"\xff\xfe\n", 2),
        (lines(1, 1) + lines(2, 2, kind="rm -rf"), 2),
        (lines(1, 1) + lines(2, 2, at="2026-11-25T09:00:00"), 2),
        (lines(1, 2) + b"[" * 100_000 + b"\n", 3),
        (gzip.compress(lines(1, 3))[:-9], 1),
    ],
)
def test_a_damaged_batch_is_refused_with_its_line_and_nothing_of_it_is_kept(
    client: TestClient, body: bytes, line: int
) -> None:
    begin(client, ("pc1", ""))
    answer = send(client, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "runs.batch_unreadable")
    assert f"line {line} " in answer.json()["detail"]
    assert client.get(PATH, headers=SATO).json()["last_seq"] == 0


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(BatchTooLarge):
        wire.unpacked(gzip.compress(b"0" * (wire.INFLATED_MOST + 2)))


def test_odd_text_and_long_results_are_kept_as_far_as_they_go(client: TestClient) -> None:
    begin(client, ("pc1", ""))
    odd = lines(1, 1, text="a\x00b" + "長" * 30_000, detail={"stdout": "x" * 100_000}, status="failed")
    assert send(client, odd).status_code == 200
    event = client.get(f"{PATH}/events?trouble=true", headers=SATO).json()[0]
    assert event["text"].startswith("ab長")
    assert (len(event["text"]), len(event["detail"])) == (wire.TEXT_MOST, wire.DETAIL_MOST)


def test_nobody_reports_into_the_run_of_somebody_else(client: TestClient) -> None:
    begin(client, ("pc1", ""))
    for answer in (
        send(client, lines(1, 1), **SUZUKI),
        begin(client, ("pc2", ""), **SUZUKI),
        client.post(f"{PATH}/end", json={"at": NIGHT}, headers=SUZUKI),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "runs.run_foreign")


def test_who_may_not_kit_reports_nothing(client: TestClient) -> None:
    answer = begin(client, ("pc1", ""), Authorization="Bearer tanaka")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_after_its_end_a_run_takes_nothing_new(client: TestClient) -> None:
    begin(client, ("pc1", ""))
    send(client, lines(1, 1))
    for _ in range(2):
        assert client.post(f"{PATH}/end", json={"at": NIGHT}, headers=SATO).status_code == 200
    assert send(client, lines(1, 1)).status_code == 200
    answer = send(client, lines(2, 2))
    assert (answer.status_code, answer.json()["code"]) == (409, "runs.run_over")


def test_a_play_that_was_cut_off_has_failed(client: TestClient) -> None:
    begin(client, ("pc1", ""))
    answer = client.post(f"{PATH}/end", json={"at": NIGHT, "cut_off": True}, headers=SATO)
    assert answer.json()["state"] == "failed"


def test_a_run_that_is_not_heard_of_falls_silent_and_may_speak_again(
    client: TestClient, ledger: Ledger
) -> None:
    begin(client, ("pc1", ""))
    bot = system_actor("runs", Permission.KIT, Permission.SEE)
    with ledger.begin(bot) as work:
        assert actions.note_silent(work) == 0
    with ledger.begin(bot) as work:
        work.now = clock.now() + timedelta(minutes=16)
        assert actions.note_silent(work) == 1
    assert client.get(PATH, headers=SATO).json()["state"] == "silent"
    assert send(client, lines(1, 1)).json()["state"] == "running"


def test_a_clock_that_runs_ahead_does_not_date_a_run_into_the_future(
    client: TestClient, ledger: Ledger
) -> None:
    late = opening(("pc1", "")) | {"started_at": (clock.now() + timedelta(days=400)).isoformat()}
    client.put(PATH, json=late, headers=SATO)
    with ledger.read(system_actor("test", Permission.SEE)) as work:
        work.allow(Permission.SEE)
        run = work.session.scalars(select(OutsideRun)).one()
    assert run.started_at <= clock.now()


def test_an_address_that_is_no_run_is_answered(client: TestClient) -> None:
    assert client.get("/api/v1/runs/01KAYQ3W5X8ZJ6N0V4T2M9B7RD", headers=SATO).status_code == 404
    assert client.get("/api/v1/runs/no-run", headers=SATO).status_code == 422
