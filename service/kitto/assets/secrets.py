"""Secrets about one device that another room makes when a play asks for them by name."""

from collections.abc import Callable

from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.seal import Secret
from kitto.base.work import Work

Maker = Callable[[Work, int], Secret]
_makers: dict[str, Maker] = {}


class SecretUnknown(Refusal):
    code = "assets.secret_unknown"
    status = 422
    says = N_("The play asks for a secret “{name}” that nobody here can give. Correct its profile.")


def gives_secret(name: str) -> Callable[[Maker], Maker]:
    """Register who makes the secret of this name: `(work, asset_id) -> Secret`."""

    def register(maker: Maker) -> Maker:
        _makers[name] = maker
        return maker

    return register


def secret_for(work: Work, name: str, asset_id: int) -> Secret:
    """Make or fetch the secret. Refuses a name that nobody registered."""
    maker = _makers.get(name)
    if maker is None:
        raise SecretUnknown(name=name[:64])
    return maker(work, asset_id)
