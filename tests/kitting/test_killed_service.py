"""kill -9 of the service, or of its database, while a play runs: all goes on, and nothing runs twice."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest

from kitto.assets import actions as assets
from kitto.base import clock, journal
from kitto.base.seal import Secret
from kitto.base.settings import Settings
from kitto.base.work import Ledger
from kitto.identity import actions as identity
from kitto.identity import queries as accounts
from kitto.identity.doors import person_actor
from kitto.identity.rules import Permission
from kitto.kitting import actions as kitting
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.counterparts.postgres import Mode, PostgresServer
from tests.make import KITTO, make_pc

PATIENCE = 240  # seconds; two cores, shared by many
pytestmark = pytest.mark.timeout(4 * PATIENCE)

PROFILE = """
name: slow
title: { ja: 遅い, en: Slow }
platform: linux
parameters: { type: object, properties: {} }
steps:
  - { key: first, kind: playbook, title: { ja: 一, en: One }, playbook: slow.yml }
  - { key: second, kind: playbook, title: { ja: 二, en: Two }, playbook: quick.yml }
"""
PLAY = """
- name: Slow
  hosts: device
  gather_facts: false
  become: true
  environment:
    KITTO_JOB: "{{{{ kitto_run }}}}"
  tasks:
    - name: It leaves a mark
      ansible.builtin.shell: echo {mark} >> /root/marks; sleep {seconds}
      changed_when: true
    - name: It ends
      ansible.builtin.shell: echo {mark}-end >> /root/marks
      changed_when: true
"""


class Service:
    """A `kitto serve` of our own, which can be killed."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = os.environ | {  # noqa: TID251 -- what a shell would hand to the service
            "KITTO_PORT": str(self.port),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        self._log = settings.data / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from kitto.cli import main; main()", "serve"],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        end = monotonic() + PATIENCE
        while monotonic() < end:
            try:
                if httpx2.get(f"http://127.0.0.1:{self.port}/readyz", timeout=PATIENCE).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            sleep(0.2)
        raise AssertionError(self._log.read_text()[-2000:])

    def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=PATIENCE)


@pytest.fixture
def service(own_profiles: Path, own_settings: Settings) -> Iterator[Service]:
    made = Service(own_settings)
    yield made
    if made._process is not None and made._process.poll() is None:
        made.end(signal.SIGKILL)


def token_for(ledger: Ledger) -> str:
    with ledger.begin(KITTO) as work:
        identity.create_first_administrator(
            work, name="founder", display_name="founder", password=Secret("correct horse battery staple")
        )
    with ledger.read(KITTO) as work:
        maker = person_actor(accounts.account_by_name(work, "founder"))
    wish = identity.TokenWish(
        name="test",
        permissions=(Permission.SEE, Permission.KIT),
        expires_at=clock.now() + timedelta(days=1),
        quota=10_000,
    )
    with ledger.begin(maker) as work:
        return identity.make_token(work, wish)[1].reveal()


@dataclass
class Running:
    """A kit that a service of our own carries through, and the PC it is for."""

    service: Service
    headers: dict[str, str]
    machine: BenchPc
    number: int

    def ask(self, address: str) -> Any:
        """What the service answers; while it has no database it says so, and is asked again."""
        end = monotonic() + PATIENCE
        while True:
            answer = httpx2.get(
                f"http://127.0.0.1:{self.service.port}/api/v1/{address}",
                headers=self.headers,
                timeout=PATIENCE,
            )
            if answer.status_code != 503 or monotonic() > end:
                assert answer.status_code == 200, answer.text
                return answer.json()
            sleep(0.2)

    def until_marked(self, mark: str) -> None:
        _until(lambda: mark in self.machine.run("cat /root/marks", check=False).stdout.split())

    def is_done_once(self) -> None:
        """It came to its end, each step once, and its log has no gap."""
        done = _until(self._finished)
        marks = self.machine.run("cat /root/marks").stdout.split()
        assert marks == ["first", "first-end", "second", "second-end"]
        assert [step["attempt"] for step in done["steps"]] == [1, 1]
        cursors = [line["cursor"].split("-") for line in self.ask(f"kits/{self.number}/log")]
        for attempt in {cursor[0] for cursor in cursors}:
            numbers = [int(seq) for one, seq in cursors if one == attempt]
            assert numbers == list(range(1, len(numbers) + 1))

    def _finished(self) -> dict[str, Any] | None:
        kit: dict[str, Any] = self.ask(f"kits/{self.number}")
        assert kit["state"] not in ("failed", "cancelled"), kit
        return kit if kit["state"] == "ready" else None


@pytest.fixture
def running(service: Service, own_profiles: Path, ledger: Ledger) -> Iterator[Running]:
    """A kit in the middle of its first play."""
    folder = own_profiles / "slow"
    folder.mkdir()
    (folder / "profile.yml").write_text(PROFILE, encoding="utf-8")
    (folder / "slow.yml").write_text(PLAY.format(mark="first", seconds=8), encoding="utf-8")
    (folder / "quick.yml").write_text(PLAY.format(mark="second", seconds=0), encoding="utf-8")
    pc = make_pc(ledger, serial="8XK2QZ3")
    with ledger.begin(KITTO) as work:
        key = kitting.make_key(work).public
    headers = {"Authorization": f"Bearer {token_for(ledger)}"}
    with bench_pc("8XK2QZ3", authorized_key=key) as machine:
        with ledger.begin(KITTO) as work:
            assets.set_endpoint(
                work,
                tag=str(pc.tag),
                kind="ssh",
                address=machine.address,
                port=machine.port,
                account=machine.user,
                host_key=machine.host_key,
            )
        service.start()
        made = httpx2.post(
            f"http://127.0.0.1:{service.port}/api/v1/kits",
            json={"tag": pc.tag, "profile": "slow"},
            headers=headers,
            timeout=PATIENCE,
        )
        assert made.status_code == 201, made.text
        begun = Running(service, headers, machine, made.json()["id"])
        begun.until_marked("first")
        yield begun


@pytest.mark.bench_pc
def test_a_killed_service_loses_no_play_and_runs_none_twice(running: Running, ledger: Ledger) -> None:
    running.service.end(signal.SIGKILL)
    running.until_marked("first-end")
    running.service.start()
    running.is_done_once()
    assert running.service.end(signal.SIGTERM) == 0
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        assert journal.verify(work.session).verified


@pytest.mark.bench_pc
@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_database_that_restarts_during_a_play_fails_nothing(
    how: Mode, database_kind: str, request: pytest.FixtureRequest
) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite has no server that could restart")
    running: Running = request.getfixturevalue("running")
    server: PostgresServer = request.getfixturevalue("postgres")
    server.restart(how)
    running.until_marked("first-end")
    server.restart(how)
    running.is_done_once()


def _until(look: Callable[[], Any]) -> Any:
    end = monotonic() + PATIENCE
    while not (found := look()):
        assert monotonic() < end, "waited in vain"
        sleep(0.2)
    return found
