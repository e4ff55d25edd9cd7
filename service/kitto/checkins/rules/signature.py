"""Scheme HMAC1: how an agent signs what it sends."""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final, NamedTuple

from kitto.checkins.rules.refusals import NotSigned

SCHEME: Final = "HMAC1"
# A message is taken when its clock is this near to ours (and only once, by its counter).
WINDOW_MS: Final = 300_000
_HEADER: Final = re.compile(
    r"HMAC1 ([A-Za-z0-9_-]{8,32})\.([0-9]{13})\.([A-Za-z0-9_-]{11})\.([A-Za-z0-9_-]{43})"
)


class Signed(NamedTuple):
    """A signature as it came. `counter` is the sender's time in milliseconds and grows."""

    device: str
    counter: int
    nonce: str
    mac: str


def read_header(header: str) -> Signed:
    """Read an Authorization header. Raises NotSigned."""
    found = _HEADER.fullmatch(header)
    if found is None:
        raise NotSigned
    device, counter, nonce, mac = found.groups()
    return Signed(device, int(counter), nonce, mac)


def is_in_time(signed: Signed, now_ms: int) -> bool:
    """Whether the sender's clock is near enough to ours."""
    return abs(now_ms - signed.counter) <= WINDOW_MS


def fits(signed: Signed, secret: bytes, path: str, body: bytes) -> bool:
    """Whether the device that knows `secret` signed this very body for this path.

    `body` is what came over the wire: it is checked before anything is unpacked.
    """
    digest = hashlib.sha256(body).hexdigest()
    text = f"POST\n{path}\n{signed.counter}\n{signed.nonce}\n{signed.device}\n{digest}"
    mac = hmac.digest(secret, text.encode(), "sha256")
    try:
        given = base64.urlsafe_b64decode(signed.mac + "=")
    except binascii.Error:
        return False
    return hmac.compare_digest(mac, given)


def key_of(secret: str) -> bytes:
    """The bytes of a secret as it was handed out (URL-safe base64 without padding)."""
    return base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
