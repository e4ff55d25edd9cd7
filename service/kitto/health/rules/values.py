"""The values a poll brings back: identity, measurements, and the answer that holds them."""

import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from kitto.health.rules.states import Reason, Sign


class Unit(StrEnum):
    """What a number counts; stored by value."""

    PERCENT = "percent"
    SECONDS = "seconds"
    COUNT = "count"
    CELSIUS = "celsius"
    BYTES = "bytes"
    VOLTS = "volts"
    LOAD = "load"
    STATE = "state"


class Exactness(StrEnum):
    """How much a number may be trusted.

    SOME: the device only says that there is some left. UNKNOWN: it does not say at all.
    Neither has a number, and neither is ever turned into one.
    """

    EXACT = "exact"
    SOME = "some"
    UNKNOWN = "unknown"


class DeviceKind(StrEnum):
    """What a device turned out to be, by the objects it answers for."""

    PRINTER = "printer"
    UPS = "ups"
    NETWORK = "network"
    WIRELESS = "wireless"
    STORAGE = "storage"
    HOST = "host"
    MANAGEMENT = "management"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement; `instance` tells the rows of a table apart, `label` is the device's word."""

    name: str
    value: float | None
    unit: Unit
    instance: str = ""
    label: str = ""
    exactness: Exactness = Exactness.EXACT


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device says it is, and for the serial, which of its words that was."""

    kind: DeviceKind = DeviceKind.OTHER
    vendor: str = ""
    model: str = ""
    serial: str = ""
    serial_from: str = ""
    version: str = ""
    name: str = ""
    location: str = ""
    description: str = ""
    object_id: str = ""
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one poll of one target brought.

    `identity` is there only when it was asked. `detail` is for the people who repair it: it never
    holds a secret. `detected_key` is the host key an SSH server showed, so that a person can
    compare and pin it.
    """

    sign: Sign
    reason: Reason
    detail: str = ""
    latency: timedelta | None = None
    uptime: timedelta | None = None
    engine_boots: int | None = None
    identity: Identity | None = None
    readings: tuple[Measured, ...] = field(default_factory=tuple)
    detected_key: str = ""


LONGEST_TEXT: Final = 255


def text_of(raw: bytes) -> str:
    """Read the text a device stored: UTF-8, else Windows Japanese (cp932), else Latin-1.

    Control characters and trailing NULs (both common in agents) become spaces or vanish; the
    result is at most `LONGEST_TEXT` characters.
    """
    trimmed = raw.rstrip(b"\0")
    for encoding in ("utf-8", "cp932"):
        try:
            return tidy(trimmed.decode(encoding))
        except UnicodeDecodeError:
            continue
    return tidy(trimmed.decode("latin-1"))


def tidy(text: str) -> str:
    """One line, printable, single spaces, of a storable length."""
    printable = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join("".join(printable).split())[:LONGEST_TEXT]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a second stack heard: objects by their MIB names, or the stack's own word for the trouble."""

    answered: bool
    objects: tuple[tuple[str, str], ...] = ()
    trouble: str = ""
