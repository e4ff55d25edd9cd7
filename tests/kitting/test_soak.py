"""Kits while whatever serves them is killed at random: nothing is lost, nothing runs twice, nothing leaks.

Only with `make soak`: two kits, and two hundred (`FEW=…`, `KITS=…` for other numbers). The seed is
printed, and `SEED=…` plays the same game again, as far as a machine's own timing lets it.
"""

import base64
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from kitto.assets import actions as assets
from kitto.base import journal
from kitto.base.db import Database
from kitto.base.seal import Secret
from kitto.base.settings import Settings
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting import actions as kitting
from kitto.kitting import queries
from kitto.kitting.actions.secrets import keep_secret
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import State
from kitto.kitting.jobs import plays
from tests.counterparts.pcs import BenchPc, bench_pc, why_reduced
from tests.kitting.adapters.test_warm import forks, loaded
from tests.kitting.test_killed_service import Service, token_for
from tests.make import KITTO, make_pc

pytestmark = pytest.mark.bench_pc

CANARY = "Kanarienvogel-7391-im-Bergwerk"
WAVE = 20
PROFILE = """
name: soaked
title: { ja: 耐久, en: Soaked }
platform: linux
parameters: { type: object, properties: {} }
steps:
  - { key: again, kind: playbook, title: { ja: 一, en: One }, playbook: again.yml, on_lost: rerun }
  - { key: once, kind: playbook, title: { ja: 二, en: Two }, playbook: once.yml, on_lost: ask }
  - key: secret
    kind: playbook
    title: { ja: 三, en: Three }
    playbook: secret.yml
    on_lost: rerun
    secrets: [canary]
"""
PLAY = """
- name: {name}
  hosts: device
  gather_facts: false
  become: true
  environment:
    KITTO_JOB: "{{{{ kitto_run }}}}"
  tasks:
    - name: It leaves a mark
      ansible.builtin.shell: echo {name} >> /root/marks; sleep 1; echo {name}-end >> /root/marks
      changed_when: true
"""
TELLING = """\
    - name: It says what it should not
      ansible.builtin.debug:
        msg: "{{ lookup('kitto_secret', 'canary') }} {{ lookup('kitto_secret', 'canary') | b64encode }}"
    - name: It needs it
      ansible.builtin.command:
        cmd: sh -c 'wc -c > /root/told'
        stdin: "{{ lookup('kitto_secret', 'canary') }}"
      changed_when: true
"""
# A kit that a person has to look at has not been lost.
SETTLED = ("ready", "failed", "held")


@dataclass
class Bench:
    """One installation that serves kits, and who is killed in it."""

    service: Service
    ledger: Ledger
    data: Path
    headers: dict[str, str]
    chance: random.Random
    restart_database: Callable[[], None] | None
    killed: dict[str, int]

    @property
    def ansible(self) -> Ansible:
        return plays.ansible()

    def get(self, address: str) -> Any:
        until = monotonic() + 60
        while True:
            answer = httpx2.get(
                f"http://127.0.0.1:{self.service.port}/api/v1/{address}", headers=self.headers, timeout=60
            )
            # The database has been restarted a moment ago, and the service says so.
            if answer.status_code != 503 or monotonic() > until:
                assert answer.status_code == 200, answer.text
                return answer.json()
            sleep(0.2)

    def supervisors(self) -> list[int]:
        found = (self.ansible.find(run) for run in self.ansible.runs())
        return [handle.pid for handle in found if handle and handle.state is State.RUNNING]

    def kill_somebody(self) -> None:
        """Whom, is chance: one kind of those that live just now, and one of it."""
        plays = {
            "supervisor": self.supervisors(),
            "ansible": forks(self.ansible),
            "loaded": loaded(self.ansible, "."),
        }
        kinds = ["service", *(kind for kind, there in plays.items() if there)]
        kind = self.chance.choice([*kinds, "database"] if self.restart_database else kinds)
        if kind == "service":
            self.service.end(signal.SIGKILL)
            self.service.start()
        elif kind == "database":
            assert self.restart_database is not None
            self.restart_database()
        else:
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(plays[kind]), signal.SIGKILL)
        self.killed[kind] = self.killed.get(kind, 0) + 1


@pytest.fixture
def bench(
    own_profiles: Path,
    own_settings: Settings,
    ledger: Ledger,
    request: pytest.FixtureRequest,
    database_kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    if reason := why_reduced():
        pytest.skip(reason)
    monkeypatch.setenv("KITTO_ANSIBLE_WARM_MINUTES", "2")
    folder = own_profiles / "soaked"
    folder.mkdir()
    (folder / "profile.yml").write_text(PROFILE, encoding="utf-8")
    for name in ("again", "once"):
        (folder / f"{name}.yml").write_text(PLAY.format(name=name), encoding="utf-8")
    (folder / "secret.yml").write_text(PLAY.format(name="secret") + TELLING, encoding="utf-8")
    seed = int(os.environ.get("SEED", random.randrange(10**6)))  # noqa: TID251 -- as a shell would
    print(f"SEED={seed}")
    made = Bench(
        service=Service(own_settings),
        ledger=ledger,
        data=own_settings.data,
        headers={"Authorization": f"Bearer {token_for(ledger)}"},
        chance=random.Random(seed),
        restart_database=None,
        killed={},
    )
    is_soak = request.node.get_closest_marker("soak") is not None
    if database_kind == "postgresql" and is_soak:
        server = request.getfixturevalue("postgres")
        # As an administrator would, and as a machine that loses its power.
        made.restart_database = lambda: server.restart(made.chance.choice(("fast", "immediate")))
    yield made
    with suppress(AssertionError, ProcessLookupError):
        made.service.end(signal.SIGKILL)
    made.ansible.rest()


def queue_kits(bench: Bench, on: ExitStack, many: int, first: int) -> dict[int, BenchPc]:
    """Kits on PCs that are switched on, each with a canary; nobody serves them yet."""
    with bench.ledger.begin(KITTO) as work:
        key = kitting.make_key(work).public
    kits = {}
    for number in range(first, first + many):
        serial = f"SOAK{number:04d}"
        machine = on.enter_context(bench_pc(serial, authorized_key=key))
        pc = make_pc(bench.ledger, serial=serial)
        with bench.ledger.begin(KITTO) as work:
            assets.set_endpoint(
                work,
                tag=str(pc.tag),
                kind="ssh",
                address=machine.address,
                port=machine.port,
                account=machine.user,
                host_key=machine.host_key,
            )
        with bench.ledger.begin(KITTO) as work:
            kit = kitting.start_kit(work, tag=str(pc.tag), profile="soaked")
            keep_secret(work, kit=kit, name="canary", value=Secret(CANARY))
            kits[kit.id] = machine
    return kits


def soak(bench: Bench, many: int, seconds_a_kit: float) -> None:
    done = 0
    while done < many:
        wave = min(WAVE, many - done)
        with ExitStack() as on:
            kits = queue_kits(bench, on, wave, done)
            if not done:
                bench.service.start()
            until = monotonic() + seconds_a_kit * wave + 180
            while open_kits := [
                kit for kit in bench.get(f"kits?limit={wave}")["items"] if not is_settled(kit)
            ]:
                assert monotonic() < until, open_kits
                sleep(bench.chance.uniform(0.5, 4))
                bench.kill_somebody()
            for kit, machine in kits.items():
                look_at(bench, kit, machine)
        done += wave
        print(f"{done} kits, killed: {bench.killed}", flush=True)
    assert bench.service.end(signal.SIGTERM) == 0


def is_settled(kit: dict[str, Any]) -> bool:
    return kit["state"] in SETTLED or (kit["state"] == "waiting" and kit["waits_for"] == "person")


def look_at(bench: Bench, kit_id: int, machine: BenchPc) -> None:
    """One kit at its end: finished or waiting for a person; nothing dangerous done twice, no event lost."""
    kit = bench.get(f"kits/{kit_id}")
    marks = machine.run("cat /root/marks", check=False).stdout.split()
    steps = {step["key"]: step for step in kit["steps"]}
    assert marks.count("once") <= 1, (kit, marks)
    if kit["state"] == "ready":
        assert {"again-end", "once-end", "secret-end"} <= set(marks), (kit, marks)
        assert machine.run("cat /root/told").stdout.strip() == str(len(CANARY) + 1)  # and a line end
    else:
        assert [step for step in steps.values() if step["state"] in ("lost", "failed", "waiting")], kit
    lines: list[dict[str, Any]] = []
    after = "0-0"
    while page := bench.get(f"kits/{kit_id}/log?limit=1000&after={after}"):
        lines += page
        after = page[-1]["cursor"]
    assert not spelled(str(lines)), kit_id
    for attempt in {line["cursor"].split("-")[0] for line in lines}:
        cursors = (line["cursor"].split("-") for line in lines)
        numbers = [int(seq) for one, seq in cursors if one == attempt]
        assert numbers == list(range(1, len(numbers) + 1)), (kit_id, attempt, numbers)


def spelled(said: str) -> bool:
    return CANARY in said or base64.b64encode(CANARY.encode()).decode().rstrip("=") in said


def look_at_all(bench: Bench, database: Database) -> None:
    """The journal is whole, and the canary is nowhere."""
    with bench.ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        assert journal.verify(work.session).verified
        tables = ("play_line", "kit_evidence", "kit_attempt", "kit_step", "fact", "kit_secret")
        for table in tables:
            for row in work.session.execute(text(f"SELECT * FROM {table}")):
                assert not spelled(str(row)), table
        assert queries.newest_key(work) is not None
    for path in bench.data.rglob("*"):
        if path.is_file():
            assert not spelled(path.read_bytes().decode(errors="replace")), path


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_kits_survive_whatever_is_killed(bench: Bench, database: Database) -> None:
    soak(bench, int(os.environ.get("FEW", "2")), 60)  # noqa: TID251 -- as a shell would
    look_at_all(bench, database)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_two_hundred_kits_survive_whatever_is_killed(bench: Bench, database: Database) -> None:
    soak(bench, int(os.environ.get("KITS", "200")), 90)  # noqa: TID251 -- as a shell would
    look_at_all(bench, database)
