"""Telling a reboot from a counter that went round."""

from datetime import datetime, timedelta
from typing import Final

# sysUpTime is hundredths of a second in 32 bits (RFC 3418): it goes round after 497 days.
WRAP: Final = timedelta(seconds=2**32 / 100)
# Agents' clocks drift, and a poll waits a little on its way.
TOLERANCE: Final = timedelta(seconds=60)
# Quartz in cheap gear drifts by up to about 0.1 %.
DRIFT: Final = 0.001


def rebooted(
    before: timedelta,
    seen_at: datetime,
    now_up: timedelta,
    now: datetime,
    *,
    boots: tuple[int | None, int | None] = (None, None),
) -> bool:
    """Whether the device started again between two polls.

    `before` was its uptime at `seen_at`, `now_up` is its uptime at `now`. A smaller uptime is
    a reboot unless the counter would have gone round in between; `boots` are the engine's own
    boot counts where it has them, and they decide when both are known.
    """
    earlier, later = boots
    if earlier is not None and later is not None and earlier > 0:
        # Some agents reset the count to 0 or 1: then only the uptime can tell.
        if later > earlier:
            return True
        if later == earlier:
            return False
    passed = now - seen_at
    expected = before + passed
    slack = TOLERANCE + passed * DRIFT
    if now_up >= expected - slack:
        return False
    return not _went_round(expected, now_up, slack)


def _went_round(expected: timedelta, now_up: timedelta, slack: timedelta) -> bool:
    return expected >= WRAP - slack and abs((expected % WRAP) - now_up) <= slack
