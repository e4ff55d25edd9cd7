"""Processes that stay loaded beside the plays, so that a play is a fork and not a start."""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kitto.kitting.adapters import trace
from kitto.kitting.adapters.supervisor.files import private_folder

DOOR = "door.sock"
ALIVE = "alive"
LOADING_SECONDS = 30.0
LOOK_SECONDS = 0.02


def door(folder: Path, command: Sequence[str], environment: Mapping[str, str], idle: float) -> Path | None:
    """The socket at which the process answers whose folder this is; it is started where there is none.

    Starting takes as long as loading once. Whoever comes meanwhile waits for the same process, which ends
    when nobody asked it for `idle` seconds. None when it does not start: whoever asked does without.
    """
    if _lives(folder):
        return folder / DOOR
    with suppress(OSError), folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _lives(folder):
            return folder / DOOR
        private_folder(folder)
        (folder / DOOR).unlink(missing_ok=True)
        process = _started(folder, [*command, str(folder), str(idle)], environment)
        deadline = time.monotonic() + LOADING_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if _lives(folder):
                return folder / DOOR
            time.sleep(LOOK_SECONDS)
        process.kill()
        process.wait()
    return None


def _started(folder: Path, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            cwd="/",
        )


def _lives(folder: Path) -> bool:
    """It holds a lock as long as it lives, and listens as soon as it has loaded."""
    return (folder / DOOR).exists() and trace.is_held(folder / ALIVE)


def python() -> str:
    """Our interpreter by its real folder, which is what plays see; a link that leads to it they do not."""
    return str(Path(sys.prefix).resolve() / "bin" / Path(sys.executable).name)


def edition(folders: Iterable[Path], *words: str) -> str:
    """Changes with every file of these folders and with the words; what was loaded before is then left."""
    said = [*words, python()]
    for folder in folders:
        for entry in sorted(folder.rglob("*.py")):
            found = os.stat(entry)  # noqa: PTH116 -- a hundred files for each play
            said.append(f"{entry} {found.st_mtime_ns} {found.st_size}")
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:10]
