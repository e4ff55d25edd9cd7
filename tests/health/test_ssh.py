"""SSH reads of a bench PC with a real sshd: identity, readings, and every way to be refused."""

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from kitto.base.seal import Secret
from kitto.health.adapters import tcp
from kitto.health.adapters.ssh import SshTarget, ask, read, sweep
from kitto.health.adapters.ssh_keys import fingerprint
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import DeviceKind
from tests.counterparts.keys import KeyPair, new_key_pair
from tests.counterparts.pcs import BenchPc, bench_pc


@pytest.fixture(scope="module")
def key() -> KeyPair:
    return new_key_pair()


@pytest.fixture(scope="module")
def pc(key: KeyPair) -> Iterator[BenchPc]:
    with bench_pc(serial="8XK2QZ3", hostname="pc-000042", authorized_key=key.public) as made:
        yield made


@pytest.fixture
def target(pc: BenchPc, key: KeyPair) -> SshTarget:
    return SshTarget(1, pc.address, pc.user, pc.host_key, Secret(key.private), port=pc.port)


@pytest.mark.bench_pc
def test_a_pc_says_who_it_is_and_how_it_feels(target: SshTarget, pc: BenchPc) -> None:
    answer = ask(target)
    assert (answer.sign, answer.detail) == (Sign.ANSWERED, "")
    who = answer.identity
    assert who is not None
    assert (who.kind, who.serial, who.serial_from) == (DeviceKind.HOST, "8XK2QZ3", "DMI")
    assert (who.vendor, who.model) == ("Dell Inc.", "Latitude 7450")
    if not pc.reduced:
        assert who.name == "pc-000042"
    assert answer.uptime is not None
    names = {row.name for row in answer.readings}
    assert {"load_1", "memory_used"} <= names


@pytest.mark.bench_pc
def test_an_unknown_host_key_is_named_and_never_accepted(target: SshTarget, pc: BenchPc) -> None:
    answer = ask(replace(target, host_key=""))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.HOST_KEY_UNKNOWN)
    assert answer.detected_key == pc.host_key.rsplit(" ", 1)[0] or answer.detected_key == pc.host_key
    assert fingerprint(answer.detected_key) in answer.detail
    assert ask(replace(target, host_key="")).reason is Reason.HOST_KEY_UNKNOWN


@pytest.mark.bench_pc
def test_a_changed_host_key_is_named_and_no_credential_is_sent(target: SshTarget, pc: BenchPc) -> None:
    answer = ask(replace(target, host_key=new_key_pair().public, password=Secret("canary")))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.HOST_KEY_CHANGED)
    assert fingerprint(answer.detected_key) == fingerprint(pc.host_key)


@pytest.mark.bench_pc
def test_another_key_is_denied(target: SshTarget) -> None:
    answer = ask(replace(target, private_key=Secret(new_key_pair().private)))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.CREDENTIALS)


def test_a_key_that_is_none_is_our_entry_not_the_device() -> None:
    made = SshTarget(1, "127.0.0.1", "kitto", "", Secret("nonsense"), port=1)
    assert ask(made).reason is Reason.NO_CREDENTIALS


def test_a_closed_port_is_refused_and_a_deaf_one_is_silent() -> None:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        closed = SshTarget(1, "127.0.0.1", "kitto", "", password=Secret("x"), port=listening.getsockname()[1])
        assert ask(closed).reason is Reason.REFUSED
        listening.listen()
        answer = ask(replace(closed, timeout=0.3))
    assert answer.sign is Sign.SILENT


@pytest.mark.bench_pc
def test_one_dead_host_does_not_hold_up_the_others(target: SshTarget) -> None:
    dead = replace(target, key=2, address="127.0.0.1", port=1)
    answers = sweep([target, dead])
    assert {number: answer.sign for number, answer in answers.items()} == {1: Sign.ANSWERED, 2: Sign.SILENT}


def test_a_host_that_says_little_is_still_alive() -> None:
    answer = read("\n@@serial\nTo be filled by O.E.M.\n@@uptime\n\n@@disks\nnonsense\n@@end\n")
    assert answer.sign is Sign.ANSWERED
    assert answer.identity is not None
    assert answer.identity.serial == ""
    assert answer.readings == ()


def test_disks_are_read_as_users_see_them() -> None:
    table = (
        "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
        "/dev/sda1 1000000 880000 70000 93% /\n/dev/sdb1 500 100 400 20% /mnt/日本 語\n"
        "/dev/loop3 100 100 0 100% /snap/core\n"
    )
    answer = read(f"\n@@disks\n{table}\n@@end\n")
    assert [(r.name, r.instance, r.value) for r in answer.readings] == [
        ("disk_used", "/", 92.6),
        ("disk_free", "/", 70000.0 * 1024),
        ("disk_used", "/mnt/日本 語", 20.0),
        ("disk_free", "/mnt/日本 語", 400.0 * 1024),
    ]


def test_a_tcp_port_answers_or_refuses() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        assert tcp.ask(tcp.TcpTarget(1, "127.0.0.1", port)).sign is Sign.ANSWERED
    assert tcp.ask(tcp.TcpTarget(1, "127.0.0.1", port)).reason is Reason.REFUSED
