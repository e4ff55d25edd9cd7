"""Orders: their states, and what leads where."""

from enum import StrEnum
from typing import Final

from kitto.base.i18n import N_


class BadTransition(Exception):  # noqa: N818 -- a mistake of ours
    """The table does not lead there."""


class OrderState(StrEnum):
    """Where an order is."""

    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"
    DONE = "done"
    CANCELLED = "cancelled"


ORDER_TABLE: Final[dict[OrderState, frozenset[OrderState]]] = {
    OrderState.ASKED: frozenset({OrderState.APPROVED, OrderState.REJECTED, OrderState.CANCELLED}),
    OrderState.APPROVED: frozenset({OrderState.DONE, OrderState.CANCELLED}),
    OrderState.REJECTED: frozenset(),
    OrderState.DONE: frozenset(),
    OrderState.CANCELLED: frozenset(),
}
ORDER_WORDS: Final[dict[OrderState, str]] = {
    OrderState.ASKED: N_("waits for approval"),
    OrderState.APPROVED: N_("in work"),
    OrderState.REJECTED: N_("not approved"),
    OrderState.DONE: N_("done"),
    OrderState.CANCELLED: N_("cancelled"),
}
MOST_DEVICES: Final = 500
