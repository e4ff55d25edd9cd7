"""When a probe is asked again, and when a whole round is not to be believed."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kitto.health.rules.states import HealthState, Reason, Sign, Standing, judge
from kitto.health.rules.timing import (
    GUARD_HOLDS,
    Round,
    blind_after,
    must_hold,
    next_due,
    next_on_grid,
    phase,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ids = st.integers(min_value=1, max_value=2**62)
intervals = st.integers(min_value=30, max_value=86_400).map(lambda s: timedelta(seconds=s))
instants = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=20_000)).map(
    lambda passed: NOW + passed
)


@given(ids, intervals, instants)
def test_a_probe_keeps_its_own_grid(probe_id: int, interval: timedelta, after: datetime) -> None:
    due = next_on_grid(probe_id, interval, after)
    assert after < due <= after + interval
    assert next_on_grid(probe_id, interval, due) == due + interval
    assert timedelta(0) <= phase(probe_id, interval) < interval


def test_ten_thousand_probes_are_spread_over_their_interval() -> None:
    interval = timedelta(minutes=5)
    minutes = Counter(phase(number, interval) // MINUTE for number in range(10_000))
    assert set(minutes) == {0, 1, 2, 3, 4}
    assert max(minutes.values()) < 2_200


def test_a_suspect_is_asked_again_soon() -> None:
    steps = [
        next_due(Standing(HealthState.SUSPECT, failures=n), 7, 5 * MINUTE, NOW) - NOW for n in (1, 2, 3, 9)
    ]
    assert [step.total_seconds() for step in steps] == [15, 30, 60, 60]


def test_a_dead_device_is_asked_less_and_less() -> None:
    def step(down_for: timedelta) -> timedelta:
        standing = Standing(HealthState.DOWN, since=NOW - down_for)
        return next_due(standing, 7, MINUTE, NOW) - NOW

    assert step(timedelta(minutes=5)) == MINUTE
    assert step(timedelta(hours=2)) == 5 * MINUTE
    assert step(timedelta(days=3)) == 30 * MINUTE


def test_refused_credentials_are_not_sprayed() -> None:
    assert next_due(Standing(HealthState.AUTH_FAILED), 7, MINUTE, NOW) - NOW == 15 * MINUTE


def test_a_device_that_dies_is_down_within_three_minutes() -> None:
    interval, at = MINUTE, NOW
    standing = Standing(HealthState.OK, since=NOW, evidence_at=NOW, answered_at=NOW)
    due = next_on_grid(7, interval, at)
    while standing.state is not HealthState.DOWN:
        # The schedule fires on whole minutes; what is due by then is asked.
        at += MINUTE
        if due <= at:
            standing = judge(standing, Sign.SILENT, Reason.NO_ANSWER, at, blind_after=blind_after(interval))
            due = next_due(standing, 7, interval, at)
        assert at - NOW <= timedelta(minutes=4)
    assert at - standing.failing_since <= timedelta(minutes=3)


def a_round(silent: int, asked: int, state: HealthState = HealthState.OK) -> Round:
    signs = [Sign.SILENT] * silent + [Sign.ANSWERED] * (asked - silent)
    return Round.of((state, sign) for sign in signs)


def test_more_than_a_fifth_falling_silent_at_once_is_held() -> None:
    assert must_hold(a_round(41, 200), None)
    assert not must_hold(a_round(40, 200), None)


def test_a_few_devices_are_believed_however_large_their_share() -> None:
    assert not must_hold(a_round(4, 4), None)


def test_devices_known_to_be_down_do_not_hold_a_round() -> None:
    assert not must_hold(a_round(150, 200, HealthState.DOWN), None)


def test_a_wide_silence_is_believed_in_the_end_if_somebody_answers() -> None:
    assert must_hold(a_round(100, 200), GUARD_HOLDS - MINUTE)
    assert not must_hold(a_round(100, 200), GUARD_HOLDS)


def test_a_silence_of_everybody_is_never_believed() -> None:
    assert must_hold(a_round(200, 200), timedelta(days=2))
