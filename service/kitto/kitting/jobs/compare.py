"""Dry runs, and comparisons of devices with the version they were kitted by."""

from datetime import datetime, timedelta

from kitto.base import clock
from kitto.base.errors import Refusal
from kitto.base.jobs import KIT, POLL, JobRun, is_stale, job, schedule
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import compare as actions
from kitto.kitting.jobs.plays import kitto, play


@job(KIT)
def rehearse(run: JobRun, kit_id: int, step: str, attempt: str) -> None:
    """Run one step's play so that it only says what it would change."""
    run.step("rehearse", play, run.ledger, kit_id, step, attempt)


@job(KIT)
def compare(run: JobRun, kit_id: int, by: str) -> None:
    """Compare one device with its frozen profile. One that somebody works on is left out."""
    runs = run.step("begin", _begin, run.ledger, kit_id)
    if runs is None:
        return
    for step, attempt in runs:
        run.step("compare", play, run.ledger, kit_id, step, attempt)
    run.step("note", _note, run.ledger, kit_id, runs, by)


def _begin(ledger: Ledger, kit_id: int) -> list[list[str]] | None:
    try:
        with ledger.begin(kitto()) as work:
            return [list(pair) for pair in actions.begin_comparison(work, kit_id)]
    except Refusal:
        return None


def _note(ledger: Ledger, kit_id: int, runs: list[list[str]], by: str) -> None:
    with ledger.begin(kitto()) as work:
        actions.note_comparison(work, kit_id, [(step, run) for step, run in runs], by)


@schedule("17 * * * *", POLL)
def compare_the_due(run: JobRun, due: datetime) -> None:
    """Queue a comparison of every kitted device whose profile asks for one again."""
    if is_stale(due, clock.now(), timedelta(hours=1)):
        return
    with run.ledger.begin(kitto()) as work:
        work.allow(Permission.KIT)
        work.unrecorded("what the comparisons find is recorded")
        for kit_id in queries.due_for_comparison(work):
            actions.ask_comparison(work, kit_id=kit_id)
