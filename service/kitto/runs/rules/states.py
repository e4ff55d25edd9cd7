"""States of a run that was started elsewhere, and of each device in it."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from kitto.base.i18n import N_


class RunState(StrEnum):
    """Where a run is. `silent`: nothing was heard for a while; it may speak again."""

    RUNNING = "running"
    SILENT = "silent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


class Outcome(StrEnum):
    """How a device came out of a run."""

    RUNNING = "running"
    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


class Locks(StrEnum):
    """Whether a run must hold its devices, takes those it can get, or takes none (an import)."""

    NEED = "need"
    TRY = "try"
    NONE = "none"


RUN_TABLE: Final[dict[RunState, frozenset[RunState]]] = {
    RunState.RUNNING: frozenset({RunState.SILENT, RunState.SUCCEEDED, RunState.FAILED, RunState.UNREACHABLE}),
    RunState.SILENT: frozenset({RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED, RunState.UNREACHABLE}),
    RunState.SUCCEEDED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.UNREACHABLE: frozenset(),
}
OVER: Final = frozenset(state for state, after in RUN_TABLE.items() if not after)
SILENT_AFTER: Final = timedelta(minutes=15)
RENEW_EVERY: Final = timedelta(minutes=5)
"""A third of the lease of a lock."""

RUN_WORDS: Final[dict[RunState, str]] = {
    RunState.RUNNING: N_("running"),
    RunState.SILENT: N_("not heard of"),
    RunState.SUCCEEDED: N_("succeeded"),
    RunState.FAILED: N_("failed"),
    RunState.UNREACHABLE: N_("some not reached"),
}
OUTCOME_WORDS: Final[dict[Outcome, str]] = {
    Outcome.RUNNING: N_("running"),
    Outcome.OK: N_("no change"),
    Outcome.CHANGED: N_("changed"),
    Outcome.FAILED: N_("failed"),
    Outcome.UNREACHABLE: N_("not reached"),
}


def state_of(outcomes: set[Outcome]) -> RunState:
    """How a run ended, from how its devices came out of it."""
    if Outcome.FAILED in outcomes:
        return RunState.FAILED
    if Outcome.UNREACHABLE in outcomes:
        return RunState.UNREACHABLE
    return RunState.SUCCEEDED
