"""States of kits and of their steps, and the one table that says what leads where."""

from enum import StrEnum
from typing import Final

from kitto.base.i18n import N_


class KitState(StrEnum):
    """Where a kit is. Every active state has a twin that waits and one that failed."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    CANCELLING = "cancelling"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class StepState(StrEnum):
    """Where a step is. `lost`: its supervisor died and nobody knows how far it came."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    LOST = "lost"


class StepKind(StrEnum):
    """Who or what does a step."""

    MANUAL = "manual"
    SCAN = "scan"
    LABEL = "label"
    PLAYBOOK = "playbook"
    AGENT_WAIT = "agent_wait"
    CHECK = "check"


class WaitFor(StrEnum):
    """What a waiting kit waits for."""

    PERSON = "person"
    DEVICE = "device"


class OnLost(StrEnum):
    """What happens to a step of which nobody knows how far it came."""

    RERUN = "rerun"
    ASK = "ask"


HUMAN: Final = frozenset({StepKind.MANUAL, StepKind.SCAN, StepKind.LABEL})
OPEN: Final = frozenset(
    {KitState.QUEUED, KitState.RUNNING, KitState.WAITING, KitState.FAILED, KitState.CANCELLING}
)
DONE: Final = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})

KIT_TABLE: Final[dict[KitState, frozenset[KitState]]] = {
    KitState.QUEUED: frozenset(
        {KitState.RUNNING, KitState.WAITING, KitState.FAILED, KitState.CANCELLED, KitState.FINISHED}
    ),
    KitState.RUNNING: frozenset(
        {
            KitState.WAITING,
            KitState.FAILED,
            KitState.CANCELLING,
            KitState.CANCELLED,
            KitState.FINISHED,
            KitState.QUEUED,
        }
    ),
    KitState.WAITING: frozenset(
        {KitState.QUEUED, KitState.RUNNING, KitState.FAILED, KitState.CANCELLED, KitState.FINISHED}
    ),
    KitState.FAILED: frozenset({KitState.QUEUED, KitState.CANCELLED}),
    KitState.CANCELLING: frozenset({KitState.CANCELLED}),
    KitState.FINISHED: frozenset(),
    KitState.CANCELLED: frozenset(),
}

STEP_TABLE: Final[dict[StepState, frozenset[StepState]]] = {
    StepState.PENDING: frozenset(
        {
            StepState.RUNNING,
            StepState.WAITING,
            StepState.SUCCEEDED,
            StepState.SKIPPED,
            StepState.CANCELLED,
            StepState.FAILED,
        }
    ),
    StepState.RUNNING: frozenset(
        {
            StepState.SUCCEEDED,
            StepState.FAILED,
            StepState.WAITING,
            StepState.LOST,
            StepState.CANCELLED,
            StepState.PENDING,
        }
    ),
    StepState.WAITING: frozenset(
        {
            StepState.SUCCEEDED,
            StepState.FAILED,
            StepState.SKIPPED,
            StepState.CANCELLED,
            StepState.PENDING,
            StepState.RUNNING,
        }
    ),
    StepState.FAILED: frozenset({StepState.PENDING, StepState.SKIPPED, StepState.CANCELLED}),
    StepState.LOST: frozenset({StepState.PENDING, StepState.SKIPPED, StepState.CANCELLED, StepState.FAILED}),
    StepState.SUCCEEDED: frozenset({StepState.PENDING}),
    StepState.SKIPPED: frozenset({StepState.PENDING}),
    StepState.CANCELLED: frozenset(),
}

KIT_WORDS: Final[dict[KitState, str]] = {
    KitState.QUEUED: N_("queued"),
    KitState.RUNNING: N_("running"),
    KitState.WAITING: N_("waiting"),
    KitState.FAILED: N_("failed"),
    KitState.CANCELLING: N_("being cancelled"),
    KitState.FINISHED: N_("finished"),
    KitState.CANCELLED: N_("cancelled"),
}

STEP_WORDS: Final[dict[StepState, str]] = {
    StepState.PENDING: N_("to come"),
    StepState.RUNNING: N_("running"),
    StepState.WAITING: N_("waiting"),
    StepState.SUCCEEDED: N_("done"),
    StepState.FAILED: N_("failed"),
    StepState.SKIPPED: N_("skipped"),
    StepState.CANCELLED: N_("cancelled"),
    StepState.LOST: N_("lost"),
}

KIND_WORDS: Final[dict[StepKind, str]] = {
    StepKind.MANUAL: N_("by hand"),
    StepKind.SCAN: N_("scan"),
    StepKind.LABEL: N_("label"),
    StepKind.PLAYBOOK: N_("play"),
    StepKind.AGENT_WAIT: N_("device reports"),
    StepKind.CHECK: N_("check"),
}
