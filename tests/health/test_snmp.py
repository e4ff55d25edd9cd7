"""The hot path against devices that answer over UDP: recordings of our own, and Debian's snmpd."""

import asyncio
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

import kitto
from kitto.base.seal import Secret
from kitto.health.adapters.second_opinion import second_opinion
from kitto.health.adapters.snmp import (
    Community,
    Depth,
    SnmpTarget,
    UserSecurity,
    Version,
    sweep,
    sweep_in_loop,
)
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, DeviceKind, Exactness, Identity
from tests.counterparts.snmp import Faults, SnmpDevice, snmp_device

PUBLIC = Community(Secret("public"))
SNMPD = "/usr/sbin/snmpd"


def target(device: SnmpDevice, depth: Depth = Depth.IDENTITY, **given: object) -> SnmpTarget:
    made = SnmpTarget(1, device.address, PUBLIC, port=device.port, depth=depth, timeout=1.0)
    return replace(made, **given)  # type: ignore[arg-type]


def asked(device: SnmpDevice, depth: Depth = Depth.IDENTITY, **given: object) -> Answer:
    return sweep([target(device, depth, **given)])[1]


def identity_of(answer: Answer) -> Identity:
    assert answer.identity is not None
    return answer.identity


def values(answer: Answer) -> dict[tuple[str, str], tuple[float | None, Exactness]]:
    return {(row.name, row.instance): (row.value, row.exactness) for row in answer.readings}


def test_a_printer_says_who_it_is_and_how_much_is_left() -> None:
    with snmp_device("printer") as device:
        answer = asked(device)
    who = identity_of(answer)
    assert (who.kind, who.serial, who.serial_from) == (DeviceKind.PRINTER, "KWC35-0004711", "Printer-MIB")
    assert who.model == "Kitto Works KW-C3500"
    assert who.location == "東京本社 3F 複合機コーナー"
    assert answer.uptime is not None
    assert answer.uptime.days == 30
    supplies = [row for row in answer.readings if row.name == "supply"]
    assert {row.exactness for row in supplies} == set(Exactness)
    assert all((row.value is None) == (row.exactness is not Exactness.EXACT) for row in supplies)


def test_a_switch_says_who_it_is_and_how_many_ports_have_a_link() -> None:
    with snmp_device("switch") as device:
        answer = asked(device)
    who = identity_of(answer)
    assert (who.kind, who.serial_from) == (DeviceKind.NETWORK, "ENTITY-MIB")
    assert who.serial == "SW24-8D20331"
    found = values(answer)
    assert found["ports", ""][0] == 24
    assert 0 < (found["ports_up", ""][0] or 0) <= 24


def test_a_ups_says_how_long_it_will_last() -> None:
    with snmp_device("ups") as device:
        answer = asked(device)
    assert identity_of(answer).kind is DeviceKind.UPS
    assert {"battery_charge", "battery_runtime", "ups_load"} <= {row.name for row in answer.readings}


def test_version_1_reads_the_same_although_one_unknown_object_fails_a_whole_request() -> None:
    with snmp_device("printer") as device:
        old = asked(device, security=Community(Secret("public"), Version.V1))
        new = asked(device)
    assert old.identity == new.identity
    assert values(old) == values(new)


def test_liveness_asks_once_and_little() -> None:
    with snmp_device("switch") as device:
        answer = asked(device, Depth.LIVENESS)
        assert device.requests == 1
    assert answer.sign is Sign.ANSWERED
    assert answer.identity is None
    assert answer.readings == ()


def test_a_silent_device_is_silent() -> None:
    with snmp_device("printer", faults=Faults(silent=True)) as device:
        answer = asked(device, timeout=0.1)
        assert device.requests == 3
    assert (answer.sign, answer.reason) == (Sign.SILENT, Reason.NO_ANSWER)


def test_a_closed_port_is_told_from_silence() -> None:
    with snmp_device("printer") as device:
        gone = target(device, timeout=5.0)
    started = time.monotonic()
    answer = sweep([gone])[1]
    assert (answer.sign, answer.reason) == (Sign.SILENT, Reason.REFUSED)
    assert time.monotonic() - started < 2


def test_a_wrong_community_is_silence_because_agents_do_not_answer_it() -> None:
    with snmp_device("printer", community="secret") as device:
        assert asked(device, timeout=0.1).sign is Sign.SILENT


def test_two_lost_datagrams_are_no_failure() -> None:
    with snmp_device("ups", faults=Faults(lose_next=2)) as device:
        assert asked(device, Depth.LIVENESS, timeout=0.2).sign is Sign.ANSWERED


def test_a_walk_that_goes_round_in_circles_ends_and_keeps_what_it_has() -> None:
    loop = (1, 3, 6, 1, 2, 1, 2, 2, 1, 3, 5)
    with snmp_device("switch", faults=Faults(loops_at=loop)) as device:
        answer = asked(device, deadline=5)
        assert device.requests < 200
    assert answer.sign is Sign.ANSWERED


def test_answers_that_come_twice_or_late_belong_to_their_own_question() -> None:
    with snmp_device("printer", faults=Faults(twice=True, delays=(0.05, 0.0))) as device:
        first = identity_of(asked(device))
    with snmp_device("printer") as device:
        assert first == identity_of(asked(device))


def test_a_slow_table_does_not_make_a_living_device_silent() -> None:
    with snmp_device("switch", faults=Faults(delays=(0.0, 0.3))) as device:
        answer = asked(device, deadline=0.4)
    assert answer.sign is Sign.ANSWERED
    assert answer.detail


def test_a_full_table_of_descriptors_is_our_own_fault() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with snmp_device("ups") as device:
        made = target(device, Depth.LIVENESS)

        async def without_descriptors() -> Answer:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(_descriptors()) + 1, hard))
            filled: list[int] = []
            try:
                with suppress(OSError):
                    while True:
                        filled.append(os.dup(0))
                return (await sweep_in_loop([made]))[1]
            finally:
                for number in filled:
                    os.close(number)
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

        answer = asyncio.run(without_descriptors())
    assert (answer.sign, answer.reason) == (Sign.OURS, Reason.OUR_NETWORK)


def _descriptors() -> list[int]:
    return [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]


def test_a_poller_that_stood_still_blames_nobody() -> None:
    """The device answers nothing while our own loop hangs: that says nothing about the device."""

    async def story(device: SnmpDevice) -> Answer:
        task = asyncio.create_task(sweep_in_loop([target(device, Depth.LIVENESS, timeout=0.4, attempts=1)]))
        await asyncio.sleep(0.1)
        time.sleep(0.8)  # noqa: ASYNC251 - the very stall that is tested
        return (await task)[1]

    with snmp_device("printer", faults=Faults(silent=True)) as device:
        answer = asyncio.run(story(device))
    assert (answer.sign, answer.reason) == (Sign.OURS, Reason.WE_WERE_LATE)


def test_a_process_that_was_stopped_and_went_on_blames_nobody(tmp_path: Path) -> None:
    program = tmp_path / "sweep.py"
    program.write_text(
        "import sys\n"
        "from kitto.base.seal import Secret\n"
        "from kitto.health.adapters.snmp import Community, SnmpTarget, sweep\n"
        "port = int(sys.argv[1])\n"
        "public = Community(Secret('public'))\n"
        "many = [SnmpTarget(n, f'127.0.9.{n}', public, port=port, timeout=0.5, attempts=1)"
        " for n in range(1, 201)]\n"
        "print('ready', flush=True)\n"
        "answers = sweep(many, at_once=100)\n"
        "print(sorted({a.sign.value for a in answers.values()}))\n"
    )
    with snmp_device("ups", everywhere=True, faults=Faults(delays=(0.1,))) as device:
        run = subprocess.Popen(
            [sys.executable, str(program), str(device.port)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(Path(kitto.__file__).parents[1])},
        )
        assert run.stdout is not None
        run.stdout.readline()
        while device.requests < 50:
            time.sleep(0.01)
        run.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        run.send_signal(signal.SIGCONT)
        said, _ = run.communicate(timeout=30)
    assert "silent" not in said


def test_two_thousand_targets_in_one_sweep() -> None:
    with snmp_device("ups", everywhere=True) as device:
        many = [
            target(device, Depth.LIVENESS, key=n, address=f"127.1.{n // 250}.{n % 250 + 1}", timeout=2.0)
            for n in range(2_000)
        ]
        answers = sweep(many)
    assert len(answers) == 2_000
    assert {answer.sign for answer in answers.values()} == {Sign.ANSWERED}


def test_with_loss_and_dead_targets_no_living_device_is_called_silent() -> None:
    with snmp_device("ups", everywhere=True, faults=Faults(loss=0.05)) as device, closing(_deaf()) as dead:
        many = [
            target(device, Depth.LIVENESS, key=n, address=f"127.2.0.{n + 1}", timeout=0.4, attempts=4)
            for n in range(200)
        ] + [
            target(device, Depth.LIVENESS, key=1000 + n, port=dead.getsockname()[1], timeout=0.2)
            for n in range(20)
        ]
        answers = sweep(many)
    assert {key for key, answer in answers.items() if answer.sign is Sign.SILENT} == set(range(1000, 1020))


def _deaf() -> socket.socket:
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(("127.0.0.1", 0))
    return deaf


def test_garbage_from_a_device_harms_nobody_else() -> None:
    """Whatever a hostile agent sends, its own poll fails and the others do not."""
    chance = random.Random(20261123)
    hostile = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    hostile.bind(("127.0.0.1", 0))
    hostile.settimeout(0.1)
    done = threading.Event()

    def misbehave() -> None:
        while not done.is_set():
            try:
                asked_, peer = hostile.recvfrom(65535)
            except TimeoutError:
                continue
            broken = bytearray(asked_)
            for _ in range(chance.randint(1, 8)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            reply = chance.choice(
                [bytes(broken), asked_, chance.randbytes(60), b"", b"\x30\x84\xff\xff\xff\xff", asked_[:-3]]
            )
            hostile.sendto(reply, peer)

    thread = threading.Thread(target=misbehave)
    thread.start()
    try:
        with snmp_device("ups") as device:
            port = hostile.getsockname()[1]
            many = [target(device, key=0)] + [
                target(device, key=n, port=port, timeout=0.1, attempts=2, deadline=2) for n in range(1, 200)
            ]
            answers = sweep(many)
    finally:
        done.set()
        thread.join()
        hostile.close()
    assert answers[0].sign is Sign.ANSWERED
    assert len(answers) == 200


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Debian's snmpd with a v3 user, on a free port; yields the port."""
    if not Path(SNMPD).exists():
        pytest.skip("no snmpd here: install the Debian package snmpd")
    folder = tmp_path_factory.mktemp("snmpd")
    with closing(_deaf()) as probe:
        port: int = probe.getsockname()[1]
    (folder / "snmpd.conf").write_text(
        "rocommunity public\ncreateUser sato SHA-256 authentic-1 AES private-1\nrouser sato priv\n"
        f"sysLocation 新宿 7F\nagentXSocket {folder}/agentx\n"
    )
    run = subprocess.Popen(
        [
            SNMPD,
            "-f",
            "-Lf",
            str(folder / "log"),
            "-C",
            "-c",
            str(folder / "snmpd.conf"),
            f"udp:127.0.0.1:{port}",
        ],
        env={"SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""},
    )
    try:
        made = SnmpTarget(1, "127.0.0.1", PUBLIC, port=port, timeout=0.2)
        until = time.monotonic() + 20
        while sweep([made])[1].sign is not Sign.ANSWERED:
            assert run.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield port
    finally:
        run.terminate()
        run.wait(10)


def of_agent(port: int, security: Community | UserSecurity) -> SnmpTarget:
    return SnmpTarget(1, "127.0.0.1", security, port=port, depth=Depth.IDENTITY, timeout=0.5, attempts=2)


def v3(user: str = "sato", auth: str = "authentic-1", privacy: str = "private-1") -> UserSecurity:
    return UserSecurity(user, Secret(auth), Secret(privacy), hash="sha256")


def test_version_3_with_privacy_reads_what_version_2_reads(agent: int) -> None:
    plain, private = (sweep([of_agent(agent, security)])[1] for security in (PUBLIC, v3()))
    assert private.sign is Sign.ANSWERED
    assert private.identity == plain.identity
    assert identity_of(plain).location == "新宿 7F"
    assert {row.name for row in private.readings} >= {"memory_used", "load_1"}


@pytest.mark.parametrize(
    ("security", "second"),
    [
        (v3(auth="authentic-2"), "Wrong SNMP PDU digest"),
        (v3(user="nobody"), "Unknown USM user"),
        (v3(privacy="private-2"), "No SNMP response received before timeout"),
    ],
)
def test_wrong_version_3_credentials_are_denied_and_the_second_opinion_says_which(
    agent: int, security: UserSecurity, second: str
) -> None:
    answer = sweep([of_agent(agent, security)])[1]
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.CREDENTIALS)
    assert second_opinion(of_agent(agent, security)).trouble == second


def test_another_snmp_stack_reads_the_same(agent: int) -> None:
    """The cross-check: pysnmp shares no code with the hot path."""
    opinion = second_opinion(of_agent(agent, PUBLIC))
    heard = dict(opinion.objects)
    who = identity_of(sweep([of_agent(agent, PUBLIC)])[1])
    assert opinion.answered
    assert heard["SNMPv2-MIB::sysDescr.0"] == who.description
    assert heard["SNMPv2-MIB::sysName.0"] == who.name


def test_the_second_opinion_names_a_silent_device(agent: int) -> None:
    with closing(_deaf()) as dead:
        opinion = second_opinion(of_agent(dead.getsockname()[1], PUBLIC))
    assert not opinion.answered
    assert "timeout" in opinion.trouble
