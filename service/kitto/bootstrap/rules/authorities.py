"""The two SSH authorities, and how long what they sign is good."""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class AuthorityKind(StrEnum):
    """Whom an authority vouches for."""

    USER = "user"
    HOST = "host"


# A run signs in again when its connection breaks, so a certificate lives as long as its run may take.
USUAL_MINUTES: Final = 15
HOST_LIFE: Final = timedelta(weeks=52)
# A machine whose clock is a little behind must not find a certificate of the future.
EARLIER: Final = timedelta(minutes=5)
PRINCIPAL: Final = "kitto"
