"""The endpoint agent as one file, for whoever installs it."""

import hashlib
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from kitto.base.errors import Fault
from kitto.base.settings import settings


@lru_cache(maxsize=1)
def agent_file() -> Path:
    """Build `agent.pyz` from the agent's own sources into the data folder; once per process."""
    target = settings().data / "agent" / "agent.pyz"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = target.with_suffix(".new")
    done = subprocess.run(
        [sys.executable, "-m", "kitto_agent.build", str(fresh)],
        cwd=settings().shipped("agents"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        raise Fault(f"the agent could not be built: {done.stderr.strip()[-300:]}")
    if not target.exists() or _print(target) != _print(fresh):
        fresh.replace(target)
    return target


@lru_cache(maxsize=1)
def windows_agent_file() -> Path:
    """`kitto-agent.ps1` in the data folder; once per process."""
    target = settings().data / "agent" / "kitto-agent.ps1"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = target.with_suffix(".new")
    fresh.write_bytes(windows_agent())
    fresh.replace(target)
    return target


def windows_agent() -> bytes:
    """The agent for Windows as one file, put together from its parts."""
    parts = settings().shipped("agents") / "windows"
    text = (parts / "agent.ps1").read_text("utf-8")
    for name in ("wire.ps1", "look.ps1"):
        text = text.replace(f"# <{name}>\n", (parts / name).read_text("utf-8"))
    # Windows PowerShell 5.1 takes a script without this mark for one of the machine's old code page.
    return text.replace("\n", "\r\n").encode("utf-8-sig")


def _print(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
