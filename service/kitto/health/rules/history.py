"""Which values of a reading are worth keeping: those that changed, and one each quarter of an hour."""

from datetime import datetime, timedelta
from typing import Final

from kitto.health.rules.values import Unit

KEEP_EVERY: Final = timedelta(minutes=15)
KEPT_FOR: Final = timedelta(days=7)

# How far a value may wander before it is news.
_STEP: Final = {
    Unit.PERCENT: 1.0,
    Unit.CELSIUS: 0.5,
    Unit.LOAD: 0.2,
    Unit.VOLTS: 1.0,
    Unit.SECONDS: 30.0,
}
_SHARE: Final = 0.01


def worth_keeping(
    unit: Unit, kept: float | None, kept_at: datetime | None, value: float, now: datetime
) -> bool:
    """Whether `value` belongs in the history, given the last one that went there."""
    if kept is None or kept_at is None or now - kept_at >= KEEP_EVERY:
        return True
    step = _STEP.get(unit)
    if step is None:
        # Counts and bytes: what matters is relative, and for small counts every step.
        step = abs(kept) * _SHARE if unit is Unit.BYTES else 0.0
    return abs(value - kept) > step
