"""A device that was off comes back elsewhere, behind a gateway that translates addresses: its kit goes on.

Who it is, its host key and its serial number say, and never the address: another device that answers there
is not touched.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting import actions as kitting
from tests.counterparts.claims import free_port
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.kitting.conftest import Await, step
from tests.make import KITTO, make_pc

pytestmark = [pytest.mark.bench_pc, pytest.mark.timeout(900)]

PROFILE = """
name: moved
title: { ja: 移動, en: Moved }
platform: linux
parameters: { type: object, properties: {} }
steps:
  - { key: there, kind: probe, title: { ja: 応答, en: There }, with: { transport: ssh } }
  - { key: mark, kind: playbook, title: { ja: 印, en: Mark }, playbook: mark.yml }
"""
PLAY = """
- name: Mark
  hosts: device
  gather_facts: false
  become: true
  tasks:
    - name: It leaves a mark
      ansible.builtin.shell: echo here >> /root/marks
      changed_when: true
"""


class Gateway:
    """Passes connections at one port of its own on to whoever is behind it just now."""

    def __init__(self) -> None:
        self.behind: BenchPc | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._welcome, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _welcome(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.behind is None:
                near.close()
                continue
            far = socket.create_connection((self.behind.address, self.behind.port))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while said := one.recv(65536):
            other.sendall(said)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextmanager
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    try:
        yield made
    finally:
        made.close()


def at(ledger: Ledger, tag: str, machine: BenchPc, port: int) -> None:
    """The ledger's word on where the device is reached; whose key it must show stays the same."""
    with ledger.begin(KITTO) as work:
        assets.set_endpoint(
            work,
            tag=tag,
            kind="ssh",
            address="127.0.0.1",
            port=port,
            account=machine.user,
            host_key=machine.host_key,
        )


@pytest.fixture
def begun(own_profiles: Path, bench: TestClient, ledger: Ledger) -> Callable[[str, BenchPc], int]:
    """Starts the kit of a device that is off."""
    folder = own_profiles / "moved"
    folder.mkdir()
    (folder / "profile.yml").write_text(PROFILE, encoding="utf-8")
    (folder / "mark.yml").write_text(PLAY, encoding="utf-8")

    def begin(tag: str, machine: BenchPc) -> int:
        at(ledger, tag, machine, free_port())
        made = bench.post("/api/v1/kits", json={"tag": tag, "profile": "moved"})
        assert made.status_code == 201, made.text
        number: int = made.json()["id"]
        return number

    return begin


def key_of(ledger: Ledger) -> str:
    with ledger.begin(KITTO) as work:
        return kitting.make_key(work).public


def test_a_device_that_comes_back_behind_a_gateway_is_kitted_and_no_other(
    begun: Callable[[str, BenchPc], int], ledger: Ledger, kit_when: Await
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    key = key_of(ledger)
    with (
        gateway() as nat,
        bench_pc("8XK2QZ3", authorized_key=key) as machine,
        bench_pc("OTHER001", authorized_key=key) as other,
    ):
        kit = begun(str(pc.tag), machine)
        waits = kit_when(kit, lambda found: step(found, "there")["state"] == "waiting")
        assert (waits["state"], waits["waits_for"]) == ("waiting", "device")
        # It has another address now, which it does not know itself; its agent reports from there.
        nat.behind = machine
        at(ledger, str(pc.tag), machine, nat.port)
        with ledger.begin(KITTO) as work:
            work.allow(Permission.OBSERVE)
            found = asset_queries.by_id(work, pc.id)
            assets.observe(work, asset=found, source="agent", serial="8XK2QZ3", data={})
        done = kit_when(kit, lambda kit: kit["state"] in ("ready", "failed"))
        assert done["state"] == "ready", done
        assert machine.run("cat /root/marks").stdout == "here\n"
        assert not other.run("cat /root/marks", check=False).stdout


def test_another_device_that_answers_in_its_place_is_not_touched(
    begun: Callable[[str, BenchPc], int], ledger: Ledger, kit_when: Await
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    key = key_of(ledger)
    with (
        gateway() as nat,
        bench_pc("8XK2QZ3", authorized_key=key) as machine,
        bench_pc("OTHER001", authorized_key=key) as other,
    ):
        kit = begun(str(pc.tag), machine)
        kit_when(kit, lambda found: step(found, "there")["state"] == "waiting")
        nat.behind = other
        at(ledger, str(pc.tag), machine, nat.port)
        done = kit_when(kit, lambda kit: kit["state"] in ("ready", "failed"))
        assert done["state"] == "failed", done
        assert "host key" in done["reason"]
        assert not other.run("cat /root/marks", check=False).stdout
