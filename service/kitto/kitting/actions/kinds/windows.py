"""Time windows: a step that lets the kit go on only within business hours, or outside of them."""

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kitto.base.i18n import N_, Told
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.states import WaitFor
from kitto.kitting.rules.verdicts import Done, Failed, Verdict, Waits

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BROKEN = N_("The time window of the profile cannot be read: {problem}. Correct the profile.")


def window(work: Work, kit: Kit, step: KitStep) -> Verdict:  # noqa: ARG001 -- every kind is asked alike
    """Done within the window; else waits until it opens."""
    try:
        opens = opening(step.with_, work.now)
    except (ValueError, KeyError) as wrong:
        return Failed(Told(BROKEN, {"problem": str(wrong)}, code="window_broken"))
    if opens <= work.now:
        return Done("within_window", {"at": work.now})
    return Waits(WaitFor.WINDOW, retry_at=opens)


def opening(given: dict[str, Any], now: datetime) -> datetime:
    """When the window is open next; `now` itself when it is open.

    `given`: `from` and `to` as HH:MM (a window may pass midnight), `days` as mon … sun (left out: Monday to
    Friday), `time_zone` as in the tz database (left out: the installation's). Raises ValueError or KeyError.
    """
    zone = ZoneInfo(given.get("time_zone") or settings().time_zone)
    begins, ends = time.fromisoformat(given["from"]), time.fromisoformat(given["to"])
    days = {DAYS.index(day) for day in given.get("days", DAYS[:5])}
    local = now.astimezone(zone)
    for ahead in range(-1, 8):
        day = local.date() + timedelta(days=ahead)
        if day.weekday() not in days:
            continue
        start = datetime.combine(day, begins, zone)
        end = datetime.combine(day if ends > begins else day + timedelta(days=1), ends, zone)
        if start <= local < end:
            return now
        if start > local:
            return start
    message = "it never opens"
    raise ValueError(message)
