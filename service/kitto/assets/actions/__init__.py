"""Everything people and machines can do with devices."""

from kitto.assets.actions.edit import (
    add_identifier,
    change_asset,
    correct_state,
    end_identifier,
)
from kitto.assets.actions.lend import hand_over, renew, take_back, transfer
from kitto.assets.actions.life import dispose, retire, take_step
from kitto.assets.actions.masters import make_category, make_location, make_model
from kitto.assets.actions.observe import observe
from kitto.assets.actions.reach import set_endpoint
from kitto.assets.actions.receive import accept, order, receive, register

__all__ = [
    "accept",
    "add_identifier",
    "change_asset",
    "correct_state",
    "dispose",
    "end_identifier",
    "hand_over",
    "make_category",
    "make_location",
    "make_model",
    "observe",
    "order",
    "receive",
    "register",
    "renew",
    "retire",
    "set_endpoint",
    "take_back",
    "take_step",
    "transfer",
]
