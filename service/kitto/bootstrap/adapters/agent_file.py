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


def _print(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
