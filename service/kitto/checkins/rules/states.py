"""The life of an agent's credential and of a finding."""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class AgentState(StrEnum):
    """Whether an agent is believed, and for which device."""

    PENDING = "pending"
    ACTIVE = "active"
    QUARANTINED = "quarantined"
    REVOKED = "revoked"


class AgentStep(StrEnum):
    """What can happen to an agent after it has enrolled."""

    CONFIRM = "confirm"
    QUARANTINE = "quarantine"
    REVOKE = "revoke"


AGENT_STEPS: Final[dict[AgentStep, tuple[frozenset[AgentState], AgentState]]] = {
    AgentStep.CONFIRM: (
        # A quarantined credential is known to two machines; both enrol anew.
        frozenset({AgentState.PENDING}),
        AgentState.ACTIVE,
    ),
    AgentStep.QUARANTINE: (
        frozenset({AgentState.PENDING, AgentState.ACTIVE}),
        AgentState.QUARANTINED,
    ),
    AgentStep.REVOKE: (
        frozenset({AgentState.PENDING, AgentState.ACTIVE, AgentState.QUARANTINED}),
        AgentState.REVOKED,
    ),
}


def next_state(state: AgentState, step: AgentStep) -> AgentState | None:
    """Where a step leads; None where it is not allowed."""
    allowed, after = AGENT_STEPS[step]
    return after if state in allowed else None


class FindingState(StrEnum):
    """What became of a difference between ledger and device."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    SETTLED = "settled"  # the difference went away by itself


class Freshness(StrEnum):
    """How long an agent has been silent."""

    FRESH = "fresh"
    LATE = "late"
    SILENT = "silent"
    NEVER = "never"


MISSED_BEFORE_LATE: Final = 3
SILENT_AFTER: Final = timedelta(days=14)
SECRET_AGE: Final = timedelta(days=90)


def freshness(silence: timedelta | None, interval: timedelta) -> Freshness:
    """Judge a silence; None means that nothing was ever heard."""
    if silence is None:
        return Freshness.NEVER
    if silence >= SILENT_AFTER:
        return Freshness.SILENT
    return Freshness.LATE if silence > MISSED_BEFORE_LATE * interval else Freshness.FRESH
