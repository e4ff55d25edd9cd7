"""Looks at a Linux machine through sysfs, procfs and the package database. Starts no program."""

from __future__ import annotations

import os
import socket
import struct
from array import array
from fcntl import ioctl
from pathlib import Path
from typing import Dict, List

from kitto_agent.collect import Reader, Volatile, packages, smbios
from kitto_agent.wire import Document, Json

# SMBIOS chassis types (DSP0134, 7.4.1) in the words of the ledger.
CHASSIS = {
    "desktop": ("3", "4", "5", "6", "7", "13", "15", "16", "24", "35", "36"),
    "laptop": ("8", "9", "10", "14", "31"),
    "tablet": ("30", "32"),
    "server": ("17", "23", "25", "28", "29"),
}
VIRTUAL_VENDORS = ("qemu", "vmware", "innotek", "xen", "microsoft corporation virtual", "bochs")
NO_DISK = ("loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd")
SIOCETHTOOL = 0x8946
ETHTOOL_GPERMADDR = 0x20
ETHERNET = "1"
WEAR_STEP = 5


class Linux(Reader):
    """A Linux machine below `root`, which is / except in tests."""

    def __init__(self, root: str = "/") -> None:
        self.root = Path(root)

    def _text(self, path: str) -> str:
        """Read a small file, "" where there is none or we may not: sysfs differs by machine."""
        try:
            return (self.root / path).read_bytes().decode("utf-8", "replace").strip(" \n\0")
        except OSError:
            return ""

    def _names(self, path: str) -> List[str]:
        try:
            return sorted(os.listdir(str(self.root / path)))
        except OSError:
            return []

    def hardware(self) -> Document:
        dmi = {
            name: self._text("sys/class/dmi/id/" + file)
            for name, file in (
                ("vendor", "sys_vendor"),
                ("model", "product_name"),
                ("serial", "product_serial"),
                ("uuid", "product_uuid"),
                ("sku", "product_sku"),
                ("board_vendor", "board_vendor"),
                ("board_model", "board_name"),
                ("board_serial", "board_serial"),
                ("asset_tag", "chassis_asset_tag"),
                ("bios_version", "bios_version"),
                ("bios_date", "bios_date"),
            )
        }
        # Boards without DMI (most ARM) say the same in the device tree.
        dmi["serial"] = dmi["serial"] or self._text("proc/device-tree/serial-number")
        dmi["model"] = dmi["model"] or self._text("proc/device-tree/model")
        kind = self._text("sys/class/dmi/id/chassis_type")
        words = [word for word, kinds in CHASSIS.items() if kind in kinds]
        found: Document = {**dmi}
        found["chassis"] = words[0] if words else ""
        found["virtual"] = self._virtual(dmi["vendor"] + " " + dmi["model"])
        return found

    def _virtual(self, maker: str) -> str:
        if self._text("run/systemd/container") or (self.root / ".dockerenv").exists():
            return "container"
        return "machine" if maker.lower().startswith(VIRTUAL_VENDORS) else ""

    def os(self) -> Document:
        release = _pairs(self._text("etc/os-release") or self._text("usr/lib/os-release"))
        system = os.uname()
        return {
            "family": "linux",
            "name": release.get("NAME", "Linux"),
            "version": release.get("VERSION_ID", ""),
            "codename": release.get("VERSION_CODENAME", ""),
            "kernel": system.release,
            "architecture": system.machine,
            "hostname": system.nodename,
            "time_zone": self._time_zone(),
            "locale": _pairs(self._text("etc/default/locale") or self._text("etc/locale.conf")).get(
                "LANG", ""
            ),
        }

    def _time_zone(self) -> str:
        try:
            target = os.readlink(str(self.root / "etc/localtime"))
        except OSError:
            return self._text("etc/timezone")
        return target.partition("zoneinfo/")[2]

    def cpu(self) -> Json:
        blocks = [_pairs(block, ":") for block in self._text("proc/cpuinfo").split("\n\n")]
        processors = [block for block in blocks if "processor" in block]
        first = processors[0] if processors else {}
        sockets = {block.get("physical id", "0") for block in processors}
        cores = {(block.get("physical id", "0"), block.get("core id", "")) for block in processors}
        return {
            "model": " ".join((first.get("model name") or blocks[-1].get("Model", "")).split()),
            "sockets": len(sockets),
            "cores": len(cores) if "core id" in first else len(processors),
            "threads": len(processors),
        }

    def memory(self) -> Json:
        total_kb = int(_pairs(self._text("proc/meminfo"), ":")["MemTotal"].split()[0])
        try:
            table = (self.root / "sys/firmware/dmi/tables/DMI").read_bytes()
        except OSError:
            table = b""
        modules = smbios.memory_modules(table)
        return {
            "total_mb": total_kb // 1024,
            "installed_mb": sum(module.size_mb for module in modules),
            "modules": [dict(module._asdict()) for module in modules],
        }

    def disks(self) -> Json:
        return [
            self._disk(name)
            for name in self._names("sys/block")
            if not name.startswith(NO_DISK) and self._is_built_in(name)
        ]

    def _is_built_in(self, name: str) -> bool:
        removable = self._text(f"sys/block/{name}/removable") == "1"
        return not removable and "/usb" not in os.path.realpath(str(self.root / "sys/block" / name))

    def _disk(self, name: str) -> Json:
        base = f"sys/block/{name}/"
        serial = self._text(base + "device/serial") or self._text(base + "serial")
        return {
            "name": name,
            "model": self._text(base + "device/model"),
            "serial": serial or self._text(base + "device/vpd_pg80")[4:].strip(),
            "size_mb": int(self._text(base + "size") or "0") // 2048,
            "rotates": self._text(base + "queue/rotational") == "1",
        }

    def encryption(self) -> Json:
        volumes: List[Json] = []
        for name in self._names("sys/block"):
            uuid = self._text(f"sys/block/{name}/dm/uuid")
            if uuid.startswith("CRYPT-LUKS"):
                volumes.append(
                    {
                        "name": self._text(f"sys/block/{name}/dm/name"),
                        "kind": uuid.split("-")[1],
                    }
                )
        return {"system_disk": self._system_disk_encryption(), "volumes": volumes}

    def _system_disk_encryption(self) -> str:
        for line in self._text("proc/self/mountinfo").splitlines():
            fields = line.split()
            # proc(5), mountinfo: number, parent, major:minor, root, mount point, ...
            if fields[4:5] == ["/"]:
                device = os.path.realpath(str(self.root / "sys/dev/block" / fields[2]))
                # btrfs, overlay and network roots have numbers that no block device has.
                return self._below(device) if os.path.isdir(device) else "unknown"
        return "unknown"

    def _below(self, device: str) -> str:
        waiting = [device]
        while waiting:
            here = waiting.pop()
            uuid = self._text(os.path.join(here, "dm/uuid"))
            if uuid.startswith("CRYPT-"):
                return "on"
            slaves = os.path.join(here, "slaves")
            waiting += [os.path.realpath(os.path.join(slaves, name)) for name in self._names(slaves)]
        return "off"

    def network(self) -> Json:
        cards: List[Json] = []
        for name in self._names("sys/class/net"):
            base = f"sys/class/net/{name}/"
            bus = os.path.realpath(str(self.root / base / "device"))
            if self._text(base + "type") != ETHERNET or not os.path.exists(bus):
                continue  # bridges, tunnels and the like have no device below them
            wireless = (self.root / base / "wireless").exists() or "phy80211" in self._names(base)
            cards.append(
                {
                    "name": name,
                    "mac": permanent_mac(name) or self._text(base + "address"),
                    "kind": "wifi" if wireless else "ethernet",
                    "bus": "usb" if "/usb" in bus else "onboard",
                    "driver": os.path.basename(os.path.realpath(os.path.join(bus, "driver"))),
                }
            )
        return cards

    def battery(self) -> Json:
        found: List[Json] = []
        for name in self._names("sys/class/power_supply"):
            base = f"sys/class/power_supply/{name}/"
            if self._text(base + "type") != "Battery" or self._text(base + "scope") == "Device":
                continue  # a mouse or a headset
            kind = "energy" if self._text(base + "energy_full_design") else "charge"
            design = int(self._text(base + kind + "_full_design") or "0")
            full = int(self._text(base + kind + "_full") or "0")
            wear = 100 * full // design // WEAR_STEP * WEAR_STEP if design else 0
            found.append(
                {
                    "name": name,
                    "vendor": self._text(base + "manufacturer"),
                    "model": self._text(base + "model_name"),
                    "serial": self._text(base + "serial_number"),
                    "health_percent": min(wear, 100),
                    "cycles": int(self._text(base + "cycle_count") or "0") // 10 * 10,
                }
            )
        return found

    def software(self) -> Json:
        return packages.installed(self.root)

    def software_key(self) -> str:
        return packages.key(self.root)

    def machine_id(self) -> str:
        return self._text("etc/machine-id")

    def volatile(self) -> Volatile:
        space = os.statvfs(str(self.root))
        uptime = float((self._text("proc/uptime") or "0").split()[0])
        return Volatile(int(uptime), space.f_bavail * space.f_frsize // 2**20)


def _pairs(text: str, sign: str = "=") -> Dict[str, str]:
    pairs = (line.partition(sign) for line in text.splitlines())
    return {name.strip(): value.strip().strip("\"'") for name, found, value in pairs if found}


def permanent_mac(card: str) -> str:
    """Ask the kernel for the address burnt into a card (ethtool's GPERMADDR), "" if it has none.

    The address in sysfs may be one that was made up for privacy.
    """
    # struct ethtool_perm_addr: command, room for the address, the address.
    wanted = array("B", struct.pack("II6x", ETHTOOL_GPERMADDR, 6))
    pointer, _ = wanted.buffer_info()
    request = struct.pack("16sP", card.encode()[:15], pointer)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            ioctl(control.fileno(), SIOCETHTOOL, request)
        except OSError:
            return ""
    address = wanted[8:14]
    return ":".join(f"{byte:02x}" for byte in address) if any(address) else ""
