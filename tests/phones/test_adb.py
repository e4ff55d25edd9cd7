"""Phones on a cable: the real adb program, and a phone that speaks its protocol on loopback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitto.base.settings import Settings
from kitto.phones.adapters import adb
from kitto.phones.adapters.adb import AdbFault
from tests.counterparts.phone import PNG, Phone, phone_on_a_cable
from tests.phones.apks import PACKAGE, RECEIVER, unsigned

pytestmark = pytest.mark.skipif(shutil.which("adb") is None, reason="Debian's adb is not here")


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Phone]:
    monkeypatch.setenv("HOME", str(tmp_path))
    made = Phone()
    with phone_on_a_cable(made) as server:
        own = Settings(data=tmp_path, adb_server=server)
        monkeypatch.setattr("kitto.phones.adapters.adb.settings", lambda: own)
        yield made


def test_the_bench_reads_sets_installs_owns_takes_a_picture_and_switches_adb_off(
    phone: Phone, tmp_path: Path
) -> None:
    phone.tells_imei = True
    assert [(one.serial, one.state) for one in adb.attached()] == [(phone.serial, "device")]
    who = adb.identity(phone.serial)
    assert (who.serial, who.maker, who.model, who.android) == (phone.serial, "samsung", "SM-A536", "14")
    assert (who.battery, who.accounts, who.imeis) == (83, 0, ("490154203237518",))
    assert (who.patch, who.encryption, who.owner) == ("2026-10-05", "encrypted", "")
    app = tmp_path / "app with space.apk"
    app.write_bytes(unsigned())
    adb.install(phone.serial, app)
    assert phone.apps == [unsigned()]
    assert adb.put_setting(phone.serial, "system", "time_12_24", "24") == "24"
    adb.make_owner(phone.serial, f"{PACKAGE}/{RECEIVER}")
    assert phone.owner == f"{PACKAGE}/{RECEIVER}"
    assert adb.identity(phone.serial).owner.split("/")[0] == PACKAGE
    assert adb.screenshot(phone.serial) == PNG
    adb.switch_off(phone.serial)
    assert phone.kept["global", "adb_enabled"] == "0"


def test_a_phone_that_does_not_tell_its_imei_is_no_fault(phone: Phone) -> None:
    assert adb.identity(phone.serial).imeis == ()


def test_a_phone_with_an_account_gets_no_owner_and_the_reason_says_what_to_do(phone: Phone) -> None:
    phone.accounts = 1
    with pytest.raises(AdbFault, match="remove every account, or reset the phone"):
        adb.make_owner(phone.serial, f"{PACKAGE}/{RECEIVER}")
    assert phone.owner == ""


def test_a_file_that_is_no_app_is_refused_with_the_phones_own_reason(phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "x.apk").write_bytes(b"no app")
    with pytest.raises(AdbFault, match="INSTALL_PARSE_FAILED_NOT_APK"):
        adb.install(phone.serial, tmp_path / "x.apk")


def test_a_setting_that_the_maker_forbids_is_noticed_by_reading_it_back(phone: Phone) -> None:
    phone.stubborn.add("install_non_market_apps")
    with pytest.raises(AdbFault, match="did not keep"):
        adb.put_setting(phone.serial, "secure", "install_non_market_apps", "0")


@pytest.mark.parametrize(("state", "says"), [("unauthorized", "allow this computer"), ("offline", "unplug")])
def test_a_phone_that_is_not_ready_says_what_to_do(phone: Phone, state: str, says: str) -> None:
    phone.state = state
    with pytest.raises(AdbFault, match=says):
        adb.identity(phone.serial)


def test_a_phone_that_is_not_there_says_what_to_do(phone: Phone) -> None:
    with pytest.raises(AdbFault, match="not on the cable"):
        adb.screenshot("OTHER")


@pytest.mark.parametrize("value", ["1; reboot", "$(reboot)", "`reboot`", "a'b", "a\nb"])
def test_no_value_becomes_a_command_on_the_phone(phone: Phone, value: str) -> None:
    with pytest.raises(AdbFault, match="plain value"):
        adb.put_setting(phone.serial, "system", "x", value)
    for serial in ("-e", "a b", "x;y"):
        with pytest.raises(AdbFault):
            adb.identity(serial)
    assert phone.asked == []


def test_without_the_program_the_fault_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = Settings(data=tmp_path, adb=str(tmp_path / "nothing"))
    monkeypatch.setattr("kitto.phones.adapters.adb.settings", lambda: own)
    with pytest.raises(AdbFault, match="Debian: adb"):
        adb.attached()
