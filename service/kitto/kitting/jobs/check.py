"""Ansible's own opinion of a published recipe, asked in the background: it takes up to minutes."""

from datetime import datetime, timedelta

from kitto.base import clock
from kitto.base.jobs import SHORT, JobRun, is_stale, job, schedule
from kitto.kitting import queries
from kitto.kitting.actions.checks import ask_the_silent, is_answered, note_check
from kitto.kitting.adapters import publishing, recipes
from kitto.kitting.adapters.publishing.asking import can_be_contained
from kitto.kitting.jobs.plays import kitto


@job(SHORT)
def check_recipe(run: JobRun, recipe: str, content: str) -> None:
    """Ask Ansible and lint about the kept copy of a recipe, where it can be contained. Idempotent."""
    with run.ledger.read(kitto()) as work:
        work.allow("see")
        answered = is_answered(queries.check_of(work, content))
    if answered:
        return
    asks = can_be_contained()
    report = publishing.check(recipes.kept(content), name=recipe, ask_ansible=asks)
    with run.ledger.begin(kitto()) as work:
        note_check(work, recipe=recipe, report=report, asked_ansible=asks)


@schedule("41 * * * *", SHORT)
def ask_again(run: JobRun, due: datetime) -> None:
    """Ask Ansible once more where it gave no answer: most often the machine had too much to do."""
    if is_stale(due, clock.now(), timedelta(hours=1)):
        return
    with run.ledger.begin(kitto()) as work:
        ask_the_silent(work)
