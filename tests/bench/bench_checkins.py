"""Unchanged check-ins a second and CPU for each, on both databases, against a bare FastAPI endpoint.

`python tests/bench/bench_checkins.py [SECONDS]` prints a table and one JSON line per round. Server and
clients are processes of their own on one machine; CPU is the server's alone, read from /proc. The
machines keep their connections, as behind a proxy; the sides take turns.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "service", ROOT / "agents", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from kitto.checkins.rules.signature import key_of  # noqa: E402 -- after the path is set
from kitto_agent import wire  # noqa: E402
from tests.bench.serve_checkins import MACHINES  # noqa: E402
from tests.counterparts.postgres import postgres_server  # noqa: E402

CONNECTIONS = 64
ROUNDS = 2
TICKS = os.sysconf("SC_CLK_TCK")
PATH = "/agent/v1/checkin"
SECTIONS = {"hardware": {"serial": "X"}, "os": {"hostname": "bench"}}


@dataclass
class Device:
    """One machine that checks in."""

    name: str
    key: bytes
    counter: int = 0

    def request(self, body: bytes) -> bytes:
        self.counter = max(self.counter + 1, int(time.time() * 1000))
        signed = wire.authorization(self.key, self.name, PATH, body, self.counter)
        lines = (
            f"POST {PATH} HTTP/1.1",
            "Host: kitto.example",
            f"Authorization: {signed}",
            f"Content-Length: {len(body)}",
        )
        return "\r\n".join((*lines, "", "")).encode() + body


@dataclass
class Server:
    """A running server process."""

    pid: int
    port: int
    token: str

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def served(side: str, data: str, url: str) -> Iterator[Server]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": f"{ROOT / 'service'}:{ROOT / 'agents'}:{ROOT}",
        "KITTO_DATA": data,
        "KITTO_DATABASE_URL": url,
        "KITTO_LOG_LEVEL": "error",
    }
    command = [sys.executable, str(ROOT / "tests/bench/serve_checkins.py"), side]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        token, port = process.stdout.readline().strip(), int(process.stdout.readline())
        try:
            yield Server(process.pid, port, token)
        finally:
            process.terminate()


def devices(server: Server) -> list[Device]:
    """Enrol all machines and let each report once, so that later check-ins are unchanged."""
    if server.token == "-":
        return [Device(f"machine{number:05d}", b"k" * 32) for number in range(MACHINES)]
    made = []
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    for number in range(MACHINES):
        machine = {"serial": f"BENCH{number:05d}", "hostname": f"bench-{number}"}
        body = {"token": server.token, "v": "0.1.0", "m": "0" * 8, "machine": machine}
        said = _post(connection, "/agent/v1/enrol", wire.canonical(body), {})
        made.append(Device(str(said["id"]), key_of(str(said["secret"]))))
    hashes = {name: wire.section_hash(content) for name, content in SECTIONS.items()}
    for device in made:
        body = {
            "h": wire.whole_hash(hashes),
            "v": "0.1.0",
            "sections": {name: {"h": hashes[name], "d": SECTIONS[name]} for name in SECTIONS},
        }
        _report(connection, device, wire.canonical(body))
    return made


def _report(connection: HTTPConnection, device: Device, body: bytes) -> None:
    import gzip

    packed = gzip.compress(body)
    device.counter = int(time.time() * 1000)
    signed = wire.authorization(device.key, device.name, "/agent/v1/sections", packed, device.counter)
    _post(connection, "/agent/v1/sections", packed, {"Authorization": signed})


def _post(connection: HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> dict[str, object]:
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    raw = response.read()
    if response.status >= 400:
        raise SystemExit(f"{path}: {response.status} {raw!r}")
    found: dict[str, object] = json.loads(raw)
    return found


async def load(port: int, machines: list[Device], seconds: float) -> list[float]:
    """Check in as fast as answers come; gives the time of each answer in seconds."""
    whole = wire.whole_hash({name: wire.section_hash(content) for name, content in SECTIONS.items()})
    body = wire.canonical({"h": whole, "m": "0" * 8, "up": 86_400, "fr": 123_456, "v": "0.1.0"})
    end = time.perf_counter() + seconds
    share = len(machines) // CONNECTIONS
    groups = [machines[start * share : (start + 1) * share] for start in range(CONNECTIONS)]
    found = await asyncio.gather(*(_one(port, group, body, end) for group in groups))
    return [latency for group in found for latency in group]


async def _one(port: int, machines: list[Device], body: bytes, end: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for device in cycle(machines):
        start = time.perf_counter()
        if start >= end:
            break
        writer.write(device.request(body))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 204"):
            raise SystemExit(f"unexpected answer: {head!r}")
        times.append(time.perf_counter() - start)
    writer.close()
    return times


def measure(side: str, server: Server, machines: list[Device], seconds: float) -> dict[str, object]:
    asyncio.run(load(server.port, machines, 1))  # warm up: keys are read, caches are filled
    before, start = server.cpu_seconds(), time.perf_counter()
    times = asyncio.run(load(server.port, machines, seconds))
    took, cpu = time.perf_counter() - start, server.cpu_seconds() - before
    cuts = statistics.quantiles(times, n=100)
    return {
        "bench": "checkins",
        "side": side,
        "per_second": round(len(times) / took),
        "cpu_ms_each": round(cpu / len(times) * 1000, 3),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p95_ms": round(cuts[94] * 1000, 1),
        "answered": len(times),
        "load_average": os.getloadavg()[0],
    }


def main(arguments: list[str]) -> int:
    seconds = float(arguments[0]) if arguments else 10
    lines = []
    print(f"{'side':<22}{'per s':>8}{'CPU ms':>9}{'p50 ms':>9}{'p95 ms':>9}{'load':>7}")
    with tempfile.TemporaryDirectory() as folder, postgres_server() as postgres:
        postgres.create_database("bench")
        sides = {
            "bare FastAPI": ("bare", ""),
            "Kitto, SQLite": ("kitto", f"sqlite:///{folder}/a/kitto.sqlite3"),
            "Kitto, PostgreSQL": ("kitto", postgres.url("bench")),
        }
        opened = {
            name: served(kind, f"{folder}/{kind}-{index}", url)
            for index, (name, (kind, url)) in enumerate(sides.items())
        }
        running = {name: manager.__enter__() for name, manager in opened.items()}
        try:
            machines = {name: devices(server) for name, server in running.items()}
            for _ in range(ROUNDS):
                for name, server in running.items():
                    found = measure(name, server, machines[name], seconds)
                    lines.append(json.dumps(found))
                    print(
                        f"{name:<22}{found['per_second']:>8}{found['cpu_ms_each']:>9}"
                        f"{found['p50_ms']:>9}{found['p95_ms']:>9}{found['load_average']:>7.1f}"
                    )
        finally:
            for manager in opened.values():
                manager.__exit__(None, None, None)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
