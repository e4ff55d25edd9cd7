"""Which measurements become a problem for a person, and when it is over: a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kitto.health.rules.values import Exactness, Measured


class Check(StrEnum):
    """What a problem is about; with the asset and the instance it is the problem's key."""

    REACH = "reach"
    CREDENTIALS = "credentials"
    IDENTITY = "identity"
    HOST_KEY = "host_key"
    CERTIFICATE = "certificate"
    MANY_SILENT = "many_silent"
    SUPPLY = "supply"
    WASTE = "waste"
    DISK = "disk"
    BATTERY = "battery"
    ON_BATTERY = "on_battery"
    RUNTIME = "runtime"
    UPS_LOAD = "ups_load"
    TEMPERATURE = "temperature"


@dataclass(frozen=True, slots=True)
class Watch:
    """Raise at a limit, clear only past a second one, so that a value on the edge is calm."""

    check: Check
    reading: str
    raise_at: float
    clear_at: float

    def is_bad(self, value: float, *, was_open: bool) -> bool:
        """Whether the problem is there, given whether it was there before."""
        limit = self.clear_at if was_open else self.raise_at
        if self.raise_at > self.clear_at:
            return value > limit if was_open else value >= limit
        return value < limit if was_open else value <= limit


WATCHES: Final = (
    Watch(Check.SUPPLY, "supply", raise_at=10, clear_at=15),
    Watch(Check.WASTE, "waste", raise_at=5, clear_at=15),
    Watch(Check.DISK, "disk_used", raise_at=90, clear_at=85),
    Watch(Check.BATTERY, "battery_charge", raise_at=50, clear_at=80),
    Watch(Check.ON_BATTERY, "seconds_on_battery", raise_at=30, clear_at=1),
    Watch(Check.RUNTIME, "battery_runtime", raise_at=600, clear_at=900),
    Watch(Check.UPS_LOAD, "ups_load", raise_at=80, clear_at=75),
    Watch(Check.TEMPERATURE, "temperature", raise_at=70, clear_at=65),
)

_BY_READING: Final = {watch.reading: watch for watch in WATCHES}
# A disk with this much room is not full, whatever its percentage says.
ROOM_ENOUGH: Final = 5 * 2**30


@dataclass(frozen=True, slots=True)
class Verdict:
    """One watched measurement: bad or not, under its key."""

    check: Check
    instance: str
    is_bad: bool
    value: float
    label: str


def verdicts(measured: Iterable[Measured], is_open: frozenset[tuple[Check, str]]) -> tuple[Verdict, ...]:
    """Weigh what a poll measured; what has no number is never a problem and ends none.

    A UPS that is testing its battery runs on it on purpose: then nothing is said about it.
    """
    rows = tuple(measured)
    testing = any(row.name == "battery_test" and row.value == 1 for row in rows)
    room = {row.instance: row.value for row in rows if row.name == "disk_free"}
    found = []
    for row in rows:
        watch = _BY_READING.get(row.name)
        if watch is None or row.value is None or row.exactness is not Exactness.EXACT:
            continue
        if testing and watch.check in (Check.ON_BATTERY, Check.BATTERY, Check.RUNTIME):
            continue
        bad = watch.is_bad(row.value, was_open=(watch.check, row.instance) in is_open)
        if watch.check is Check.DISK and (room.get(row.instance) or 0) > ROOM_ENOUGH:
            bad = False
        found.append(Verdict(watch.check, row.instance, bad, row.value, row.label))
    return tuple(found)
