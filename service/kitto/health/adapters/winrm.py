"""WinRM health reads of Windows: one command with a JSON answer, nothing installed, nothing changed."""

import errno
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec

from kitto.assets.rules import fingerprint
from kitto.base.seal import Secret
from kitto.base.winrm import Ran, WindowsTarget, WindowsTrouble, run
from kitto.health.adapters.snmp import OUR_ERRORS
from kitto.health.rules.identity import serial_of
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, DeviceKind, Identity, Measured, Unit, tidy

# Windows PowerShell 5.1, read only. DriveType 3 are disks that are built in or stay connected.
SCRIPT: Final = r"""
$ErrorActionPreference = 'Stop'
$bios = Get-CimInstance -ClassName Win32_BIOS
$system = Get-CimInstance -ClassName Win32_ComputerSystem
$windows = Get-CimInstance -ClassName Win32_OperatingSystem
$disks = Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType=3'
@{
    serial = $bios.SerialNumber
    vendor = $system.Manufacturer
    model = $system.Model
    name = $system.DNSHostName
    system = $windows.Caption
    build = $windows.Version
    uptime = ($windows.LocalDateTime - $windows.LastBootUpTime).TotalSeconds
    memory = $windows.TotalVisibleMemorySize
    memory_free = $windows.FreePhysicalMemory
    disks = @($disks | ForEach-Object { @{ name = $_.DeviceID; size = $_.Size; free = $_.FreeSpace } })
} | ConvertTo-Json -Compress -Depth 3
"""
SECONDS: Final = 20.0
KEY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class WinRmTarget:
    """One PC. `certificate` is the pinned one, as PEM; without it nothing is asked and nobody signs in."""

    key: int
    address: str
    user: str
    password: Secret
    certificate: str
    port: int = 5986


class Disk(msgspec.Struct, frozen=True):
    """A disk in bytes; one that is locked by BitLocker or has no format tells neither."""

    name: str = ""
    size: float | None = None
    free: float | None = None


class Said(msgspec.Struct, frozen=True):
    """What the script prints. Memory is in kB."""

    serial: str | None = ""
    vendor: str | None = ""
    model: str | None = ""
    name: str | None = ""
    system: str | None = ""
    build: str | None = ""
    uptime: float | None = None
    memory: float | None = None
    memory_free: float | None = None
    disks: tuple[Disk, ...] = ()


def sweep(targets: Sequence[WinRmTarget], *, at_once: int = 16) -> dict[int, Answer]:
    """Ask all targets in a bounded pool of threads; one answer for every key."""
    if not targets:
        return {}
    with ThreadPoolExecutor(min(at_once, len(targets)), thread_name_prefix="health-winrm") as pool:
        answers = list(pool.map(ask, targets))
    return {target.key: answer for target, answer in zip(targets, answers, strict=True)}


def ask(target: WinRmTarget) -> Answer:
    """Poll one PC. Never raises: what went wrong is in the answer's sign and reason."""
    if not target.certificate:
        return _shown(target, Reason.HOST_KEY_UNKNOWN)
    started = time.monotonic()
    asked = WindowsTarget(target.address, target.port, target.user, target.password, target.certificate)
    try:
        ran = run(asked, SCRIPT, SECONDS)
    except WindowsTrouble as trouble:
        return _troubled(target, trouble)
    return read(ran, timedelta(seconds=time.monotonic() - started))


def read(ran: Ran, latency: timedelta | None = None) -> Answer:
    """Turn what the script printed into an answer; what a PC does not tell is simply absent."""
    try:
        said = msgspec.json.decode(ran.out.strip() or "{}", type=Said, strict=False)
    except msgspec.DecodeError:
        said = None
    if ran.code or said is None:
        words = tidy((ran.error or ran.out)[-300:])
        return Answer(Sign.SILENT, Reason.UNREADABLE, words)
    serial = serial_of(said.serial or "")
    return Answer(
        sign=Sign.ANSWERED,
        reason=Reason.ANSWERED,
        latency=latency,
        uptime=timedelta(seconds=said.uptime) if said.uptime is not None and said.uptime >= 0 else None,
        identity=Identity(
            kind=DeviceKind.HOST,
            vendor=tidy(said.vendor or ""),
            model=tidy(said.model or ""),
            serial=serial,
            serial_from="Win32_BIOS" if serial else "",
            version=tidy(f"{said.system or ''} {said.build or ''}"),
            name=tidy(said.name or ""),
        ),
        readings=(*_memory(said), *_disks(said)),
    )


def _memory(said: Said) -> Iterator[Measured]:
    if said.memory and said.memory_free is not None:
        share = 100.0 * (said.memory - said.memory_free) / said.memory
        yield Measured("memory_used", round(share, 1), Unit.PERCENT)


def _disks(said: Said) -> Iterator[Measured]:
    for disk in said.disks:
        if disk.size and disk.free is not None:
            share = round(100.0 * (disk.size - disk.free) / disk.size, 1)
            yield Measured("disk_used", share, Unit.PERCENT, disk.name, disk.name)
            yield Measured("disk_free", disk.free, Unit.BYTES, disk.name, disk.name)


def _troubled(target: WinRmTarget, trouble: WindowsTrouble) -> Answer:
    if trouble.cause == "certificate_changed":
        return _shown(target, Reason.HOST_KEY_CHANGED)
    if trouble.cause == "password_refused":
        return Answer(Sign.DENIED, Reason.CREDENTIALS, f"refused for {target.user}")
    if trouble.cause in ("no_answer", "too_long"):
        return _silent(trouble)
    return Answer(Sign.SILENT, Reason.UNREADABLE, tidy(str(trouble)))


def _silent(trouble: BaseException) -> Answer:
    """Whose fault a silence is: requests hides the number of the system's error some causes deep."""
    numbers = {getattr(one, "errno", None) for one in _causes(trouble)}
    if numbers & OUR_ERRORS:
        return Answer(Sign.OURS, Reason.OUR_NETWORK, tidy(str(trouble)))
    return Answer(Sign.SILENT, Reason.REFUSED if errno.ECONNREFUSED in numbers else Reason.NO_ANSWER)


def _causes(trouble: BaseException) -> Iterator[BaseException]:
    here: BaseException | None = trouble
    while here is not None:
        yield here
        here = here.__cause__ or here.__context__


def _shown(target: WinRmTarget, reason: Reason) -> Answer:
    """The certificate that the PC shows, for a person to compare; no credential is sent."""
    try:
        shown = ssl.get_server_certificate((target.address, target.port), timeout=KEY_SECONDS)
    except OSError as broken:
        return _silent(broken)
    if fingerprint(shown) == fingerprint(target.certificate):
        return Answer(Sign.DENIED, Reason.CERTIFICATE_UNFIT, f"the PC shows {fingerprint(shown)}")
    return Answer(Sign.DENIED, reason, f"the PC shows {fingerprint(shown)}", detected_key=shown)
