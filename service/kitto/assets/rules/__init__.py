"""What is true of devices, without a database: tags, scans, serials, the life of a device."""

from kitto.assets.rules.life import (
    HELD,
    RIGHTS,
    STATE_WORDS,
    STEP_WORDS,
    TABLE,
    TERMINAL,
    Condition,
    HolderKind,
    Ownership,
    State,
    Step,
    StepRefused,
    next_state,
    open_steps,
)
from kitto.assets.rules.names import (
    IdentifierKind,
    ImeiWrong,
    SerialIsPlaceholder,
    imei_is_valid,
    is_placeholder_serial,
    normalised,
)
from kitto.assets.rules.scans import Scan, ScanUnreadable, read_scan
from kitto.assets.rules.tags import AssetTag, TagUnreadable, check_character

__all__ = [
    "HELD",
    "RIGHTS",
    "STATE_WORDS",
    "STEP_WORDS",
    "TABLE",
    "TERMINAL",
    "AssetTag",
    "Condition",
    "HolderKind",
    "IdentifierKind",
    "ImeiWrong",
    "Ownership",
    "Scan",
    "ScanUnreadable",
    "SerialIsPlaceholder",
    "State",
    "Step",
    "StepRefused",
    "TagUnreadable",
    "check_character",
    "imei_is_valid",
    "is_placeholder_serial",
    "next_state",
    "normalised",
    "open_steps",
    "read_scan",
]
