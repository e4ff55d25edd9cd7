"""Phones on a cable, through the adb program: argument lists only, a limit for every wait.

Source: `adb help`, and the shell commands `getprop`, `settings`, `dpm`, `dumpsys battery` and
`dumpsys device_policy` of Android.
"""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kitto.base.errors import Fault
from kitto.base.settings import settings

PATIENCE: Final = 60.0
LOOK_PATIENCE: Final = 15.0
INSTALL_PATIENCE: Final = 600.0
_LONGEST: Final = 32 * 1024 * 1024
_NAMES: Final = {"system", "secure", "global"}
_KEY: Final = re.compile(r"[A-Za-z0-9_.]{1,100}")
_VALUE: Final = re.compile(r"[A-Za-z0-9_.:/@+, -]{0,200}")
_SERIAL: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_COMPONENT: Final = re.compile(r"[A-Za-z0-9_.]+/[A-Za-z0-9_.$]+")
# DevicePolicyManagerService prints it so; a line `Device Owner:` is there only if there is one.
_OWNER: Final = re.compile(
    r"^\s*Device Owner:\s*\n(?:\s+\w+=.*\n)*?\s+admin=ComponentInfo\{([^}\n]*)\}", re.MULTILINE
)
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class AdbFault(Fault):
    """The phone or the adb program did not do it; the message says what to do."""


@dataclass(frozen=True)
class Attached:
    """A phone that hangs on the server: `state` is device, unauthorized, offline and the like."""

    serial: str
    state: str


@dataclass(frozen=True)
class Identity:
    """What a phone says of itself. `imeis` is empty where Android does not tell.

    `owner` is the component that owns the device, empty if none does; `encryption` is Android's word for it
    (`encrypted`, `unencrypted`, `unsupported`), `patch` the day of its security patches.
    """

    serial: str
    maker: str
    model: str
    build: str
    android: str
    patch: str
    encryption: str
    owner: str
    battery: int | None
    accounts: int
    imeis: tuple[str, ...]


def attached() -> list[Attached]:
    """The phones on the cable, in the order adb names them. Raises AdbFault where no adb answers."""
    lines = _run(["devices"], wait=LOOK_PATIENCE).decode("utf-8", "replace").splitlines()[1:]
    pairs = [line.split("\t", 1) for line in lines if "\t" in line]
    return [Attached(serial, state.strip()) for serial, state in pairs]


def identity(serial: str) -> Identity:
    """Read who a phone is. Raises AdbFault."""
    _ready(serial)
    props = dict(re.findall(r"\[([^\]]+)\]: \[([^\]]*)\]", _shell(serial, "getprop")))
    level = re.search(r"level: (\d+)", _shell(serial, "dumpsys", "battery"))
    told = _shell(serial, "dumpsys", "account")
    accounts = re.search(r"Accounts: (\d+)", told)
    owner = _OWNER.search(_shell(serial, "dumpsys", "device_policy").replace("\r", ""))
    return Identity(
        serial=props.get("ro.serialno", serial),
        maker=props.get("ro.product.manufacturer", ""),
        model=props.get("ro.product.model", ""),
        build=props.get("ro.build.fingerprint", ""),
        android=props.get("ro.build.version.release", ""),
        patch=props.get("ro.build.version.security_patch", ""),
        encryption=props.get("ro.crypto.state", ""),
        owner=owner[1] if owner else "",
        battery=int(level[1]) if level else None,
        accounts=int(accounts[1]) if accounts else 0,
        imeis=_imeis(serial),
    )


def install(serial: str, apk: Path) -> None:
    """Install or renew an app. Idempotent. Raises AdbFault with the phone's own reason."""
    _ready(serial)
    said = _run(["-s", serial, "install", "-r", str(apk.resolve())], wait=INSTALL_PATIENCE).decode(
        "utf-8", "replace"
    )
    if "Success" not in said:
        raise AdbFault(f"the app was not installed: {said.strip()[-200:]}")


def put_setting(serial: str, table: str, key: str, value: str) -> str:
    """Set a setting and read it back; returns what the phone has now. Idempotent. Raises AdbFault."""
    if table not in _NAMES or not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
        raise AdbFault("a setting is system, secure or global, a plain name and a plain value")
    _ready(serial)
    _shell(serial, "settings", "put", table, key, f"'{value}'")
    now = _shell(serial, "settings", "get", table, key).strip()
    if now != value:
        raise AdbFault(f"the phone did not keep {key}: it says {now[:80]!r}; the maker may forbid it")
    return now


def make_owner(serial: str, component: str) -> None:
    """Make an installed app device owner. Refused by Android while the phone has any account."""
    if not _COMPONENT.fullmatch(component):
        raise AdbFault("write the component like com.example.dpc/.AdminReceiver")
    _ready(serial)
    said = _shell(serial, "dpm", "set-device-owner", component, may_fail=True)
    if "Success" not in said:
        remedy = "remove every account, or reset the phone" if "account" in said else "read its reason"
        raise AdbFault(f"not made device owner, {remedy}: {said.strip()[-200:]}")


def screenshot(serial: str) -> bytes:
    """What the screen shows, as PNG, for evidence. Raises AdbFault."""
    _ready(serial)
    picture = _run(["-s", serial, "exec-out", "screencap", "-p"])
    if not picture.startswith(_PNG):
        raise AdbFault("the phone gave no picture; unlock it, and try again")
    return picture


def switch_off(serial: str) -> None:
    """Switch adb off at the end: nobody gets in by the cable any more. The connection ends with it."""
    _ready(serial)
    _shell(serial, "settings", "put", "global", "adb_enabled", "0")


def _imeis(serial: str) -> tuple[str, ...]:
    # Only old or loose builds tell a shell; since Android 10 others answer with an error, which is no fault.
    found = []
    for slot in ("1", "2"):
        said = _shell(
            serial, "service", "call", "iphonesubinfo", slot, "s16", "com.android.shell", may_fail=True
        )
        digits = "".join(re.findall(r"'([^']*)'", said)).replace(".", "")
        number = re.sub(r"\D", "", digits)[:15]
        if len(number) == 15:  # noqa: PLR2004 -- 3GPP TS 23.003
            found.append(number)
    return tuple(dict.fromkeys(found))


def _ready(serial: str) -> None:
    if not _SERIAL.fullmatch(serial) or serial.startswith("-"):
        raise AdbFault("a phone's serial number on the cable has letters, digits, dots, colons and dashes")
    state = {one.serial: one.state for one in attached()}.get(serial)
    remedies = {
        None: "it is not on the cable; plug it in and switch USB debugging on",
        "unauthorized": "allow this computer on the phone's screen",
        "offline": "unplug it, plug it in again",
    }
    if state != "device":
        raise AdbFault(f"{serial}: {remedies.get(state, f'adb says {state}')}")


def _shell(serial: str, *words: str, may_fail: bool = False) -> str:
    return _run(["-s", serial, "shell", *words], may_fail=may_fail).decode("utf-8", "replace")


def _run(words: Sequence[str], *, wait: float = PATIENCE, may_fail: bool = False) -> bytes:
    server = settings().adb_server
    host, _, port = server.rpartition(":")
    where = ["-H", host, "-P", port] if server else []
    try:
        done = subprocess.run(
            [settings().adb, *where, *words],
            capture_output=True,
            check=False,
            timeout=wait,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as gone:
        raise AdbFault("the adb program is not here; install it (Debian: adb), or set KITTO_ADB") from gone
    except subprocess.TimeoutExpired as late:
        raise AdbFault(f"the phone did not answer within {wait:.0f} s; unplug it, plug it in again") from late
    if done.returncode and not may_fail:
        said = (done.stdout[-300:] + done.stderr[-300:]).decode("utf-8", "replace").strip()
        raise AdbFault(said or "adb failed without a word")
    return done.stdout[:_LONGEST]
