"""Kits whose job is gone go on, and two jobs that follow one play do no harm."""

from pathlib import Path

from kitto.base import clock
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.adapters.plays import Kind, Outcome, PlayEvent, PlayOutcome
from kitto.kitting.jobs import plays
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.signals import CARRY_ON
from tests.kitting.shop import claimed
from tests.stage import at_once


def test_a_kit_without_a_job_is_taken_up_once_and_one_that_waits_is_left(
    ledger: Ledger, own_profiles: Path
) -> None:
    kit_id, todo = claimed(ledger, own_profiles)
    assert forgotten(ledger) == []  # its job has been queued and runs nowhere yet
    engine = ledger.outbox._client  # type: ignore[attr-defined]  # only the engine can make a job fail
    for job in engine.list_workflows(name=CARRY_ON.name):
        engine.cancel_workflow(job.workflow_id)
    assert forgotten(ledger) == [kit_id]
    assert forgotten(ledger) == []
    for job in engine.list_workflows(name=CARRY_ON.name):
        engine.cancel_workflow(job.workflow_id)
    away = PlayOutcome(outcome=Outcome.UNREACHABLE, cause="no_answer", reason="It is off.")
    with ledger.begin(kitto()) as work:
        machine.note_outcome(work, kit_id, todo.step, todo.run, away)
    assert forgotten(ledger) == []


def forgotten(ledger: Ledger) -> list[int]:
    with ledger.begin(kitto()) as work:
        return machine.take_up_forgotten(work)


def test_two_that_follow_one_play_store_each_of_its_lines_once(ledger: Ledger, own_profiles: Path) -> None:
    """A job that was believed dead may go on beside the one that took its place."""
    kit_id, todo = claimed(ledger, own_profiles)
    events = [PlayEvent(seq=seq, at=clock.now(), kind=Kind.NOTE, text=f"{seq}") for seq in range(1, 301)]

    def follow(_: int) -> list[int]:
        stored = []
        for start in range(0, 300, 30):
            with ledger.begin(kitto()) as work:
                stored.append(machine.keep_lines(work, kit_id, todo.step, todo.run, events[: start + 30]))
        return stored

    assert [found[-1] for found in at_once(4, follow)] == [300] * 4
    with ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        lines = queries.log_lines(work, kit_id)
        assert [line.seq for line, _ in lines] == list(range(1, 301))


def test_a_play_whose_end_is_noted_is_not_looked_for_again(ledger: Ledger, own_profiles: Path) -> None:
    """The job died between noting the end and being told so: what it left is only cleared away."""
    kit_id, todo = claimed(ledger, own_profiles)
    with ledger.begin(kitto()) as work:
        assert machine.note_launch(work, kit_id, todo.run)
        machine.note_outcome(work, kit_id, todo.step, todo.run, PlayOutcome(outcome=Outcome.SUCCEEDED))
    plays.ansible().give_up(todo.run)
    assert plays.play(ledger, kit_id, todo.step, todo.run) == "succeeded"
    assert plays.ansible().runs() == []


def test_a_play_that_left_no_trace_is_lost_and_can_begin_no_more(ledger: Ledger, own_profiles: Path) -> None:
    """Its supervisor may only be slow to start, and must not begin beside the next try."""
    kit_id, todo = claimed(ledger, own_profiles)
    with ledger.begin(kitto()) as work:
        assert machine.note_launch(work, kit_id, todo.run)
    assert plays._follow(ledger, plays.ansible(), kit_id, todo.step, todo.run).cause == "no_trace"
    assert plays.ansible().runs() == [todo.run]
    assert plays.ansible().find(todo.run) is None
    assert plays.ansible().give_up(todo.run)
