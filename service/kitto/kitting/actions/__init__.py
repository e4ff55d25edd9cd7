"""Everything people and machines can do with kits."""

from kitto.kitting.actions.compare import ask_comparison, rehearse
from kitto.kitting.actions.locks import release_lock, renew_lock, take_lock
from kitto.kitting.actions.manage import cancel, hold, many, resume, retry, skip
from kitto.kitting.actions.order_lift import lift_order, plan_order_lift
from kitto.kitting.actions.orders import (
    approve_order,
    ask_order,
    bind_device,
    cancel_order,
    inspect,
    reject_order,
)
from kitto.kitting.actions.people import add_photo, approve_step, confirm, scan_back
from kitto.kitting.actions.profiles import frozen, publish, publish_recipe, retire_profile
from kitto.kitting.actions.start import make_key, start_bound, start_kit

__all__ = [
    "add_photo",
    "approve_order",
    "approve_step",
    "ask_comparison",
    "ask_order",
    "bind_device",
    "cancel",
    "cancel_order",
    "confirm",
    "frozen",
    "hold",
    "inspect",
    "lift_order",
    "make_key",
    "many",
    "plan_order_lift",
    "publish",
    "publish_recipe",
    "rehearse",
    "reject_order",
    "release_lock",
    "renew_lock",
    "resume",
    "retire_profile",
    "retry",
    "scan_back",
    "skip",
    "start_bound",
    "start_kit",
    "take_lock",
]
