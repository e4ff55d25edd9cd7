"""Does what a kit can do now, step by step, until it ends or waits."""

from collections.abc import Callable
from typing import Final

from kitto.base.jobs import KIT, JobRun, job
from kitto.base.work import Ledger
from kitto.kitting.actions import machine
from kitto.kitting.jobs.once import probe, webhook
from kitto.kitting.jobs.plays import kitto, play
from kitto.kitting.rules.states import StepKind

Doer = Callable[[Ledger, int, str, str], str]
"""Does a claimed step: ledger, kit, step, run. May be called again for the same run."""

DOERS: Final[dict[StepKind, Doer]] = {
    StepKind.PLAYBOOK: play,
    StepKind.PROBE: probe,
    StepKind.WEBHOOK: webhook,
}


@job(KIT)
def carry_on(run: JobRun, kit_id: int) -> None:
    """Do what a kit can do now, until it ends or waits."""
    while True:
        todo = run.step("choose", _choose, run.ledger, kit_id)
        if todo is None:
            return
        doer = DOERS[StepKind(todo["kind"])]
        run.step(todo["kind"], doer, run.ledger, kit_id, todo["step"], todo["run"])


def _choose(ledger: Ledger, kit_id: int) -> dict[str, str] | None:
    with ledger.begin(kitto()) as work:
        todo = machine.next_todo(work, kit_id)
    return {"step": todo.step, "run": todo.run, "kind": str(todo.kind)} if todo else None
