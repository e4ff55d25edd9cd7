"""When a device counts as down, and what never counts against it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kitto.health.rules.states import (
    AFTER_ANSWER,
    AFTER_SILENCE,
    HARD_AFTER,
    HARD_FAILURES,
    HealthState,
    Reason,
    Sign,
    Standing,
    judge,
)

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BLIND = timedelta(minutes=5)
REASONS = {
    Sign.ANSWERED: Reason.ANSWERED,
    Sign.SILENT: Reason.NO_ANSWER,
    Sign.DENIED: Reason.CREDENTIALS,
    Sign.OURS: Reason.WE_WERE_LATE,
}
stories = st.lists(
    st.tuples(st.sampled_from(Sign), st.integers(min_value=1, max_value=400)), min_size=1, max_size=60
)


def told(story: list[tuple[Sign, int]]) -> list[tuple[datetime, Sign, Standing]]:
    at, standing, seen = START, Standing(), []
    for sign, seconds in story:
        at += timedelta(seconds=seconds)
        standing = judge(standing, sign, REASONS[sign], at, blind_after=BLIND)
        seen.append((at, sign, standing))
    return seen


def test_three_failures_over_ninety_seconds_make_a_device_down() -> None:
    states = [s.state for _, _, s in told([(Sign.ANSWERED, 60), *[(Sign.SILENT, 60)] * 3])]
    assert states == [HealthState.OK, HealthState.SUSPECT, HealthState.SUSPECT, HealthState.DOWN]


def test_many_failures_in_a_moment_are_not_enough() -> None:
    seen = told([(Sign.ANSWERED, 60), *[(Sign.SILENT, 10)] * 9])
    assert seen[-1][2].state is HealthState.SUSPECT
    assert seen[-1][2].failures == 9


def test_two_good_answers_bring_a_device_back() -> None:
    down = [(Sign.ANSWERED, 60), *[(Sign.SILENT, 60)] * 3]
    states = [s.state for _, _, s in told([*down, (Sign.ANSWERED, 60), (Sign.ANSWERED, 15)])][-2:]
    assert states == [HealthState.RECOVERING, HealthState.OK]


def test_a_relapse_while_recovering_is_down_at_once() -> None:
    down = [(Sign.ANSWERED, 60), *[(Sign.SILENT, 60)] * 3]
    assert told([*down, (Sign.ANSWERED, 60), (Sign.SILENT, 15)])[-1][2].state is HealthState.DOWN


def test_wrong_credentials_are_not_a_dead_device() -> None:
    standing = told([(Sign.ANSWERED, 60), (Sign.SILENT, 60), (Sign.DENIED, 60)])[-1][2]
    assert standing.state is HealthState.AUTH_FAILED
    assert standing.failures == 0


def test_a_stopped_poller_does_not_join_two_stories() -> None:
    seen = told([(Sign.ANSWERED, 60), *[(Sign.SILENT, 60)] * 2, (Sign.SILENT, 3600), (Sign.SILENT, 15)])
    assert [s.failures for _, _, s in seen][-2:] == [1, 2]
    assert seen[-1][2].state is HealthState.SUSPECT


def test_our_own_fault_for_too_long_means_we_do_not_know() -> None:
    seen = told([(Sign.ANSWERED, 60), *[(Sign.OURS, 100)] * 4])
    assert [s.state for _, _, s in seen][-2:] == [HealthState.OK, HealthState.UNKNOWN]


def test_a_device_that_is_down_stays_down_while_we_cannot_look() -> None:
    down = [(Sign.ANSWERED, 60), *[(Sign.SILENT, 60)] * 3]
    assert told([*down, *[(Sign.OURS, 400)] * 9])[-1][2].state is HealthState.DOWN


def test_the_tables_name_every_state() -> None:
    assert set(AFTER_SILENCE) == set(AFTER_ANSWER) == set(HealthState)


@given(stories)
def test_down_always_rests_on_enough_failures_over_enough_time(story: list[tuple[Sign, int]]) -> None:
    seen = told(story)
    for (_, _, before), (at, sign, after) in pairwise([(START, Sign.OURS, Standing()), *seen]):
        if after.state is HealthState.DOWN and before.state is not HealthState.DOWN:
            assert sign is Sign.SILENT
            if before.state is HealthState.SUSPECT:
                assert after.failures >= HARD_FAILURES
                assert at - after.failing_since >= HARD_AFTER
            else:
                assert before.state is HealthState.RECOVERING


@given(stories)
def test_our_own_faults_never_count_a_failure_and_never_bring_anyone_down(
    story: list[tuple[Sign, int]],
) -> None:
    seen = told(story)
    for (_, _, before), (_, sign, after) in pairwise([(START, Sign.OURS, Standing()), *seen]):
        if sign is Sign.OURS:
            assert after.failures <= before.failures
            assert after.evidence_at == before.evidence_at
            assert after.state in (before.state, HealthState.UNKNOWN)
            assert after.state is before.state or before.state is not HealthState.DOWN


@given(stories)
def test_leaving_our_faults_out_of_a_story_changes_no_count(story: list[tuple[Sign, int]]) -> None:
    """A poll that was late because we were late is as if it had never been."""
    short = [(sign, min(seconds, 5)) for sign, seconds in story]
    at, with_ours, without = START, Standing(), Standing()
    for sign, seconds in short:
        at += timedelta(seconds=seconds)
        with_ours = judge(with_ours, sign, REASONS[sign], at, blind_after=BLIND)
        if sign is not Sign.OURS:
            without = judge(without, sign, REASONS[sign], at, blind_after=BLIND)
    assert (with_ours.state, with_ours.failures, with_ours.since) == (
        without.state,
        without.failures,
        without.since,
    )


@given(stories)
def test_since_moves_only_with_the_state(story: list[tuple[Sign, int]]) -> None:
    seen = told(story)
    for (_, _, before), (at, _, after) in pairwise(seen):
        assert after.since == (before.since if after.state is before.state else at)
