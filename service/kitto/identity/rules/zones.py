"""The time zones that people can choose from."""

from functools import cache
from zoneinfo import available_timezones

# The first ones stand on top: where most of our offices are.
_FIRST = ("Asia/Tokyo", "UTC")


@cache
def zones() -> tuple[str, ...]:
    """The IANA names of regions and cities, the usual ones first."""
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return (*_FIRST, *(name for name in places if name not in _FIRST))
