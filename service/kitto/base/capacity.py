"""How much this machine can take on at the same time."""

import os
from contextlib import suppress
from pathlib import Path

CORES_TIMES = 4
MEGABYTES_EACH = 100
_LIMITS = Path("/sys/fs/cgroup")


def at_once(wanted: int, memory: Path = Path("/proc/meminfo"), limits: Path = _LIMITS) -> int:
    """How many plays to run at a time: as many as wanted, but no more than four per core, and than fit into
    free memory at 100 MB each. At least one.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(wanted, CORES_TIMES * cores, _free_megabytes(memory, limits) // MEGABYTES_EACH))


def _free_megabytes(memory: Path, limits: Path) -> int:
    free = 1_000_000
    with suppress(OSError):
        for line in memory.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) // 1024
    # Inside a container the machine's memory is not ours.
    with suppress(OSError, ValueError):
        most = int((limits / "memory.max").read_text())
        used = int((limits / "memory.current").read_text())
        free = min(free, (most - used) // 1024**2)
    return max(free, 0)
