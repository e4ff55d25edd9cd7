"""Signing profiles with the certificate of the settings, or with one that Kitto makes for itself."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kitto.base import clock
from kitto.base.errors import Fault
from kitto.base.i18n import N_, Words
from kitto.base.settings import settings
from kitto.phones.rules.refusals import ProfileWrong

YEARS: Final = timedelta(days=5 * 365)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def signed(content: bytes) -> bytes:
    """The content inside a CMS signature (RFC 5652, DER), as iOS takes it. Raises Fault."""
    key, chain = _own() if settings().profile_certificate is None else _given()
    maker = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(chain[0], key, hashes.SHA256())
    for certificate in chain[1:]:
        maker = maker.add_certificate(certificate)
    return maker.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def certificates(text: str) -> tuple[tuple[str, bytes], ...]:
    """The certificates of a PEM text, each with the name it is shown by. Refuses ProfileWrong."""
    if not text.strip():
        return ()
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        return tuple((_name(one), one.public_bytes(serialization.Encoding.DER)) for one in found)
    except ValueError as wrong:
        raise ProfileWrong(
            reason=Words(N_("The certificates are PEM text: -----BEGIN CERTIFICATE----- and so on."))
        ) from wrong


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value)[:100] if names else certificate.subject.rfc4514_string()[:100]


def _given() -> tuple[Key, list[x509.Certificate]]:
    own = settings()
    if own.profile_certificate is None or own.profile_key is None:
        message = "KITTO_PROFILE_CERTIFICATE and KITTO_PROFILE_KEY go together; set both"
        raise Fault(message)
    return _load(own.profile_key, own.profile_certificate)


def _load(key: Path, certificate: Path) -> tuple[Key, list[x509.Certificate]]:
    try:
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError, TypeError) as wrong:
        message = f"the certificate for signing profiles cannot be read: {certificate}, {key}"
        raise Fault(message) from wrong
    if not isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        message = f"the key for signing profiles is neither RSA nor EC: {key}"
        raise Fault(message)
    return loaded, chain


def _own() -> tuple[Key, list[x509.Certificate]]:
    folder = settings().data / "phones"
    both = folder / "profile-signing.pem"
    if not both.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        _make(both)
    return _load(both, both)


def _make(target: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate_for(key)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    part = target.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    try:
        # whoever was faster has made the one that stays
        os.link(part, target)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _certificate_for(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    organisation = settings().organisation or "Kitto"
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} profiles"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
        ]
    )
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
