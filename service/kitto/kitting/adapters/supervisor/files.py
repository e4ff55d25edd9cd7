"""Where the files of a run are: its journal on disk, everything else in memory."""

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from kitto.kitting.adapters.plays import PlayFault
from kitto.kitting.adapters.trace import JOURNAL

CANCEL = "cancel"
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of our own in it, mode 0700, whose owner is checked
# A Unix socket's path ends at 107 signs; ssh adds 17 to ours while it makes one.
LONGEST_PATH = 107 - 17 - len("/cp/0123456789")


@dataclass(frozen=True)
class RunFiles:
    """`kept` lies in the data folder until the run is forgotten; `work` is gone when the play has ended."""

    kept: Path
    work: Path

    @property
    def shared(self) -> Path:
        """Where the plays of this installation have something in common."""
        return self.kept.parent if self.work.is_relative_to(self.kept) else self.work.parent

    @property
    def mark(self) -> str:
        """What processes of this run carry here, where another installation may have one so named."""
        return f"{hashlib.sha256(str(self.kept).encode()).hexdigest()[:8]}-{self.kept.name}"

    @property
    def journal(self) -> Path:
        return self.kept / JOURNAL

    @property
    def cancel(self) -> Path:
        """Its being there asks the supervisor to end the play."""
        return self.kept / CANCEL

    @property
    def project(self) -> Path:
        return self.work / "project"

    @property
    def door(self) -> Path:
        return self.work / "door.sock"

    @property
    def token(self) -> Path:
        return self.work / "door.token"

    @property
    def agent(self) -> Path:
        return self.work / "agent.sock"

    @property
    def known_hosts(self) -> Path:
        return self.work / "known_hosts"

    @property
    def certificate(self) -> Path:
        """The device's own, which is also the only authority that is believed."""
        return self.work / "device.pem"

    @property
    def inventory(self) -> Path:
        return self.work / "inventory.json"

    @property
    def variables(self) -> Path:
        return self.work / "variables.yml"

    def clear(self) -> None:
        """Delete what is in memory. Idempotent."""
        shutil.rmtree(self.work, ignore_errors=True)


def files_of(home: Path, run_id: str) -> RunFiles:
    """The files of a run below `home`. Equal on every call, so that a run can be found again."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        # Two installations on one machine must not meet; hence the digest of where this one lives.
        name = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:8]
        work = MEMORY / f"kitto-{os.getuid()}-{name}" / run_id
    else:
        work = home / run_id / "work"
    if len(str(work)) > LONGEST_PATH:
        raise PlayFault(f"{work} is too long a path for a socket; choose a shorter data folder")
    return RunFiles(kept=home / run_id, work=work)


def private_folder(path: Path) -> None:
    """Make a folder for our eyes only. Raises PlayFault when somebody else made it before us."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PlayFault(f"{path} is not ours; remove it")
    path.chmod(0o700)


def write_private(path: Path, content: str) -> None:
    """Write a file for our eyes only."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
