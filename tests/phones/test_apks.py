"""App files: who signed them is read right, as Android's own tool reads it, and bad ones do no harm."""

import hashlib
import io
import re
import shutil
import struct
import subprocess
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from kitto.phones.adapters.apk import Apk, read_apk
from kitto.phones.rules.android import Component, belongs, signature_checksum
from kitto.phones.rules.refusals import ApkUnreadable, OwnerAppWrong
from tests.phones.apks import (
    PACKAGE,
    RECEIVER,
    V2,
    V3,
    der,
    lp,
    make_certificate,
    manifest,
    signer,
    unsigned,
    with_block,
)

KEY, CERTIFICATE = make_certificate()
_, OLD = make_certificate("the old one")
WANTED = hashlib.sha256(der(CERTIFICATE)).digest()


def read(content: bytes) -> Apk:
    return read_apk(io.BytesIO(content))


@pytest.mark.parametrize("utf8", [True, False])
def test_package_receiver_and_certificate_are_read(utf8: bool) -> None:
    apk = read(with_block(unsigned(manifest(utf8=utf8)), (V2, signer(der(CERTIFICATE)))))
    assert (apk.manifest.package, apk.manifest.receivers) == (PACKAGE, {PACKAGE + RECEIVER})
    assert (apk.digest, apk.scheme, apk.subject) == (WANTED, "v2", "CN=Kitto test")


def test_after_a_rotation_android_goes_on_naming_the_oldest_certificate() -> None:
    third = signer(der(CERTIFICATE), rotated_from=der(OLD), third=True)
    apk = read(with_block(unsigned(), (V3, third)))
    assert (apk.scheme, apk.digest) == ("v3", hashlib.sha256(der(OLD)).digest())
    apk = read(with_block(unsigned(), (V3, signer(der(CERTIFICATE), third=True)), (V2, signer(der(OLD)))))
    assert (apk.scheme, apk.digest) == ("v3", WANTED)


@pytest.mark.skipif(shutil.which("apksigner") is None, reason="Debian's apksigner is not here")
@pytest.mark.parametrize(("ways", "scheme"), [((1, 0, 0), "v1"), ((0, 1, 0), "v2"), ((1, 1, 1), "v3")])
def test_androids_own_tool_signs_and_reads_the_same(
    tmp_path: Path, ways: tuple[int, int, int], scheme: str
) -> None:
    apk, key, cert = tmp_path / "app.apk", tmp_path / "key.der", tmp_path / "cert.pem"
    apk.write_bytes(unsigned())
    key.write_bytes(
        KEY.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    cert.write_bytes(CERTIFICATE.public_bytes(serialization.Encoding.PEM))
    chosen = [f"--v{n}-signing-enabled={'true' if on else 'false'}" for n, on in enumerate(ways, 1)]
    subprocess.run(
        ["apksigner", "sign", "--key", key, "--cert", cert, "--min-sdk-version", "24", *chosen, apk],
        check=True,
        capture_output=True,
        timeout=120,
    )
    told = subprocess.run(
        ["apksigner", "verify", "--print-certs", "--min-sdk-version", "24", apk],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    found = read(apk.read_bytes())
    assert re.findall(r"SHA-256 digest: ([0-9a-f]{64})", told)[0] == found.digest.hex()
    assert found.scheme == scheme


def test_the_checksum_is_url_safe_base64_without_padding() -> None:
    # the checksum of Google's Test DPC, from its documentation, and the digest it stands for
    known = "gJD2YwtOiWJHkSMkkIfLRlj-quNqG1fb6v100QmzM9w"
    digest = bytes.fromhex("8090f6630b4e8962479123249087cb4658feaae36a1b57dbeafd74d109b333dc")
    assert signature_checksum(digest) == known


def test_the_component_must_be_one_of_this_app() -> None:
    found = read(with_block(unsigned(), (V2, signer(der(CERTIFICATE))))).manifest
    belongs(Component.parse(f"{PACKAGE}/{RECEIVER}"), found.package, found.receivers)
    belongs(Component.parse(f"{PACKAGE}/{PACKAGE}{RECEIVER}"), found.package, found.receivers)
    for wrong in ("jp.other.dpc/.AdminReceiver", f"{PACKAGE}/.Other"):
        with pytest.raises(OwnerAppWrong):
            belongs(Component.parse(wrong), found.package, found.receivers)


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("AndroidManifest.xml", b"\0" * 50_000_000)
    return made.getvalue()


def lying_bomb() -> bytes:
    """Says that its manifest is small."""
    content = bytearray(bomb())
    for mark, at in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        struct.pack_into("<I", content, content.find(mark) + at, 1000)
    return bytes(content)


def many_strings() -> bytes:
    """A manifest whose strings all are one long string."""
    count, text = 90_000, "A" * 1_000_000
    data = struct.pack("<HH", 0x8000 | (len(text) >> 16), len(text) & 0xFFFF) + text.encode("utf-16-le")
    start = 28 + 4 * count
    pool = (
        struct.pack("<HHIIIIII", 1, 28, start + len(data), count, 0, 0, start, 0) + b"\0" * (4 * count) + data
    )
    return unsigned(struct.pack("<HHI", 3, 8, 8 + len(pool)) + pool)


GOOD = with_block(unsigned(), (V2, signer(der(CERTIFICATE))))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "bad",
    [
        b"", b"PK", b"no app", GOOD[:-30], GOOD[:300], unsigned(), unsigned(b""), unsigned(b"<manifest/>"),
        bomb(), lying_bomb(), many_strings(),
        with_block(unsigned(), (V2, b"")), with_block(unsigned(), (V2, lp(lp(lp(b"x" * 40))))),
        with_block(unsigned(), (V2, struct.pack("<I", 0xFFFFFFFF))),
        with_block(unsigned(), (V2, signer(b"no certificate"))),
        GOOD.replace(b"APK Sig Block 42", b"APK Sig Block 43"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_quickly_in_a_sentence(bad: bytes) -> None:
    with pytest.raises(ApkUnreadable) as refused:
        read(bad)
    assert refused.value.sentence("en").startswith("The app file was not taken: ")
    assert refused.value.sentence("ja").startswith("アプリのファイルを使えません")


# Such a number is read today and refused by a later release; both are an answer.
@pytest.mark.filterwarnings("ignore:Parsed a serial number:UserWarning")
@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
def test_a_file_with_anything_written_into_it_is_read_or_refused(at: int, over: bytes) -> None:
    with suppress(ApkUnreadable):
        read(GOOD[:at] + over + GOOD[at + len(over) :])
