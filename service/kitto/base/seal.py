"""Secrets at rest: sealed with a key that lives outside the database."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kitto.base.errors import Fault
from kitto.base.settings import settings

KEY_FILE = "sealing.key"


class Secret:
    """A value that prints as ***; `.reveal()` where it is really used."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; never log it, never put it in a fact."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


def make_key(data: Path) -> None:
    """Make the sealing key at first start, readable by its owner only. Idempotent."""
    path = data / KEY_FILE
    if path.exists():
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")


def seal(secret: Secret, data: Path | None = None) -> str:
    """Seal with the newest key; Fernet (AES-128-CBC with HMAC-SHA256)."""
    return _box(data).encrypt(secret.reveal().encode()).decode()


def unseal(sealed: str, data: Path | None = None) -> Secret:
    """Open what `seal` closed, with any key in the file. Raises Fault if none fits."""
    try:
        return Secret(_box(data).decrypt(sealed.encode()).decode())
    except InvalidToken as wrong:
        message = "a sealed value does not open: the sealing key is not the one it was sealed with"
        raise Fault(message) from wrong


def marks(content: bytes, data: Path | None = None) -> list[str]:
    """By what a content is known again without being kept: HMAC-SHA256, one for each key, newest first.

    Without the key nobody can tell from a mark whether a guess was right.
    """
    return [hmac.new(key, b"mark\x00" + content, hashlib.sha256).hexdigest() for key in _keys(data)]


def _box(data: Path | None) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys(data)])


def _keys(data: Path | None) -> list[bytes]:
    # One key a line, newest first, so that a key can be rotated without losing what is sealed.
    return ((data or settings().data) / KEY_FILE).read_bytes().split()
