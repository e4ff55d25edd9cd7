"""Makers by enterprise number (IANA private enterprise numbers), and where each keeps its serial."""

import re
from dataclasses import dataclass
from typing import Final

from kitto.health.rules.values import DeviceKind

E: Final = "1.3.6.1.4.1."
_K: Final = DeviceKind


@dataclass(frozen=True, slots=True)
class Vendor:
    """One maker. `serial`, `model` and `version` are object identifiers, best first.

    `kinds` maps a sysObjectID below the enterprise ("" for all of it) to what such a device is.
    """

    name: str
    enterprise: int
    kind: DeviceKind = DeviceKind.OTHER
    serial: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    kinds: tuple[tuple[str, DeviceKind], ...] = ()
    serial_is_mac: bool = False

    def objects(self) -> tuple[str, ...]:
        """Everything worth asking this maker's devices."""
        return (*self.serial, *self.model, *self.version)


VENDORS: Final = (
    Vendor("IBM", 2, _K.HOST),
    Vendor("Cisco", 9, _K.NETWORK, serial=(E + "9.3.6.3.0", E + "9.5.1.2.19.0")),
    Vendor(
        "HP",
        11,
        _K.NETWORK,
        serial=(E + "11.2.3.9.4.2.1.1.3.3.0", E + "11.2.36.1.1.2.9.0"),
        model=(E + "11.2.3.9.1.1.7.0", E + "11.2.36.1.1.2.5.0"),
        version=(E + "11.2.3.9.4.2.1.1.3.5.0", E + "11.2.36.1.1.2.6.0"),
        kinds=(("2.3.9", _K.PRINTER), ("2.3.7", _K.NETWORK), ("5.7", _K.STORAGE)),
    ),
    Vendor("NEC", 119, _K.NETWORK),
    Vendor("Fujitsu", 211, _K.NETWORK, kinds=(("1.21", _K.STORAGE),)),
    Vendor("Allied Telesis", 207, _K.NETWORK, serial=(E + "207.8.4.4.4.15.2.1.5.1.1",)),
    Vendor(
        "Fujitsu",
        231,
        _K.MANAGEMENT,
        serial=(E + "231.2.10.2.2.10.2.3.1.7.1",),
        model=(E + "231.2.10.2.2.10.2.3.1.5.1",),
        version=(E + "231.2.10.2.2.10.3.4.1.3.1.1",),
    ),
    Vendor(
        "HPE",
        232,
        _K.HOST,
        serial=(E + "232.2.2.2.1.0",),
        model=(E + "232.2.2.4.2.0",),
        kinds=(("9.4", _K.MANAGEMENT),),
    ),
    Vendor("Furukawa Electric", 246, _K.NETWORK),
    Vendor("Xerox", 253, _K.PRINTER, serial=(E + "253.8.53.3.2.1.3.1",), model=(E + "253.8.51.1.2.1.20.1",)),
    Vendor("APRESIA", 278, _K.NETWORK),
    Vendor("Fujifilm", 297, _K.PRINTER),
    Vendor("Microsoft", 311, _K.HOST),
    Vendor(
        "APC",
        318,
        _K.UPS,
        serial=(E + "318.1.1.1.1.2.3.0", E + "318.1.1.12.1.6.0", E + "318.1.1.26.2.1.9.1"),
        model=(E + "318.1.1.1.1.1.1.0", E + "318.1.1.12.1.5.0", E + "318.1.1.26.2.1.8.1"),
        version=(E + "318.1.1.1.1.2.1.0", E + "318.1.1.12.1.3.0"),
    ),
    Vendor(
        "Ricoh",
        367,
        _K.PRINTER,
        serial=(E + "367.3.2.1.2.1.4.0",),
        model=(E + "367.3.2.1.1.1.1.0",),
        version=(E + "367.3.2.1.1.1.2.0",),
    ),
    Vendor("Axis", 368, _K.OTHER, serial_is_mac=True),
    Vendor("Dell EMC", 1139, _K.STORAGE),
    Vendor("NetApp", 789, _K.STORAGE, serial=(E + "789.1.1.9.0",), model=(E + "789.1.1.5.0",)),
    Vendor("Eaton", 534, _K.UPS, serial=(E + "534.1.1.6.0",), model=(E + "534.1.1.2.0",)),
    Vendor("Zyxel", 890, _K.NETWORK, serial=(E + "890.1.15.3.1.12.0",), model=(E + "890.1.15.3.1.11.0",)),
    Vendor("Lexmark", 641, _K.PRINTER, serial=(E + "641.6.2.3.1.5.1",), model=(E + "641.6.2.3.1.4.1",)),
    Vendor(
        "Dell",
        674,
        _K.HOST,
        serial=(E + "674.10892.5.1.3.2.0", E + "674.10892.1.300.10.1.11.1", E + "674.10902.2.120.1.2.0"),
        model=(E + "674.10892.5.1.3.12.0", E + "674.10902.2.100.1.0"),
        version=(E + "674.10902.2.110.4.0",),
        kinds=(("10895", _K.NETWORK), ("10902", _K.UPS), ("10892.5", _K.MANAGEMENT)),
    ),
    Vendor(
        "Zebra",
        683,
        _K.PRINTER,
        serial=(E + "10642.1.9.0", E + "683.1.5.0"),
        model=(E + "10642.1.1.0", E + "683.1.4.0"),
        version=(E + "10642.1.2.0", E + "683.1.9.0"),
    ),
    Vendor("Zebra", 10642, _K.PRINTER, serial=(E + "10642.1.9.0",), model=(E + "10642.1.1.0",)),
    Vendor(
        "Eaton",
        705,
        _K.UPS,
        serial=(E + "705.1.1.7.0",),
        model=(E + "705.1.1.1.0",),
        version=(E + "705.1.1.4.0",),
    ),
    Vendor("Toshiba TEC", 1129, _K.PRINTER),
    Vendor("Yamaha", 1182, _K.NETWORK),
    Vendor("Epson", 1248, _K.PRINTER),
    Vendor("Kyocera", 1347, _K.PRINTER, serial=(E + "1347.43.5.1.1.28.1",)),
    Vendor(
        "Canon",
        1602,
        _K.PRINTER,
        model=(E + "1602.1.1.1.1.0",),
        version=(E + "1602.1.1.1.4.0",),
    ),
    Vendor("Extreme Networks", 1916, _K.NETWORK, serial=(E + "1916.1.1.1.28.1.2.1",)),
    Vendor("Oki Data", 2001, _K.PRINTER),
    Vendor("Huawei", 2011, _K.NETWORK),
    Vendor("Sharp", 2385, _K.PRINTER, version=(E + "2385.2.1.1.2.1.2.1",)),
    Vendor(
        "Brother",
        2435,
        _K.PRINTER,
        serial=(E + "2435.2.3.9.4.2.1.5.5.1.0",),
        model=(E + "2435.2.4.3.2435.5.13.3.0",),
        version=(E + "2435.2.4.3.1240.6.5.0",),
    ),
    Vendor(
        "Sophos",
        2604,
        _K.NETWORK,
        serial=(E + "2604.5.1.1.4.0",),
        model=(E + "2604.5.1.1.2.0",),
        version=(E + "2604.5.1.1.3.0",),
    ),
    Vendor("Juniper", 2636, _K.NETWORK, serial=(E + "2636.3.1.3.0",), model=(E + "2636.3.1.2.0",)),
    Vendor(
        "Polycom",
        2684,
        _K.OTHER,
        serial=(E + "13885.101.1.1.5.0",),
        model=(E + "13885.101.1.1.4.0",),
        version=(E + "13885.101.1.1.1.0",),
    ),
    Vendor("Polycom", 13885, _K.OTHER),
    Vendor("F5", 3375, _K.NETWORK, serial=(E + "3375.2.1.3.3.3.0",), model=(E + "3375.2.1.3.5.2.0",)),
    Vendor(
        "Netgear",
        4526,
        _K.NETWORK,
        serial=(E + "4526.10.1.1.1.4.0", E + "4526.11.1.1.1.4.0"),
        model=(E + "4526.10.1.1.1.3.0", E + "4526.11.1.1.1.3.0"),
    ),
    Vendor("Buffalo", 5227, _K.OTHER, kinds=(("27", _K.STORAGE),)),
    Vendor("Riello", 5491, _K.UPS),
    Vendor(
        "Synology",
        6574,
        _K.STORAGE,
        serial=(E + "6574.1.5.2.0",),
        model=(E + "6574.1.5.1.0",),
        version=(E + "6574.1.5.3.0",),
    ),
    Vendor("VMware", 6876, _K.HOST, version=(E + "6876.1.2.0",)),
    Vendor("DrayTek", 7367, _K.NETWORK),
    Vendor("D-Link", 171, _K.NETWORK, serial=(E + "171.12.1.1.12.0", E + "171.14.5.1.1.3.1")),
    Vendor("TP-Link", 11863, _K.NETWORK, serial=(E + "11863.6.1.1.8.0",), model=(E + "11863.6.1.1.5.0",)),
    Vendor(
        "Fortinet",
        12356,
        _K.NETWORK,
        serial=(E + "12356.100.1.1.1.0",),
        model=(E + "12356.106.4.1.1.0",),
        version=(E + "12356.101.4.1.1.0", E + "12356.106.4.1.1.0"),
    ),
    Vendor("Aruba", 14823, _K.WIRELESS, serial=(E + "14823.2.2.1.2.1.29.0",)),
    Vendor(
        "MikroTik",
        14988,
        _K.NETWORK,
        serial=(E + "14988.1.1.7.3.0",),
        model=(E + "14988.1.1.7.9.0",),
        version=(E + "14988.1.1.4.4.0",),
    ),
    Vendor("Konica Minolta", 18334, _K.PRINTER, version=(E + "18334.1.1.1.1.6.1.0",)),
    Vendor("ALAXALA", 21839, _K.NETWORK),
    Vendor("QNAP", 24681, _K.STORAGE, serial=(E + "24681.1.4.1.1.1.1.1.2.1.4.1",)),
    Vendor("QNAP", 55062, _K.STORAGE),
    Vendor("Ruckus", 25053, _K.WIRELESS, serial=(E + "25053.1.4.1.1.1.15.13.0", E + "25053.1.1.2.1.1.1.2.0")),
    Vendor(
        "Palo Alto Networks",
        25461,
        _K.NETWORK,
        serial=(E + "25461.2.1.2.1.3.0",),
        version=(E + "25461.2.1.2.1.1.0",),
    ),
    Vendor("H3C", 25506, _K.NETWORK),
    Vendor("Meraki", 29671, _K.NETWORK, kinds=(("2", _K.WIRELESS),)),
    Vendor("Arista", 30065, _K.NETWORK),
    Vendor(
        "Ubiquiti",
        41112,
        _K.NETWORK,
        model=(E + "41112.1.6.3.3.0",),
        version=(E + "41112.1.6.3.6.0",),
        kinds=(("1.6", _K.WIRELESS), ("1.4", _K.WIRELESS)),
    ),
    Vendor("Aruba", 47196, _K.NETWORK),
    Vendor("iXsystems", 50536, _K.STORAGE),
)

BY_ENTERPRISE: Final = {vendor.enterprise: vendor for vendor in VENDORS}

# net-snmp, UCD and the standard itself say nothing about the maker.
GENERIC: Final = frozenset({8072, 2021})

# Who hides behind a generic agent: by its description. Longer stories first.
BY_DESCRIPTION: Final = (
    (re.compile(r"\bTeraStation|\bLinkStation|^BUFFALO\b", re.IGNORECASE), "Buffalo", _K.STORAGE),
    (re.compile(r"^(UAP|U6|U7)-", re.IGNORECASE), "Ubiquiti", _K.WIRELESS),
    (re.compile(r"^(USW|EdgeRouter|EdgeSwitch|UDM)\b", re.IGNORECASE), "Ubiquiti", _K.NETWORK),
    (re.compile(r"\bSynology|synology_", re.IGNORECASE), "Synology", _K.STORAGE),
    (re.compile(r"\bQNAP\b", re.IGNORECASE), "QNAP", _K.STORAGE),
    (re.compile(r"\b(Cs121|Cs141)\b", re.IGNORECASE), "Generex", _K.UPS),
    (re.compile(r"\bTrueNAS|FreeNAS", re.IGNORECASE), "iXsystems", _K.STORAGE),
    (re.compile(r"\bKYOCERA\b", re.IGNORECASE), "Kyocera", _K.PRINTER),
    (re.compile(r"\bXerox\b", re.IGNORECASE), "Xerox", _K.PRINTER),
    (re.compile(r"\bTOSHIBA e-STUDIO", re.IGNORECASE), "Toshiba TEC", _K.PRINTER),
    (re.compile(r"\bYamaha\b|^RTX\d+|^SWX\d+|^WLX\d+", re.IGNORECASE), "Yamaha", _K.NETWORK),
    (re.compile(r"^NEC\b|\bIX Series\b|\bUNIVERGE\b", re.IGNORECASE), "NEC", _K.NETWORK),
    (re.compile(r"\bSi-R\b", re.IGNORECASE), "Fujitsu", _K.NETWORK),
    (re.compile(r"\bFITELnet\b", re.IGNORECASE), "Furukawa Electric", _K.NETWORK),
    (re.compile(r"\bApresia\b|\bAEOS\b", re.IGNORECASE), "APRESIA", _K.NETWORK),
    (re.compile(r"Software: Windows", re.IGNORECASE), "Microsoft", _K.HOST),
    (re.compile(r"^(Linux|FreeBSD|OpenBSD|Darwin|SunOS|AIX)\b"), "", _K.HOST),
)

# Serial numbers in the description: HP JetDirect and its imitators. The APC cards' own "SN:" is
# the card's, not the UPS's, so this comes last.
SERIAL_IN_DESCRIPTION: Final = re.compile(r"\bSN:\s*([0-9A-Za-z-]{6,32})")


def enterprise_of(object_id: str) -> int | None:
    """The enterprise number of a sysObjectID, or None outside the private tree."""
    found = re.match(r"^\.?1\.3\.6\.1\.4\.1\.(\d+)", object_id)
    return int(found[1]) if found else None


def kind_below(vendor: Vendor, object_id: str) -> DeviceKind:
    """What kind a maker's device is by the longest matching part of its sysObjectID."""
    below = object_id.lstrip(".").removeprefix(f"{E}{vendor.enterprise}").lstrip(".")
    matches = [
        (len(prefix), kind)
        for prefix, kind in vendor.kinds
        if below == prefix or below.startswith(prefix + ".")
    ]
    return max(matches)[1] if matches else vendor.kind
