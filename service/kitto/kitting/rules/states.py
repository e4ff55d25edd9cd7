"""States of kits and of their steps, and the one table that says what leads where."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from kitto.base.i18n import N_


class KitState(StrEnum):
    """Where a kit is: the way of one device from an order to the hands it is for."""

    EXPECTED = "expected"
    RECEIVED = "received"
    INSPECTING = "inspecting"
    REGISTERED = "registered"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    VERIFYING = "verifying"
    READY = "ready"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class StepState(StrEnum):
    """Where a step is. `lost`: its supervisor died and nobody knows how far it came."""

    PENDING = "pending"
    RUNNABLE = "runnable"
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
    PHOTO = "photo"
    SCAN = "scan"
    LABEL = "label"
    PLAYBOOK = "playbook"
    AGENT_WAIT = "agent_wait"
    PROBE = "probe"
    CHECK = "check"
    LICENCE = "licence"
    SECRET = "secret"  # noqa: S105 -- the name of a kind
    ARTIFACT = "artifact"
    APPROVAL = "approval"
    WINDOW = "window"
    WEBHOOK = "webhook"
    HANDOVER = "handover"


class Phase(StrEnum):
    """Which part of a kit a step belongs to."""

    WORK = "work"
    ACCEPTANCE = "acceptance"
    HANDOVER = "handover"


class WaitFor(StrEnum):
    """What a waiting step waits for."""

    PERSON = "person"
    DEVICE = "device"
    APPROVAL = "approval"
    LICENCE = "licence"
    WINDOW = "window"
    RETRY = "retry"


class OnLost(StrEnum):
    """What happens to a step of which nobody knows how far it came."""

    REATTACH = "reattach"
    """Its play may still run: follow it again; when it is gone, ask."""
    RERUN = "rerun"
    """Running it twice does no harm."""
    VERIFY = "verify"
    """Its own check decides: done, or to be run again."""
    ASK = "ask"
    """Only a person can tell."""


class CheckSupport(StrEnum):
    """How far a dry run can tell what a step would change."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Ability(StrEnum):
    """How much of a step Kitto can do: all, guide a person, or nothing without an MDM."""

    AUTOMATIC = "automatic"
    GUIDED = "guided"
    NEEDS_MDM = "needs_mdm"


ABILITY_WORDS: Final[dict[Ability, str]] = {
    Ability.AUTOMATIC: N_("automatic"),
    Ability.GUIDED: N_("guided"),
    Ability.NEEDS_MDM: N_("impossible without an MDM"),
}


def ability_of(kind: StepKind, said: Ability) -> Ability:
    """How far Kitto comes with a step: what its recipe says, but never alone with what hands do."""
    return Ability.GUIDED if said is Ability.AUTOMATIC and kind in WITH_HANDS else said


HUMAN: Final = frozenset({StepKind.MANUAL, StepKind.PHOTO, StepKind.SCAN, StepKind.LABEL})
"""Steps done by hands at the bench."""
BY_PEOPLE: Final = HUMAN | {StepKind.APPROVAL, StepKind.HANDOVER}
WITH_HANDS: Final = BY_PEOPLE | {StepKind.ARTIFACT}
"""Steps of which Kitto does a part at most: the rest is a person's."""
MACHINE: Final = frozenset({StepKind.PLAYBOOK, StepKind.PROBE, StepKind.WEBHOOK})
"""Steps that talk to something outside; one of a kit's at a time."""

DONE: Final = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})

_OFF: Final = frozenset({KitState.CANCELLED})
_EARLY: Final = frozenset({KitState.CANCELLED, KitState.REJECTED})
_ON: Final = frozenset(
    {
        KitState.QUEUED,
        KitState.RUNNING,
        KitState.WAITING,
        KitState.HELD,
        KitState.FAILED,
        KitState.VERIFYING,
        KitState.READY,
    }
)

KIT_TABLE: Final[dict[KitState, frozenset[KitState]]] = {
    KitState.EXPECTED: frozenset({KitState.RECEIVED, KitState.INSPECTING, KitState.REGISTERED}) | _EARLY,
    KitState.RECEIVED: frozenset({KitState.INSPECTING, KitState.REGISTERED}) | _EARLY,
    KitState.INSPECTING: frozenset({KitState.REGISTERED}) | _EARLY,
    KitState.REGISTERED: frozenset({KitState.QUEUED, KitState.HELD}) | _EARLY,
    KitState.QUEUED: (_ON - {KitState.QUEUED}) | _OFF,
    KitState.RUNNING: (_ON - {KitState.RUNNING}) | _OFF,
    KitState.WAITING: (_ON - {KitState.WAITING}) | _OFF,
    KitState.HELD: frozenset(
        {KitState.REGISTERED, KitState.QUEUED, KitState.WAITING, KitState.FAILED, KitState.CANCELLED}
    ),
    KitState.FAILED: frozenset({KitState.QUEUED, KitState.HELD, KitState.CANCELLED}),
    KitState.VERIFYING: (_ON - {KitState.VERIFYING}) | _OFF,
    KitState.READY: frozenset({KitState.HANDED_OVER, KitState.CANCELLED}),
    KitState.HANDED_OVER: frozenset(),
    KitState.CANCELLED: frozenset(),
    KitState.REJECTED: frozenset(),
}

STEP_TABLE: Final[dict[StepState, frozenset[StepState]]] = {
    StepState.PENDING: frozenset({StepState.RUNNABLE, StepState.SKIPPED, StepState.CANCELLED}),
    StepState.RUNNABLE: frozenset(
        {
            StepState.PENDING,
            StepState.RUNNING,
            StepState.WAITING,
            StepState.SUCCEEDED,
            StepState.FAILED,
            StepState.SKIPPED,
            StepState.CANCELLED,
        }
    ),
    StepState.RUNNING: frozenset(
        {StepState.SUCCEEDED, StepState.FAILED, StepState.WAITING, StepState.LOST, StepState.CANCELLED}
    ),
    StepState.WAITING: frozenset(
        {
            StepState.PENDING,
            StepState.RUNNABLE,
            StepState.SUCCEEDED,
            StepState.FAILED,
            StepState.SKIPPED,
            StepState.CANCELLED,
        }
    ),
    StepState.FAILED: frozenset({StepState.PENDING, StepState.SKIPPED, StepState.CANCELLED}),
    StepState.LOST: frozenset(
        {StepState.PENDING, StepState.RUNNING, StepState.SKIPPED, StepState.CANCELLED, StepState.SUCCEEDED}
    ),
    StepState.SUCCEEDED: frozenset({StepState.PENDING}),
    StepState.SKIPPED: frozenset({StepState.PENDING}),
    StepState.CANCELLED: frozenset(),
}

OPEN: Final = frozenset(KitState) - {
    KitState.READY,
    KitState.HANDED_OVER,
    KitState.CANCELLED,
    KitState.REJECTED,
}
"""States that keep other kits off the device; the database allows one of them for each device."""
OVER: Final = frozenset(state for state, targets in KIT_TABLE.items() if not targets)
BEFORE_WORK: Final = frozenset(
    {KitState.EXPECTED, KitState.RECEIVED, KitState.INSPECTING, KitState.REGISTERED}
)
WORKING: Final = frozenset(
    {
        KitState.QUEUED,
        KitState.RUNNING,
        KitState.WAITING,
        KitState.FAILED,
        KitState.VERIFYING,
        KitState.READY,
    }
)
"""States in which steps decide what comes next."""

KIT_WORDS: Final[dict[KitState, str]] = {
    KitState.EXPECTED: N_("expected"),
    KitState.RECEIVED: N_("arrived"),
    KitState.INSPECTING: N_("being inspected"),
    KitState.REGISTERED: N_("in the ledger, labelled"),
    KitState.QUEUED: N_("queued"),
    KitState.RUNNING: N_("running"),
    KitState.WAITING: N_("waiting"),
    KitState.HELD: N_("on hold"),
    KitState.FAILED: N_("failed"),
    KitState.VERIFYING: N_("acceptance"),
    KitState.READY: N_("ready to hand over"),
    KitState.HANDED_OVER: N_("handed over"),
    KitState.CANCELLED: N_("cancelled"),
    KitState.REJECTED: N_("sent back"),
}

STEP_WORDS: Final[dict[StepState, str]] = {
    StepState.PENDING: N_("to come"),
    StepState.RUNNABLE: N_("next"),
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
    StepKind.PHOTO: N_("photo"),
    StepKind.SCAN: N_("scan"),
    StepKind.LABEL: N_("label"),
    StepKind.PLAYBOOK: N_("play"),
    StepKind.AGENT_WAIT: N_("device reports"),
    StepKind.PROBE: N_("device answers"),
    StepKind.CHECK: N_("check"),
    StepKind.LICENCE: N_("licence"),
    StepKind.SECRET: N_("secret"),
    StepKind.ARTIFACT: N_("file"),
    StepKind.APPROVAL: N_("approval"),
    StepKind.WINDOW: N_("time window"),
    StepKind.WEBHOOK: N_("other system"),
    StepKind.HANDOVER: N_("hand over"),
}

WAIT_WORDS: Final[dict[WaitFor, str]] = {
    WaitFor.PERSON: N_("waits for a person"),
    WaitFor.DEVICE: N_("waits for the device"),
    WaitFor.APPROVAL: N_("waits for an approval"),
    WaitFor.LICENCE: N_("waits for a licence"),
    WaitFor.WINDOW: N_("waits for its time window"),
    WaitFor.RETRY: N_("waits to try again"),
}

State = TypeVar("State", bound=StrEnum)


def picture(table: Mapping[State, frozenset[State]]) -> str:
    """The table as a Mermaid state diagram, in the order of the table; docs hold what this returns."""
    lines = ["stateDiagram-v2"]
    for state, targets in table.items():
        ordered = sorted(targets, key=list(table).index)
        lines += [f"  {state} --> {target}" for target in ordered] or [f"  {state} --> [*]"]
    return "\n".join(lines)
