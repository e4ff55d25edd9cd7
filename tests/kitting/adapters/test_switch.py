"""The recipe for switches on a command line that remembers: what it sets is there, a second time nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayOutcome, Status
from tests.counterparts import keys
from tests.counterparts.switch import FACTORY, Switch, bench_switch
from tests.kitting.adapters.stage import PLAYBOOKS, last_words, order, play, told

TAG = "SW-00007-X"
SECRETS = {
    "device_password": "way-in-1",
    "enable_password": "raise-me-1",
    "snmp_auth": "authenticates-well",
    "snmp_priv": "keeps-it-private",
}
OFFICE: dict[str, Any] = {
    "kitto_tag": TAG,
    "kitto_serial": "KWS2401Q7RT",
    "kitto_gear_platform": "cisco_ios",
    "kitto_syslog_servers": ["192.0.2.10", "192.0.2.11"],
    "kitto_ntp_servers": ["ntp.nict.jp"],
    "kitto_snmp_user": "kitto",
    "kitto_snmp_group": "kitto-watch",
    "kitto_snmp_renew": False,
}
runs = iter(range(1000))


@pytest.fixture
def switch() -> Iterator[Switch]:
    with bench_switch() as made:
        yield made


def kit(
    ansible: Ansible, switch: Switch, book: str = "configure.yml", *, host_key: str = "", **more: Any
) -> tuple[PlayOutcome, str]:
    """Play one book; how it ended, and its run."""
    run = f"run-{next(runs)}"
    secrets = {**SECRETS, **more.pop("secrets", {})}
    spec = order(
        switch,  # type: ignore[arg-type]
        PLAYBOOKS / "network-switch",
        run_id=run,
        playbook=book,
        host_key=host_key,
        variables={**OFFICE, **more.pop("variables", {})},
        secret_names=tuple(secrets),
        **more,
    )
    return play(ansible, spec, secrets), run


def changed(ansible: Ansible, run: str) -> list[str]:
    return [event.task for event in told(ansible, run) if event.status is Status.CHANGED]


def test_a_switch_is_configured_saved_and_a_second_time_left_alone(ansible: Ansible, switch: Switch) -> None:
    outcome, run = kit(ansible, switch)
    assert outcome.outcome is Outcome.SUCCEEDED, (outcome, last_words(ansible, run))
    assert outcome.counts.changed == 3
    shown = switch.running
    assert f"hostname {TAG}" in shown
    assert [line for line in shown if "logging" in line] == [f"logging host 192.0.2.1{n}" for n in (0, 1)]
    assert [line for line in shown if "ntp" in line] == ["ntp server ntp.nict.jp"]
    assert switch.snmp_users["kitto"] == {
        "group": "kitto-watch",
        "auth": "sha",
        "key": SECRETS["snmp_auth"],
        "priv": "aes 128",
        "priv_key": SECRETS["snmp_priv"],
    }
    assert switch.startup == switch.running
    assert [line for line in FACTORY if line not in shown] == [
        "hostname Switch", "logging host 10.9.9.9", "ntp server 10.9.9.8"
    ]  # fmt: skip

    switch.asked.clear()
    outcome, run = kit(ansible, switch)
    assert (outcome.outcome, outcome.counts.changed) == (Outcome.SUCCEEDED, 0), changed(ansible, run)
    assert not any(command.startswith(("conf", "write", "copy")) for command in switch.asked)
    assert not any(secret in str(told(ansible, run)) for secret in SECRETS.values())


def test_a_dry_run_says_what_would_change_and_changes_nothing(ansible: Ansible, switch: Switch) -> None:
    outcome, run = kit(ansible, switch, check=True, diff=True)
    assert outcome.outcome is Outcome.SUCCEEDED, last_words(ansible, run)
    diff = "".join(event.text for event in told(ansible, run) if event.kind is Kind.DIFF)
    for line in (
        f"+hostname {TAG}",
        "-logging host 10.9.9.9",
        "+ntp server ntp.nict.jp",
        "auth sha <snmp_auth>",
    ):
        assert line in diff
    assert tuple(switch.running) == tuple(switch.startup) == FACTORY
    assert switch.snmp_users == {}
    kit(ansible, switch)
    outcome, run = kit(ansible, switch, check=True, diff=True)
    assert (outcome.outcome, changed(ansible, run)) == (Outcome.SUCCEEDED, [])


def test_what_was_set_and_not_saved_is_saved_the_next_time(ansible: Ansible, switch: Switch) -> None:
    switch.drop_after = "write"
    outcome, run = kit(ansible, switch)
    assert (outcome.outcome, outcome.left_there) == (Outcome.UNREACHABLE, True), last_words(ansible, run)
    assert switch.startup != switch.running
    switch.drop_after = ""
    outcome, run = kit(ansible, switch)
    assert outcome.outcome is Outcome.SUCCEEDED
    assert changed(ansible, run) == ["It starts with this configuration the next time too"]
    assert switch.startup == switch.running


def test_passwords_of_snmp_are_set_again_only_when_that_is_wanted(ansible: Ansible, switch: Switch) -> None:
    kit(ansible, switch)
    other = {"snmp_auth": "another-authentication"}
    outcome, _ = kit(ansible, switch, secrets=other)
    assert outcome.counts.changed == 0, "nothing shows a password, so nothing can be seen to differ"
    outcome, run = kit(ansible, switch, secrets=other, variables={"kitto_snmp_renew": True})
    assert changed(ansible, run) == ["Kitto may watch it by SNMPv3"]
    assert switch.snmp_users["kitto"]["key"] == other["snmp_auth"]


def test_lists_that_are_left_empty_take_nothing_away(ansible: Ansible, switch: Switch) -> None:
    none = {"kitto_syslog_servers": [], "kitto_ntp_servers": []}
    assert kit(ansible, switch, variables=none)[0].outcome is Outcome.SUCCEEDED
    assert {"logging host 10.9.9.9", "ntp server 10.9.9.8"} <= set(switch.running)


def test_another_switch_is_refused_before_anything_is_changed(ansible: Ansible, switch: Switch) -> None:
    outcome, _ = kit(ansible, switch, variables={"kitto_serial": "FOC1111AAAA"})
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "wrong_device")
    assert "KWS2401Q7RT" in outcome.reason
    assert not any(command.startswith("conf") for command in switch.asked)


def test_a_switch_with_another_host_key_gets_no_password(ansible: Ansible, switch: Switch) -> None:
    outcome, _ = kit(ansible, switch, host_key=keys.new_key_pair().public)
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "host_key_changed")
    assert switch.asked == []


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [("device_password", "login_refused"), ("enable_password", "enable_refused")],
)
def test_a_wrong_password_is_told_apart(ansible: Ansible, switch: Switch, wrong: str, cause: str) -> None:
    outcome, run = kit(ansible, switch, secrets={wrong: "not-the-right-one"})
    assert outcome.cause == cause, last_words(ansible, run)
    assert tuple(switch.running) == FACTORY


def test_a_line_the_switch_refuses_is_an_error_though_netmiko_takes_it_for_an_answer(
    ansible: Ansible, switch: Switch
) -> None:
    outcome, run = kit(ansible, switch, secrets={"snmp_priv": "tiny-1"})
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "command_refused"), last_words(ansible, run)
    assert "too short" in outcome.reason
    assert SECRETS["snmp_auth"] not in str(told(ansible, run))
    assert switch.startup != switch.running, "what was refused in the middle is not saved"


@pytest.mark.parametrize("code", ["utf-8", "shift_jis"])
def test_a_greeting_in_japanese_does_not_disturb(ansible: Ansible, code: str) -> None:
    greeting = "\r\n※ 関係者以外の接続を禁止します 100% 記録 #3\r\n".encode(code, "replace")
    with bench_switch(Switch(banner=greeting)) as switch:
        outcome, run = kit(ansible, switch)
        assert outcome.outcome is Outcome.SUCCEEDED, (outcome, last_words(ansible, run))


def test_the_configuration_is_evidence_without_what_opens_doors(ansible: Ansible, switch: Switch) -> None:
    kit(ansible, switch)
    outcome, run = kit(ansible, switch, "backup.yml")
    assert (outcome.outcome, outcome.counts.changed) == (Outcome.SUCCEEDED, 0), last_words(ansible, run)
    pieces = [event for event in told(ansible, run) if event.kind is Kind.ITEM]
    text = "".join(piece.text for piece in pieces)
    assert f"hostname {TAG}" in text
    assert "interface GigabitEthernet1/0/24" in text
    assert text.rstrip().endswith("end")
    assert "$1$" not in text
    assert "enable secret 5 (hidden)" in text
    assert "sha256" in pieces[0].item
