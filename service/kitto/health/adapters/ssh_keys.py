"""Keys of SSH as text: those a host shows, and those that open it. paramiko is large and comes when asked."""

import io
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from kitto.base.errors import Fault
from kitto.base.seal import Secret
from kitto.health.rules.states import Reason, Sign

if TYPE_CHECKING:
    from paramiko import PKey

SSH_PORT: Final = 22


class SshTrouble(Fault):
    """A login that brought nothing, with whom it speaks about."""

    def __init__(self, sign: Sign, reason: Reason, detail: str = "", shown: str = "") -> None:
        super().__init__(detail or reason.value)
        self.sign = sign
        self.reason = reason
        self.shown = shown


def parse_private_key(secret: Secret) -> "PKey":
    """A private key (OpenSSH or PEM, without passphrase) from memory. Raises SshTrouble."""
    from paramiko import ECDSAKey, Ed25519Key, RSAKey, SSHException

    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(secret.reveal()))
        except (SSHException, ValueError, IndexError):
            continue
    raise SshTrouble(Sign.DENIED, Reason.NO_CREDENTIALS, "the private key cannot be read")


def parse_host_key(host_key: str) -> "PKey | None":
    """A pinned key, "ssh-ed25519 AAAA… comment"; None where it is not one."""
    from paramiko import PKey, SSHException
    from paramiko.pkey import UnknownKeyType

    kind, _, body = host_key.strip().partition(" ")
    try:
        return PKey.from_type_string(kind, b64decode(body.split(" ")[0], validate=True))
    except (SSHException, ValueError, UnknownKeyType):
        return None


def fingerprint(host_key: str) -> str:
    """A host key as people compare it: SHA256:…, like `ssh-keygen -l`."""
    key = parse_host_key(host_key) if host_key else None
    return key.fingerprint if key else ""
