"""Holds the private key of a run in an agent of its own, from memory to memory."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from kitto.kitting.adapters.plays import PlayFault

PATIENCE_SECONDS = 10.0
# Time for the clean-up on the device after the play's own time is over.
GRACE_SECONDS = 300


class KeyAgent:
    """An ssh-agent that knows one key for a while and dies with us."""

    def __init__(self, address: Path) -> None:
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, private_key: str, seconds: float) -> None:
        """Start the agent and give it the key for `seconds`. Raises PlayFault when the key is unusable."""
        if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
            raise PlayFault("ssh-agent and ssh-add are missing; install openssh-client")
        environment = {"PATH": os.defpath}
        self._process = subprocess.Popen(
            [*_tied_to_us(), "ssh-agent", "-D", "-a", str(self._address)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._address.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise PlayFault("ssh-agent did not start")
            time.sleep(0.005)
        lifetime = str(int(seconds) + GRACE_SECONDS)
        added = subprocess.run(
            ["ssh-add", "-q", "-t", lifetime, "-"],
            input=private_key.strip().encode() + b"\n",
            capture_output=True,
            env={**environment, "SSH_AUTH_SOCK": str(self._address)},
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if added.returncode:
            raise PlayFault("the private SSH key is not usable: it must be an OpenSSH key without passphrase")

    def close(self) -> None:
        """End the agent; what it held is gone with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _tied_to_us() -> list[str]:
    """Lets the kernel end the agent with us. Without "no new privileges" a set-gid agent would forget it."""
    if shutil.which("setpriv") is None:
        return []
    return ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"]
