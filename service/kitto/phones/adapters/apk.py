"""Reading an APK without running it: its package, and the certificate it is signed with.

Source: "APK Signature Scheme v2" and "v3" of the Android Open Source Project, and PKZIP APPNOTE 6.3.9. It
says who signed the file, as the checksum of a provisioning code needs it; whether the signature holds is
checked by the phone. A file from anywhere is expected: every length is checked, and nothing is unpacked past
a limit.
"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from kitto.base.i18n import N_, Words
from kitto.phones.adapters.axml import Manifest, read_manifest
from kitto.phones.rules.refusals import ApkUnreadable

LARGEST: Final = 1024 * 1024 * 1024
_MANIFEST_LIMIT: Final = 4 * 1024 * 1024
_SIGNATURE_LIMIT: Final = 1024 * 1024
_BLOCK_LIMIT: Final = 32 * 1024 * 1024
_DIRECTORY_LIMIT: Final = 32 * 1024 * 1024
_END: Final = struct.Struct("<4s4H2IH")
_MAGIC: Final = b"APK Sig Block 42"
_V2, _V3, _V31, _ROTATION = 0x7109871A, 0xF05368C0, 0x1B93AD61, 0x3BA06F8C


@dataclass(frozen=True)
class Apk:
    """An app file: `digest` is the SHA-256 of its certificate, `scheme` where that was found."""

    manifest: Manifest
    digest: bytes
    scheme: str
    subject: str


def read_apk(file: IO[bytes]) -> Apk:
    """Read an app file. Refuses ApkUnreadable for anything that is not a whole, signed APK."""
    try:
        return _read(file)
    except (zipfile.BadZipFile, struct.error, UnicodeDecodeError, NotImplementedError, OSError) as wrong:
        raise _refusal(Words(N_("it is no whole APK."))) from wrong
    except (ValueError, EOFError, RuntimeError, IndexError, zlib.error) as wrong:
        raise _refusal(Words(N_("it is damaged."))) from wrong


def _read(file: IO[bytes]) -> Apk:
    size = file.seek(0, 2)
    if size > LARGEST:
        raise _refusal(Words(N_("it is larger than 1 GiB.")))
    start, length = _central_directory(file, size)
    if length > _DIRECTORY_LIMIT:
        raise _refusal(Words(N_("its list of files is too long.")))
    found = dict(_blocks(file, start))
    with zipfile.ZipFile(file) as archive:
        manifest = read_manifest(_member(archive, "AndroidManifest.xml", _MANIFEST_LIMIT))
        certificate, scheme = _certificate(found, archive)
    try:
        subject = x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
    except ValueError as wrong:
        raise _refusal(Words(N_("its certificate cannot be read."))) from wrong
    return Apk(manifest, hashlib.sha256(certificate).digest(), scheme, subject[:300])


def _central_directory(file: IO[bytes], size: int) -> tuple[int, int]:
    back = min(size, _END.size + 0xFFFF)
    file.seek(size - back)
    tail = file.read(back)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise _refusal(Words(N_("it is no whole APK.")))
    length, start = _END.unpack_from(tail, at)[5:7]
    if start + length > size:
        raise _refusal(Words(N_("it is damaged.")))
    return start, length


def _blocks(file: IO[bytes], directory: int) -> Iterator[tuple[int, bytes]]:
    """The id-value pairs of the APK Signing Block, which stands right before the central directory."""
    if directory < 32:  # noqa: PLR2004 -- two sizes and the magic
        return
    file.seek(directory - 24)
    size, magic = struct.unpack("<Q16s", file.read(24))
    if magic != _MAGIC:
        return
    if not 24 <= size <= min(_BLOCK_LIMIT, directory - 8):  # noqa: PLR2004
        raise _refusal(Words(N_("its signing block has a wrong size.")))
    file.seek(directory - size - 8)
    block = file.read(size - 16)
    at = 8
    while at + 12 <= len(block):
        length, number = struct.unpack_from("<QI", block, at)
        if not 4 <= length <= len(block) - at - 8:  # noqa: PLR2004
            raise _refusal(Words(N_("its signing block is damaged.")))
        yield number, block[at + 12 : at + 8 + length]
        at += 8 + length


def _certificate(found: dict[int, bytes], archive: zipfile.ZipFile) -> tuple[bytes, str]:
    """The one that Android compares: after a rotation the oldest, which GET_SIGNATURES goes on naming."""
    for number, scheme in ((_V3, "v3"), (_V31, "v3.1"), (_V2, "v2")):
        if number in found:
            signer = _first(_first(found[number]))
            signed = list(_sequence(_first(signer), 2))
            if not signed[1]:
                raise _refusal(Words(N_("it names no certificate.")))
            oldest = None if scheme == "v2" else _oldest(_first(signer), signed)
            return oldest or _first(signed[1]), scheme
    return _from_jar(archive), "v1"


def _oldest(data: bytes, signed: list[bytes]) -> bytes | None:
    rest = data[sum(len(part) + 4 for part in signed) + 8 :]
    attributes = _first(rest)
    while attributes:
        one, attributes = _split(attributes)
        if len(one) > 8 and struct.unpack_from("<I", one)[0] == _ROTATION:  # noqa: PLR2004 -- id and version
            return _first(_first(_first(one[8:])))
    return None


def _from_jar(archive: zipfile.ZipFile) -> bytes:
    for name in sorted(archive.namelist()):
        folder, _, base = name.rpartition("/")
        if folder == "META-INF" and base.upper().endswith((".RSA", ".DSA", ".EC")):
            known = pkcs7.load_der_pkcs7_certificates(_member(archive, name, _SIGNATURE_LIMIT))
            issuers = {one.issuer for one in known if one.issuer != one.subject}
            leaves = [one for one in known if one.subject not in issuers]
            if len(leaves) == 1:
                return leaves[0].public_bytes(Encoding.DER)
            raise _refusal(Words(N_("it is signed by several, so its checksum is not certain.")))
    raise _refusal(Words(N_("it is not signed.")))


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        entry = archive.getinfo(name)
    except KeyError as gone:
        raise _refusal(Words(N_("it has no manifest, so it is no app."))) from gone
    if entry.file_size > limit:
        raise _refusal(Words(N_("a file in it is too large to be true.")))
    with archive.open(entry) as member:
        content = member.read(limit + 1)  # what the directory says of the size is only a promise
    if len(content) > limit:
        raise _refusal(Words(N_("a file in it is too large to be true.")))
    return content


def _split(data: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack_from("<I", data)
    if length > len(data) - 4:
        raise _refusal(Words(N_("its signing block is damaged.")))
    return data[4 : 4 + length], data[4 + length :]


def _first(data: bytes) -> bytes:
    return _split(data)[0]


def _sequence(data: bytes, most: int) -> Iterator[bytes]:
    for _ in range(most):
        part, data = _split(data)
        yield part


def _refusal(reason: Words) -> ApkUnreadable:
    return ApkUnreadable(reason=reason)
