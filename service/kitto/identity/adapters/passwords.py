"""Passwords: hashed and checked with Argon2id, and weighed before they are taken."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from kitto.base.errors import Fault
from kitto.base.seal import Secret

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane. More memory would let
# a burst of sign-ins push a small machine into swap.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Whoever has no password, or no account, costs the same work as everyone else.
_NOBODYS = _HASHER.hash("nobody has this password")


def hashed(password: Secret) -> str:
    """The hash to keep, with its parameters and salt. Takes about 50 ms of a core on purpose."""
    return _HASHER.hash(password.reveal())


def fits(password: Secret, kept: str | None) -> bool:
    """Whether it is the password; the same work whether there is one or not."""
    try:
        _HASHER.verify(kept or _NOBODYS, password.reveal())
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError) as broken:
        message = "a kept password hash cannot be read"
        raise Fault(message) from broken
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Hashed with other parameters than those of today."""
    return _HASHER.check_needs_rehash(kept)
