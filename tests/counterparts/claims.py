"""Hands out numbered places, one per counterpart, so that test processes side by side never share one."""

import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# A place's number becomes the last byte of a loopback address. 127.0.1.1 stays out: Debian gives it to the
# machine's own name in /etc/hosts.
FIRST, LAST = 2, 254


class NoPlaceError(Exception):
    """Every place is in use by a living test process."""


@dataclass(frozen=True)
class Claim:
    """One number and one empty folder, ours until the claim is let go."""

    number: int
    folder: Path


@contextmanager
def claim(kind: str, *, base: Path | None = None) -> Iterator[Claim]:
    """Claim a free number for a counterpart of this kind, and an empty folder under `base`.

    The lock is the open file, so the kernel lets it go when a test process dies; what that process left
    behind is removed by the next one that gets the number.
    """
    locks = _own_folder(Path(tempfile.gettempdir()))
    folders = _own_folder(base) if base else locks
    for number in range(FIRST, LAST + 1):
        with (locks / f"{kind}-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            folder = folders / f"{kind}-{number}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o755)
            try:
                yield Claim(number, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return
    raise NoPlaceError(f"All places for {kind}, {FIRST} to {LAST}, are taken by running tests.")


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on now; for servers that cannot choose one themselves."""
    with socket.socket() as probe:
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


def _own_folder(parent: Path) -> Path:
    folder = parent / f"kitto-bench-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else.")
    return folder
