"""Holds the private key of a run in an agent of its own, from memory to memory."""

import base64
import binascii
import os
import shutil
import socket
import struct
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from kitto.kitting.adapters.plays import PlayFault

PATIENCE_SECONDS = 10.0
# Time for the clean-up on the device after the play's own time is over.
GRACE_SECONDS = 300
# Of the agent's protocol (draft-ietf-sshm-ssh-agent, 3.2 and 5.1).
ADD_WITH_LIMITS, LIFETIME, SUCCESS = 25, 1, 6
CERTIFICATE = "ssh-ed25519-cert-v01@openssh.com"


class KeyAgent:
    """An ssh-agent that knows one key for a while and dies with us."""

    def __init__(self, address: Path) -> None:
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, private_key: str, seconds: float, certificate: str = "") -> None:
        """Start the agent and give it the key for `seconds`, and the key with its certificate.

        Raises PlayFault when key or certificate are unusable.
        """
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
        while not listens(self._address):
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
        if certificate:
            self._add(_with_certificate(private_key, certificate, int(lifetime)))

    def _add(self, message: bytes) -> None:
        # ssh-add takes a certificate only from a file beside the key's file, and the key shall be in none.
        try:
            with socket.socket(socket.AF_UNIX) as agent:
                agent.settimeout(PATIENCE_SECONDS)
                agent.connect(str(self._address))
                agent.sendall(_string(message))
                answer = agent.recv(5)
        except OSError as broken:
            raise PlayFault("ssh-agent did not take the certificate of the run") from broken
        if answer != struct.pack(">IB", 1, SUCCESS):
            raise PlayFault("ssh-agent refused the certificate of the run")

    def close(self) -> None:
        """End the agent; what it held is gone with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def listens(address: Path) -> bool:
    """Whether somebody answers there. An agent's socket is there a moment before anybody listens to it."""
    with socket.socket(socket.AF_UNIX) as line, suppress(FileNotFoundError, ConnectionRefusedError):
        line.settimeout(PATIENCE_SECONDS)
        line.connect(str(address))
        return True
    return False


def _with_certificate(private_key: str, certificate: str, seconds: int) -> bytes:
    """The message that adds a key with its certificate for a while."""
    try:
        key = load_ssh_private_key(private_key.strip().encode() + b"\n", password=None)
        kind, coded = certificate.split()[:2]
        blob = base64.b64decode(coded, validate=True)
    except (ValueError, TypeError, UnsupportedAlgorithm, binascii.Error) as wrong:
        raise PlayFault("the certificate of the run is not usable") from wrong
    if kind != CERTIFICATE or not isinstance(key, Ed25519PrivateKey):
        raise PlayFault("the certificate of the run is not for an Ed25519 key")
    public = key.public_key().public_bytes_raw()
    parts = [kind.encode(), blob, public, key.private_bytes_raw() + public, b"kitto"]
    limits = struct.pack(">BI", LIFETIME, seconds)
    return bytes([ADD_WITH_LIMITS]) + b"".join(map(_string, parts)) + limits


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _tied_to_us() -> list[str]:
    """Lets the kernel end the agent with us. Without "no new privileges" a set-gid agent would forget it."""
    if shutil.which("setpriv") is None:
        return []
    return ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"]
