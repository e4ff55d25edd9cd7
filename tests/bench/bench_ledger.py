"""The ledger with 100,000 devices, 20,000 people and 1,000,000 facts, asked through HTTP.

`python -m tests.bench.bench_ledger [--database sqlite|postgresql] [--assets N] [--facts N] [--starts N]`
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
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, text

from kitto.assets.actions.naming import folded
from kitto.base.schema import upgrade
from kitto.base.settings import Settings
from kitto.base.settings import settings as own_settings
from kitto.main import House
from tests.bench.ledger_fill import fill, tag, token_of
from tests.counterparts.postgres import postgres_server

ROUNDS = 100


@contextmanager
def served(data: Path, url: str) -> Iterator[tuple[str, Engine]]:
    """A real service on filled data; says how it started, and how it idles at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"KITTO_DATA": str(data), "KITTO_DATABASE_URL": url, "KITTO_PORT": str(port)}
    environment = os.environ | given | {"KITTO_LOG_LEVEL": "error"}  # noqa: TID251 -- as a shell would
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    environment["PYTHONPYCACHEPREFIX"] = str(data / "compiled")  # as an installed Kitto is
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", "from kitto.cli import main; main()"]
    subprocess.run([*command, "--help"], env=environment, check=True, stdout=subprocess.DEVNULL)
    begun = perf_counter()
    process = subprocess.Popen([*command, "serve"], env=environment)
    base = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                if httpx2.get(f"{base}/sign-in").status_code == 200:
                    break
            except httpx2.HTTPError:
                sleep(0.02)
        took, worked = perf_counter() - begun, cpu(process.pid)
        print(f"{'cold start to the first page':34} {took * 1000:8.0f} ms {worked * 1000:8.0f} ms of CPU")
        say({"row": "cold start", "seconds": round(took, 2), "cpu_s": round(worked, 2)})
        spent.append(lambda: cpu(process.pid))
        yield base, create_engine(Settings(data=data, database_url=SecretStr(url)).url())
        say_idle(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def say(row: dict[str, Any]) -> None:
    print(json.dumps(row | {"load": round(os.getloadavg()[0], 1)}, ensure_ascii=False), flush=True)


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
    say({"row": "idle", "rss_mb": round(rss), "cpu_percent": round(share, 1)})


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
    say(row | ({"bare_p50_ms": round(median(plain), 2)} if plain else {}))


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
    for _ in range(wanted.starts - 1):
        with served(data, url):
            pass
    with served(data, url) as (base, engine):
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
        lambda n: get(f"/api/v1/scan/resolve?code={tag(some[n]).compact}"),
        lambda n: sql("SELECT * FROM asset WHERE tag = :tag", tag=str(tag(some[n]))),
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
    timed("asset page", lambda n: get(f"/devices/{tag(some[n])}"))
    timed("people search 佐", lambda _: get("/people?q=佐"))
    timed("journal page", lambda _: get("/journal"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--starts", type=int, default=3)
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
