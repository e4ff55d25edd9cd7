"""When a device counts as up, in doubt or down, and what never counts against it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class HealthState(StrEnum):
    """What we believe about a probe's target."""

    OK = "ok"
    SUSPECT = "suspect"
    DOWN = "down"
    RECOVERING = "recovering"
    AUTH_FAILED = "auth_failed"
    UNKNOWN = "unknown"


class Sign(StrEnum):
    """What one poll told us.

    `OURS` covers everything that says more about this process than about the device: a stalled
    loop, no free descriptor, no route out of our own host, a round held by the mass guard.
    """

    ANSWERED = "answered"
    SILENT = "silent"
    DENIED = "denied"
    OURS = "ours"


class Reason(StrEnum):
    """Why the last poll ended as it did; the words for people are in `wording.py`."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    CREDENTIALS = "credentials"
    NO_CREDENTIALS = "no_credentials"
    HOST_KEY_UNKNOWN = "host_key_unknown"
    HOST_KEY_CHANGED = "host_key_changed"
    CERTIFICATE_UNFIT = "certificate_unfit"
    WE_WERE_LATE = "we_were_late"
    OUR_NETWORK = "our_network"
    MANY_AT_ONCE = "many_at_once"
    NOT_YET_POLLED = "not_yet_polled"


HARD_FAILURES: Final = 3
HARD_AFTER: Final = timedelta(seconds=90)
GOOD_ENOUGH: Final = 2

# Failures further apart than this are separate stories: somebody stopped the poller in between.
STORY_ENDS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one probe stands: the state and the evidence behind it."""

    state: HealthState = HealthState.UNKNOWN
    since: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    goods: int = 0
    evidence_at: datetime | None = None
    answered_at: datetime | None = None
    reason: Reason = Reason.NOT_YET_POLLED


_S: Final = HealthState

# One failed poll, by the state it meets. SUSPECT stays or falls by `is_hard`.
AFTER_SILENCE: Final[dict[HealthState, HealthState]] = {
    _S.UNKNOWN: _S.SUSPECT,
    _S.OK: _S.SUSPECT,
    _S.AUTH_FAILED: _S.SUSPECT,
    _S.SUSPECT: _S.SUSPECT,
    _S.RECOVERING: _S.DOWN,
    _S.DOWN: _S.DOWN,
}

# One good answer, by the state it meets. RECOVERING ends after `GOOD_ENOUGH` of them.
AFTER_ANSWER: Final[dict[HealthState, HealthState]] = {
    _S.UNKNOWN: _S.OK,
    _S.OK: _S.OK,
    _S.AUTH_FAILED: _S.OK,
    _S.SUSPECT: _S.OK,
    _S.RECOVERING: _S.RECOVERING,
    _S.DOWN: _S.RECOVERING,
}

# States that say nothing any more when we have not been able to look for too long.
FADES: Final = frozenset({_S.OK, _S.SUSPECT, _S.RECOVERING})


def is_hard(failures: int, failing_for: timedelta) -> bool:
    """Enough failures over enough time to say DOWN (Naemon's hard state, with a clock)."""
    return failures >= HARD_FAILURES and failing_for >= HARD_AFTER


def judge(
    standing: Standing, sign: Sign, reason: Reason, at: datetime, *, blind_after: timedelta
) -> Standing:
    """Weigh one poll.

    `blind_after`: how old the last evidence may be before a run of our own faults turns a
    belief into UNKNOWN. Our own faults change nothing else: no failure is counted, and a
    DOWN device stays DOWN until it answers.
    """
    match sign:
        case Sign.ANSWERED:
            return _after_answer(standing, reason, at)
        case Sign.DENIED:
            return _moved(standing, _S.AUTH_FAILED, at, reason, failures=0, failing_since=None)
        case Sign.SILENT:
            return _after_silence(standing, reason, at)
        case Sign.OURS:
            return _after_our_fault(standing, reason, at, blind_after)


def _after_answer(standing: Standing, reason: Reason, at: datetime) -> Standing:
    state = AFTER_ANSWER[standing.state]
    goods = standing.goods + 1 if standing.state is _S.RECOVERING else 1
    if state is _S.RECOVERING and goods >= GOOD_ENOUGH:
        state = _S.OK
    moved = _moved(standing, state, at, reason, failures=0, failing_since=None)
    return replace(moved, goods=goods if state is _S.RECOVERING else 0, answered_at=at)


def _after_silence(standing: Standing, reason: Reason, at: datetime) -> Standing:
    first = standing.failing_since
    told = standing.evidence_at
    if first is None or told is None or at - told > STORY_ENDS:
        first, failures = at, 1
    else:
        failures = standing.failures + 1
    state = AFTER_SILENCE[standing.state]
    if state is _S.SUSPECT and is_hard(failures, at - first):
        state = _S.DOWN
    return _moved(standing, state, at, reason, failures=failures, failing_since=first)


def _after_our_fault(standing: Standing, reason: Reason, at: datetime, blind_after: timedelta) -> Standing:
    told = standing.evidence_at
    if standing.state in FADES and told is not None and at - told > blind_after:
        faded = _moved(standing, _S.UNKNOWN, at, reason, failures=0, failing_since=None)
        return replace(faded, evidence_at=told)
    return replace(standing, reason=reason)


def _moved(
    standing: Standing,
    state: HealthState,
    at: datetime,
    reason: Reason,
    *,
    failures: int,
    failing_since: datetime | None,
) -> Standing:
    return Standing(
        state=state,
        since=standing.since if state is standing.state and standing.since else at,
        failures=failures,
        failing_since=failing_since,
        goods=0,
        evidence_at=at,
        answered_at=standing.answered_at,
        reason=reason,
    )
