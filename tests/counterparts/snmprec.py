"""Reads .snmprec recordings of SNMP devices, and says which lines of them it could not use."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.counterparts import ber
from tests.counterparts.ber import Oid, Value

RECORDINGS = Path(__file__).with_name("recordings")


@dataclass(frozen=True)
class Dirt:
    """A line that says nothing usable; real recordings have many (masked addresses, cut lines)."""

    line: int
    reason: str


@dataclass(frozen=True)
class Recording:
    """What one device answered once."""

    values: dict[Oid, Value]
    dirt: tuple[Dirt, ...] = ()

    @cached_property
    def order(self) -> list[Oid]:
        """The OIDs as a walk meets them."""
        return sorted(self.values)


def read_recording(source: str | Path) -> Recording:
    """Read a recording by path, or one of our own by its name: "printer", "switch", "ups"."""
    path = source if isinstance(source, Path) else RECORDINGS / f"{source}.snmprec"
    values: dict[Oid, Value] = {}
    dirt = []
    # Bytes, because some recorders wrote text in whatever encoding the device spoke.
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        line = line.rstrip(b"\r")  # noqa: PLW2901 - a recording made on Windows
        if not line or line.startswith(b"#"):
            continue
        try:
            oid, value = parse_line(line)
        except ValueError as problem:
            dirt.append(Dirt(number, str(problem)))
        else:
            values[oid] = value
    return Recording(values, tuple(dirt))


def parse_line(line: bytes) -> tuple[Oid, Value]:
    """Read `OID|TAG|VALUE`; the tag is the BER tag in decimal, with an "x" when the value is hexadecimal."""
    parts = line.split(b"|", 2)
    if len(parts) != 3:
        raise ValueError("not three parts")
    oid, tag, value = parts
    return parse_oid(oid.decode("ascii")), parse_value(tag.decode("ascii"), value)


def parse_oid(text: str) -> Oid:
    """1.3.6.1 or .1.3.6.1."""
    oid = tuple(int(part) for part in text.strip().lstrip(".").split("."))
    if len(oid) < 2 or oid[0] > 2 or min(oid) < 0:
        raise ValueError(f"not an object identifier: {text}")
    return oid


def parse_value(tag: str, value: bytes) -> Value:
    """One value in a recording's notation. Raises ValueError for what cannot go over the wire."""
    if tag.endswith("x"):
        content = bytes.fromhex(value.decode("ascii"))
        return Value(int(tag[:-1]), content)
    number = int(tag)
    if number in (ber.OCTETS, ber.OPAQUE):
        return Value(number, value)
    if number == ber.NULL:
        return Value(number)
    text = value.decode("ascii").strip()
    if number == ber.OBJECT:
        return Value(number, ber.oid_content(parse_oid(text)))
    if number == ber.IP_ADDRESS:
        return Value(number, _address(text))
    limits = {ber.INTEGER: (-(1 << 31), 31), ber.COUNTER64: (0, 64)}
    if number not in (*limits, ber.COUNTER32, ber.GAUGE32, ber.TIME_TICKS):
        raise ValueError(f"unknown tag {tag}")
    least, bits = limits.get(number, (0, 32))
    if not least <= int(text) < 1 << bits:
        raise ValueError(f"{text} does not fit tag {tag}")
    return Value(number, ber.integer_content(int(text)))


def _address(text: str) -> bytes:
    octets = bytes(int(part) for part in text.split("."))
    if len(octets) != 4:
        raise ValueError(f"not an IPv4 address: {text}")
    return octets
