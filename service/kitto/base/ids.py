"""Chance: random secrets, identifiers, and their digests."""

import hashlib
import secrets
import uuid
from typing import Final

# Without signs that are mistaken for each other, or that lie elsewhere on a Japanese keyboard.
_SMALL: Final = "abcdefghjkmnpqrstuvwxyz"
_LARGE: Final = "ABCDEFGHJKMNPQRSTUVWXYZ"
_DIGITS: Final = "23456789"


def new_token(bytes_of_chance: int = 32) -> str:
    """A URL-safe secret with `bytes_of_chance` random bytes."""
    return secrets.token_urlsafe(bytes_of_chance)


def new_password(length: int = 20) -> str:
    """A password that people can type: small and large letters and digits, of each as Windows demands."""
    while True:
        made = "".join(secrets.choice(_SMALL + _LARGE + _DIGITS) for _ in range(length))
        if all(set(made) & set(signs) for signs in (_SMALL, _LARGE, _DIGITS)):
            return made


def new_id() -> str:
    """A random identifier that names a thing and keeps no secret."""
    return uuid.uuid4().hex


def digest(secret: str) -> str:
    """SHA-256 in hex; enough for secrets with 128 bits of chance or more, never for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return secrets.compare_digest(left.encode(), right.encode())
