"""A step that asks the phone on the cable: the real adb program, and a phone that speaks its protocol."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from kitto.base import clock
from kitto.base import settings as settings_module
from kitto.base.jobs import JobRun
from kitto.base.work import Ledger
from kitto.kitting import actions
from kitto.kitting.adapters import cable, recipes
from kitto.kitting.adapters.plays import Outcome
from kitto.kitting.adapters.ports import answers
from kitto.kitting.jobs import once, watch
from kitto.kitting.rules.profiles import checked
from kitto.kitting.rules.refusals import ProfileBroken
from tests.counterparts.phone import Phone, phone_on_a_cable
from tests.kitting.shop import goes_on
from tests.make import KITTO, make_pc

pytestmark = pytest.mark.skipif(shutil.which("adb") is None, reason="Debian's adb is not here")
JAPANESE = {"Authorization": "Bearer sato-ja"}
SATO = {"Authorization": "Bearer sato"}
PROFILE = """
name: cabled
title: { ja: ケーブルの端末, en: Phone on a cable }
platform: android
steps:
  - key: asked
    kind: probe
    title: { ja: 端末の確認, en: Ask the phone }
    with: { transport: adb, wants: [owned, encrypted] }
"""


@contextmanager
def asking(server: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[None]:
    """Let Kitto ask the phones of this adb server."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KITTO_ADB_SERVER", server)
    settings_module.settings.cache_clear()
    yield
    settings_module.settings.cache_clear()


@pytest.fixture
def phone(own_settings: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Phone]:
    made = Phone()
    with phone_on_a_cable(made) as server, asking(server, monkeypatch, tmp_path):
        yield made


@pytest.fixture
def kit(own_profiles: Path, ledger: Ledger, phone: Phone) -> int:
    """A kit whose step asks the phone."""
    (own_profiles / "cabled").mkdir()
    (own_profiles / "cabled" / "profile.yml").write_text(PROFILE, encoding="utf-8")
    device = make_pc(ledger, code="phone", serial=phone.serial.lower())
    with ledger.begin(KITTO) as work:
        return actions.start_kit(work, tag=str(device.tag), profile="cabled").id


def asks(ledger: Ledger, kit: int) -> None:
    """What the kit's job does with the step."""
    todo = goes_on(ledger, kit)
    assert todo is not None
    once.probe(ledger, kit, todo.step, todo.run)


def minute_passes(ledger: Ledger) -> None:
    run = cast("JobRun", SimpleNamespace(ledger=ledger, id="look"))
    watch.look_for_devices.function(run, clock.now())


def read(client: TestClient, kit: int, who: dict[str, str]) -> Any:
    return client.get(f"/api/v1/kits/{kit}", headers=who).json()


def test_a_phone_on_the_cable_says_what_it_is_and_that_is_the_evidence(
    client: TestClient, ledger: Ledger, kit: int, phone: Phone
) -> None:
    phone.owner = "jp.example.dpc/.AdminReceiver"
    asks(ledger, kit)
    found = read(client, kit, SATO)
    assert found["state"] == "ready"
    seen = found["steps"][0]["evidence"][-1]["data"]
    assert seen["serial"] == phone.serial
    assert (seen["maker"], seen["model"], seen["android"], seen["patch"]) == (
        "samsung",
        "SM-A536",
        "14",
        "2026-10-05",
    )
    assert (seen["encryption"], seen["owner"]) == ("encrypted", "jp.example.dpc/jp.example.dpc.AdminReceiver")
    assert client.get(f"/api/v1/kits/{kit}/chain", headers=SATO).json()["holds"] is True


@pytest.mark.parametrize(
    ("state", "here", "there"),
    [
        ("", "not on the cable", "ケーブルにつながっていません"),
        ("unauthorized", "allow USB debugging on its screen", "USB デバッグを許可"),
        ("offline", "Unplug it, plug it in again", "挿し直し"),
        ("recovery", "in another state than started (recovery)", "通常どおり起動"),
    ],
)
def test_a_phone_that_cannot_be_asked_is_waited_for_and_the_reason_says_what_to_do(
    client: TestClient, ledger: Ledger, kit: int, phone: Phone, state: str, here: str, there: str
) -> None:
    phone.owner, phone.state = "jp.example.dpc/.AdminReceiver", state
    asks(ledger, kit)
    waits = read(client, kit, SATO)
    assert (waits["state"], waits["waits_for"]) == ("waiting", "device")
    assert phone.serial in waits["reason"].upper()
    assert here in waits["reason"]
    assert there in read(client, kit, JAPANESE)["reason"]
    minute_passes(ledger)
    assert read(client, kit, SATO)["state"] == "waiting"
    phone.state = "device"
    minute_passes(ledger)
    asks(ledger, kit)
    assert read(client, kit, SATO)["state"] == "ready"


@pytest.mark.parametrize(
    ("owner", "encryption", "says"),
    [
        ("", "encrypted", "No app owns the phone"),
        ("jp.example.dpc/.AdminReceiver", "unencrypted", "not encrypted (unencrypted)"),
    ],
)
def test_a_phone_that_is_not_as_wanted_fails_and_its_answers_are_kept(
    client: TestClient, ledger: Ledger, kit: int, phone: Phone, owner: str, encryption: str, says: str
) -> None:
    phone.owner, phone.encryption = owner, encryption
    asks(ledger, kit)
    found = read(client, kit, SATO)
    assert found["state"] == "failed"
    assert says in found["reason"]
    assert found["steps"][0]["evidence"][-1]["data"]["encryption"] == encryption


def test_another_phone_on_the_cable_is_not_the_one(
    client: TestClient, ledger: Ledger, kit: int, phone: Phone
) -> None:
    phone.serial = "R58M99ZZZZZ"
    asks(ledger, kit)
    assert "not on the cable" in read(client, kit, SATO)["reason"]
    assert phone.asked == []


def test_a_profile_wants_of_a_phone_only_what_kitto_can_tell() -> None:
    for wants in ("[rooted]", "owned", "[1]", "{owned: true}"):
        spec = recipes.read("cabled", PROFILE.replace("[owned, encrypted]", wants).encode())
        with pytest.raises(ProfileBroken, match="encrypted, owned"):
            checked(spec)


@pytest.fixture
def real_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_settings: object) -> Iterator[None]:
    """Debian's own adb server on a port of this test's own; no phone hangs on this machine."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    command = ["adb", "-P", str(port), "nodaemon", "server"]
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as server:
        try:
            while not answers("127.0.0.1", port):
                assert server.poll() is None
            with asking(f"127.0.0.1:{port}", monkeypatch, tmp_path):
                yield
        finally:
            server.terminate()


@pytest.mark.usefixtures("real_server")
def test_the_real_server_is_asked_and_the_phone_that_is_not_there_is_waited_for() -> None:
    came = cable.ask("R58M12ABCDE")
    assert (came.outcome, came.cause) == (Outcome.UNREACHABLE, "not_on_cable")
    assert "R58M12ABCDE" not in cable.ready()


def test_without_adb_the_step_waits_and_says_what_is_missing(
    own_settings: object,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("KITTO_ADB", str(tmp_path / "nothing"))
    with asking("", monkeypatch, tmp_path):
        came = cable.ask("R58M12ABCDE")
        assert cable.ready() == frozenset()
    assert (came.outcome, came.cause) == (Outcome.UNREACHABLE, "no_adb")
    assert "Debian: adb" in came.reason
