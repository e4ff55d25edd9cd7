"""The recipe for Macs against a stand-in: order, refusals, a second run, a dry run. See docs/macos.md."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayOutcome, Status
from tests.counterparts import keys
from tests.counterparts.mac import Mac, bench_mac
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import PLAYBOOKS, TAG, last_words, order, play, told

pytestmark = [pytest.mark.bench_pc, pytest.mark.timeout(600)]
RECIPE = PLAYBOOKS / "macos-workstation"
SERIAL = "C02XK2QZ3"
TANAKA_KEY = keys.new_key_pair().public
PACKAGE = "http://packages.example/jp.example.tool.pkg"
OFFICE: dict[str, Any] = {
    "kitto_tag": TAG,
    "kitto_serial": SERIAL,
    "kitto_time_zone": "Asia/Tokyo",
    "kitto_locale": "ja_JP.UTF-8",
    "kitto_accounts": [
        {"name": "tanaka", "full_name": "田中 花子", "keys": [TANAKA_KEY], "sudo": True},
        {"name": "sato"},
    ],
    "kitto_mac_packages": [
        {
            "receipt": "jp.example.tool",
            "url": PACKAGE,
            "sha256": hashlib.sha256(PACKAGE.encode()).hexdigest(),
        }
    ],
    "kitto_brew_packages": ["jq"],
    "kitto_filevault": True,
}
runs = iter(range(1000))


@pytest.fixture
def mac() -> Iterator[Mac]:
    with bench_mac(SERIAL, authorized_key=stage.KEY.public) as made:
        if made.pc.reduced:
            pytest.skip(made.pc.cannot)
        yield made


def kit(
    ansible: Ansible, mac: Mac, book: str, *, fails: bool = False, **more: Any
) -> tuple[PlayOutcome, str]:
    """Play one book; how it ended, and its run."""
    run = f"mac-{next(runs)}"
    variables = {**OFFICE, **more.pop("variables", {})}
    outcome = play(ansible, order(mac.pc, RECIPE, run_id=run, playbook=book, variables=variables, **more))
    assert fails or outcome.outcome is Outcome.SUCCEEDED, (outcome, last_words(ansible, run))
    return outcome, run


def proposed(ansible: Ansible, run: str) -> list[str]:
    """The commands that a dry run lists."""
    events = told(ansible, run)
    return [event.text for event in events if event.kind is Kind.ITEM and event.status is Status.CHANGED]


def test_a_mac_gets_its_name_time_and_language_and_a_second_time_nothing(ansible: Ansible, mac: Mac) -> None:
    _, dry = kit(ansible, mac, "base.yml", check=True)
    assert len(proposed(ansible, dry)) == 6
    assert "names" not in mac.state or mac.state["names"]["ComputerName"] == "MacBook Air"
    kit(ansible, mac, "base.yml")
    state = mac.state
    assert state["names"] == {"ComputerName": TAG, "HostName": TAG, "LocalHostName": TAG}
    assert (state["zone"], state["defaults"]) == (
        "Asia/Tokyo",
        {"AppleLocale": "ja_JP", "AppleLanguages": ["ja-JP"]},
    )
    assert kit(ansible, mac, "base.yml")[0].counts.changed == 0
    assert kit(ansible, mac, "base.yml", check=True)[0].counts.changed == 0


def test_people_of_the_order_can_sign_in_by_key_and_only_some_rule(ansible: Ansible, mac: Mac) -> None:
    _, dry = kit(ansible, mac, "accounts.yml", check=True)
    assert any("田中 花子" in command for command in proposed(ansible, dry))
    kit(ansible, mac, "accounts.yml")
    users = mac.state["users"]
    assert (users["tanaka"]["RealName"], users["tanaka"]["UserShell"]) == ("田中 花子", "/bin/zsh")
    assert {users["tanaka"]["UniqueID"], users["sato"]["UniqueID"]} == {"502", "503"}
    assert users["tanaka"]["Password"] == users["sato"]["Password"] == "*"
    assert mac.state["admins"] == ["kitto", "root", "tanaka"]
    assert mac.pc.run("cat /Users/tanaka/.ssh/authorized_keys").stdout == f"{TANAKA_KEY}\n"
    assert mac.pc.run("stat -c '%U %a' /Users/tanaka/.ssh/authorized_keys").stdout == "tanaka 600\n"
    outcome, run = kit(ansible, mac, "accounts.yml")
    assert outcome.counts.changed == 0, proposed(ansible, run)
    fewer = {"kitto_accounts": [{"name": "tanaka", "full_name": "田中 花子"}]}
    kit(ansible, mac, "accounts.yml", variables=fewer)
    assert mac.state["admins"] == ["kitto", "root"]
    assert mac.pc.run("cat /Users/tanaka/.ssh/authorized_keys").stdout == "\n"


def test_packages_come_once_by_receipt_and_by_homebrew(ansible: Ansible, mac: Mac) -> None:
    _, run = kit(ansible, mac, "software.yml")
    assert (mac.state["pkgs"][1:], mac.state["brew"]) == (["jp.example.tool"], ["jq"])
    assert "macOS Sequoia 15.7-24G222" in str(told(ansible, run))
    assert kit(ansible, mac, "software.yml")[0].counts.changed == 0


def test_a_package_with_another_checksum_is_not_installed(ansible: Ansible, mac: Mac) -> None:
    wrong = {"kitto_mac_packages": [{**OFFICE["kitto_mac_packages"][0], "sha256": "0" * 64}]}
    outcome, _ = kit(ansible, mac, "software.yml", fails=True, variables=wrong)
    assert outcome.outcome is Outcome.FAILED
    assert "pkgs" not in mac.state or mac.state["pkgs"] == ["com.apple.pkg.Core"]
    assert mac.pc.run("ls /var/tmp").stdout == ""


def test_filevault_off_on_and_without_a_key_are_told_apart(ansible: Ansible, mac: Mac) -> None:
    assert kit(ansible, mac, "filevault.yml", fails=True)[0].cause == "filevault_off"
    mac.change(filevault=True)
    assert kit(ansible, mac, "filevault.yml", fails=True)[0].cause == "recovery_key_missing"
    mac.change(recovery_key=True)
    assert kit(ansible, mac, "filevault.yml")[0].counts.changed == 0


def test_another_mac_is_refused_and_what_did_not_take_is_noticed(ansible: Ansible, mac: Mac) -> None:
    outcome, _ = kit(ansible, mac, "base.yml", fails=True, variables={"kitto_serial": "C02OTHER"})
    assert outcome.cause == "wrong_device"
    assert [words[0] for words in mac.state["log"]] == ["ioreg"]
    zone = {"kitto_time_zone": "Asia/Nowhere"}
    assert kit(ansible, mac, "base.yml", fails=True, variables=zone)[0].cause == "time_zone_unknown"
    mac.change(deaf=["systemsetup"])
    outcome, _ = kit(ansible, mac, "base.yml", fails=True)
    assert outcome.cause == "not_taken"
    assert "-settimezone" in outcome.reason


def test_a_mac_without_python_or_homebrew_is_told_so(ansible: Ansible, mac: Mac) -> None:
    mac.pc.run("rm /opt/homebrew/bin/brew")
    assert kit(ansible, mac, "software.yml", fails=True)[0].cause == "brew_missing"


def test_the_stand_in_refuses_what_it_does_not_know(mac: Mac) -> None:
    for words in ("scutil --set Nonsense a", "dscl . -delete /Users/kitto", "systemsetup -setremotelogin on"):
        done = mac.pc.run(words, check=False)
        assert (done.returncode, "not emulated" in done.stderr) == (64, True), words
