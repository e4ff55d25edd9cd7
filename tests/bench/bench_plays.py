"""Plays through Kitto against `ansible-playbook`: one recipe on the same bench PCs, wall and processor time.

`python -m tests.bench.bench_plays [--sides kitto tuned default …] [--rounds N]`, `PCS=20` for the figure.
The steps of linux-workstation run on fresh PCs for each side, sides alternating in one run. Kitto starts
one supervised play per PC and step; the others one `ansible-playbook` for all PCs and steps, once with its
defaults and once tuned as Kitto is (pipelining, ControlPersist, forks, no facts). Processor time is that
of the controller: every process the side started, detached ones too, and none of the PCs'.
Prints a table, and a JSON line for each run. Needs root, as the PCs do.
"""

import argparse
import contextlib
import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitto.kitting.adapters.plays import Strategy
from kitto_agent.build import build
from tests.counterparts import keys
from tests.counterparts.apt import apt_repository
from tests.counterparts.pcs import BenchPc, bench_pc, why_reduced
from tests.kitting.adapters import stage
from tests.kitting.adapters.enrolment import service

STEPS = ("base.yml", "accounts.yml", "software.yml", "agent.yml")
TOKEN = "one-time-token-of-this-machine"
RECIPE = stage.PLAYBOOKS / "linux-workstation"
SIDES = ("kitto", "tuned", "default", "kitto-mitogen")
REAP_SECONDS = 20.0


@dataclass(frozen=True)
class Place:
    """How one PC is reached, and what it is called."""

    address: str
    port: int
    user: str
    host_key: str
    tag: str
    serial: str


def variables(place: Place, shared: dict[str, Any]) -> dict[str, Any]:
    return {**shared, "kitto_tag": place.tag, "kitto_serial": place.serial}


def play_by_kitto(job: dict[str, Any], folder: Path) -> None:
    """One play per PC and step, a PC's steps in order, as many PCs at a time as the machine can take."""
    strategy = Strategy.MITOGEN if job["side"] == "kitto-mitogen" else Strategy.NEAR
    ansible = stage.installation(folder, strategy=strategy)
    places = [Place(**each) for each in job["places"]]

    def kit(number: int) -> None:
        place = places[number]
        for step in STEPS:
            secret = {"enrolment_token": TOKEN} if step == "agent.yml" else {}
            spec = stage.order(
                place,
                RECIPE,
                run_id=f"pc{number}-{step.removesuffix('.yml')}",
                playbook=step,
                variables=variables(place, job["variables"]),
                files={"kitto_agent_pyz": job["agent"]},
                secret_names=tuple(secret),
                connect_seconds=30,
            )
            ansible.start(spec, secret, job["private"])
            # As often as the service looks.
            while (outcome := ansible.outcome(spec.run_id)) is None:
                time.sleep(0.25)
            changed[f"{place.tag} {step}"] = outcome.counts.changed
            assert outcome.outcome == "succeeded", (outcome, stage.last_words(ansible, spec.run_id))
            ansible.forget(spec.run_id)

    changed: dict[str, int] = {}
    with ThreadPoolExecutor(job["at_once"]) as pool:
        list(pool.map(kit, range(len(places))))
    print(json.dumps({"changed": sum(changed.values())}))


def lay_out(job: dict[str, Any], folder: Path) -> None:
    """What a person would have beside a playbook: key, known hosts, inventory, variables, plugins."""
    places = [Place(**each) for each in job["places"]]
    key = folder / "key"
    key.touch(0o600)
    key.write_text(job["private"])
    known = folder / "known_hosts"
    known.write_text(
        "".join(f"[{p.address}]:{p.port} {p.host_key}\n{p.address} {p.host_key}\n" for p in places)
    )
    hosts = {
        f"pc{n}": {
            "ansible_host": p.address,
            "ansible_port": p.port,
            "ansible_user": p.user,
            "ansible_ssh_private_key_file": str(key),
            "kitto_run": f"hand-{n}",
            **variables(p, job["variables"]),
        }
        for n, p in enumerate(places)
    }
    (folder / "hosts.json").write_text(json.dumps({"device": {"hosts": hosts}}))
    (folder / "extra.json").write_text(json.dumps({"kitto_agent_pyz": job["agent"]}))
    lookups = folder / "lookup"
    lookups.mkdir()
    # The peer has no supervisor to ask; this costs it nothing.
    (lookups / "kitto_secret.py").write_text(
        "from ansible.plugins.lookup import LookupBase\n"
        "class LookupModule(LookupBase):\n"
        f"    def run(self, terms, variables=None, **_):\n        return [{TOKEN!r} for _ in terms]\n"
    )


def surroundings(side: str, many: int, folder: Path) -> dict[str, str]:
    """The environment of the side; tuned, it is what Kitto sets."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}:/usr/sbin:/sbin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ANSIBLE_LOOKUP_PLUGINS": str(folder / "lookup"),
        "ANSIBLE_SSH_ARGS": "-C -o ControlMaster=auto -o ControlPersist=60s "
        f"-o UserKnownHostsFile={folder / 'known_hosts'} -o StrictHostKeyChecking=yes -F /dev/null",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
        "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
    }
    if side == "tuned":
        (folder / "ansible.cfg").write_text("[defaults]\ninternal_poll_interval = 0.01\n")
        environment |= {
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_FORKS": str(many),
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_NO_TARGET_SYSLOG": "True",
            "ANSIBLE_DEPRECATION_WARNINGS": "False",
            "ANSIBLE_INJECT_FACT_VARS": "False",
        }
    return environment


def play_by_hand(job: dict[str, Any], folder: Path) -> None:
    """One `ansible-playbook` for all PCs and all steps."""
    lay_out(job, folder)
    environment = surroundings(job["side"], len(job["places"]), folder)
    done = subprocess.run(
        [
            *("ansible-playbook", "-i", str(folder / "hosts.json"), "-e", f"@{folder / 'extra.json'}"),
            str(RECIPE / "playbook.yml"),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    recap = [line for line in done.stdout.splitlines() if "changed=" in line]
    changed = sum(int(word.split("=")[1]) for line in recap for word in line.split() if "changed=" in word)
    print(json.dumps({"changed": changed}))


def as_a_side() -> None:
    """In a process of its own: run the side, collect every process it left, and say what it all took."""
    job = json.load(sys.stdin)
    # Whatever is left behind by a parent that ends comes to us, so that its time can be counted.
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="kb", dir="/tmp") as name:
        # Reading and building before the clock runs costs no side anything.
        began, own = time.monotonic(), _cpu(resource.RUSAGE_SELF)
        (play_by_kitto if job["side"].startswith("kitto") else play_by_hand)(job, Path(name))
        wall = time.monotonic() - began
        _reap()
    own = _cpu(resource.RUSAGE_SELF) - own
    cpu = own + _cpu(resource.RUSAGE_CHILDREN)
    print(json.dumps({"wall": round(wall, 2), "cpu": round(cpu, 2), "own_cpu": round(own, 2)}))


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _reap() -> None:
    """Wait for what ends by itself; end the rest (a warm server waits for more work)."""
    deadline = time.monotonic() + REAP_SECONDS
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            continue
        if time.monotonic() > deadline - REAP_SECONDS + 2:
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(child), 15 if time.monotonic() < deadline else 9)
        time.sleep(0.05)


@contextlib.contextmanager
def fleet(many: int, key: str, source: str) -> Iterator[list[Place]]:
    """PCs fresh from their boxes."""
    with contextlib.ExitStack() as on:
        made: list[BenchPc] = []
        lock = threading.Lock()

        def switch_on(number: int) -> None:
            pc = bench_pc(serial=f"BENCH{number:03d}", authorized_key=key)
            with lock:
                made.append(on.enter_context(pc))

        for number in range(many):
            switch_on(number)
        yield [
            Place(pc.address, pc.port, pc.user, pc.host_key, f"PC-{n:05d}", pc.hardware.serial)
            for n, pc in enumerate(made)
        ]


def measured(side: str, many: int, at_once: int) -> dict[str, Any]:
    """One side on a fleet of its own."""
    pair = keys.new_key_pair()
    with (
        tempfile.TemporaryDirectory() as scratch,
        apt_repository() as repository,
        service(TOKEN) as (address, _),
        fleet(many, pair.public, repository.source) as places,
    ):
        job = {
            "side": side,
            "places": [vars(place) for place in places],
            "private": pair.private,
            "agent": str(build(Path(scratch) / "agent.pyz")),
            "at_once": at_once,
            "variables": {
                **{k: v for k, v in stage.OFFICE.items() if k not in ("kitto_tag", "kitto_serial")},
                "kitto_accounts": [
                    {"name": "tanaka", "full_name": "Tanaka Hanako", "keys": [pair.public], "sudo": True},
                    {"name": "sato", "full_name": "Sato"},
                ],
                "kitto_apt_sources": [{"name": "bench", "line": repository.source}],
                "kitto_packages": ["kitto-bench-tool"],
                "kitto_server": address,
            },
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.bench_plays", "--as-a-side"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
            cwd=stage.ROOT,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = {"side": side, "pcs": many}
    for line in done.stdout.splitlines():
        found |= json.loads(line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-a-side", action="store_true")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES[:3]))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--pcs", type=int, default=int(os.environ.get("PCS", "5")))  # noqa: TID251 -- as a shell would
    wanted = parser.parse_args()
    if wanted.as_a_side:
        as_a_side()
        return
    if reason := why_reduced():
        sys.exit(f"There is no bench here: {reason}")
    at_once = min(8, 4 * (os.cpu_count() or 1))
    rows: list[dict[str, Any]] = []
    for _ in range(wanted.rounds):
        for side in wanted.sides:
            rows.append(measured(side, wanted.pcs, at_once))
            print(json.dumps(rows[-1] | {"load": round(os.getloadavg()[0], 1)}), flush=True)
    print(f"\n{'':16} {'wall s':>8} {'CPU s':>8} {'changed':>8}")
    for side in wanted.sides:
        mine = [row for row in rows if row["side"] == side]
        wall, cpu = (statistics.median(row[key] for row in mine) for key in ("wall", "cpu"))
        print(f"{side:16} {wall:8.1f} {cpu:8.1f} {mine[0]['changed']:8}")


if __name__ == "__main__":
    main()
