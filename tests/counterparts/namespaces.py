"""Finds out whether this system lets us build PCs from kernel namespaces. Standard library only."""

import functools
import os
import subprocess
import tempfile
from pathlib import Path

NAMESPACES = (
    "--mount",
    "--uts",
    "--ipc",
    "--pid",
    "--time",
    "--fork",
    "--kill-child=KILL",
    "--propagation=private",
)


@functools.cache
def why_not() -> str:
    """Why real bench PCs are impossible here; empty when they are possible."""
    if os.geteuid() != 0:
        return "Real bench PCs need root (own mounts and namespaces)."
    if disk_base() is None:
        return "This system does not let us mount overlays in new namespaces; a privileged container would."
    return ""


@functools.cache
def disk_base() -> Path | None:
    """A folder that can hold the upper side of an overlay; inside a container /tmp often cannot."""
    for base in (Path(tempfile.gettempdir()), Path("/dev/shm")):
        if base.is_dir() and _overlay_works(base):
            return base
    return None


def _overlay_works(base: Path) -> bool:
    trial = "mkdir l u w m && mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w,volatile m"
    with tempfile.TemporaryDirectory(prefix="kitto-probe-", dir=base) as folder:
        command = ["unshare", *NAMESPACES, "sh", "-c", trial]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except FileNotFoundError:
            return False
        return done.returncode == 0
