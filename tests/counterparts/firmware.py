"""Plays a PC's firmware: the SMBIOS tables and sysfs files that dmidecode, Ansible and our agent read."""

import struct
import uuid
from dataclasses import dataclass
from pathlib import Path

NOTEBOOK, DESKTOP = 10, 3  # chassis types, DMTF DSP0134 table 17
BIOS = ("Kitto Bench", "1.4.2", "06/01/2026")


@dataclass(frozen=True)
class Hardware:
    """What is printed on the underside of one PC."""

    serial: str
    vendor: str = "Dell Inc."
    model: str = "Latitude 7450"
    chassis: int = NOTEBOOK

    @property
    def uuid(self) -> str:
        """Stable for vendor and serial, so that a demo run twice meets the same machine."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.vendor}/{self.serial}"))

    @property
    def mac(self) -> str:
        """A locally administered address, again stable."""
        tail = uuid.UUID(self.uuid).bytes[:5]
        return ":".join(f"{byte:02x}" for byte in (0x02, *tail))


def write_firmware(hardware: Hardware, sys: Path) -> None:
    """Write under `sys` what the kernel would show under /sys on that machine."""
    dmi = sys / "devices/virtual/dmi/id"
    tables = sys / "firmware/dmi/tables"
    for folder in (dmi, tables, sys / "class/dmi", sys / "class/net", sys / "fs", sys / "kernel"):
        folder.mkdir(parents=True)
    for name, value in _dmi_files(hardware).items():
        # The kernel keeps serials and the UUID from ordinary users; plays must become root to read them.
        _write(dmi / name, value, mode=0o400 if name.endswith(("serial", "uuid")) else 0o444)
    (sys / "class/dmi/id").symlink_to("../../devices/virtual/dmi/id")
    smbios = _smbios(hardware)
    (tables / "DMI").write_bytes(smbios)
    (tables / "smbios_entry_point").write_bytes(_entry_point(len(smbios)))
    for table in tables.iterdir():
        table.chmod(0o400)
    _write_network_card(hardware, sys)
    if hardware.chassis == NOTEBOOK:
        _write_battery(sys)


def _write(path: Path, value: str, *, mode: int = 0o444) -> None:
    path.write_text(value + "\n")
    path.chmod(mode)


def _dmi_files(hardware: Hardware) -> dict[str, str]:
    vendor, model, serial = hardware.vendor, hardware.model, hardware.serial
    return {
        "bios_vendor": BIOS[0],
        "bios_version": BIOS[1],
        "bios_date": BIOS[2],
        "sys_vendor": vendor,
        "product_name": model,
        "product_version": "1.0",
        "product_serial": serial,
        "product_uuid": hardware.uuid,
        "product_sku": "KB-7450",
        "product_family": "Bench",
        "board_vendor": vendor,
        "board_name": model,
        "board_serial": f"/{serial}/BOARD/",
        "chassis_vendor": vendor,
        "chassis_type": str(hardware.chassis),
        "chassis_serial": serial,
        "chassis_asset_tag": "",
    }


def _write_network_card(hardware: Hardware, sys: Path) -> None:
    card = sys / "devices/pci0000:00/net/eno1"
    card.mkdir(parents=True)
    (card / "device").mkdir()
    for name, value in {
        "address": hardware.mac,
        "type": "1",
        "operstate": "up",
        "mtu": "1500",
        "speed": "1000",
    }.items():
        _write(card / name, value)
    (sys / "class/net/eno1").symlink_to("../../devices/pci0000:00/net/eno1")


def _write_battery(sys: Path) -> None:
    battery = sys / "class/power_supply/BAT0"
    battery.mkdir(parents=True)
    readings = {
        "type": "Battery",
        "present": "1",
        "status": "Discharging",
        "capacity": "87",
        "cycle_count": "12",
        "energy_full_design": "57000000",
        "energy_full": "56100000",
        "energy_now": "48800000",
        "manufacturer": "Kitto Bench",
        "model_name": "BENCH57",
        "technology": "Li-poly",
    }
    for name, value in readings.items():
        _write(battery / name, value)


def _smbios(hardware: Hardware) -> bytes:
    """Types 0, 1, 2, 3 and 127 of DMTF DSP0134, as small as dmidecode accepts without a remark."""
    vendor, model, serial = hardware.vendor, hardware.model, hardware.serial
    # SMBIOS keeps the first three UUID fields little-endian; dmidecode and sysfs show them swapped back.
    machine = uuid.UUID(hardware.uuid).bytes_le
    bios = struct.pack("<BBHBBQBBBBBB", 1, 2, 0, 3, 0xFF, 0x08, 0x03, 0x0D, 1, 4, 0xFF, 0xFF)
    return b"".join(
        (
            _structure(0, bios, BIOS),
            _structure(
                1, b"\1\2\3\4" + machine + b"\6\5\6", (vendor, model, "1.0", serial, "KB-7450", "Bench")
            ),
            _structure(2, b"\1\2\0\3\0\x09\0" + b"\x03\0\x0a\0", (vendor, model, f"/{serial}/BOARD/")),
            _structure(
                3,
                bytes((1, hardware.chassis, 0, 2, 0, 3, 3, 3, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0)),
                (vendor, serial),
            ),
            _structure(127, b"", ()),
        )
    )


def _structure(kind: int, body: bytes, strings: tuple[str, ...]) -> bytes:
    head = struct.pack("<BBH", kind, 4 + len(body), kind)
    return head + body + (b"".join(text.encode() + b"\0" for text in strings) or b"\0") + b"\0"


def _entry_point(length: int) -> bytes:
    """The 64-bit anchor, DSP0134 5.2.2; all bytes sum to zero."""
    entry = bytearray(struct.pack("<5sBBBBBBBIQ", b"_SM3_", 0, 24, 3, 3, 0, 1, 0, length, 0))
    entry[5] = -sum(entry) % 256
    return bytes(entry)
