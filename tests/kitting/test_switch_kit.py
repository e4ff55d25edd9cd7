"""A switch is kitted from its box to the watch: passwords made here, plays, then SNMPv3."""

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.assets.models import Asset
from kitto.base.work import Ledger
from tests.counterparts.snmp_agent import SNMPD, snmp_agent
from tests.counterparts.switch import Switch, bench_switch
from tests.kitting.conftest import Await, step
from tests.make import make_pc

SUZUKI = {"Authorization": "Bearer suzuki"}
JAPANESE = {"Authorization": "Bearer sato-ja"}
RECIPE = Path(__file__).resolve().parents[2] / "playbooks" / "network-switch"
SERIAL = "KWS2401Q7RT"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port


def reached_at(bench: TestClient, gear: Asset, kind: str, port: int, user: str = "", key: str = "") -> None:
    way = {"address": "127.0.0.1", "port": port, "account": user, "host_key": key}
    answer = bench.put(f"/api/v1/assets/{gear.tag}/endpoints/{kind}", json=way, headers=SUZUKI)
    assert answer.status_code == 200, answer.text


def shown(bench: TestClient, gear: Asset, name: str) -> str:
    answer = bench.post(f"/api/v1/assets/{gear.tag}/secrets/{name}/show", headers=SUZUKI)
    assert answer.status_code == 201, answer.text
    value: str = answer.json()["value"]
    return value


def state_of(key: str, state: str) -> Any:
    return lambda kit: step(kit, key)["state"] == state


def begun(bench: TestClient, ledger: Ledger, kit_when: Await, folder: Path) -> tuple[Asset, int]:
    """A kit of a switch that a person holds the console cable of."""
    shutil.copytree(RECIPE, folder / "network-switch")
    gear = make_pc(ledger, serial=SERIAL)
    # Nobody can reach it yet; the kit begins all the same, as a step of it says how to.
    answer = bench.post("/api/v1/kits", json={"tag": gear.tag, "profile": "network-switch"})
    assert answer.status_code == 201, answer.text
    kit: int = answer.json()["id"]
    at = f"/api/v1/kits/{kit}/steps"
    kit_when(kit, state_of("unbox", "waiting"))
    assert bench.post(f"{at}/unbox/confirm", json={"ticked": [0, 1, 2]}).status_code == 200
    kit_when(kit, state_of("label", "waiting"))
    assert bench.post(f"{at}/label/scan", json={"scanned": str(gear.tag)}).status_code == 200
    kit_when(kit, state_of("first_contact", "waiting"))
    return gear, kit


@pytest.mark.skipif(not Path(SNMPD).exists(), reason="no snmpd here: install the Debian package snmpd")
def test_a_switch_is_kitted_until_it_answers_snmp_with_passwords_that_nobody_typed(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path, tmp_path: Path
) -> None:
    gear, kit = begun(bench, ledger, kit_when, own_profiles)
    at = f"/api/v1/kits/{kit}/steps"
    way_in, enable = (shown(bench, gear, name) for name in ("device_password", "enable_password"))
    with bench_switch(Switch(serial=SERIAL, password=way_in, enable=enable)) as switch:
        reached_at(bench, gear, "ssh", switch.port, switch.user, switch.host_key)
        assert bench.post(f"{at}/first_contact/confirm", json={"ticked": [0, 1]}).status_code == 200
        kit_when(kit, state_of("watched", "waiting"), 150)
        user, port = switch.snmp_users["kitto"], free_port()
        waits = bench.get(f"/api/v1/kits/{kit}", headers=JAPANESE).json()
        assert (waits["waits_for"], "SNMP に応答しません" in waits["reason"]) == ("device", True)

        wrong = user | {"key": "not-what-was-set"}
        with snmp_agent(tmp_path / "wrong", port, wrong, serial=SERIAL):
            reached_at(bench, gear, "snmp", port)
            refused = kit_when(kit, lambda found: found["state"] == "failed")
            assert "does not take the user kitto" in step(refused, "watched")["reason"]
        with snmp_agent(tmp_path / "other", port, user, serial="KWS0000ZZZZ"):
            bench.post(f"/api/v1/kits/{kit}/retry", json={})
            other = kit_when(
                kit, lambda found: found["state"] == "failed" and "KWS0000ZZZZ" in found["reason"]
            )
            assert SERIAL in other["reason"]
        with snmp_agent(tmp_path / "right", port, user, serial=SERIAL):
            bench.post(f"/api/v1/kits/{kit}/retry", json={})
            done = kit_when(kit, lambda found: found["state"] == "ready")
    seen = step(done, "watched")["evidence"][-1]["data"]
    assert seen["serial"] == SERIAL
    assert user["key"] not in str(done)
