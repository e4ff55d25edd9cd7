"""Who may hold a device, for how long, and what comparisons can find."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from kitto.base.i18n import N_


class LockHolder(StrEnum):
    """What kind of work holds a device."""

    KIT = "kit"
    CI = "ci"
    DRIFT = "drift"
    PERSON = "person"


class DriftResult(StrEnum):
    """How a device compares with its frozen profile."""

    SAME = "same"
    DIFFERS = "differs"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


LEASES: Final[dict[LockHolder, timedelta | None]] = {
    # A kit is a row that outlives processes: it gives the device back when it is over.
    LockHolder.KIT: None,
    LockHolder.CI: timedelta(minutes=15),
    LockHolder.DRIFT: timedelta(minutes=60),
    LockHolder.PERSON: timedelta(hours=4),
}
HOLDER_WORDS: Final[dict[LockHolder, str]] = {
    LockHolder.KIT: N_("a kit"),
    LockHolder.CI: N_("a run from CI"),
    LockHolder.DRIFT: N_("a comparison"),
    LockHolder.PERSON: N_("somebody"),
}
DRIFT_WORDS: Final[dict[DriftResult, str]] = {
    DriftResult.SAME: N_("as kitted"),
    DriftResult.DIFFERS: N_("differs from its kit"),
    DriftResult.UNREACHABLE: N_("not reached"),
    DriftResult.FAILED: N_("could not be compared"),
}
