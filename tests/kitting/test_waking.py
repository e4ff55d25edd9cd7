"""A device that was switched off answers again: the clock lets its kit go on, by what its own step asks."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kitto.assets import actions as assets
from kitto.base import clock
from kitto.base.jobs import JobRun
from kitto.base.seal import Secret
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.actions.secrets import keep_secret
from kitto.kitting.jobs import once, watch
from tests.counterparts.snmp_agent import SNMPD, snmp_agent
from tests.kitting.shop import goes_on
from tests.make import KITTO, make_pc

SERIAL = "KWS2401Q7RT"
USER = {"key": "kept-by-the-test-1", "priv_key": "kept-by-the-test-2"}
PROFILE = """
name: gear
title: {{ ja: 機器, en: Gear }}
platform: network
steps:
  - {{ key: asked, kind: probe, title: {{ ja: 応答, en: It answers }}, with: {given} }}
"""
OVER_SNMP = "{ transport: snmp, user: kitto, secret: auth, privacy: priv }"


def kit_of(ledger: Ledger, folder: Path, given: str, **ways: int) -> int:
    """A kit whose one step asks like this; the ledger says by which ports its device is reached."""
    (folder / "gear").mkdir()
    (folder / "gear" / "profile.yml").write_text(PROFILE.format(given=given), encoding="utf-8")
    tag = str(make_pc(ledger, serial=SERIAL).tag)
    with ledger.begin(KITTO) as work:
        for kind, port in ways.items():
            assets.set_endpoint(work, tag=tag, kind=kind, address="127.0.0.1", port=port)
        kit = actions.start_kit(work, tag=tag, profile="gear")
        keep_secret(work, kit=kit, name="auth", value=Secret(USER["key"]))
        keep_secret(work, kit=kit, name="priv", value=Secret(USER["priv_key"]))
        return kit.id


def asks(ledger: Ledger, kit: int) -> None:
    """What the kit's job does with its step."""
    todo = goes_on(ledger, kit)
    assert todo is not None, "the kit stands still"
    once.probe(ledger, kit, todo.step, todo.run)


def minute_passes(ledger: Ledger) -> None:
    run = cast("JobRun", SimpleNamespace(ledger=ledger, id="look"))
    watch.look_for_devices.function(run, clock.now())


def states(ledger: Ledger, kit: int) -> tuple[str, str]:
    """What the kit is, and what its step is."""
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        found = queries.kit(work, kit)
        return str(found.state), str(found.steps[0].state)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return number(trial)


@contextmanager
def a_port() -> Iterator[socket.socket]:
    """A port that is held and says nothing until its socket listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        yield door


def number(door: socket.socket) -> int:
    found: int = door.getsockname()[1]
    return found


@pytest.mark.skipif(not Path(SNMPD).exists(), reason="no snmpd here: install the Debian package snmpd")
def test_a_switch_that_answers_snmp_again_lets_its_kit_go_on(
    ledger: Ledger, own_profiles: Path, tmp_path: Path
) -> None:
    port = free_port()
    kit = kit_of(ledger, own_profiles, OVER_SNMP, snmp=port)
    asks(ledger, kit)
    minute_passes(ledger)
    assert states(ledger, kit) == ("waiting", "waiting")
    with snmp_agent(tmp_path / "snmpd", port, USER, serial=SERIAL):
        minute_passes(ledger)
        asks(ledger, kit)
    assert states(ledger, kit) == ("ready", "succeeded")


@pytest.mark.skipif(not Path(SNMPD).exists(), reason="no snmpd here: install the Debian package snmpd")
def test_one_that_lets_nobody_in_is_awake_too_and_its_step_says_so(
    ledger: Ledger, own_profiles: Path, tmp_path: Path
) -> None:
    port = free_port()
    kit = kit_of(ledger, own_profiles, OVER_SNMP, snmp=port)
    asks(ledger, kit)
    with snmp_agent(tmp_path / "snmpd", port, USER | {"key": "what-somebody-else-set"}, serial=SERIAL):
        minute_passes(ledger)
        asks(ledger, kit)
    assert states(ledger, kit) == ("failed", "failed")


def test_another_door_that_answers_wakes_no_step_that_asks_over_snmp(
    ledger: Ledger, own_profiles: Path
) -> None:
    with a_port() as ssh:
        ssh.listen()
        kit = kit_of(ledger, own_profiles, OVER_SNMP, snmp=free_port(), ssh=number(ssh))
        asks(ledger, kit)
        minute_passes(ledger)
        assert states(ledger, kit) == ("waiting", "waiting")


def test_a_step_that_names_a_port_of_its_own_is_woken_by_that_port(
    ledger: Ledger, own_profiles: Path
) -> None:
    with a_port() as ssh, a_port() as printing:
        own = f"{{ transport: tcp, port: {number(printing)} }}"
        kit = kit_of(ledger, own_profiles, own, ssh=number(ssh))
        asks(ledger, kit)
        ssh.listen()
        minute_passes(ledger)
        assert states(ledger, kit) == ("waiting", "waiting")
        printing.listen()
        minute_passes(ledger)
        asks(ledger, kit)
    assert states(ledger, kit) == ("ready", "succeeded")
