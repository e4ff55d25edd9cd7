"""Events a second that a run takes in over HTTP, beside a bare bulk insert of the same rows; both databases.

`python tests/bench/bench_run_events.py [EVENTS]` prints a table and one JSON line per side. The service is
a process of its own; the client sends batches of 500, gzipped, one after the other, as the plugin does. The
bare side inserts the same rows into the same kind of database, in transactions of 500.
"""

import gzip
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "service", ROOT / "agents", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from sqlalchemy import insert  # noqa: E402 -- after the path is set

from kitto.base.db import Base, Database  # noqa: E402
from kitto.runs.models import OutsideEvent, OutsideRun  # noqa: E402
from kitto.runs.rules import wire  # noqa: E402
from tests.counterparts.postgres import postgres_server  # noqa: E402

BATCH = 500
ROUNDS = 3
RUNS = [f"01KAYQ3W5X8ZJ6N0V4T2M9B7R{letter}" for letter in "ABC"]
AT = "2026-11-25T09:00:00+09:00"


def serve() -> None:
    """The whole service; its first lines are a token and its port."""
    import uvicorn

    from kitto.base.engine import migrate_jobs
    from kitto.base.seal import Secret
    from kitto.base.settings import settings
    from kitto.identity import actions as identity
    from kitto.identity.doors import person_actor
    from kitto.identity.rules import Permission
    from kitto.main import House, create_app
    from tests.make import KITTO

    house = House(settings())
    Base.metadata.create_all(house.database.write)
    migrate_jobs(house.database)
    with house.ledger.begin(KITTO) as work:
        root, _ = identity.create_first_administrator(
            work, name="root", display_name="root", password=Secret("four grey herons overhead")
        )
    ends = datetime.now(UTC) + timedelta(days=1)  # noqa: TID251 -- a bench has no clock of its own
    with house.ledger.begin(person_actor(root)) as work:
        wish = identity.TokenWish("bench", (Permission.SEE, Permission.KIT), ends, 60_000)
        print(identity.make_token(work, wish)[1].reveal(), flush=True)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    made = uvicorn.Config(create_app(house, works=False), log_config=None, access_log=False)
    uvicorn.Server(made).run(sockets=[listener])


def event(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": AT,
        "kind": "result",
        "host": f"pc-{seq % 50}",
        "status": "ok" if seq % 7 else "changed",
        "task": "Install the packages of the office",
        "text": f"package {seq} is there in its version",
    }


def batches(events: int) -> list[bytes]:
    """What the plugin would send."""
    return [
        b"".join(json.dumps(event(seq)).encode() + b"\n" for seq in range(start, start + BATCH))
        for start in range(1, events + 1, BATCH)
    ]


def ask(client: HTTPConnection, token: str, method: str, path: str, body: bytes) -> None:
    client.request(method, f"/api/v1/runs/{path}", body, {"Authorization": f"Bearer {token}"})
    answer = client.getresponse()
    said = answer.read()
    if answer.status >= 400:
        raise SystemExit(f"{path}: {answer.status} {said!r}")


def through_the_door(port: int, token: str, run: str, sent: list[bytes]) -> float:
    client = HTTPConnection("127.0.0.1", port, timeout=60)
    opening = {"id": run, "started_at": AT, "play": "p", "hosts": [{"name": f"pc-{n}"} for n in range(50)]}
    ask(client, token, "PUT", run, json.dumps(opening).encode())
    packed = [gzip.compress(body, 3) for body in sent]
    start = time.perf_counter()
    for body in packed:
        ask(client, token, "POST", f"{run}/events", body)
    return time.perf_counter() - start


def bare(url: str, run: int, sent: list[bytes]) -> float:
    database = Database(url)
    rows = [[one.row(run) for one in wire.events(body)] for body in sent]
    now = datetime.now(UTC)  # noqa: TID251 -- likewise
    with database.write.begin() as connection:
        connection.execute(
            insert(OutsideRun).values(
                id=run,
                ulid=f"bare-{run}",
                play="p",
                check_mode=False,
                source={},
                state="running",
                imported=False,
                owner="x",
                owner_name="x",
                last_seq=0,
                **dict.fromkeys(("started_at", "heard_at", "renewed_at"), now),
            )
        )
    start = time.perf_counter()
    for part in rows:
        with database.write.begin() as connection:
            connection.execute(insert(OutsideEvent), part)
    took = time.perf_counter() - start
    database.close()
    return took


def cpu_of(pid: int) -> float:
    """Seconds of processor that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def measure(name: str, url: str, data: str, sent: list[bytes]) -> dict[str, Any]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": f"{ROOT / 'service'}:{ROOT / 'agents'}:{ROOT}",
        "KITTO_DATA": data,
        "KITTO_DATABASE_URL": url,
        "KITTO_LOG_LEVEL": "error",
    }
    command = [sys.executable, __file__, "--serve"]
    doors, bares = [], []
    processor = 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            token, port = process.stdout.readline().strip(), int(process.stdout.readline())
            for number, run in enumerate(RUNS[:ROUNDS]):
                before = cpu_of(process.pid)
                doors.append(through_the_door(port, token, run, sent))
                processor += cpu_of(process.pid) - before
                bares.append(bare(url, 10_000 * (number + 1), sent))
        finally:
            process.terminate()
    events = len(sent) * BATCH
    per_second, plain = round(events / sorted(doors)[1]), round(events / sorted(bares)[1])
    return {
        "bench": "run_events",
        "database": name,
        "events": events,
        "per_second": per_second,
        "best_per_second": round(events / min(doors)),
        "bare_per_second": plain,
        "ratio": round(per_second / plain, 3),
        "cpu_us_per_event": round(processor / ROUNDS / events * 1e6),
        "load_average": os.getloadavg()[0],
    }


def main(arguments: list[str]) -> int:
    if arguments == ["--serve"]:
        serve()
        return 0
    sent = batches(int(arguments[0]) if arguments else 20_000)
    found = []
    with tempfile.TemporaryDirectory() as folder, postgres_server() as postgres:
        postgres.create_database("bench")
        for name, url in (
            ("SQLite", f"sqlite:///{folder}/a/kitto.sqlite3"),
            ("PostgreSQL", postgres.url("bench")),
        ):
            found.append(measure(name, url, f"{folder}/{name}", sent))
    print(f"{'database':<14}{'per s':>8}{'best':>8}{'bare':>9}{'ratio':>8}{'cpu us':>8}{'load':>7}")
    for one in found:
        print(
            f"{one['database']:<14}{one['per_second']:>8}{one['best_per_second']:>8}"
            f"{one['bare_per_second']:>9}{one['ratio']:>8}{one['cpu_us_per_event']:>8}{one['load_average']:>7.1f}"
        )
    print("\n".join(json.dumps(one) for one in found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
