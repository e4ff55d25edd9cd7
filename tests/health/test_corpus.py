"""Recordings of real devices, kept outside the product: who they are, and that none of them hurts."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import pytest

from kitto.base.seal import Secret
from kitto.health.adapters.network_cli import BY_NAME, Platform, read
from kitto.health.adapters.snmp import Community, Depth, SnmpTarget, sweep
from kitto.health.rules.identity import same_serial, serial_of
from kitto.health.rules.states import Sign
from kitto.health.rules.values import Answer
from tests.counterparts.snmp import snmp_device

FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures"
SNMP = FIXTURES / "snmp" / "public"
CLI = FIXTURES / "cli" / "public"
KINDS = {
    "network": "network",
    "firewall": "network",
    "printer": "printer",
    "power": "ups",
    "server": "host",
    "storage": "storage",
    "wireless": "wireless",
}
VENDORS = {
    "alaxala": "ALAXALA", "allied": "Allied Telesis", "apc": "APC", "arista_eos": "Arista",
    "arubaos-cx": "Aruba", "asa": "Cisco", "awplus": "Allied Telesis", "axiscam": "Axis",
    "brother": "Brother", "buffalo": "Buffalo", "canonprinter": "Canon", "ciscosb": "Cisco",
    "dell-ups": "Dell", "dlink": "D-Link", "draytek": "DrayTek", "dsm": "Synology",
    "eaton-mgeups": "Eaton", "edgeos": "Ubiquiti", "edgeswitch": "Ubiquiti", "epson": "Epson",
    "fortigate": "Fortinet", "fortiswitch": "Fortinet", "fujifilmprinter": "Fujifilm",
    "fujitsu-irmc": "Fujitsu", "generex-ups": "Generex", "hpe-ilo": "HPE", "ios": "Cisco",
    "iosxe": "Cisco", "jetdirect": "HP", "junos": "Juniper", "konica": "Konica Minolta",
    "kyocera": "Kyocera", "merakimr": "Meraki", "netgear": "Netgear", "netmanplus": "Riello",
    "nxos": "Cisco", "okilan": "Oki Data", "panos": "Palo Alto Networks", "polycomLens": "Polycom",
    "procurve": "HP", "qnap": "QNAP", "ricoh": "Ricoh", "routeros": "MikroTik",
    "ruckuswireless-sz": "Ruckus", "sharp": "Sharp", "sophos-xg": "Sophos",
    "toshiba-tec": "Toshiba TEC", "tplink": "TP-Link", "truenas": "iXsystems", "unifi": "Ubiquiti",
    "univerge": "NEC", "vmware-esxi": "VMware", "vrp": "Huawei", "windows": "Microsoft",
    "xerox": "Xerox", "zebra": "Zebra",
}  # fmt: skip


def asked(recording: Path) -> Answer:
    with snmp_device(recording) as device:
        public = Community(Secret("public"))
        target = SnmpTarget(
            1, device.address, public, port=device.port, depth=Depth.IDENTITY, timeout=2.0, deadline=60
        )
        return sweep([target])[1]


class Score(Protocol):
    def __call__(self, what: str, name: str, *, good: bool, note: str) -> None: ...


def _score_supply(score: Score, name: str, row: dict[str, Any], answer: Answer) -> None:
    """A level of -3 is 50 % in the expected values and "some" with us: that is not compared."""
    names = ("paper",) if ".43.8.2." in row["supply_oid"] else ("supply", "waste")
    index = ".".join(row["supply_oid"].split(".")[-2:])
    found = [m for m in answer.readings if m.name in names and m.instance == index]
    score("supply rows", name, good=len(found) == 1, note=row["supply_descr"])
    if found and found[0].value is not None:
        good = abs(found[0].value - float(row["supply_current"])) <= 1
        score(
            "supply levels",
            name,
            good=good,
            note=f"{row['supply_descr']} {row['supply_current']} {found[0].value}",
        )


@pytest.mark.skipif(not SNMP.is_dir(), reason="the recordings of real devices are not beside the project")
def test_real_devices_are_recognised() -> None:
    expected: dict[str, dict[str, Any]] = json.loads((SNMP / "expected.json").read_text())
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    wrong: list[str] = []

    def score(what: str, name: str, *, good: bool, note: str) -> None:
        of[what] += 1
        right[what] += good
        if not good:
            wrong.append(f"{what} {name}: {note}")

    for name, known in expected.items():
        answer = asked(SNMP / f"{name}.snmprec")
        assert answer.sign is Sign.ANSWERED, name
        who = answer.identity
        assert who is not None, name
        if known["os"] in VENDORS:
            score("vendor", name, good=who.vendor == VENDORS[known["os"]], note=who.vendor)
        if known.get("type") in KINDS:
            score("kind", name, good=who.kind == KINDS[known["type"]], note=who.kind)
        if serial_of(known.get("serial") or ""):
            serial = known["serial"]
            good = same_serial(serial.replace(":", ""), who.serial)
            score("serial", name, good=good, note=f"{serial} {who.serial}")
        for row in known.get("printer_supplies", []):
            _score_supply(score, name, row, answer)
    print({what: f"{right[what]}/{of[what]}" for what in of}, *wrong, sep="\n")
    assert right["vendor"] >= 0.95 * of["vendor"]
    assert right["kind"] >= 0.95 * of["kind"]
    assert right["serial"] >= 0.90 * of["serial"]
    assert right["supply rows"] >= 0.90 * of["supply rows"]
    assert right["supply levels"] >= 0.90 * of["supply levels"]


@pytest.mark.skipif(not CLI.is_dir(), reason="the command outputs of real devices are not beside the project")
def test_real_command_outputs_are_read() -> None:
    expected: dict[str, dict[str, Any]] = json.loads((CLI / "expected.json").read_text())
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    wrong: list[str] = []
    for name, case in expected.items():
        platform = BY_NAME.get(case["platform"]) or Platform(case["platform"], "", "generic", ())
        text = (CLI / f"{name}.raw").read_text(errors="replace")
        who = read(platform, {case["command"]: text})
        first = case["parsed"][0]
        for field, told in (("hostname", who.name), ("serial", who.serial), ("version", who.version)):
            value = first.get(field)
            wanted = value[0] if isinstance(value, list) and value else value
            if not wanted or (field == "serial" and not serial_of(wanted)):
                continue
            of[field] += 1
            right[field] += wanted == told
            if wanted != told:
                wrong.append(f"{field} {name}: {wanted} {told}")
    print({what: f"{right[what]}/{of[what]}" for what in of}, *wrong, sep="\n")
    assert sum(right.values()) >= 0.90 * sum(of.values())
