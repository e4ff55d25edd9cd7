"""SSH keys and certificates as OpenSSH writes them (PROTOCOL.certkeys, PROTOCOL.krl)."""

import base64
import binascii
import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_private_key,
    load_ssh_public_key,
)
from cryptography.hazmat.primitives.serialization.ssh import SSHCertPublicKeyTypes

from kitto.base.errors import Fault
from kitto.base.seal import Secret
from kitto.base.settings import Settings
from kitto.bootstrap.rules.refusals import KeyUnreadable

PATIENCE_SECONDS: Final = 20
_KRL_DATE: Final = slice(20, 28)
"""After magic, form and version: when the list was made, in seconds (OpenSSH, PROTOCOL.krl)."""


def new_authority() -> tuple[str, Secret]:
    """A new Ed25519 key: its public line and its private half, both as OpenSSH writes them."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return public, Secret(private)


def sign(
    authority: Secret,
    public: str,
    *,
    is_host: bool,
    name: str,
    serial: int,
    principals: Sequence[str],
    valid: tuple[datetime, datetime],
) -> str:
    """A certificate, one line. Of what a user may do it grants a terminal only: no forwarding of any kind."""
    signer = load_ssh_private_key(authority.reveal().encode(), password=None)
    assert isinstance(signer, Ed25519PrivateKey)  # noqa: S101 -- `new_authority` makes no other
    builder = (
        SSHCertificateBuilder()
        .public_key(_public(public))
        .serial(serial)
        .type(SSHCertificateType.HOST if is_host else SSHCertificateType.USER)
        .key_id(name.encode())
        .valid_principals([principal.encode() for principal in principals])
        .valid_after(int(valid[0].timestamp()))
        .valid_before(int(valid[1].timestamp()))
    )
    if not is_host:
        builder = builder.add_extension(b"permit-pty", b"")
    return builder.sign(signer).public_bytes().decode()


def _public(line: str) -> SSHCertPublicKeyTypes:
    try:
        found = load_ssh_public_key(" ".join(line.split()[:2]).encode())
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise KeyUnreadable from wrong
    return found  # type: ignore[return-value]  # DSA keys, which it also loads, cannot be signed and are refused


def host_key(line: str) -> str:
    """The line of an SSH public key in its plain form, without comment. Raises KeyUnreadable."""
    parts = line.split()
    if len(parts) < 2 or parts[0] == "ssh-dss":  # noqa: PLR2004 -- kind and key
        raise KeyUnreadable
    _public(line)
    return " ".join(parts[:2])


def certificate(text: str) -> str:
    """A WinRM certificate in its plain PEM form. Raises KeyUnreadable."""
    try:
        found = x509.load_pem_x509_certificate(text.encode())
    except ValueError as wrong:
        raise KeyUnreadable from wrong
    return found.public_bytes(Encoding.PEM).decode()


def ssh_fingerprint(line: str) -> str:
    """As ssh-keygen -l prints it: SHA256:…"""
    try:
        raw = base64.b64decode(line.split()[1], validate=True)
    except (IndexError, binascii.Error) as wrong:
        raise KeyUnreadable from wrong
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def trusted(own: Settings) -> str:
    """What devices shall trust to be Kitto's, as PEM; empty where they trust it already.

    Of Kitto's own certificate only what signed itself: devices do not take one that another authority
    signed for an authority, and it changes with each renewal. Raises Fault where the file cannot be read.
    """
    file = own.device_ca or own.tls_certificate
    if file is None:
        return ""
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as wrong:
        raise Fault(f"{file} is no certificate that can be read: {wrong}") from wrong
    roots = [one for one in found if own.device_ca or one.issuer == one.subject]
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in roots)


def thumbprint(pem: str) -> str:
    """SHA-256 of a certificate, in hex."""
    return "SHA256:" + x509.load_pem_x509_certificate(pem.encode()).fingerprint(SHA256()).hex()


@lru_cache(maxsize=8)
def revocation_list(public: str, serials: tuple[int, ...]) -> bytes:
    """What sshd reads as RevokedKeys: these numbers of this authority. Raises Fault without ssh-keygen.

    The same numbers give the same bytes: the date in it, which nobody reads, is taken out.
    """
    wanted = "".join(f"serial: {serial}\n" for serial in sorted(set(serials)))
    with tempfile.TemporaryDirectory(prefix="kitto-krl-") as folder:
        authority, made, spec = (Path(folder) / name for name in ("ca.pub", "krl", "spec"))
        authority.write_text(public + "\n", encoding="ascii")
        spec.write_text(wanted, encoding="ascii")
        command = ["ssh-keygen", "-q", "-k", "-f", str(made), "-s", str(authority), str(spec)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as broken:
            raise Fault("ssh-keygen is missing or hangs; install openssh-client") from broken
        if done.returncode:
            raise Fault(f"ssh-keygen made no list of revoked certificates: {done.stderr.strip()[-200:]}")
        listed = made.read_bytes()
        return listed[: _KRL_DATE.start] + bytes(8) + listed[_KRL_DATE.stop :]
