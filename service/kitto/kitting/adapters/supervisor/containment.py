"""Holds the processes of a run together, so that ending the run ends all of them."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from kitto.kitting.adapters.plays import Containment, PlayFault

PATIENCE_SECONDS = 10.0
_PROGRAMS = ("usr", "bin", "sbin", "lib", "lib64", "lib32")
_ETC = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "alternatives", "localtime")
_CGROUPS = Path("/sys/fs/cgroup")


class Container(Protocol):
    """Starts a command so that `end` ends it with all its descendants."""

    kind: Containment

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command that starts `command` inside."""

    def end(self) -> None:
        """Kill what is inside, as far as this container can. Idempotent."""


class Bubblewrap:
    """A PID namespace that dies with us, seeing the system read-only and of our files only the run's own."""

    kind = Containment.BWRAP

    def __init__(self, work: Path, seen: Sequence[Path]) -> None:
        self._work = work
        self._seen = seen

    def wrap(self, command: Sequence[str]) -> list[str]:
        args = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--proc", "/proc"]
        args += ["--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"]  # noqa: S108 -- its own, empty one
        args += [word for path in _system() for word in _shown(path)]
        args += [word for path in self._seen if path.exists() for word in ("--ro-bind", str(path), str(path))]
        args += ["--bind", str(self._work), str(self._work), "--"]
        # It starts where we are, which is the recipe's folder and seen inside too.
        return [*args, *command]

    def end(self) -> None:
        """Nothing to do: whoever started bwrap has killed it, and the kernel the rest."""


class ControlGroup:
    """A control group of its own; it outlives us, so the mark has to be looked for when we were killed."""

    kind = Containment.CGROUP

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wrap(self, command: Sequence[str]) -> list[str]:
        enter = f'echo $$ > "{self._folder}/cgroup.procs" && exec "$@"'
        return ["/bin/sh", "-c", enter, "kitto-run", *command]

    def end(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._inside() and time.monotonic() < deadline:
            if (self._folder / "cgroup.kill").exists():
                (self._folder / "cgroup.kill").write_text("1")
            else:
                for pid in self._inside():
                    with suppress(ProcessLookupError):
                        os.kill(pid, 9)
            time.sleep(0.02)
        with suppress(OSError):
            self._folder.rmdir()

    def _inside(self) -> list[int]:
        with suppress(OSError):
            return [int(word) for word in (self._folder / "cgroup.procs").read_text().split()]
        return []


class Marked:
    """Nothing but the mark that every process of a run carries; whoever ends the run looks for it."""

    kind = Containment.MARK

    def wrap(self, command: Sequence[str]) -> list[str]:
        return list(command)

    def end(self) -> None:
        """Nothing to do beyond looking for the mark."""


def choose(wanted: Containment, run_id: str, work: Path, seen: Sequence[Path]) -> Container:
    """The strongest container this machine offers, or the wanted one; PlayFault when that is impossible."""
    if wanted in (Containment.AUTO, Containment.BWRAP) and _bwrap_works():
        return Bubblewrap(work, [*seen, *interpreter()])
    if wanted in (Containment.AUTO, Containment.CGROUP) and (folder := _own_group(run_id)):
        return ControlGroup(folder)
    if wanted in (Containment.AUTO, Containment.MARK):
        return Marked()
    raise PlayFault(f"plays cannot be contained by {wanted} on this machine")


def interpreter() -> list[Path]:
    """Where our Python and its packages live; a virtual environment has two such places."""
    return sorted({Path(place).resolve() for place in (sys.prefix, sys.base_prefix)} - {Path("/usr")})


def closed_off(command: Sequence[str], work: Path, seen: Sequence[Path]) -> list[str]:
    """The command for bwrap that runs a program which shall reach nothing: no network, no settings of ours.

    It may write to `work`, and read programs, Python and `seen`.
    """
    args = ["bwrap", "--die-with-parent", "--unshare-all", "--proc", "/proc", "--dev", "/dev"]
    args += [word for path in _system() if path.parts[1] in _PROGRAMS for word in _shown(path)]
    args += [word for name in _ETC for word in _shown(Path("/etc") / name)]
    args += ["--tmpfs", "/tmp"]  # noqa: S108 -- its own, empty one
    for path in (*seen, *interpreter()):
        args += ["--ro-bind", str(path), str(path)] if path.exists() else []
    return [*args, "--bind", str(work), str(work), "--", *command]


def _bwrap_works() -> bool:
    """Containers without rights have bwrap and may not use it; only trying tells."""
    if shutil.which("bwrap") is None:
        return False
    trial = ["bwrap", "--die-with-parent", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc"]
    done = subprocess.run([*trial, "--dev", "/dev", "true"], capture_output=True, check=False)
    return done.returncode == 0


def _own_group(run_id: str) -> Path | None:
    """A new group below our own, where the system lets us make one (version 2, else any of version 1)."""
    with suppress(OSError):
        for line in sorted(Path("/proc/self/cgroup").read_text().splitlines()):
            _, controllers, own = line.split(":", 2)
            names = [controllers.removeprefix("name=")] if controllers else ["", "unified"]
            for name in names:
                parent = _CGROUPS / name / own.lstrip("/")
                if not (parent / "cgroup.procs").is_file():
                    continue
                with suppress(OSError):
                    folder = parent / f"kitto-{run_id}"
                    folder.mkdir(exist_ok=True)
                    return folder
    return None


def _system() -> list[Path]:
    top = [Path(name) for name in ("/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/lib32")]
    # Where name resolution lives on systems whose /etc/resolv.conf points there.
    return [*top, Path("/run/systemd/resolve"), Path("/run/resolvconf")]


def _shown(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.exists() else []
