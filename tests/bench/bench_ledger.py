"""The ledger with 100,000 devices, 20,000 people and 1,000,000 facts, asked through HTTP.

`python -m tests.bench.bench_ledger [--database sqlite|postgresql] [--assets N] [--facts N]`
A real service process answers; each question is asked one after another over one connection, after a
warm-up. Beside each figure stands the bare select of the same rows on the same data in the same run.
Prints a table, and a JSON line for each row.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, insert, text

from kitto.assets.actions.naming import folded
from kitto.assets.models import Asset, AssetText, Category, Custody, Identifier, Model
from kitto.assets.rules import AssetTag, Condition, HolderKind, IdentifierKind, Ownership, State
from kitto.base import clock, journal
from kitto.base.facts import Fact
from kitto.base.schema import upgrade
from kitto.base.seal import Secret
from kitto.base.settings import Settings
from kitto.base.settings import settings as own_settings
from kitto.identity import actions as identity
from kitto.identity import queries as accounts
from kitto.identity.doors import person_actor
from kitto.identity.rules import Permission
from kitto.main import House
from kitto.people.models import Person
from kitto.people.rules import PersonKind, search_key
from tests.counterparts.postgres import postgres_server
from tests.make import KITTO

FAMILY = ("佐藤", "鈴木", "髙橋", "田中", "渡邊", "伊藤", "山本", "中村", "小林", "𠮷野")
GIVEN = ("花子", "一郎", "実", "美咲", "翔", "葵", "蓮", "陽菜", "健", "直子")
STATES = (State.IN_USE, State.IN_USE, State.IN_USE, State.READY, State.IN_STOCK, State.RETIRED)
ROUNDS = 60


class Filler(Fact):
    """A fact of the bench; a million of them fill the journal as a year of work would."""

    kind = "bench.happened"
    says = "something happened"
    about = ("asset", "asset_id")
    asset_id: int = 0


def fill(house: House, assets: int, people: int, facts: int) -> None:
    """Rows by the thousand, as the actions would leave them."""
    now = clock.now()
    with house.database.write.begin() as connection:
        connection.execute(
            insert(Category),
            [
                {
                    "id": 1,
                    "code": "pc",
                    "name_ja": "PC",
                    "name_en": "PC",
                    "tag_prefix": "PC",
                    "tag_width": 6,
                    "needs_serial": True,
                    "needs_kitting": True,
                }
            ],
        )
        connection.execute(
            insert(Model),
            [
                {
                    "id": n,
                    "version": 1,
                    "category_id": 1,
                    "maker": "Dell",
                    "name": f"Latitude {7000 + n}",
                    "number": "",
                }
                for n in range(1, 51)
            ],
        )
        for start in range(0, people, 5000):
            connection.execute(
                insert(Person), [_person(n) for n in range(start + 1, min(start + 5000, people) + 1)]
            )
        for start in range(0, assets, 5000):
            numbers = range(start + 1, min(start + 5000, assets) + 1)
            connection.execute(insert(Asset), [_asset(n, now) for n in numbers])
            connection.execute(insert(Identifier), [row for n in numbers for row in _known(n, now)])
            held = [n for n in numbers if STATES[n % len(STATES)] is State.IN_USE]
            connection.execute(insert(Custody), [_custody(n, people, now) for n in held])
            connection.execute(insert(AssetText), [_text(n, people) for n in numbers])
    for start in range(0, facts, 20_000):
        with house.ledger.begin(KITTO) as work:
            work.allow(Permission.SEE)
            made = [_fact(n % assets + 1) for n in range(start, min(start + 20_000, facts))]
            journal.append(work.session, made, journal.Signature("system", "bench", "bench", ""), now)
            work.unrecorded("the bench writes the journal itself")
    with house.database.write.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _fact(asset_id: int) -> Fact:
    made = Filler()
    object.__setattr__(made, "asset_id", asset_id)
    return made


def _name(n: int) -> str:
    return f"{FAMILY[n % 10]} {GIVEN[n // 10 % 10]}"


def _person(n: int) -> dict[str, Any]:
    name = _name(n)
    return {
        "id": n,
        "version": 1,
        "number": f"E{n:06d}",
        "name": name,
        "kana": "",
        "kind": PersonKind.EMPLOYEE,
        "mail": f"e{n}@example.jp",
        "locale": "ja",
        "search": search_key(f"{name} E{n:06d}"),
        "sort_key": search_key(name)[:100],
    }


def _tag(n: int) -> AssetTag:
    return AssetTag.number("PC", n)


def _asset(n: int, now: Any) -> dict[str, Any]:
    return {
        "id": n,
        "version": 1,
        "tag": str(_tag(n)),
        "model_id": n % 50 + 1,
        "state": STATES[n % len(STATES)],
        "state_since": now,
        "condition": Condition.GOOD,
        "ownership": Ownership.OWNED,
        "serial": f"SN{n:08d}",
        "order_no": f"PO-{n // 50}",
        "ordered_by": "",
        "retired_by": "",
        "accessories": [],
        "note": "",
        "changed_at": now,
    }


def _known(n: int, now: Any) -> Iterator[dict[str, Any]]:
    for kind, raw, norm in (
        (IdentifierKind.TAG, str(_tag(n)), _tag(n).compact),
        (IdentifierKind.SERIAL, f"SN{n:08d}", f"SN{n:08d}"),
    ):
        yield {"asset_id": n, "kind": kind, "raw": raw, "norm": norm, "since": now}


def _custody(n: int, people: int, now: Any) -> dict[str, Any]:
    holder = n % people + 1
    return {
        "asset_id": n,
        "holder_kind": HolderKind.PERSON,
        "holder_id": holder,
        "holder_name": _name(holder),
        "purpose": "",
        "started_at": now,
        "opened_by": "bench",
    }


def _text(n: int, people: int) -> dict[str, Any]:
    holder = _name(n % people + 1) if STATES[n % len(STATES)] is State.IN_USE else ""
    return {
        "asset_id": n,
        "text": folded(f"{_tag(n)} Dell Latitude {7000 + n % 50 + 1} PO-{n // 50} {holder} SN{n:08d}"),
    }


@contextmanager
def served(data: Path, url: str) -> Iterator[tuple[str, dict[str, str], Engine, float]]:
    """A filled house behind a real service; gives its address, headers, an engine and its start time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"KITTO_DATA": str(data), "KITTO_DATABASE_URL": url, "KITTO_PORT": str(port)}
    environment = os.environ | given | {"KITTO_LOG_LEVEL": "error"}  # noqa: TID251 -- as a shell would
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    begun = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", "from kitto.cli import main; main()", "serve"], env=environment
    )
    base = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                if httpx2.get(f"{base}/sign-in").status_code == 200:
                    break
            except httpx2.HTTPError:
                sleep(0.02)
        spent.append(lambda: cpu(process.pid))
        yield (
            base,
            {},
            create_engine(Settings(data=data, database_url=SecretStr(url)).url()),
            (perf_counter() - begun),
        )
        say_idle(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def cpu(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# How much processor time the service has used; tells its own work from what else the machine does.
spent: list[Callable[[], float]] = []


def say_idle(pid: int) -> None:
    """Memory, and CPU over ten idle seconds, of the service."""
    sleep(5)
    before = cpu(pid)
    sleep(10)
    share = (cpu(pid) - before) / 10 * 100
    status = Path(f"/proc/{pid}/status").read_text()
    rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
    print(f"{'idle service':34} {rss:8.0f} MB {share:7.1f} % of a core")
    print(json.dumps({"row": "idle", "rss_mb": round(rss), "cpu_percent": round(share, 1)}))


def timed(name: str, ask: Callable[[int], Any], bare: Callable[[int], Any] | None = None) -> None:
    """Ask ROUNDS times; print median, 95th percentile, the service's mean CPU, the bare select's median."""
    for n in range(5):
        ask(n)
    took, plain = [], []
    used = spent[-1]()
    for n in range(ROUNDS):
        start = perf_counter()
        ask(n)
        took.append((perf_counter() - start) * 1000)
        if bare is not None:
            start = perf_counter()
            bare(n)
            plain.append((perf_counter() - start) * 1000)
    used = (spent[-1]() - used) / ROUNDS * 1000
    p95 = quantiles(took, n=20)[18]
    beside = f"{median(plain):8.2f}" if plain else "       –"
    print(f"{name:34} {median(took):8.1f} {p95:8.1f} {used:8.1f} {beside}")
    row = {"row": name, "p50_ms": round(median(took), 1), "p95_ms": round(p95, 1), "cpu_ms": round(used, 1)}
    print(json.dumps(row | ({"bare_p50_ms": round(median(plain), 2)} if plain else {}), ensure_ascii=False))


def run(data: Path, url: str, wanted: argparse.Namespace) -> None:
    os.environ["KITTO_DATA"] = str(data)  # noqa: TID251 -- as a shell would
    own_settings.cache_clear()
    house = House(Settings(data=data, database_url=SecretStr(url)))
    upgrade(house.database)
    start = perf_counter()
    fill(house, wanted.assets, wanted.people, wanted.facts)
    print(f"filled in {perf_counter() - start:.0f} s", file=sys.stderr)
    token = token_of(house)
    house.close()
    with served(data, url) as (base, _, engine, cold):
        worked = spent[-1]()
        print(f"{'cold start to the first page':34} {cold * 1000:8.0f} ms, {worked * 1000:.0f} ms of CPU")
        print(json.dumps({"row": "cold start", "seconds": round(cold, 2), "cpu_s": round(worked, 2)}))
        client = httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        print(f"{'':34} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>8} {'bare ms':>8}")
        _questions(client, engine, wanted.assets)


def _questions(client: httpx2.Client, engine: Engine, assets: int) -> None:
    def get(address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.text[:300])

    def sql(statement: str, **given: Any) -> None:
        with engine.connect() as connection:
            connection.execute(text(statement), given).all()

    some = [n * 7919 % assets + 1 for n in range(ROUNDS)]
    line = (
        "SELECT a.*, m.*, c.holder_name FROM asset a JOIN model m ON m.id = a.model_id "
        "LEFT JOIN custody c ON c.asset_id = a.id AND c.ended_at IS NULL "
    )
    timed("list page", lambda _: get("/devices"), lambda _: sql(line + "ORDER BY a.id DESC LIMIT 51"))
    timed(
        "filtered list page",
        lambda _: get("/devices?state=in_use&category=pc"),
        lambda _: sql(line + "WHERE a.state = 'in_use' ORDER BY a.id DESC LIMIT 51"),
    )
    timed("list by API", lambda _: get("/api/v1/assets"))
    timed(
        "scan resolve",
        lambda n: get(f"/api/v1/scan/resolve?code={_tag(some[n]).compact}"),
        lambda n: sql("SELECT * FROM asset WHERE tag = :tag", tag=str(_tag(some[n]))),
    )
    timed("scan resolve by serial", lambda n: get(f"/api/v1/scan/resolve?code=SN{some[n]:08d}"))
    for words in ("藤", "佐藤", "佐藤 花子", "latitude 7033", "ない", "SN00099"):
        timed(
            f"search {words}",
            lambda _, w=words: get(f"/devices?q={w}"),
            lambda _, w=words: sql(
                "SELECT asset_id FROM asset_text WHERE text LIKE :like LIMIT 51", like=f"%{folded(w)}%"
            ),
        )
    timed("asset page", lambda n: get(f"/devices/{_tag(some[n])}"))
    timed("people search 佐", lambda _: get("/people?q=佐"))
    timed("journal page", lambda _: get("/journal"))


def token_of(house: House) -> str:
    with house.ledger.begin(KITTO) as work:
        identity.create_first_administrator(
            work, name="bench", display_name="bench", password=Secret("correct horse battery staple")
        )
    with house.ledger.read(KITTO) as work:
        maker = person_actor(accounts.account_by_name(work, "bench"))
    wish = identity.TokenWish(
        name="bench",
        permissions=(Permission.SEE, Permission.READ_JOURNAL, Permission.PRINT_LABELS, Permission.WATCH),
        expires_at=clock.now() + timedelta(days=1),
        quota=1_000_000,
    )
    with house.ledger.begin(maker) as work:
        return identity.make_token(work, wish)[1].reveal()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--facts", type=int, default=1_000_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if wanted.database == "sqlite":
            run(data, "", wanted)
            return
        with postgres_server(durable=True) as server:
            server.create_database("bench")
            run(data, server.url("bench"), wanted)


if __name__ == "__main__":
    main()
