"""Finds and ends the processes of a run on this machine by the mark in their environment (Linux)."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK = "KITTO_RUN"
_PROCESSES = Path("/proc")


def marked(run_id: str) -> list[int]:
    """Process ids that carry the mark of this run; a process that has ended carries none."""
    return [int(entry.name) for entry in _PROCESSES.glob("[0-9]*") if _carries(int(entry.name), run_id)]


def end_marked(run_id: str, patience_seconds: float) -> bool:
    """Kill all that carries the mark, again and again, as a dying tree may still grow. True: none is left."""
    deadline = time.monotonic() + patience_seconds
    while found := marked(run_id):
        for pid in found:
            _kill(pid, run_id)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _carries(pid: int, run_id: str) -> bool:
    try:
        environment = (_PROCESSES / str(pid) / "environ").read_bytes()
    except OSError:  # it has ended, or belongs to somebody else
        return False
    return f"{MARK}={run_id}".encode() in environment.split(b"\0")


def _kill(pid: int, run_id: str) -> None:
    # The descriptor names this very process, so that a number that was given anew meanwhile is spared.
    with suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            if _carries(pid, run_id):
                signal.pidfd_send_signal(process, signal.SIGKILL)
        finally:
            os.close(process)
