"""How devices are reached, and the certificate that a device must show over WinRM."""

import ipaddress
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from kitto.base.errors import Refusal
from kitto.base.i18n import N_

SSH: Final = "ssh"
WINRM: Final = "winrm"


class Way(StrEnum):
    """How Kitto speaks with a device."""

    SSH = "ssh"
    SSH_WINDOWS = "ssh_windows"
    PSRP = "psrp"
    WINRM = "winrm"


WAYS: Final = {SSH: (Way.SSH, Way.SSH_WINDOWS), WINRM: (Way.PSRP, Way.WINRM)}
"""The ways of each kind of endpoint, the usual one first."""
WAY_WORDS: Final[dict[Way, str]] = {
    Way.SSH: N_("SSH"),
    Way.SSH_WINDOWS: N_("SSH with PowerShell (Windows)"),
    Way.PSRP: N_("WinRM, one PowerShell session (usual)"),
    Way.WINRM: N_("WinRM, command by command"),
}


class WayUnknown(Refusal):
    code = "assets.way_unknown"
    status = 422
    says = N_("Nothing was changed: a device cannot be reached by “{way}” there. Choose one of: {known}.")


class CertificateUnreadable(Refusal):
    code = "assets.certificate_unreadable"
    status = 422
    says = N_(
        "Nothing was changed: this is no certificate. Paste the text from “-----BEGIN CERTIFICATE-----” to "
        "“-----END CERTIFICATE-----”, without any private key."
    )


class CertificateElsewhere(Refusal):
    code = "assets.certificate_elsewhere"
    status = 422
    says = N_(
        "Nothing was changed: the certificate is for {names}, not for {address}. Make one on the device that "
        "names this address."
    )


class CertificateOver(Refusal):
    code = "assets.certificate_over"
    status = 422
    says = N_(
        "Nothing was changed: the certificate is valid from {begin} to {end}. Make a new one on the device."
    )


def way_of(kind: str, wanted: str) -> str:
    """The way that was asked for, else the usual one of the kind; empty for kinds that have none."""
    known = WAYS.get(kind, ())
    if not wanted:
        return known[0] if known else ""
    if wanted not in known:
        raise WayUnknown(way=wanted[:32], known=", ".join(known) or "–")
    return wanted


def pinned(pem: str, address: str, now: datetime) -> str:
    """The certificate as PEM and nothing beside it, if TLS to `address` can be held against it today.

    Refuses what is no certificate, holds a private key, names another address, or is not valid now.
    """
    if "PRIVATE KEY" in pem:
        raise CertificateUnreadable
    try:
        found = x509.load_pem_x509_certificate(pem.strip().encode())
    except ValueError as wrong:
        raise CertificateUnreadable from wrong
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        begin, end = found.not_valid_before_utc.date(), found.not_valid_after_utc.date()
        raise CertificateOver(begin=begin, end=end)
    names = _names(found)
    if ipaddress.ip_address(address) not in names:
        raise CertificateElsewhere(names=", ".join(map(str, names)) or "–", address=address)
    return found.public_bytes(Encoding.PEM).decode()


def fingerprint(pem: str) -> str:
    """SHA-256 in pairs, as certificate windows show it; empty for what is no certificate."""
    try:
        return x509.load_pem_x509_certificate(pem.encode()).fingerprint(SHA256()).hex(":").upper()
    except ValueError:
        return ""


def _names(certificate: x509.Certificate) -> list[str | ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [one for one in found.get_values_for_type(x509.IPAddress) if not hasattr(one, "hosts")]
    return [*found.get_values_for_type(x509.DNSName), *addresses]
