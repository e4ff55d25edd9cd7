"""Ansible's own opinion of a published recipe, asked in the background: it takes up to minutes."""

from kitto.base.jobs import SHORT, JobRun, job
from kitto.kitting import queries
from kitto.kitting.actions.checks import note_check
from kitto.kitting.adapters import publishing, recipes
from kitto.kitting.adapters.publishing.asking import can_be_contained
from kitto.kitting.jobs.plays import kitto


@job(SHORT)
def check_recipe(run: JobRun, recipe: str, content: str) -> None:
    """Ask Ansible and lint about the kept copy of a recipe, where it can be contained. Idempotent."""
    with run.ledger.read(kitto()) as work:
        work.allow("see")
        known = queries.check_of(work, content)
    if known is not None and known.asked_ansible:
        return
    asks = can_be_contained()
    report = publishing.check(recipes.kept(content), name=recipe, ask_ansible=asks)
    with run.ledger.begin(kitto()) as work:
        note_check(work, recipe=recipe, report=report, asked_ansible=asks)
