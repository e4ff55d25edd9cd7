"""Boxes that anybody can close and only this installation can open: for secrets that come from outside.

X25519 with a fresh key for each box, HKDF-SHA256, ChaCha20-Poly1305: the shape of HPKE (RFC 9180).
The private half is derived from the sealing key, so that there is nothing more to keep or to back up.
"""

import base64
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kitto.base.errors import Fault
from kitto.base.seal import KEY_FILE, Secret
from kitto.base.settings import settings

_SIZE = 32
# A box has a key of its own, used once, so its nonce may be fixed.
_NONCE = bytes(12)


def lid(data: Path | None = None) -> str:
    """The public half, by which boxes for this installation are closed."""
    return _text(_keys(data)[0].public_key().public_bytes_raw())


def close_box(lid_of: str, secret: str) -> str:
    """Put a secret into a box; whoever closed it cannot open it again."""
    once = X25519PrivateKey.generate()
    shared = once.exchange(X25519PublicKey.from_public_bytes(_raw(lid_of)))
    public = once.public_key().public_bytes_raw()
    return _text(public + ChaCha20Poly1305(_stretch(shared, public)).encrypt(_NONCE, secret.encode(), None))


def open_box(box: str, data: Path | None = None) -> Secret:
    """What is in the box, with any key that is not yet forgotten. Raises Fault when none fits."""
    raw = _raw(box)
    public, sealed = raw[:_SIZE], raw[_SIZE:]
    for key in _keys(data):
        shared = key.exchange(X25519PublicKey.from_public_bytes(public))
        try:
            return Secret(ChaCha20Poly1305(_stretch(shared, public)).decrypt(_NONCE, sealed, None).decode())
        except InvalidTag:
            continue
    message = "a box does not open: it was closed for another installation, or damaged"
    raise Fault(message)


def _keys(data: Path | None) -> list[X25519PrivateKey]:
    """Newest first, as the sealing keys are."""
    lines = ((data or settings().data) / KEY_FILE).read_bytes().split()
    return [X25519PrivateKey.from_private_bytes(_stretch(line, b"box key")) for line in lines]


def _stretch(secret: bytes, about: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_SIZE, salt=None, info=b"kitto box 1 " + about).derive(secret)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text)
