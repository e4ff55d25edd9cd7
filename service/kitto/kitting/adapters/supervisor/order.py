"""What a supervisor is told on its stdin, and only there."""

import msgspec

from kitto.kitting.adapters.plays import Containment, PlaySpec, Strategy


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One play with its secrets and key, and where the tools of this installation are."""

    spec: PlaySpec
    secrets: dict[str, str]
    private_key: str
    plugins: str
    collections: tuple[str, ...]
    containment: Containment = Containment.AUTO
    warm_seconds: float = 0
    strategy: Strategy = Strategy.NEAR


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An order for supervisors that are loaded already, with what others are told by their arguments."""

    home: str
    run_id: str
    order: msgspec.Raw
