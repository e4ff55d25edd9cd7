"""Network gear over its command line: a switch with pages, prompts and a host key."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kitto.base.seal import Secret
from kitto.health.adapters.network_cli import PLATFORMS, CliTarget, ask, read
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import DeviceKind
from tests.counterparts.keys import new_key_pair
from tests.health.cli_gear import Gear, cli_gear


@pytest.fixture(scope="module")
def gear() -> Iterator[Gear]:
    with cli_gear() as running:
        yield running


@pytest.fixture
def target(gear: Gear) -> CliTarget:
    return CliTarget(
        1, gear.address, "cisco_ios", gear.user, gear.host_key, Secret(gear.password), port=gear.port
    )


def test_a_switch_says_who_it_is(target: CliTarget, gear: Gear) -> None:
    answer = ask(target)
    assert (answer.sign, answer.detail) == (Sign.ANSWERED, "")
    who = answer.identity
    assert who is not None
    assert (who.kind, who.vendor, who.serial, who.serial_from) == (
        DeviceKind.NETWORK,
        "Cisco",
        "KWS2401Q7RT",
        "CLI",
    )
    assert (who.model, who.version, who.name) == ("WS-C2960X-24TS-L", "15.2(7)E4", "sw-3f-01")
    assert not {command for command in gear.asked if command.startswith(("conf", "write", "reload"))}


def test_a_switch_of_no_known_family_is_read_by_plain_words(target: CliTarget) -> None:
    who = ask(replace(target, platform="generic")).identity
    assert who is not None
    assert (who.serial, who.version, who.name) == ("KWS2401Q7RT", "15.2(7)E4", "sw-3f-01")


def test_a_wrong_password_is_denied(target: CliTarget) -> None:
    answer = ask(replace(target, password=Secret("guess")))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.CREDENTIALS)


def test_another_host_key_is_refused_before_the_password_is_sent(target: CliTarget) -> None:
    answer = ask(replace(target, host_key=new_key_pair().public))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.HOST_KEY_CHANGED)


def test_without_a_pinned_host_key_nothing_is_asked(target: CliTarget) -> None:
    assert ask(replace(target, host_key="")).reason is Reason.HOST_KEY_UNKNOWN


def test_gear_that_knows_no_command_is_alive_and_unread(target: CliTarget, gear: Gear) -> None:
    gear.refuses = True
    try:
        answer = ask(target)
    finally:
        gear.refuses = False
    assert answer.sign is Sign.ANSWERED
    assert answer.identity is not None
    assert (answer.identity.serial, answer.identity.name) == ("", "sw-3f-01")


def test_a_closed_port_is_silence(target: CliTarget) -> None:
    assert ask(replace(target, port=1, timeout=3)).sign is Sign.SILENT


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_no_platform_stumbles_over_text_it_does_not_know(platform: object) -> None:
    for text in ("", "% Unknown command", "\x1b[2J日本語\n" * 50):
        read(platform, dict.fromkeys(platform.commands, text))  # type: ignore[attr-defined, arg-type]
