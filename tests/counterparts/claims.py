"""Hands out loopback addresses, one per counterpart, so that test processes side by side never share one."""

import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# 127.0.1.1 stays out: Debian gives it to the machine's own name in /etc/hosts.
FIRST, LAST = 2, 254


class NoAddressError(Exception):
    """Every address is in use by a living test process."""


@dataclass(frozen=True)
class Claim:
    """One address and one empty folder, ours until the claim is let go."""

    address: str
    folder: Path


@contextmanager
def claim(subnet: str = "127.0.1", *, base: Path | None = None) -> Iterator[Claim]:
    """Claim a free address in `subnet` and an empty folder under `base`.

    The lock is the open file, so the kernel lets it go when a test process dies; what that process left
    behind is removed by the next one that gets the address.
    """
    locks = _private_folder(Path(tempfile.gettempdir()))
    folders = _private_folder(base) if base else locks
    for number in range(FIRST, LAST + 1):
        address = f"{subnet}.{number}"
        with (locks / f"{address}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            folder = folders / address
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o755)
            try:
                yield Claim(address, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return
    raise NoAddressError(f"All addresses {subnet}.{FIRST} to .{LAST} are taken by running tests.")


def free_port(address: str = "127.0.0.1", *, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port nobody listens on now. Prefer letting the server itself choose where it can."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def can_listen(address: str, port: int) -> bool:
    """Whether a server could listen there now; an sshd of the machine on 0.0.0.0:22 makes it False."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def _private_folder(parent: Path) -> Path:
    folder = parent / f"kitto-bench-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else.")
    return folder
