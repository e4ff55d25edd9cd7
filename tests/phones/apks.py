"""Tiny app files made here: a compiled manifest, a zip, and a signing block around a fresh certificate."""

import io
import struct
import zipfile
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PACKAGE, RECEIVER = "jp.example.dpc", ".AdminReceiver"
ADMIN = "android.permission.BIND_DEVICE_ADMIN"
NAME_ID, PERMISSION_ID = 0x01010003, 0x01010006
V2, V3, ROTATION = 0x7109871A, 0xF05368C0, 0x3BA06F8C


def make_certificate(name: str = "Kitto test") -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=9000))
        .sign(key, hashes.SHA256())
    )
    return key, made


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def manifest(package: str = PACKAGE, receiver: str = RECEIVER, *, utf8: bool = False) -> bytes:
    """A manifest with one receiver, as aapt lays it out."""
    strings = ["name", "permission", "package", "manifest", "receiver", package, receiver, ADMIN]
    root = _start(3, [(2, 5)])
    inner = _start(4, [(0, 6), (1, 7)])
    ids = struct.pack("<HHIII", 0x0180, 8, 16, NAME_ID, PERMISSION_ID)
    body = _pool(strings, utf8=utf8) + ids + root + inner
    return struct.pack("<HHI", 3, 8, 8 + len(body)) + body


def _start(name: int, attributes: list[tuple[int, int]]) -> bytes:
    body = struct.pack("<IIIIHHHHHH", 1, 0xFFFFFFFF, 0xFFFFFFFF, name, 20, 20, len(attributes), 0, 0, 0)
    for key, value in attributes:
        body += struct.pack("<IIIHBBI", 0xFFFFFFFF, key, value, 8, 0, 3, value)
    return struct.pack("<HHI", 0x0102, 16, 8 + len(body)) + body


def _pool(strings: list[str], *, utf8: bool) -> bytes:
    data, offsets = b"", []
    for text in strings:
        offsets.append(len(data))
        if utf8:
            data += bytes([len(text), len(text.encode())]) + text.encode() + b"\0"
        else:
            data += struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0"
    data += b"\0" * (-len(data) % 4)
    start = 28 + 4 * len(strings)
    head = struct.pack("<HHIIIIII", 1, 28, start + len(data), len(strings), 0, 256 if utf8 else 0, start, 0)
    return head + struct.pack(f"<{len(offsets)}I", *offsets) + data


def unsigned(content: bytes | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("AndroidManifest.xml", manifest() if content is None else content)
        archive.writestr("classes.dex", b"dex\n035\0")
    return made.getvalue()


def lp(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content


def signer(certificate: bytes, *, rotated_from: bytes = b"", third: bool = False) -> bytes:
    """A v2 signer, or with `third` one of v3; signatures are left out, as nobody here reads them."""
    data = lp(b"") + lp(lp(certificate))
    if third:
        data += struct.pack("<II", 28, 0x7FFFFFFF)
    attributes = b""
    if rotated_from:
        node = lp(lp(rotated_from) + struct.pack("<I", 0x201)) + struct.pack("<II", 23, 0x201) + lp(b"")
        attributes = lp(struct.pack("<II", ROTATION, 1) + lp(node))
    return lp(lp(lp(data + lp(attributes))))


def with_block(apk: bytes, *pairs: tuple[int, bytes]) -> bytes:
    """The app file with a signing block right before its central directory."""
    end = apk.rfind(b"PK\5\6")
    (start,) = struct.unpack_from("<I", apk, end + 16)
    body = b"".join(struct.pack("<QI", len(value) + 4, number) + value for number, value in pairs)
    size = struct.pack("<Q", len(body) + 24)
    block = size + body + size + b"APK Sig Block 42"
    moved = apk[end : end + 16] + struct.pack("<I", start + len(block)) + apk[end + 20 :]
    return apk[:start] + block + apk[start:end] + moved
