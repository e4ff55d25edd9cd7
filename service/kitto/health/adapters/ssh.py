"""SSH health reads of hosts: one login, one command, nothing installed, nothing changed."""

import re
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import paramiko
from paramiko.ssh_exception import (
    AuthenticationException,
    BadHostKeyException,
    NoValidConnectionsError,
    SSHException,
)

from kitto.base.seal import Secret
from kitto.health.adapters.snmp import OUR_ERRORS
from kitto.health.adapters.ssh_keys import SSH_PORT, SshTrouble, parse_host_key, parse_private_key
from kitto.health.rules.identity import serial_of
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, DeviceKind, Identity, Measured, Unit, tidy

# POSIX sh, read only. dmidecode needs root; where sudo is not given, the kernel's copy may do.
SCRIPT: Final = r"""
LC_ALL=C; export LC_ALL
mark() { printf '\n@@%s\n' "$1"; }
dmi() { sudo -n dmidecode -s "$1" 2>/dev/null || cat "/sys/class/dmi/id/$2" 2>/dev/null; }
mark serial; dmi system-serial-number product_serial
mark vendor; dmi system-manufacturer sys_vendor
mark model; dmi system-product-name product_name
mark name; cat /proc/sys/kernel/hostname 2>/dev/null || hostname
mark kernel; uname -sr
mark os; cat /etc/os-release 2>/dev/null
mark uptime; cat /proc/uptime 2>/dev/null
mark load; cat /proc/loadavg 2>/dev/null
mark memory; cat /proc/meminfo 2>/dev/null
mark disks; df -lPk -x tmpfs -x devtmpfs -x squashfs 2>/dev/null || df -lPk 2>/dev/null
mark end
"""
LONGEST_OUTPUT: Final = 256 * 1024
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_MEMORY: Final = re.compile(r"^(MemTotal|MemAvailable):\s+(\d+) kB$", re.MULTILINE)
_SECTION: Final = re.compile(r"^@@(\w+)$", re.MULTILINE)
_DISK: Final = re.compile(r"^(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\d+%\s+(/.*)$")
_PSEUDO: Final = ("/snap/", "/run", "/dev", "/sys", "/proc", "/boot/efi", "/etc/")


@dataclass(frozen=True, slots=True)
class SshTarget:
    """One host. `host_key` is the pinned key, "ssh-ed25519 AAAA…"; without one nothing is asked."""

    key: int
    address: str
    user: str
    host_key: str
    private_key: Secret | None = None
    password: Secret | None = None
    port: int = 22
    timeout: float = 8.0


def sweep(targets: Sequence[SshTarget], *, at_once: int = 32) -> dict[int, Answer]:
    """Ask all targets in a bounded pool of threads; one answer for every key."""
    if not targets:
        return {}
    with ThreadPoolExecutor(min(at_once, len(targets)), thread_name_prefix="health-ssh") as pool:
        answers = list(pool.map(ask, targets))
    return {target.key: answer for target, answer in zip(targets, answers, strict=True)}


def ask(target: SshTarget) -> Answer:
    """Poll one host. Never raises: what went wrong is in the answer's sign and reason."""
    started = time.monotonic()
    try:
        key = parse_private_key(target.private_key) if target.private_key else None
        with _login(target, key) as client:
            latency = timedelta(seconds=time.monotonic() - started)
            output = _run(client, target.timeout)
    except SshTrouble as trouble:
        return Answer(trouble.sign, trouble.reason, str(trouble), detected_key=trouble.shown)
    return read(output, latency)


class _Refuse(paramiko.MissingHostKeyPolicy):
    """Names the key that was shown; never accepts it."""

    def __init__(self, reason: Reason) -> None:
        self._reason = reason

    def missing_host_key(self, _client: paramiko.SSHClient, _name: str, key: paramiko.PKey) -> None:
        raise _host_key_trouble(self._reason, key)


def _host_key_trouble(reason: Reason, key: paramiko.PKey) -> SshTrouble:
    shown = f"{key.get_name()} {key.get_base64()}"
    return SshTrouble(Sign.DENIED, reason, f"the host shows {key.fingerprint}", shown)


@contextmanager
def _login(target: SshTarget, key: paramiko.PKey | None) -> Generator[paramiko.SSHClient]:
    client = paramiko.SSHClient()
    pinned = parse_host_key(target.host_key)
    if pinned is not None:
        name = target.address if target.port == SSH_PORT else f"[{target.address}]:{target.port}"
        client.get_host_keys().add(name, pinned.get_name(), pinned)
    reason = Reason.HOST_KEY_CHANGED if pinned else Reason.HOST_KEY_UNKNOWN
    client.set_missing_host_key_policy(_Refuse(reason))
    try:
        _connect(client, target, key)
        yield client
    finally:
        client.close()


def _connect(client: paramiko.SSHClient, target: SshTarget, key: paramiko.PKey | None) -> None:
    try:
        client.connect(
            target.address,
            port=target.port,
            username=target.user,
            pkey=key,
            password=target.password.reveal() if target.password else None,
            timeout=target.timeout,
            banner_timeout=target.timeout,
            auth_timeout=target.timeout,
            channel_timeout=target.timeout,
            allow_agent=False,
            look_for_keys=False,
        )
    except BadHostKeyException as changed:
        raise _host_key_trouble(Reason.HOST_KEY_CHANGED, changed.key) from changed
    except AuthenticationException as denied:
        raise SshTrouble(Sign.DENIED, Reason.CREDENTIALS, f"refused for {target.user}") from denied
    except NoValidConnectionsError as refused:
        raise SshTrouble(Sign.SILENT, Reason.REFUSED) from refused
    except TimeoutError as late:
        raise SshTrouble(Sign.SILENT, Reason.NO_ANSWER) from late
    except (SSHException, EOFError) as broken:
        raise SshTrouble(Sign.SILENT, Reason.UNREADABLE, tidy(str(broken))) from broken
    except OSError as broken:
        ours = broken.errno in OUR_ERRORS
        sign, reason = (Sign.OURS, Reason.OUR_NETWORK) if ours else (Sign.SILENT, Reason.NO_ANSWER)
        raise SshTrouble(sign, reason, broken.strerror or "") from broken


def _run(client: paramiko.SSHClient, timeout: float) -> str:
    try:
        stdin, stdout, _stderr = client.exec_command("sh -s", timeout=timeout)
        stdin.write(SCRIPT)
        stdin.channel.shutdown_write()
        raw = stdout.read(LONGEST_OUTPUT)
    except TimeoutError as late:
        raise SshTrouble(Sign.SILENT, Reason.NO_ANSWER, "the login worked, the command did not end") from late
    except (SSHException, OSError) as broken:
        raise SshTrouble(Sign.SILENT, Reason.UNREADABLE, tidy(str(broken))) from broken
    return raw.decode("utf-8", "replace")


def read(output: str, latency: timedelta | None = None) -> Answer:
    """Turn the script's output into an answer; sections a host does not have are simply absent."""
    parts = _SECTION.split(output)
    sections = {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    uptime = sections.get("uptime", "").split(" ")[0]
    return Answer(
        sign=Sign.ANSWERED,
        reason=Reason.ANSWERED,
        latency=latency,
        uptime=timedelta(seconds=float(uptime)) if _NUMBER.fullmatch(uptime) else None,
        identity=_identity(sections),
        readings=(*_load(sections), *_memory(sections), *_disks(sections)),
    )


def _identity(sections: dict[str, str]) -> Identity:
    def line(name: str) -> str:
        return tidy(sections.get(name, "").partition("\n")[0])

    release = dict(pair.split("=", 1) for pair in sections.get("os", "").splitlines() if "=" in pair)
    serial = serial_of(line("serial"))
    return Identity(
        kind=DeviceKind.HOST,
        vendor=line("vendor"),
        model=line("model"),
        serial=serial,
        serial_from="DMI" if serial else "",
        version=tidy(release.get("PRETTY_NAME", "").strip('"')) or line("kernel"),
        name=line("name"),
        description=line("kernel"),
    )


def _load(sections: dict[str, str]) -> tuple[Measured, ...]:
    first = sections.get("load", "").split(" ")[0]
    return (Measured("load_1", float(first), Unit.LOAD),) if _NUMBER.fullmatch(first) else ()


def _memory(sections: dict[str, str]) -> tuple[Measured, ...]:
    found = {name: int(kb) for name, kb in _MEMORY.findall(sections.get("memory", ""))}
    total, free = found.get("MemTotal", 0), found.get("MemAvailable")
    if total <= 0 or free is None:
        return ()
    return (Measured("memory_used", round(100.0 * (total - free) / total, 1), Unit.PERCENT),)


def _disks(sections: dict[str, str]) -> tuple[Measured, ...]:
    found: list[Measured] = []
    for line in sections.get("disks", "").splitlines():
        row = _DISK.match(line)
        if row is None or int(row[2]) <= 0 or row[5].startswith(_PSEUDO):
            continue
        # Like df: root's reserve is no room for users, so it is not part of the whole.
        used, free, mount = int(row[3]), int(row[4]), row[5]
        share = round(100.0 * used / (used + free), 1) if used + free else 100.0
        found.append(Measured("disk_used", share, Unit.PERCENT, mount, mount))
        found.append(Measured("disk_free", float(free * 1024), Unit.BYTES, mount, mount))
    return tuple(found)
