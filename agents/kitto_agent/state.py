"""The state folder: the credential, and the little that one run tells the next."""

from __future__ import annotations

import base64
import fcntl
import json
import os
from pathlib import Path
from typing import Dict, List, NamedTuple

from kitto_agent.refusals import Later, NotEnrolled

DEFAULT_FOLDER = "/var/lib/kitto-agent"


class Credential(NamedTuple):
    """Made at enrolment; only `secret` changes afterwards."""

    server: str
    ca: str
    device: str
    secret: str
    machine: Dict[str, str]

    def key(self) -> bytes:
        """Give the secret as bytes."""
        return base64.urlsafe_b64decode(self.secret + "=" * (-len(self.secret) % 4))


class Memory:
    """What the last runs learned. Losing it costs one full report, nothing else."""

    def __init__(self) -> None:
        self.counter = 0
        self.clock_offset_ms = 0
        self.acknowledged = ""
        self.not_before = 0
        self.failures = 0
        self.first_failure = 0
        # section name -> [key of what it was made from, hash]
        self.cache: Dict[str, List[str]] = {}


class Folder:
    """The state folder on disk. Everything in it is readable by root alone."""

    def __init__(self, path: str = DEFAULT_FOLDER) -> None:
        self.path = Path(path)
        self._lock = -1

    def open(self) -> None:
        """Make the folder and hold it for this run. Raises Later when another run holds it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self._lock = os.open(str(self.path / "lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Later("Another run of the agent is under way.") from error

    def credential(self) -> Credential:
        """Read the credential. Raises NotEnrolled."""
        try:
            return Credential(**json.loads((self.path / "credential.json").read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise NotEnrolled from error

    def keep_credential(self, credential: Credential) -> None:
        """Write the credential so that a power cut leaves the old one or the new one."""
        self._write("credential.json", json.dumps(credential._asdict()))

    def memory(self) -> Memory:
        """Read what the last run left; a damaged file counts as none."""
        memory = Memory()
        try:
            known = json.loads((self.path / "memory.json").read_text())
        except (OSError, ValueError):
            return memory
        for name, fresh in vars(memory).items():
            if isinstance(known, dict) and isinstance(known.get(name), type(fresh)):
                setattr(memory, name, known[name])
        return memory

    def keep_memory(self, memory: Memory) -> None:
        """Write what this run learned."""
        self._write("memory.json", json.dumps(vars(memory)))

    def empty(self) -> None:
        """Remove the secret and the memory; the folder itself stays."""
        for name in ("credential.json", "memory.json"):
            if (self.path / name).exists():
                (self.path / name).unlink()

    def _write(self, name: str, text: str) -> None:
        fresh = self.path / (name + ".new")
        handle = os.open(str(fresh), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path / name)
