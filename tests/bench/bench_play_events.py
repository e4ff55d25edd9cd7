"""From a play's journal into the database, and from there to the reader: 100,000 events of one play.

`python -m tests.bench.bench_play_events [--database sqlite|postgresql] [--events N]`
The way in is the service's own: the journal as a supervisor writes it, read, checked for what is stored
already, stored a thousand at a time in works that commit. Beside it stands the bare bulk insert of the same
rows, prepared beforehand, with as many commits. The way out is asked through HTTP from a real service: the
newest window of the log, one from its middle, the kit's page.
Prints a table, and a JSON line for each row.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import func, insert, select

from kitto.assets import actions as assets
from kitto.base import settings as settings_module
from kitto.base.schema import upgrade
from kitto.base.settings import Settings
from kitto.identity.rules import Permission
from kitto.kitting import actions as kitting
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.adapters import trace
from kitto.kitting.adapters.plays import Kind
from kitto.kitting.adapters.supervisor.files import files_of
from kitto.kitting.adapters.supervisor.masker import Masker
from kitto.kitting.adapters.supervisor.pen import Pen, draft
from kitto.kitting.jobs import plays
from kitto.kitting.models import PlayLine
from kitto.main import House
from tests.bench.bench_ledger import served, timed, token_of
from tests.counterparts import keys
from tests.counterparts.postgres import postgres_server
from tests.make import KITTO, make_pc

PROFILE = """
name: talks
title: { ja: 話す, en: Talks }
platform: linux
parameters: { type: object, properties: {} }
steps:
  - { key: talk, kind: playbook, title: { ja: 話す, en: Talk }, playbook: talk.yml }
  - { key: again, kind: playbook, title: { ja: もう一度, en: Again }, playbook: talk.yml }
"""
BATCH = 1000


def write_journal(path: Path, events: int) -> None:
    """As a supervisor would, secrets to be hidden included."""
    path.parent.mkdir(parents=True)
    handle = trace.open_locked(path)
    assert handle is not None
    pen = Pen(handle, Masker(["a-secret-that-is-looked-for"]))
    pen.write(draft(Kind.BEGAN, text=f"{os.getpid()} talks/talk.yml"))
    for number in range(1, events):
        if number % 2:
            pen.write(draft(Kind.TASK, task=f"Task {number}"))
        else:
            text = f"package-{number} is there, version 1.{number}"
            pen.write(draft(Kind.RESULT, task=f"Task {number}", text=text))
    os.close(handle)


def kit_of(house: House, folder: Path) -> tuple[int, machine.Todo]:
    """A kit whose first play has been claimed."""
    (folder / "talks").mkdir(parents=True)
    (folder / "talks" / "profile.yml").write_text(PROFILE, encoding="utf-8")
    (folder / "talks" / "talk.yml").write_text("[]\n")
    pc = make_pc(house.ledger, serial="8XK2QZ3")
    with house.ledger.begin(KITTO) as work:
        assets.set_endpoint(
            work,
            tag=str(pc.tag),
            kind="ssh",
            address="192.0.2.1",
            port=22,
            account="kitto",
            host_key=keys.new_key_pair().public,
        )
    with house.ledger.begin(KITTO) as work:
        kit_id = kitting.start_kit(work, tag=str(pc.tag), profile="talks").id
    with house.ledger.begin(plays.kitto()) as work:
        todo = machine.next_todo(work, kit_id)
    assert todo is not None
    return kit_id, todo


class Clock:
    """Wall and processor time of this process; the database server's own is not in it."""

    def __init__(self) -> None:
        self._wall, self._processor = perf_counter(), process_time()

    def said(self, name: str, many: int) -> float:
        seconds, used = perf_counter() - self._wall, process_time() - self._processor
        rate, each = many / seconds, used / many * 1e6
        print(f"{name:34} {rate:10,.0f} /s {seconds:8.2f} s {each:8.1f} us of processor each")
        found = {
            "row": name,
            "per_second": round(rate),
            "seconds": round(seconds, 2),
            "cpu_us": round(each, 1),
        }
        print(json.dumps(found), flush=True)
        return rate


def bare(house: House, attempt_id: int, events: int) -> float:
    """The same rows by one prepared statement, and no look at anything."""
    with house.ledger.read(plays.kitto()) as work:
        work.allow(Permission.KIT)
        found = work.session.execute(
            select(PlayLine.__table__).where(PlayLine.attempt_id == attempt_id)
        ).mappings()
        rows: list[dict[str, Any]] = [dict(row) for row in found]
    with house.ledger.begin(plays.kitto()) as work:
        work.allow(Permission.KIT)
        work.unrecorded("a bench")
        other = machine.new_attempt(
            work, queries.kit(work, 1), queries.kit(work, 1).steps[1], mode="run", number=1
        ).id
    for row in rows:
        row["attempt_id"] = other
    clock = Clock()
    for start in range(0, len(rows), BATCH):
        with house.database.write.begin() as connection:
            connection.execute(insert(PlayLine), rows[start : start + BATCH])
    return clock.said("bare bulk insert", events)


def run(data: Path, url: str, events: int) -> None:
    os.environ.update(KITTO_DATA=str(data), KITTO_PLAYBOOKS=str(data / "recipes"), KITTO_ROLE="web")  # noqa: TID251 -- as a shell would
    settings_module.settings.cache_clear()
    house = House(Settings(data=data, database_url=SecretStr(url)))
    upgrade(house.database)
    kit_id, todo = kit_of(house, data / "recipes")
    installation = plays.ansible()
    clock = Clock()
    write_journal(files_of(installation.home, todo.run).journal, events)
    clock.said("a supervisor writes its journal", events)
    clock = Clock()
    seq = plays._drain(house.ledger, installation, kit_id, todo.step, todo.run, 0)
    kept = clock.said("journal to database", events)
    assert seq == events
    with house.ledger.read(plays.kitto()) as work:
        work.allow(Permission.KIT)
        attempt_id = queries.attempt(work, todo.run).id
        stored = work.session.scalar(select(func.count()).where(PlayLine.attempt_id == attempt_id))
        assert stored == events
    plain = bare(house, attempt_id, events)
    print(f"{'':34} {kept / plain:10.2f} of bare")
    token = token_of(house)
    house.close()
    with served(data, url) as (base, *_):
        client = httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        print(f"{'':34} {'p50 ms':>8} {'p95 ms':>8}")

        def get(address: str) -> None:
            answer = client.get(address)
            assert answer.status_code == 200, (address, answer.text[:300])

        timed("log: first 500 lines by API", lambda _: get(f"/api/v1/kits/{kit_id}/log?limit=500"))
        middle = f"/api/v1/kits/{kit_id}/log?limit=500&after={attempt_id}-{events // 2}"
        timed("log: 500 lines from the middle", lambda _: get(middle))
        timed("page of the kit", lambda _: get(f"/kitting/{kit_id}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--events", type=int, default=100_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if wanted.database != "postgresql":
            print("SQLite")
            run(Path(folder) / "sqlite", "", wanted.events)
        if wanted.database != "sqlite":
            print("PostgreSQL")
            with postgres_server(durable=True) as server:
                server.create_database("bench")
                run(Path(folder) / "postgresql", server.url("bench"), wanted.events)


if __name__ == "__main__":
    main()
