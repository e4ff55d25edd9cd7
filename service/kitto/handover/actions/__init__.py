"""Everything people and machines can do at the desk."""

from kitto.handover.actions.desk import (
    Echo,
    cancel,
    describe_line,
    finish,
    fix,
    remove,
    scan,
    set_due,
)
from kitto.handover.actions.papers import note_document
from kitto.handover.actions.transfer import hand_over, take_back

__all__ = [
    "Echo",
    "cancel",
    "describe_line",
    "finish",
    "fix",
    "hand_over",
    "note_document",
    "remove",
    "scan",
    "set_due",
    "take_back",
]
