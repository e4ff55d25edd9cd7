"""Working out who an SNMP device is: kind, maker, model, serial, and where each came from."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from kitto.health.rules.identity import serial_of
from kitto.health.rules.readings import Row, Value, words
from kitto.health.rules.values import DeviceKind, Identity
from kitto.health.rules.vendors import (
    BY_DESCRIPTION,
    BY_ENTERPRISE,
    GENERIC,
    SERIAL_IN_DESCRIPTION,
    Vendor,
    enterprise_of,
    kind_below,
)

M: Final = "1.3.6.1.2.1."
SYS_DESCR: Final = M + "1.1.0"
SYS_OBJECT_ID: Final = M + "1.2.0"
SYS_NAME: Final = M + "1.5.0"
SYS_LOCATION: Final = M + "1.6.0"
HR_DEVICE: Final = M + "25.3.2.1.3.1"
HR_UPTIME: Final = M + "25.1.1.0"
PRT_SERIAL: Final = M + "43.5.1.1.17.1"
PRT_CHANGES: Final = M + "43.5.1.1.1.1"
UPS_MAKER: Final = M + "33.1.1.1.0"
UPS_MODEL: Final = M + "33.1.1.2.0"
UPS_VERSION: Final = M + "33.1.1.4.0"
BRIDGE_ADDRESS: Final = M + "17.1.1.0"
FIRST: Final = (
    SYS_DESCR,
    SYS_OBJECT_ID,
    SYS_NAME,
    SYS_LOCATION,
    HR_DEVICE,
    HR_UPTIME,
    PRT_SERIAL,
    PRT_CHANGES,
    UPS_MAKER,
    UPS_MODEL,
    UPS_VERSION,
    BRIDGE_ADDRESS,
)

ENTITY: Final = M + "47.1.1.1.1."
ENT_CLASS: Final = ENTITY + "5"
ENT_SERIAL: Final = ENTITY + "11"
# entPhysicalClass: what may carry the serial of the whole. Never a module or a power supply.
CHASSIS: Final = 3
WHOLES: Final = (CHASSIS, 11, 4)
MOST_PARTS: Final = 512
PORT_ADDRESS: Final = M + "2.2.1.6"
_MAC_BYTES: Final = 6

# Agents that call themselves net-snmp on an appliance: these objects give the maker away.
TELLING: Final = {
    "1.3.6.1.4.1.6574.1.5.1.0": BY_ENTERPRISE[6574],
    "1.3.6.1.4.1.24681.1.4.1.1.1.1.1.2.1.4.1": BY_ENTERPRISE[24681],
    "1.3.6.1.4.1.41112.1.6.3.3.0": replace(BY_ENTERPRISE[41112], kind=DeviceKind.WIRELESS),
    "1.3.6.1.4.1.674.10892.5.1.3.2.0": BY_ENTERPRISE[674],
}

_VERSION: Final = re.compile(
    r"\b(?:version|ver\.?|revision|firmware|rev\.?)[ :,]*v?([A-Z]{0,2}\.?\d[\w.()\[\]-]*)",
    re.IGNORECASE,
)
_OWN_VERSION: Final = re.compile(
    r"(?:^(?:Linux|FreeBSD|Darwin) \S+ |\bkernel JUNOS |\bPF:|\bLights-Out \d |\bAW\+ "
    r"|^FreeNAS-|^TrueNAS-)v?(\d\S*)"
)
_TRAILING_VERSION: Final = re.compile(r"[,;] (\d+(?:\.\d+)+)")
_MODEL: Final = re.compile(r"\bModel: *([\w/+-]+)|\b(\w+) internet router\b", re.IGNORECASE)
_LEADING_MODEL: Final = re.compile(r"^=?([A-Z][A-Z0-9]{0,6}-?[A-Za-z0-9/+-]*\d[\w/+-]*)\b")


class Reader(Protocol):
    """What is needed of a device here."""

    async def get(self, oids: Iterable[str]) -> Mapping[str, Value]: ...

    async def column(self, oid: str, most: int = ...) -> dict[str, Value]: ...


@dataclass(frozen=True, slots=True)
class _Whole:
    """The chassis as ENTITY-MIB tells it."""

    serial: str = ""
    model: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """All a device said, before it is weighed."""

    first: Mapping[str, Value]
    vendor: Vendor | None
    own: Mapping[str, Value]
    whole: _Whole
    object_id: str
    description: str
    mac: str

    def says(self, oid: str) -> str:
        return words(self.first.get(oid))

    @property
    def is_printer(self) -> bool:
        return PRT_SERIAL in self.first or PRT_CHANGES in self.first

    def own_words(self, oids: Iterable[str]) -> list[str]:
        return [words(self.own.get(oid)) for oid in oids]


async def identify(agent: Reader) -> Identity:
    """Ask a device who it is: two or three GETs, and one short walk for gear with a chassis."""
    seen = await _listen(agent)
    serial, source = _serial(seen)
    return Identity(
        kind=_kind(seen.first, seen.vendor, seen.object_id, seen.description),
        vendor=_maker(seen),
        model=_model(seen),
        serial=serial,
        serial_from=source,
        version=_version(seen),
        name=seen.says(SYS_NAME),
        location=seen.says(SYS_LOCATION),
        description=seen.description,
        object_id=seen.object_id,
        mac=seen.mac,
    )


async def _listen(agent: Reader) -> _Evidence:
    first = await agent.get(FIRST)
    object_id = words(first.get(SYS_OBJECT_ID)).lstrip(".")
    description = words(first.get(SYS_DESCR))
    vendor = await _vendor(agent, object_id, description)
    kind = _kind(first, vendor, object_id, description)
    return _Evidence(
        first=first,
        vendor=vendor,
        own=await agent.get(vendor.objects()) if vendor and vendor.objects() else {},
        whole=_Whole() if kind in (DeviceKind.PRINTER, DeviceKind.UPS) else await _whole(agent),
        object_id=object_id,
        description=description,
        mac=await _mac(agent, first),
    )


async def _vendor(agent: Reader, object_id: str, description: str) -> Vendor | None:
    number = enterprise_of(object_id)
    if number is not None and number not in GENERIC:
        return BY_ENTERPRISE.get(number)
    for oid, value in (await agent.get(TELLING)).items():
        if words(value):
            return TELLING[oid]
    for pattern, name, kind in BY_DESCRIPTION:
        if name and pattern.search(description):
            return Vendor(name, 0, kind)
    return None


def _maker(seen: _Evidence) -> str:
    if seen.vendor is not None:
        return seen.vendor.name
    return seen.says(UPS_MAKER)


def _kind(first: Mapping[str, Value], vendor: Vendor | None, object_id: str, description: str) -> DeviceKind:
    if PRT_SERIAL in first or PRT_CHANGES in first:
        return DeviceKind.PRINTER
    if UPS_MODEL in first or UPS_MAKER in first:
        return DeviceKind.UPS
    if vendor is not None:
        kind = kind_below(vendor, object_id) if vendor.enterprise else vendor.kind
        if kind is not DeviceKind.OTHER:
            return kind
    for pattern, _name, kind in BY_DESCRIPTION:
        if pattern.search(description):
            return kind
    if BRIDGE_ADDRESS in first:
        return DeviceKind.NETWORK
    return DeviceKind.HOST if HR_UPTIME in first else DeviceKind.OTHER


async def _whole(agent: Reader) -> _Whole:
    classes = await agent.column(ENT_CLASS, MOST_PARTS)
    indexes = [index for wanted in WHOLES for index, cls in classes.items() if cls == wanted]
    if not indexes:
        # Agents without classes: the first part that has a serial is the box itself.
        serials = await agent.column(ENT_SERIAL, 16) if not classes else {}
        indexes = [index for index, value in serials.items() if serial_of(words(value))][:1]
    best = _Whole()
    for index in indexes[:4]:
        row: Row = await agent.get(f"{ENTITY}{column}.{index}" for column in (2, 7, 10, 11, 13))
        found = _Whole(
            serial=serial_of(words(row.get(f"{ENT_SERIAL}.{index}"))),
            model=next(
                (text for column in (13, 7, 2) if (text := words(row.get(f"{ENTITY}{column}.{index}")))), ""
            ),
            version=words(row.get(f"{ENTITY}10.{index}")),
        )
        if found.serial:
            return found
        best = best if best.model else found
    return best


async def _mac(agent: Reader, first: Mapping[str, Value]) -> str:
    raw = first.get(BRIDGE_ADDRESS)
    found = _mac_text(raw)
    if found:
        return found
    for value in (await agent.column(PORT_ADDRESS, 8)).values():
        if found := _mac_text(value):
            return found
    return ""


def _mac_text(raw: Value) -> str:
    if not isinstance(raw, bytes) or len(raw) != _MAC_BYTES or not any(raw) or raw == b"\xff" * 6:
        return ""
    return raw.hex(":")


def _serial(seen: _Evidence) -> tuple[str, str]:
    """The serial and its source: chassis, printer, maker's own object, description."""
    if seen.whole.serial:
        return seen.whole.serial, "ENTITY-MIB"
    if printer := serial_of(seen.says(PRT_SERIAL)):
        return printer, "Printer-MIB"
    vendor = seen.vendor
    if vendor is not None:
        for told in seen.own_words(vendor.serial):
            if found := serial_of(told):
                return found, vendor.name
        if vendor.serial_is_mac and seen.mac:
            return seen.mac.replace(":", "").upper(), "MAC"
    if vendor is None or vendor.kind is not DeviceKind.UPS:
        noted = SERIAL_IN_DESCRIPTION.search(seen.description)
        if noted and (found := serial_of(noted[1])):
            return found, "sysDescr"
    return "", ""


def _model(seen: _Evidence) -> str:
    candidates = [seen.says(HR_DEVICE) if seen.is_printer else "", seen.says(UPS_MODEL)]
    candidates += seen.own_words(seen.vendor.model) if seen.vendor else []
    candidates.append(seen.whole.model)
    noted = (pattern.search(seen.description) for pattern in (_MODEL, _LEADING_MODEL))
    candidates += [found[found.lastindex or 0] for found in noted if found]
    return next((text for text in candidates if text), seen.description[:80])


def _version(seen: _Evidence) -> str:
    candidates = seen.own_words(seen.vendor.version) if seen.vendor else []
    candidates += [seen.whole.version, seen.says(UPS_VERSION)]
    noted = (pattern.search(seen.description) for pattern in (_OWN_VERSION, _VERSION, _TRAILING_VERSION))
    candidates += [found[1].rstrip(".,;") for found in noted if found]
    return next((text for text in candidates if text), "")
