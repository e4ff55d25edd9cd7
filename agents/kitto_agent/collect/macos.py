"""Looks at a Mac through the few programs that every macOS has."""

from __future__ import annotations

import os
import plistlib
import re
import subprocess
import time
from pathlib import Path
from typing import Dict, List

from kitto_agent.collect import Reader, Volatile
from kitto_agent.wire import Document, Json

PROGRAM_TIMEOUT_SECONDS = 20
APPLICATIONS = ("/Applications", "/Applications/Utilities")
_IOREG = re.compile(r'"(IOPlatform\w+|model)" = <?"([^"]*)"')
_PORT = re.compile(r"Hardware Port: (.+)\nDevice: (\w+)\nEthernet Address: ([0-9a-f:]{17})")
_BOOT = re.compile(r"sec = (\d+)")


class MacOS(Reader):
    """This Mac."""

    def hardware(self) -> Document:
        found: Document = dict.fromkeys(
            (
                "sku",
                "board_vendor",
                "board_model",
                "board_serial",
                "asset_tag",
                "bios_version",
                "bios_date",
            ),
            "",
        )
        platform = ioreg_values(run("ioreg", "-rd1", "-c", "IOPlatformExpertDevice"))
        model = platform.get("model") or sysctl("hw.model")
        found.update(
            vendor="Apple Inc.",
            model=model,
            serial=platform.get("IOPlatformSerialNumber", ""),
            uuid=platform.get("IOPlatformUUID", ""),
            chassis="laptop" if model.startswith("MacBook") else "desktop",
            virtual="machine" if sysctl("kern.hv_vmm_present") == "1" else "",
        )
        return found

    def os(self) -> Document:
        system = os.uname()
        zone = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
        return {
            "family": "macos",
            "name": "macOS",
            "version": run("sw_vers", "-productVersion").strip(),
            "codename": "",
            "kernel": system.release,
            "architecture": system.machine,
            "hostname": system.nodename,
            "time_zone": zone,
            "locale": "",
        }

    def cpu(self) -> Json:
        return {
            "model": sysctl("machdep.cpu.brand_string"),
            "sockets": int(sysctl("hw.packages") or "1"),
            "cores": int(sysctl("hw.physicalcpu") or "0"),
            "threads": int(sysctl("hw.logicalcpu") or "0"),
        }

    def memory(self) -> Json:
        size = int(sysctl("hw.memsize")) // 2**20
        return {"total_mb": size, "installed_mb": size, "modules": []}

    def disks(self) -> Json:
        found: List[Json] = []
        listing = plistlib.loads(run("diskutil", "list", "-plist", "internal", "physical").encode())
        for name in listing["WholeDisks"]:
            disk = plistlib.loads(run("diskutil", "info", "-plist", name).encode())
            found.append(
                {
                    "name": name,
                    "model": str(disk.get("MediaName", "")),
                    "serial": "",
                    "size_mb": int(disk.get("Size", 0)) // 2**20,
                    "rotates": not disk.get("SolidState", True),
                }
            )
        return found

    def encryption(self) -> Json:
        said = run("fdesetup", "status")
        state = "on" if "FileVault is On" in said else "off" if "FileVault is Off" in said else "unknown"
        return {"system_disk": state, "volumes": []}

    def network(self) -> Json:
        return network_cards(run("networksetup", "-listallhardwareports"))

    def battery(self) -> Json:
        return []

    def software(self) -> Json:
        rows: List[Json] = []
        for folder in APPLICATIONS:
            for bundle in sorted(Path(folder).glob("*.app")):
                try:
                    about = plistlib.loads((bundle / "Contents/Info.plist").read_bytes())
                except (OSError, ValueError, plistlib.InvalidFileException):
                    continue  # a bundle without a readable Info.plist is no installed program
                rows.append([bundle.stem, str(about.get("CFBundleShortVersionString", "")), "app"])
        return rows

    def machine_id(self) -> str:
        return ""  # reinstalling macOS keeps nothing that tells it apart; the UUID is the board's

    def volatile(self) -> Volatile:
        space = os.statvfs("/")
        started = _BOOT.search(sysctl("kern.boottime"))
        uptime = int(time.time()) - int(started.group(1)) if started else 0
        return Volatile(max(uptime, 0), space.f_bavail * space.f_frsize // 2**20)


def run(*command: str) -> str:
    """Run one of the system's own programs. Raises OSError when it fails or hangs."""
    try:
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PROGRAM_TIMEOUT_SECONDS,
            check=True,
            universal_newlines=True,
        ).stdout
    except subprocess.SubprocessError as error:
        raise OSError(f"{command[0]}: {error}") from error


def sysctl(name: str) -> str:
    """Read one kernel value, "" where this macOS does not have it."""
    try:
        return run("sysctl", "-n", name).strip()
    except OSError:
        return ""


def ioreg_values(listing: str) -> Dict[str, str]:
    """Read serial, UUID and model from `ioreg -rd1 -c IOPlatformExpertDevice`."""
    return dict(_IOREG.findall(listing))


def network_cards(listing: str) -> List[Json]:
    """Read `networksetup -listallhardwareports`; Thunderbolt bridges share a port and are left out."""
    cards: List[Json] = []
    for port, device, mac in _PORT.findall(listing):
        if "Bridge" in port:
            continue
        bus = "usb" if "USB" in port else "onboard"
        kind = "wifi" if "Wi-Fi" in port else "ethernet"
        cards.append({"name": device, "mac": mac, "kind": kind, "bus": bus, "driver": ""})
    return cards
