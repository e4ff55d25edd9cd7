"""The SNMP devices, asked by Debian's tools and by the library that the service uses."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gufo.snmp import SnmpVersion
from gufo.snmp.aio import SnmpSession

from tests.counterparts import ber
from tests.counterparts.snmp import Faults, SnmpDevice, snmp_device
from tests.counterparts.snmprec import Dirt, Recording, parse_line, parse_oid, parse_value, read_recording
from tests.prepare import missing

UPTIME = "1.3.6.1.2.1.1.3.0"
NAME = "1.3.6.1.2.1.1.5.0"
LOCATION = "1.3.6.1.2.1.1.6.0"
PRINTER_SERIAL = "1.3.6.1.2.1.43.5.1.1.17.1"
SUPPLY_LEVELS = "1.3.6.1.2.1.43.11.1.1.9"
IF_TABLE = "1.3.6.1.2.1.2.2.1"
OWN = ("printer", "switch", "ups")

needs_tools = pytest.mark.skipif(bool(missing("snmp")), reason=missing("snmp"))


@pytest.fixture
def printer() -> Iterator[SnmpDevice]:
    with snmp_device("printer") as device:
        yield device


def tool(program: str, device: SnmpDevice, *oids: str, version: str = "2c", options: str = "") -> list[str]:
    """What a net-snmp tool prints, one value a line; it tries once and waits a second."""
    command = [program, f"-v{version}", "-c", device.community, "-Onqt", "-r0", "-t1", *options.split()]
    done = subprocess.run(
        [*command, f"{device.address}:{device.port}", *oids], capture_output=True, text=True, check=False
    )
    # the first tool that ever runs here makes its folder, and says so on standard error
    told = (done.stdout + done.stderr).splitlines()
    return [line for line in told if not line.startswith("Created directory:")]


def session(device: SnmpDevice, community: str = "public", timeout: float = 5.0) -> SnmpSession:
    return SnmpSession(
        device.address, port=device.port, community=community, timeout=timeout, version=SnmpVersion.v2c
    )


def get(device: SnmpDevice, oid: str, *, community: str = "public", timeout: float = 5.0) -> object:
    async def ask() -> object:
        async with session(device, community, timeout) as open_session:
            return await open_session.get(oid)

    return asyncio.run(ask())


@needs_tools
@pytest.mark.parametrize("version", ["1", "2c"])
def test_debians_tool_reads_a_printer(printer: SnmpDevice, version: str) -> None:
    told = tool("snmpget", printer, PRINTER_SERIAL, f"{SUPPLY_LEVELS}.1.2", version=version)

    assert told == [f'.{PRINTER_SERIAL} "KWC35-0004711"', f".{SUPPLY_LEVELS}.1.2 -3"]


@needs_tools
@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(
    ("program", "version"), [("snmpwalk", "1"), ("snmpwalk", "2c"), ("snmpbulkwalk", "2c")]
)
def test_every_walk_meets_every_object_once_and_in_order(name: str, program: str, version: str) -> None:
    recording = read_recording(name)
    expected = [
        oid for oid in recording.order if version == "2c" or recording.values[oid].tag != ber.COUNTER64
    ]
    with snmp_device(recording) as device:
        lines = tool(program, device, ".1", version=version)
    # The tool names the last object once more to say that nothing follows it.
    rows = [line for line in lines if line.startswith(".1.") and "No more variables" not in line]
    met = [parse_oid(row.split()[0]) for row in rows]

    assert met == expected


def test_the_services_library_reads_japanese_and_whole_tables(printer: SnmpDevice) -> None:
    async def ask() -> tuple[object, Mapping[str, object], Sequence[object]]:
        async with session(printer) as open_session:
            one = await open_session.get(LOCATION)
            many = await open_session.get_many([PRINTER_SERIAL, UPTIME, "1.3.9.9.9"])
            levels = [value async for _, value in open_session.getbulk(SUPPLY_LEVELS)]
            return one, many, levels

    location, many, levels = asyncio.run(ask())

    assert isinstance(location, bytes)
    assert location.decode() == "東京本社 3F 複合機コーナー"
    assert many[PRINTER_SERIAL] == b"KWC35-0004711"
    assert levels == [62, -3, 9, -2, 85, 41250]


def test_a_bulk_answer_fits_one_packet() -> None:
    with snmp_device("switch") as device, ThreadPoolExecutor() as pool:
        request = _message(ber.GET_BULK, parse_oid(IF_TABLE), first=0, second=500)
        reply = pool.submit(_exchange, device, request).result()

    assert 1000 < len(reply) < 1472


@needs_tools
def test_what_is_not_there_is_named_as_the_standard_says(printer: SnmpDevice) -> None:
    assert tool("snmpget", printer, f"{LOCATION[:-2]}.7", "1.3.9.9") == [
        f".{LOCATION[:-2]}.7 No Such Instance currently exists at this OID",
        ".1.3.9.9 No Such Object available on this agent at this OID",
    ]
    assert any("noSuchName" in line for line in tool("snmpget", printer, NAME, "1.3.9.9", version="1"))
    assert any("notWritable" in line for line in tool("snmpset", printer, NAME, "s", "mine"))


def test_a_wrong_community_meets_silence(printer: SnmpDevice) -> None:
    with pytest.raises(TimeoutError):
        get(printer, NAME, community="guess", timeout=0.2)
    assert printer.requests == 1


def test_lost_requests_are_asked_again(printer: SnmpDevice) -> None:
    printer.faults.lose_next = 1
    with pytest.raises(TimeoutError):
        get(printer, NAME, timeout=0.2)

    assert get(printer, NAME) == b"mfp-3f-01"
    assert printer.requests == 2


def test_loss_takes_its_share_the_same_way_each_time() -> None:
    def lost(device: SnmpDevice) -> list[bool]:
        request = _message(ber.GET, parse_oid(NAME))
        return [device.answer(request) is None for _ in range(1000)]

    with (
        snmp_device("ups", faults=Faults(loss=0.3)) as one,
        snmp_device("ups", faults=Faults(loss=0.3)) as other,
    ):
        first, second = lost(one), lost(other)

    assert first == second
    assert 250 < sum(first) < 350


def test_a_slow_device_answers_late_and_out_of_turn() -> None:
    with (
        snmp_device("ups", faults=Faults(delays=(0.3, 0.0))) as device,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(5)
        client.connect((device.address, device.port))
        started = time.monotonic()
        for number in (1, 2):
            client.send(_message(ber.GET, parse_oid(NAME), number=number))
        replies = [client.recv(2000) for _ in range(2)]
        waited = time.monotonic() - started

    assert [_number(reply) for reply in replies] == [2, 1]
    assert waited >= 0.3


def test_a_silent_device_says_nothing_until_it_speaks_again(printer: SnmpDevice) -> None:
    printer.faults.silent = True
    with pytest.raises(TimeoutError):
        get(printer, NAME, timeout=0.2)

    printer.faults.silent = False

    assert get(printer, NAME) == b"mfp-3f-01"


def test_uptime_runs_on_and_a_reboot_starts_it_again(printer: SnmpDevice) -> None:
    first, second = get(printer, UPTIME), get(printer, UPTIME)
    boots = get(printer, "1.3.6.1.6.3.10.2.1.2.0")
    assert isinstance(first, int)
    assert isinstance(second, int)
    assert isinstance(boots, int)
    assert 259_200_000 <= first <= second

    printer.reboot()

    after = get(printer, UPTIME)
    assert isinstance(after, int)
    assert after < 6000
    assert get(printer, "1.3.6.1.6.3.10.2.1.2.0") == boots + 1


def test_uptime_wraps_after_497_days(printer: SnmpDevice) -> None:
    printer.change(UPTIME, 67, str((1 << 32) - 1))
    seen = 1 << 32
    for _ in range(1000):
        seen = get(printer, UPTIME)  # type: ignore[assignment]
        if seen < 6000:
            break

    assert seen < 6000


def test_a_value_can_change_while_it_runs(printer: SnmpDevice) -> None:
    printer.change(f"{SUPPLY_LEVELS}.1.1", 2, "4")

    assert get(printer, f"{SUPPLY_LEVELS}.1.1") == 4


@needs_tools
def test_a_broken_agent_walks_in_circles(printer: SnmpDevice) -> None:
    printer.faults.loops_at = parse_oid(NAME)

    assert any("OID not increasing" in line for line in tool("snmpwalk", printer, "1.3.6.1.2.1.1"))


def test_an_answer_may_come_twice(printer: SnmpDevice) -> None:
    printer.faults.twice = True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect((printer.address, printer.port))
        client.send(_message(ber.GET, parse_oid(NAME)))

        assert client.recv(2000) == client.recv(2000)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x30",
        b"\x30\x84\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x30\x03\x02\x01\x03",
        bytes(1400),
    ],
)
def test_garbage_from_anybody_is_counted_and_ignored(printer: SnmpDevice, garbage: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(garbage, (printer.address, printer.port))

    assert get(printer, NAME) == b"mfp-3f-01"
    assert printer.garbage == 1


def test_two_devices_answer_side_by_side() -> None:
    with snmp_device("switch") as switch, snmp_device("ups", address="127.0.2.1", community="秘密") as ups:
        assert get(switch, NAME) == b"sw-3f-01"
        assert get(ups, NAME, community="秘密") == b"ups-3f-01"


def test_one_device_answers_at_a_thousand_addresses() -> None:
    addresses = [f"127.9.{number // 250}.{number % 250 + 1}" for number in range(1000)]

    async def sweep(port: int) -> list[object]:
        async def ask(address: str) -> object:
            async with SnmpSession(address, port=port, timeout=10.0) as open_session:
                return await open_session.get(NAME)

        return list(await asyncio.gather(*(ask(address) for address in addresses)))

    with snmp_device("ups", everywhere=True) as device:
        assert set(asyncio.run(sweep(device.port))) == {b"ups-3f-01"}
        assert device.requests == 1000


@pytest.mark.parametrize("name", OWN)
def test_our_recordings_are_clean_and_sorted(name: str) -> None:
    recording = read_recording(name)

    assert recording.values
    assert recording.dirt == ()
    assert recording.order == list(recording.values)


def test_dirt_is_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "dirty.snmprec"
    path.write_bytes(
        b"# a remark\r\n"
        b"1.3.6.1.2.1.1.5.0|4|name\r\n"
        b"\n"
        b"1.3.6.1.2.1.2.2.1.6.1|4x|346288XXYYZZ\n"
        b".1.3.6.1.2.1.1.6.0|4|\x93\x8c\x8b\x9e|3F\n"
        b"1.3.6.1.2.1.31.1.1.1.6.1|70|6git3159\n"
        b"1.3.6.1.2.1.1.9\n"
        b"1.3.6.1.2.1.4.20.1.1.1|64|192.0.2.300\n"
        b"1.3.6.1.2.1.2.1.0|2|99999999999\n"
        b"1.3.6.1.2.1.2.1.1|99|1\n"
    )

    recording = read_recording(path)

    assert [dirt.line for dirt in recording.dirt] == [4, 6, 7, 8, 9, 10]
    assert recording.dirt[2] == Dirt(7, "not three parts")
    # Bytes stay as the device sent them (here Shift_JIS, with a bar in the text).
    assert recording.values[parse_oid(LOCATION)].content == b"\x93\x8c\x8b\x9e|3F"
    with snmp_device(recording) as device:
        assert get(device, NAME) == b"name"


@pytest.mark.parametrize(
    ("line", "content"),
    [
        ("1.3.6|2|-129", "ff7f"),
        ("1.3.6|2|-128", "80"),
        ("1.3.6|2|127", "7f"),
        ("1.3.6|2|128", "0080"),
        ("1.3.6|65|4294967295", "00ffffffff"),
        ("1.3.6|70|18446744073709551615", "00ffffffffffffffff"),
        ("1.3.6|64|192.0.2.9", "c0000209"),
        ("1.3.6|6|1.3.6.1.4.1.32473", "2b06010401 81fd59"),
        ("1.3.6|6|2.999.3", "883703"),
        ("1.3.6|5|", ""),
        ("1.3.6|4x|00FF", "00ff"),
    ],
)
def test_values_are_encoded_as_the_standard_says(line: str, content: str) -> None:
    assert parse_line(line.encode())[1].content == bytes.fromhex(content)


def test_a_recording_can_be_made_in_a_test() -> None:
    values = {parse_oid(NAME): parse_value("4", b"made here")}
    with snmp_device(Recording(values)) as device:
        assert get(device, NAME) == b"made here"


def _message(kind: int, oid: ber.Oid, *, number: int = 1, first: int = 0, second: int = 0) -> bytes:
    numbers = b"".join(ber.encode(ber.INTEGER, ber.integer_content(n)) for n in (number, first, second))
    bindings = ber.encode(ber.SEQUENCE, ber.encode_binding(oid, ber.Value(ber.NULL)))
    head = ber.encode(ber.INTEGER, b"\x01") + ber.encode(ber.OCTETS, b"public")
    return ber.encode(ber.SEQUENCE, head + ber.encode(kind, numbers + bindings))


def _exchange(device: SnmpDevice, request: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect((device.address, device.port))
        client.send(request)
        return client.recv(65535)


def _number(reply: bytes) -> int:
    """The request id of a short reply: version, community "public", then the first integer of the PDU."""
    start = reply.index(b"public") + len(b"public")
    return reply[start + 4]
