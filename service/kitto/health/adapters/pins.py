"""What is pinned of a device: a host key over SSH, a certificate over WinRM."""

from datetime import datetime

from kitto.assets import rules as assets
from kitto.health.adapters import ssh_keys
from kitto.health.rules.probes import HostKeyUnreadable, ProbeKind

_CERTIFICATE = "-----BEGIN CERTIFICATE"


def fingerprint(pin: str) -> str:
    """As people compare it: SHA256:… of a host key, SHA-256 in pairs of a certificate; empty for neither."""
    if pin.startswith(_CERTIFICATE):
        return assets.fingerprint(pin)
    return ssh_keys.fingerprint(pin)


def is_shown(pin: str, typed: str) -> bool:
    """Whether a person typed the fingerprint of this key or certificate; Windows shows it without colons."""
    mark = fingerprint(pin)
    if pin.startswith(_CERTIFICATE):
        mark, typed = (text.replace(":", "").replace(" ", "").upper() for text in (mark, typed))
    return bool(mark) and mark == typed.strip()


def read_pin(kind: ProbeKind, text: str, address: str, now: datetime) -> str:
    """The key or certificate as it is kept; empty where none is given.

    Refuses what cannot be read, and a certificate that TLS to this address could not be held against today.
    """
    if not text.strip():
        return ""
    if kind is ProbeKind.WINRM:
        return assets.pinned(text, address, now)
    key = ssh_keys.parse_host_key(text)
    if key is None:
        raise HostKeyUnreadable
    return f"{key.get_name()} {key.get_base64()}"
