"""The Windows that somebody named for `make test-windows`, and what is in the way of testing against it."""

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from kitto.base.seal import Secret
from kitto.kitting.adapters.windows import WhoItIs, WindowsTarget, WindowsTrouble, probe
from tests.prepare import missing_collections

SAY = "make test-windows HOST=192.0.2.44 CERTIFICATE=pc.pem (USER=kitto PORT=5986 unless you say others)"
WHERE = "docs/windows.md says how such a machine is prepared."
FETCH = "openssl s_client -connect {host}:{port} </dev/null | openssl x509 >pc.pem"
HINTS = {
    "no_answer": "There, `winrm enumerate winrm/config/listener` must name this port under HTTPS, and"
    " the firewall must let this machine in.",
    "certificate_changed": "It must be the one of the HTTPS listener and name this very address: " + FETCH,
    "password_refused": "It must be an administrator there; ten wrong passwords lock it for ten minutes.",
    "not_understood": "It must be a Windows with PowerShell 5.1 or newer.",
}


class NotThereError(Exception):
    """The machine cannot be tested against; the text says what to do."""


@dataclass(frozen=True)
class RealPc:
    """A machine that somebody named."""

    address: str
    port: int
    user: str
    password: str = field(repr=False)
    certificate: str = field(repr=False)

    @property
    def target(self) -> WindowsTarget:
        return WindowsTarget(self.address, self.port, self.user, Secret(self.password), self.certificate)


def setting(name: str) -> str:
    return os.environ.get(f"KITTO_TEST_WINDOWS_{name}", "")  # noqa: TID251 -- what make hands over


def named() -> RealPc:
    """The machine as it was named. Raises NotThereError for what is missing."""
    host, port, file = setting("HOST"), setting("PORT") or "5986", setting("CERTIFICATE")
    if not host:
        raise NotThereError(f"Say which Windows: {SAY}. {WHERE}")
    if not port.isdigit():
        raise NotThereError(f"PORT={port} is no number; WinRM over HTTPS is usually at 5986.")
    fetch = FETCH.format(host=host, port=port)
    if not file:
        raise NotThereError(f"Say CERTIFICATE=file too; fetch it with: {fetch}")
    try:
        certificate = Path(file).read_text("ascii")
        ssl.PEM_cert_to_DER_cert(certificate)
    except (OSError, ValueError) as wrong:
        raise NotThereError(f"CERTIFICATE={file} is not a file with a certificate (PEM). {fetch}") from wrong
    return RealPc(host, int(port), setting("USER") or "kitto", setting("PASSWORD"), certificate)


def found(pc: RealPc) -> WhoItIs:
    """Who answers there. Raises NotThereError for what is in the way."""
    if not pc.password:
        raise NotThereError(f"Type the password of {pc.user}, or set KITTO_TEST_WINDOWS_PASSWORD.")
    if lacking := missing_collections():
        raise NotThereError(f"{lacking[0].upper()}{lacking[1:]}.")
    try:
        return probe(pc.target)
    except WindowsTrouble as trouble:
        hint = HINTS.get(trouble.cause, "").format(host=pc.address, port=pc.port)
        raise NotThereError(f"{trouble} {hint}\n{WHERE}") from trouble
