"""When a probe is asked again, and when a whole round is not to be believed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from kitto.health.rules.states import HealthState, Sign, Standing

SUSPECT_STEPS: Final = (timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60))
RECOVERING_STEP: Final = timedelta(seconds=15)
# Wrong credentials do not heal by themselves, and asking on locks accounts.
DENIED_STEP: Final = timedelta(minutes=15)
DOWN_STEPS: Final = (
    (timedelta(hours=1), timedelta(minutes=1)),
    (timedelta(hours=24), timedelta(minutes=5)),
)
DOWN_FOR_LONG: Final = timedelta(minutes=30)
# A tick later than this was not meant for us any more.
TICK_PERIOD: Final = timedelta(minutes=1)

READINGS_EVERY: Final = timedelta(minutes=5)
IDENTITY_EVERY: Final = timedelta(hours=6)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

GUARD_SHARE: Final = 0.2
GUARD_LEAST: Final = 5
# After this time a silence that is not ours is believed, however wide it is.
GUARD_HOLDS: Final = timedelta(minutes=5)


def phase(probe_id: int, interval: timedelta) -> timedelta:
    """Where in its interval a probe is asked: the same after every restart, spread evenly."""
    mark = int.from_bytes(blake2b(str(probe_id).encode(), digest_size=8).digest())
    return interval * (mark / 2**64)


def next_on_grid(probe_id: int, interval: timedelta, after: datetime) -> datetime:
    """The next instant of this probe's own grid that lies after `after`."""
    start = _EPOCH + phase(probe_id, interval)
    return start + interval * ((after - start) // interval + 1)


def next_due(standing: Standing, probe_id: int, interval: timedelta, at: datetime) -> datetime:
    """When to ask again, after a poll that ended at `at`."""
    match standing.state:
        case HealthState.SUSPECT:
            step = min(max(standing.failures, 1), len(SUSPECT_STEPS)) - 1
            return at + SUSPECT_STEPS[step]
        case HealthState.RECOVERING:
            return at + RECOVERING_STEP
        case HealthState.AUTH_FAILED:
            return at + max(interval, DENIED_STEP)
        case HealthState.DOWN:
            return at + _down_step(at - (standing.since or at))
        case HealthState.OK | HealthState.UNKNOWN:
            return next_on_grid(probe_id, interval, at)


def _down_step(down_for: timedelta) -> timedelta:
    for until, step in DOWN_STEPS:
        if down_for < until:
            return step
    return DOWN_FOR_LONG


def blind_after(interval: timedelta) -> timedelta:
    """How old the last evidence may be before we say that we do not know."""
    return max(interval * 3, timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Round:
    """One sweep seen as a whole."""

    asked: int
    answered: int
    newly_silent: int

    @classmethod
    def of(cls, polls: Iterable[tuple[HealthState, Sign]]) -> "Round":
        """Count a round from each probe's state before it and the sign it gave."""
        asked = answered = newly_silent = 0
        for state, sign in polls:
            asked += 1
            answered += sign in (Sign.ANSWERED, Sign.DENIED)
            if sign is Sign.SILENT and state in (HealthState.OK, HealthState.UNKNOWN):
                newly_silent += 1
        return cls(asked, answered, newly_silent)


def must_hold(seen: Round, held_for: timedelta | None) -> bool:
    """Whether this round's silence is too wide to be believed yet.

    More than a fifth of a round falling silent at once is more often our own cable than
    theirs. `held_for` is how long the guard has been holding already. While somebody answers,
    the silence is believed after `GUARD_HOLDS`; while nobody does, it never is, because then
    nothing tells our network from theirs.
    """
    if seen.newly_silent < GUARD_LEAST or seen.newly_silent <= seen.asked * GUARD_SHARE:
        return False
    if held_for is None or seen.answered == 0:
        return True
    return held_for < GUARD_HOLDS
