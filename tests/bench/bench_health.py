"""CPU of one SNMP poll: the hot path, pysnmp and net-snmp's snmpget in the same run; sweeps of thousands.

`python tests/bench/bench_health.py [TARGETS]` prints a table and one JSON line per measurement. The
device is a process of its own that answers at every loopback address; CPU is the client's alone
(getrusage; for snmpget that of its processes). The sides take turns; the table shows medians.
"""

import asyncio
import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "service", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from pysnmp.hlapi.v3arch.asyncio import (  # noqa: E402 -- after the path is set
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)

from kitto.base.seal import Secret  # noqa: E402
from kitto.health.adapters.identify import FIRST  # noqa: E402
from kitto.health.adapters.snmp import (  # noqa: E402
    Agent,
    Community,
    Depth,
    Pulse,
    SnmpTarget,
    open_session,
    sweep,
)
from kitto.health.rules.states import Sign  # noqa: E402

ROUNDS = 3
POLLS = {"kitto": 400, "pysnmp": 100, "snmpget": 40}
PUBLIC = Community(Secret("public"))
SERVE = (
    "import sys\n"
    "from tests.counterparts.snmp import snmp_device\n"
    "with snmp_device('switch', everywhere=True) as device:\n"
    "    print(device.port, flush=True)\n"
    "    sys.stdin.read()\n"
)


@contextmanager
def switch() -> Iterator[int]:
    """The device in a process of its own; yields its port."""
    run = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert run.stdin is not None
    assert run.stdout is not None
    try:
        yield int(run.stdout.readline())
    finally:
        run.stdin.close()
        run.wait(10)


def cpu(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def by_kitto(port: int, polls: int) -> float:
    """The twelve objects of the first identity request, a session for each poll, as the sweep does it."""

    async def run() -> None:
        target = SnmpTarget(1, "127.0.0.1", PUBLIC, port=port)
        pulse = Pulse()
        for _ in range(polls):
            assert await Agent(open_session(target), target, pulse).get(FIRST)

    before = cpu()
    asyncio.run(run())
    return (cpu() - before) / polls


def by_pysnmp(port: int, polls: int) -> float:
    """The same request through pysnmp's high-level interface, one engine kept."""

    async def run() -> float:
        engine = SnmpEngine()
        place = await UdpTransportTarget.create(("127.0.0.1", port), timeout=5)
        objects = [ObjectType(ObjectIdentity(oid)) for oid in FIRST]
        community, context = CommunityData("public"), ContextData()
        await get_cmd(engine, community, place, context, *objects, lookupMib=False)  # warm
        before = cpu()
        for _ in range(polls):
            wanted = [ObjectType(ObjectIdentity(oid)) for oid in FIRST]
            trouble, *_ = await get_cmd(engine, community, place, context, *wanted, lookupMib=False)
            assert not trouble
        used = cpu() - before
        engine.close_dispatcher()
        return used

    return asyncio.run(run()) / polls


def by_snmpget(port: int, polls: int) -> float:
    """The same request by one process of net-snmp for each poll."""
    before = cpu(resource.RUSAGE_CHILDREN)
    for _ in range(polls):
        subprocess.run(
            ["snmpget", "-v2c", "-c", "public", "-On", f"127.0.0.1:{port}", *FIRST],
            check=True,
            capture_output=True,
            env={"MIBS": "", "PATH": "/usr/bin:/bin"},
        )
    return (cpu(resource.RUSAGE_CHILDREN) - before) / polls


SIDES: dict[str, Callable[[int, int], float]] = {
    "kitto": by_kitto,
    "pysnmp": by_pysnmp,
    "snmpget": by_snmpget,
}


def thousands(port: int, count: int) -> dict[str, float]:
    """A liveness sweep of so many distinct addresses."""
    targets = [
        SnmpTarget(
            n,
            f"127.{16 + n // 62_500}.{n // 250 % 250}.{n % 250 + 1}",
            PUBLIC,
            port=port,
            depth=Depth.LIVENESS,
        )
        for n in range(count)
    ]
    gc.collect()
    grown, before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, cpu(), time.monotonic()
    answers = sweep(targets)
    return {
        "targets": count,
        "seconds": time.monotonic() - started,
        "cpu_seconds": cpu() - before,
        "grown_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown) / 1024,
        "not_answered": sum(answer.sign is not Sign.ANSWERED for answer in answers.values()),
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with switch() as port:
        sweeps = [thousands(port, 2_000), thousands(port, count)]
        taken: dict[str, list[float]] = {name: [] for name in SIDES}
        for _ in range(ROUNDS):
            for name, side in SIDES.items():
                taken[name].append(side(port, POLLS[name]) * 1000)
    print(f"{'GET of 12 objects':20} {'CPU ms a poll':>14} {'to kitto':>9}")
    own = statistics.median(taken["kitto"])
    for name, rounds in taken.items():
        middle = statistics.median(rounds)
        print(f"{name:20} {middle:14.3f} {middle / own:8.1f}×")
    for row in sweeps:
        print(
            f"sweep of {row['targets']:,.0f}: {row['seconds']:.1f} s, {row['cpu_seconds']:.2f} CPU-s, "
            f"{row['grown_mb']:.1f} MB more, {row['not_answered']:.0f} without an answer"
        )
    for name, rounds in taken.items():
        print(json.dumps({"bench": "health.poll", "side": name, "cpu_ms": [round(r, 4) for r in rounds]}))
    for row in sweeps:
        print(json.dumps({"bench": "health.sweep"} | {key: round(value, 3) for key, value in row.items()}))


if __name__ == "__main__":
    main()
