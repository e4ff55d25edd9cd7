"""What every bench PC offers, whichever way it is played."""

import subprocess
from dataclasses import dataclass, field
from typing import Protocol

from tests.counterparts.firmware import Hardware

TECHNICIAN = "kitto"  # the one account; it may become root without a password


@dataclass(frozen=True)
class PcProcess:
    """A process that runs on the PC; `pid` as the PC itself numbers it."""

    pid: int
    command: str
    environment: dict[str, str] = field(repr=False)


class PcStartError(Exception):
    """The PC did not answer; the text ends with what its console showed."""


class BenchPc(Protocol):
    """One PC on the bench. Everything is known before the first connect, as from an asset record."""

    hardware: Hardware
    address: str
    port: int
    user: str
    host_key: str
    reduced: bool

    @property
    def known_hosts(self) -> str:
        """The line for OpenSSH's known_hosts, with its line end."""

    @property
    def cannot(self) -> str:
        """What this PC cannot do and why; empty when it can do everything."""

    def run(
        self, command: str, *, stdin: str = "", check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root at the PC itself, past SSH; the witness of what really changed."""

    def power_off(self) -> None:
        """Pull the plug: everything that runs there ends at once. The disk stays."""

    def power_on(self) -> None:
        """Start again from the same disk, with the same address and host key; returns when SSH answers."""

    def processes(self) -> tuple[PcProcess, ...]:
        """What runs there now, sshd included."""

    def console(self) -> str:
        """What the PC has printed: sshd's log since it was first switched on."""


def known_hosts_line(address: str, port: int, host_key: str) -> str:
    return f"{address} {host_key}\n" if port == 22 else f"[{address}]:{port} {host_key}\n"
