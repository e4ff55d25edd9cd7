"""The sections of a report: what each may hold, as types; anything else is cut off or refused."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from kitto.checkins.rules.wire import NAME_MOST, ROWS_MOST, Count, Name, Text, clean, parse

Few = Meta(max_length=256)
SOFTWARE: Final = "software"


class Hardware(Struct):
    """Maker, model and numbers as the firmware says them."""

    vendor: Name = ""
    model: Name = ""
    serial: Name = ""
    uuid: Name = ""
    sku: Name = ""
    board_vendor: Name = ""
    board_model: Name = ""
    board_serial: Name = ""
    asset_tag: Name = ""
    bios_version: Name = ""
    bios_date: Name = ""
    chassis: Name = ""
    virtual: Name = ""


class System(Struct):
    """The operating system."""

    family: Name = ""
    name: Name = ""
    version: Name = ""
    codename: Name = ""
    kernel: Name = ""
    architecture: Name = ""
    hostname: Name = ""
    time_zone: Name = ""
    locale: Name = ""


class Cpu(Struct):
    """The processors."""

    model: Name = ""
    sockets: Count = 0
    cores: Count = 0
    threads: Count = 0


class Module(Struct):
    """One memory module."""

    slot: Name = ""
    size_mb: Count = 0
    vendor: Name = ""
    part: Name = ""
    speed_mts: Count = 0


class Memory(Struct):
    """Memory that the system sees, and what is plugged in where firmware says so."""

    total_mb: Count = 0
    installed_mb: Count = 0
    modules: Annotated[list[Module], Few] = []


class Disk(Struct):
    """One built-in disk."""

    name: Name = ""
    model: Name = ""
    serial: Name = ""
    size_mb: Count = 0
    rotates: bool = False


class Volume(Struct):
    """One encrypted volume."""

    name: Name = ""
    kind: Name = ""


class Encryption(Struct):
    """Whether the system disk is encrypted: on, off, unknown."""

    system_disk: Name = "unknown"
    volumes: Annotated[list[Volume], Few] = []


class Card(Struct):
    """One physical network card, with its permanent address."""

    name: Name = ""
    mac: Name = ""
    kind: Name = ""
    bus: Name = ""
    driver: Name = ""


class Battery(Struct):
    """One battery with its wear."""

    name: Name = ""
    vendor: Name = ""
    model: Name = ""
    serial: Name = ""
    health_percent: Count = 0
    cycles: Count = 0


Disks = Annotated[list[Disk], Few]
Network = Annotated[list[Card], Few]
Batteries = Annotated[list[Battery], Few]
Software = Annotated[list[tuple[Text, Text, Name]], Meta(max_length=ROWS_MOST)]

KNOWN: Final[Mapping[str, Any]] = {
    "battery": Batteries,
    "cpu": Cpu,
    "disks": Disks,
    "encryption": Encryption,
    "hardware": Hardware,
    "memory": Memory,
    "network": Network,
    "os": System,
    SOFTWARE: Software,
}


def read(name: str, raw: bytes) -> Any:
    """Read one known section into its type, with clean text. Raises ReportUnreadable."""
    return tidy(parse(raw, KNOWN[name]))


def tidy(value: Any) -> Any:
    """The same value with every text cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [tidy(item) for item in value]
    if isinstance(value, tuple):
        return tuple(tidy(item) for item in value)
    if isinstance(value, Struct):
        for field in value.__struct_fields__:
            setattr(value, field, tidy(getattr(value, field)))
    return value


def stored(section: Any) -> Any:
    """A section as JSON values for the database."""
    return msgspec.to_builtins(section)


def opened(name: str, document: Any) -> Any:
    """A stored section as its type again."""
    return msgspec.convert(document, KNOWN[name])


class Title(Struct, frozen=True):
    """A program in one version."""

    name: str
    version: str
    kind: str


def titles(rows: list[tuple[str, str, str]]) -> set[Title]:
    """Distinct programs; rows without a name are dropped."""
    cut: Callable[[str], str] = lambda text: text[:NAME_MOST]  # noqa: E731
    return {Title(cut(name), cut(version), cut(kind)) for name, version, kind in rows if name}
