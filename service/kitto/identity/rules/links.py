"""The address of a link with which a person sets a password."""

from kitto.base.seal import Secret
from kitto.base.settings import settings

SET_PASSWORD = "/set-password"  # noqa: S105 -- an address


def link_address(secret: Secret) -> str:
    """The whole address, to be handed to the person by a way that is trusted."""
    return f"{settings().public_url()}{SET_PASSWORD}/{secret.reveal()}"
