"""A phone behind an adb server, for the real adb client: the host protocol on a loopback port.

Source: OVERVIEW.TXT, SERVICES.TXT and shell_service.h of the Android Open Source Project (adb 29). It keeps
what it is told (apps, settings, owner) and fails on every command it does not know, loudly.
"""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

VERSION = 41
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@dataclass
class Phone:
    """One phone with its state, empty: not on the cable. `tells_imei`: as a build before Android 10 does."""

    serial: str = "R58M12ABCDE"
    state: str = "device"
    accounts: int = 0
    tells_imei: bool = False
    encryption: str = "encrypted"
    owner: str = ""
    apps: list[bytes] = field(default_factory=list)
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    stubborn: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def shell(self, command: str) -> tuple[str, int]:
        """Answer a shell command: what it prints, and how it ends."""
        self.asked.append(command)
        words = command.replace("'", "").split(" ")
        fixed = {
            "getprop": self._props(),
            "dumpsys battery": "Current Battery Service state:\n  level: 83\n  scale: 100\n",
            "dumpsys device_policy": self._policy(),
            "dumpsys account": f"User UserInfo{{0:Owner:13}}:\n  Accounts: {self.accounts}\n",
        }
        if command in fixed:
            return fixed[command], 0
        if words[0] == "settings":
            return self._settings(*words[1:4], " ".join(words[4:])), 0
        if words[:2] == ["dpm", "set-device-owner"]:
            return self._own(words[2])
        if words[:3] == ["service", "call", "iphonesubinfo"]:
            return self._imei(), 0
        return f"/system/bin/sh: {words[0]}: inaccessible or not found\n", 127

    def _settings(self, verb: str, table: str, name: str, value: str) -> str:
        if verb == "get":
            return self.kept.get((table, name), "null") + "\n"
        if name not in self.stubborn:
            self.kept[table, name] = value
        return ""

    def _props(self) -> str:
        known = {
            "ro.serialno": self.serial,
            "ro.product.manufacturer": "samsung",
            "ro.product.model": "SM-A536",
            "ro.build.fingerprint": "samsung/a53x/a53x:14/UP1A/A536:user/release-keys",
            "ro.build.version.release": "14",
            "ro.build.version.security_patch": "2026-10-05",
            "ro.crypto.state": self.encryption,
        }
        return "".join(f"[{name}]: [{value}]\n" for name, value in known.items())

    def _policy(self) -> str:
        """As DevicePolicyManagerService prints itself (Owners.dump, ComponentInfo)."""
        package, _, name = self.owner.partition("/")
        whole = f"{package}/{package}{name}" if name.startswith(".") else self.owner
        owner = (
            f"  Device Owner: \n    admin=ComponentInfo{{{whole}}}\n    name=\n    package={package}\n"
            "    isOrganizationOwnedDevice=true\n    User ID: 0\n\n"
        )
        return (
            "Current Device Policy Manager state:\n  Immutable state:\n    mHasFeature=true\n"
            + (owner if self.owner else "")
            + "  Enabled Device Admins (User 0, provisioningState: 0):\n"
        )

    def _own(self, component: str) -> tuple[str, int]:
        if self.accounts:
            why = "Not allowed to set the device owner because there are already some accounts on the device"
            return f"java.lang.IllegalStateException: {why}\n", 255
        self.owner = component
        return f"Success: Device owner set to package {component}\n", 0

    def _imei(self) -> str:
        if not self.tells_imei:
            return "Result: Parcel(Error: 0xffffffffffffffb6 'Not a data message')\n"
        return (
            "Result: Parcel(\n"
            "  0x00000000: 00000000 0000000f 00390034 00310030 '........4.9.0.1.'\n"
            "  0x00000010: 00340035 00300032 00320033 00370033 '5.4.2.0.3.2.3.7.'\n"
            "  0x00000020: 00310035 00000038                   '5.1.8...')\n"
        )


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        while True:
            head = self.rfile.read(4)
            if len(head) < 4:
                return
            service = self.rfile.read(int(head, 16)).decode()
            if not self._answer(service):
                return

    def _answer(self, service: str) -> bool:
        phone = self.server.phone
        if service == "host:version":
            self._okay(f"{VERSION:04x}")
        elif service == "host:devices":
            self._okay(f"{phone.serial}\t{phone.state}\n" if phone.state else "")
        elif service.endswith(":features") or service == "host:features":
            self._okay("shell_v2,cmd")
        elif service.startswith("host:tport:serial:"):
            if service.rpartition(":")[2] != phone.serial:
                return self._fail(f"device '{service.rpartition(':')[2]}' not found")
            self.wfile.write(b"OKAY" + struct.pack("<Q", 1))
            return True
        elif service.startswith("host:transport:"):
            self.wfile.write(b"OKAY")
            return True
        elif service.startswith("shell,v2"):
            self._shell(service.partition(":")[2])
        elif service.startswith("exec:"):
            self._exec(service.removeprefix("exec:"))
        else:
            return self._fail(f"this phone does not know {service}")
        return False

    def _okay(self, text: str) -> None:
        self.wfile.write(b"OKAY" + f"{len(text):04x}".encode() + text.encode())

    def _fail(self, why: str) -> bool:
        self.server.unknown.append(why)
        self.wfile.write(b"FAIL" + f"{len(why):04x}".encode() + why.encode())
        return False

    def _shell(self, command: str) -> None:
        said, code = self.server.phone.shell(command)
        self.wfile.write(b"OKAY")
        for kind, content in ((1, said.encode()), (3, bytes([code]))):
            self.wfile.write(struct.pack("<BI", kind, len(content)) + content)

    def _exec(self, command: str) -> None:
        self.wfile.write(b"OKAY")
        words = command.replace("'", "").split()
        if words == ["screencap", "-p"]:
            self.wfile.write(PNG)
        elif words[:3] == ["cmd", "package", "install"]:
            size = int(words[words.index("-S") + 1])
            app = self.rfile.read(size)
            is_app = app.startswith(b"PK")
            if is_app:
                self.server.phone.apps.append(app)
            self.wfile.write(b"Success\n" if is_app else b"Failure [INSTALL_PARSE_FAILED_NOT_APK]\n")
        else:
            self.server.unknown.append(command)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, phone: Phone) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.phone = phone
        self.unknown: list[str] = []


@contextmanager
def phone_on_a_cable(phone: Phone) -> Iterator[str]:
    """Serve one phone; gives host:port of its adb server. Fails at the end if it was asked unknown things."""
    with _Server(phone) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
    assert server.unknown == []
