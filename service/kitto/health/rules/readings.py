"""What is read from a device, as data: one line per number, with its source and its unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kitto.health.rules.supplies import SupplyRow, supply
from kitto.health.rules.values import DeviceKind, Exactness, Measured, Unit, text_of, tidy

# What an SNMP value is once it left the wire: text stays bytes, since its encoding is a guess.
Value = None | str | bytes | int | float
Row = Mapping[str, Value]

M: Final = "1.3.6.1.2.1."
E: Final = "1.3.6.1.4.1."
_K: Final = DeviceKind
_HOSTS: Final = frozenset({_K.HOST, _K.STORAGE, _K.MANAGEMENT, _K.OTHER})
_UPSES: Final = frozenset({_K.UPS})
_PRINTERS: Final = frozenset({_K.PRINTER})
_GEAR: Final = frozenset({_K.NETWORK, _K.WIRELESS})
_ANY: Final = frozenset(DeviceKind)


def number(value: Value) -> float | None:
    """The number in a value: agents also store numbers as text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(words(value))
    except ValueError:
        return None


def words(value: Value) -> str:
    """The text in a value; empty where there is none."""
    if isinstance(value, bytes):
        return text_of(value)
    return "" if value is None else tidy(str(value))


def whole(value: Value) -> int | None:
    """The whole number in a value."""
    found = number(value)
    return None if found is None else int(found)


def _not_negative(value: Value) -> float | None:
    found = number(value)
    return None if found is None or found < 0 else found


def _share(value: Value) -> float | None:
    found = number(value)
    return found if found is not None and 0 <= found <= 100 else None  # noqa: PLR2004 - percent


def _celsius(value: Value) -> float | None:
    found = number(value)
    # 0 and below is what agents without a sensor say; nothing we watch freezes.
    return found if found is not None and 0 < found < 150 else None  # noqa: PLR2004


def _ticks(value: Value) -> float | None:
    found = _not_negative(value)
    return None if found is None else found / 100


def _minutes(value: Value) -> float | None:
    found = _not_negative(value)
    return None if found is None else found * 60


def _is(wanted: int) -> Callable[[Value], float | None]:
    def read(value: Value) -> float | None:
        found = whole(value)
        return None if found is None else float(found == wanted)

    return read


@dataclass(frozen=True, slots=True)
class Reading:
    """One number under one object identifier."""

    name: str
    oid: str
    unit: Unit
    read: Callable[[Value], float | None] = number
    kinds: frozenset[DeviceKind] = _ANY
    label: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers from a table: the columns asked for, and what its rows say together."""

    name: str
    columns: Mapping[str, str]
    read: Callable[[Mapping[str, Row]], tuple[Measured, ...]]
    kinds: frozenset[DeviceKind] = field(default=_ANY)


READINGS: Final = (
    Reading("pages", M + "43.10.2.1.4.1.1", Unit.COUNT, _not_negative, _PRINTERS),
    Reading("printer_state", M + "25.3.5.1.1.1", Unit.STATE, number, _PRINTERS),
    Reading("battery_charge", M + "33.1.2.4.0", Unit.PERCENT, _share, _UPSES),
    Reading("battery_runtime", M + "33.1.2.3.0", Unit.SECONDS, _minutes, _UPSES),
    Reading("seconds_on_battery", M + "33.1.2.2.0", Unit.SECONDS, _not_negative, _UPSES),
    Reading("battery_temperature", M + "33.1.2.7.0", Unit.CELSIUS, _celsius, _UPSES),
    Reading("ups_load", M + "33.1.4.4.1.5.1", Unit.PERCENT, _share, _UPSES),
    Reading("battery_test", M + "33.1.7.3.0", Unit.STATE, _is(5), _UPSES),
    Reading("battery_charge", E + "318.1.1.1.2.2.1.0", Unit.PERCENT, _share, _UPSES),
    Reading("battery_runtime", E + "318.1.1.1.2.2.3.0", Unit.SECONDS, _ticks, _UPSES),
    Reading("seconds_on_battery", E + "318.1.1.1.2.1.2.0", Unit.SECONDS, _ticks, _UPSES),
    Reading("battery_temperature", E + "318.1.1.1.2.2.2.0", Unit.CELSIUS, _celsius, _UPSES),
    Reading("ups_load", E + "318.1.1.1.4.2.3.0", Unit.PERCENT, _share, _UPSES),
    Reading("load_1", E + "2021.10.1.3.1", Unit.LOAD, _not_negative, _HOSTS),
)


def _supplies(rows: Mapping[str, Row]) -> tuple[Measured, ...]:
    found = []
    for index, row in rows.items():
        measured = supply(
            SupplyRow(
                index=index,
                label=words(row.get("label")),
                kind=whole(row.get("class")),
                type=whole(row.get("type")),
                unit=whole(row.get("unit")),
                capacity=whole(row.get("capacity")),
                level=whole(row.get("level")),
            )
        )
        if measured is not None:
            found.append(measured)
    return tuple(found)


# hrStorageTypes (HOST-RESOURCES-TYPES): RAM and fixed disks; the rest is cache, media or nothing.
RAM: Final = "1.3.6.1.2.1.25.2.1.2"
FIXED_DISK: Final = "1.3.6.1.2.1.25.2.1.4"
# Read-only images and pseudo file systems are full by design.
_ALWAYS_FULL: Final = ("/snap/", "/run", "/dev", "/sys", "/proc", "/boot/efi", "/var/lib/docker/")


def _storages(rows: Mapping[str, Row]) -> tuple[Measured, ...]:
    found: list[Measured] = []
    for index, row in rows.items():
        size, used, unit = (number(row.get(name)) for name in ("size", "used", "allocation"))
        if not size or size < 0 or used is None or used < 0:
            continue
        label, sort = words(row.get("label")), words(row.get("type")).lstrip(".")
        share = round(min(100.0, 100.0 * used / size), 1)
        if sort == RAM:
            found.append(Measured("memory_used", share, Unit.PERCENT, index, label))
        elif sort == FIXED_DISK and not label.startswith(_ALWAYS_FULL):
            free = max(0.0, (size - used) * (unit or 1))
            found.append(Measured("disk_used", share, Unit.PERCENT, index, label))
            found.append(Measured("disk_free", free, Unit.BYTES, index, label))
    return tuple(found)


def _processors(rows: Mapping[str, Row]) -> tuple[Measured, ...]:
    loads = [load for row in rows.values() if (load := _share(row.get("load"))) is not None]
    if not loads:
        return ()
    return (Measured("cpu_used", round(sum(loads) / len(loads), 1), Unit.PERCENT),)


# IANAifType: what has a plug or an aerial, against loopbacks, VLANs and tunnels.
_PLUGS: Final = frozenset({6, 62, 69, 71, 117})
UP: Final = 1


def _ports(rows: Mapping[str, Row]) -> tuple[Measured, ...]:
    plugs = [row for row in rows.values() if whole(row.get("type")) in _PLUGS]
    if not plugs:
        return ()
    up = sum(whole(row.get("oper")) == UP for row in plugs)
    return (
        Measured("ports_up", float(up), Unit.COUNT),
        Measured("ports", float(len(plugs)), Unit.COUNT),
    )


# prtInputCurrentLevel and -MaxCapacity use the same -2 and -3 as supplies.
def _trays(rows: Mapping[str, Row]) -> tuple[Measured, ...]:
    found = []
    for index, row in rows.items():
        level, capacity = whole(row.get("level")), whole(row.get("capacity"))
        label = words(row.get("name")) or words(row.get("label"))
        if level is None:
            continue
        if level >= 0 and capacity is not None and capacity > 0:
            share = round(min(100.0, 100.0 * level / capacity), 1)
            found.append(Measured("paper", share, Unit.PERCENT, index, label))
        else:
            some = level == -3  # noqa: PLR2004 - PrtInputCurrentLevel: at least one sheet
            exactness = Exactness.SOME if some else Exactness.UNKNOWN
            found.append(Measured("paper", None, Unit.PERCENT, index, label, exactness))
    return tuple(found)


TABLES: Final = (
    Table(
        "supplies",
        {
            "class": M + "43.11.1.1.4",
            "type": M + "43.11.1.1.5",
            "label": M + "43.11.1.1.6",
            "unit": M + "43.11.1.1.7",
            "capacity": M + "43.11.1.1.8",
            "level": M + "43.11.1.1.9",
        },
        _supplies,
        _PRINTERS,
    ),
    Table(
        "trays",
        {
            "capacity": M + "43.8.2.1.9",
            "level": M + "43.8.2.1.10",
            "name": M + "43.8.2.1.13",
            "label": M + "43.8.2.1.18",
        },
        _trays,
        _PRINTERS,
    ),
    Table(
        "storage",
        {
            "type": M + "25.2.3.1.2",
            "label": M + "25.2.3.1.3",
            "allocation": M + "25.2.3.1.4",
            "size": M + "25.2.3.1.5",
            "used": M + "25.2.3.1.6",
        },
        _storages,
        _HOSTS,
    ),
    Table("processors", {"load": M + "25.3.3.1.2"}, _processors, _HOSTS | _GEAR),
    Table(
        "ports",
        {"type": M + "2.2.1.3", "oper": M + "2.2.1.8"},
        _ports,
        _GEAR,
    ),
)


def scalars_for(kind: DeviceKind) -> tuple[Reading, ...]:
    """The single numbers worth asking such a device for; the first that answers a name wins."""
    return tuple(reading for reading in READINGS if kind in reading.kinds)


def tables_for(kind: DeviceKind) -> tuple[Table, ...]:
    """The tables worth walking on such a device."""
    return tuple(table for table in TABLES if kind in table.kinds)


def measure(readings: tuple[Reading, ...], values: Mapping[str, Value]) -> tuple[Measured, ...]:
    """Turn the answers to `readings` into measurements, in their order."""
    found: dict[str, Measured] = {}
    for reading in readings:
        value = reading.read(values.get(reading.oid))
        if value is not None and reading.name not in found:
            found[reading.name] = Measured(reading.name, value, reading.unit, label=reading.label)
    return tuple(found.values())
