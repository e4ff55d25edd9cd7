"""The life of a device: states, steps, and the one table that says what leads where."""

from enum import StrEnum
from typing import Final

from kitto.base.errors import Refusal
from kitto.base.i18n import N_, Words
from kitto.identity.rules import Permission


class State(StrEnum):
    """Where in its life a device is. Who holds it and how good it is are other facts."""

    ORDERED = "ordered"
    RECEIVED = "received"
    IN_STOCK = "in_stock"
    KITTING = "kitting"
    READY = "ready"
    IN_USE = "in_use"
    RETURNING = "returning"
    INSPECTING = "inspecting"
    REPAIR = "repair"
    MISSING = "missing"
    WIPING = "wiping"
    RETIRED = "retired"
    DISPOSED = "disposed"
    LEASE_RETURNED = "lease_returned"
    VOIDED = "voided"


class Step(StrEnum):
    """What moves a device from one state to the next."""

    RECEIVE = "receive"
    ACCEPT = "accept"
    REJECT = "reject"
    START_KITTING = "start_kitting"
    FINISH_KITTING = "finish_kitting"
    FAIL_KITTING = "fail_kitting"
    HAND_OVER = "hand_over"
    TRANSFER = "transfer"
    RENEW = "renew"
    RECALL = "recall"
    TAKE_BACK = "take_back"
    RESTOCK = "restock"
    SEND_REPAIR = "send_repair"
    BACK_FROM_REPAIR = "back_from_repair"
    BACK_TO_HOLDER = "back_to_holder"
    REPORT_LOST = "report_lost"
    FOUND = "found"
    RETIRE = "retire"
    START_WIPE = "start_wipe"
    WIPED_FOR_REUSE = "wiped_for_reuse"
    WIPED_FOR_DISPOSAL = "wiped_for_disposal"
    DISPOSE = "dispose"
    RETURN_LEASE = "return_lease"
    VOID = "void"
    CORRECT = "correct"


class Condition(StrEnum):
    """How good a device is."""

    GOOD = "good"
    NEEDS_REPAIR = "needs_repair"
    BROKEN = "broken"
    FOR_PARTS = "for_parts"


class Ownership(StrEnum):
    """Whose it is. Customer-supplied devices (預り品) are kept apart."""

    OWNED = "owned"
    LEASED = "leased"
    RENTED = "rented"
    PRIVATE = "private"
    CUSTOMER = "customer"


class HolderKind(StrEnum):
    """Who can answer for a device."""

    PERSON = "person"
    PROJECT = "project"
    DEPARTMENT = "department"
    ASSET = "asset"


HELD: Final = frozenset({State.IN_USE, State.RETURNING})
"""States with exactly one open custody."""

MAY_BE_HELD: Final = HELD | {State.REPAIR, State.MISSING}
"""States in which custody may stay open: the last holder is kept as a fact."""

TERMINAL: Final = frozenset({State.DISPOSED, State.LEASE_RETURNED, State.VOIDED})

LIVE: Final = tuple(
    state for state in State if state not in TERMINAL and state not in (State.ORDERED, State.MISSING)
)

TABLE: Final[dict[tuple[State, Step], State]] = {
    (State.ORDERED, Step.RECEIVE): State.RECEIVED,
    (State.RECEIVED, Step.ACCEPT): State.IN_STOCK,
    (State.RECEIVED, Step.REJECT): State.VOIDED,
    (State.IN_STOCK, Step.START_KITTING): State.KITTING,
    (State.INSPECTING, Step.START_KITTING): State.KITTING,
    (State.KITTING, Step.FINISH_KITTING): State.READY,
    (State.KITTING, Step.FAIL_KITTING): State.IN_STOCK,
    (State.READY, Step.HAND_OVER): State.IN_USE,
    (State.READY, Step.START_KITTING): State.KITTING,
    # Only for categories that need no kitting; the action asks.
    (State.IN_STOCK, Step.HAND_OVER): State.IN_USE,
    (State.READY, Step.RESTOCK): State.IN_STOCK,
    (State.IN_USE, Step.TAKE_BACK): State.INSPECTING,
    (State.IN_USE, Step.TRANSFER): State.IN_USE,
    (State.IN_USE, Step.RENEW): State.IN_USE,
    (State.IN_USE, Step.RECALL): State.RETURNING,
    (State.RETURNING, Step.TAKE_BACK): State.INSPECTING,
    (State.MISSING, Step.TAKE_BACK): State.INSPECTING,
    (State.INSPECTING, Step.RESTOCK): State.IN_STOCK,
    (State.IN_STOCK, Step.SEND_REPAIR): State.REPAIR,
    (State.INSPECTING, Step.SEND_REPAIR): State.REPAIR,
    (State.IN_USE, Step.SEND_REPAIR): State.REPAIR,
    (State.REPAIR, Step.BACK_FROM_REPAIR): State.INSPECTING,
    (State.REPAIR, Step.BACK_TO_HOLDER): State.IN_USE,
    (State.MISSING, Step.FOUND): State.INSPECTING,
    (State.IN_STOCK, Step.RETIRE): State.RETIRED,
    (State.INSPECTING, Step.RETIRE): State.RETIRED,
    (State.REPAIR, Step.RETIRE): State.RETIRED,
    (State.MISSING, Step.RETIRE): State.RETIRED,
    (State.INSPECTING, Step.START_WIPE): State.WIPING,
    (State.RETIRED, Step.START_WIPE): State.WIPING,
    (State.WIPING, Step.WIPED_FOR_REUSE): State.IN_STOCK,
    (State.WIPING, Step.WIPED_FOR_DISPOSAL): State.RETIRED,
    (State.RETIRED, Step.DISPOSE): State.DISPOSED,
    (State.RETIRED, Step.RETURN_LEASE): State.LEASE_RETURNED,
    (State.ORDERED, Step.VOID): State.VOIDED,
    (State.RECEIVED, Step.VOID): State.VOIDED,
    (State.IN_STOCK, Step.VOID): State.VOIDED,
    **{(state, Step.REPORT_LOST): State.MISSING for state in LIVE},
}

RIGHTS: Final[dict[Step, Permission]] = {
    Step.RECEIVE: Permission.RECEIVE,
    Step.ACCEPT: Permission.ACCEPT,
    Step.REJECT: Permission.ACCEPT,
    Step.START_KITTING: Permission.KIT,
    Step.FINISH_KITTING: Permission.KIT,
    Step.FAIL_KITTING: Permission.KIT,
    Step.HAND_OVER: Permission.HAND_OVER,
    Step.TRANSFER: Permission.HAND_OVER,
    Step.RENEW: Permission.HAND_OVER,
    Step.RECALL: Permission.TAKE_BACK,
    Step.TAKE_BACK: Permission.TAKE_BACK,
    Step.RESTOCK: Permission.MOVE,
    Step.SEND_REPAIR: Permission.MOVE,
    Step.BACK_FROM_REPAIR: Permission.MOVE,
    Step.BACK_TO_HOLDER: Permission.MOVE,
    Step.REPORT_LOST: Permission.REPORT,
    Step.FOUND: Permission.MOVE,
    Step.RETIRE: Permission.RETIRE,
    Step.START_WIPE: Permission.MOVE,
    Step.WIPED_FOR_REUSE: Permission.MOVE,
    Step.WIPED_FOR_DISPOSAL: Permission.MOVE,
    Step.DISPOSE: Permission.DISPOSE,
    Step.RETURN_LEASE: Permission.DISPOSE,
    Step.VOID: Permission.ACCEPT,
    Step.CORRECT: Permission.CORRECT,
}

STATE_WORDS: Final[dict[State, str]] = {
    State.ORDERED: N_("ordered"),
    State.RECEIVED: N_("received"),
    State.IN_STOCK: N_("in stock"),
    State.KITTING: N_("kitting"),
    State.READY: N_("ready"),
    State.IN_USE: N_("in use"),
    State.RETURNING: N_("returning"),
    State.INSPECTING: N_("inspecting"),
    State.REPAIR: N_("in repair"),
    State.MISSING: N_("missing"),
    State.WIPING: N_("wiping"),
    State.RETIRED: N_("retired"),
    State.DISPOSED: N_("disposed"),
    State.LEASE_RETURNED: N_("lease returned"),
    State.VOIDED: N_("voided"),
}

STEP_WORDS: Final[dict[Step, str]] = {
    Step.RECEIVE: N_("Receive"),
    Step.ACCEPT: N_("Accept delivery"),
    Step.REJECT: N_("Reject delivery"),
    Step.START_KITTING: N_("Start kitting"),
    Step.FINISH_KITTING: N_("Finish kitting"),
    Step.FAIL_KITTING: N_("End kitting without success"),
    Step.HAND_OVER: N_("Hand over"),
    Step.TRANSFER: N_("Transfer"),
    Step.RENEW: N_("Extend"),
    Step.RECALL: N_("Ask for return"),
    Step.TAKE_BACK: N_("Take back"),
    Step.RESTOCK: N_("Put in stock"),
    Step.SEND_REPAIR: N_("Send to repair"),
    Step.BACK_FROM_REPAIR: N_("Back from repair"),
    Step.BACK_TO_HOLDER: N_("Back to holder"),
    Step.REPORT_LOST: N_("Report lost"),
    Step.FOUND: N_("Found again"),
    Step.RETIRE: N_("Retire"),
    Step.START_WIPE: N_("Start wiping"),
    Step.WIPED_FOR_REUSE: N_("Wiped, put in stock"),
    Step.WIPED_FOR_DISPOSAL: N_("Wiped, for disposal"),
    Step.DISPOSE: N_("Dispose"),
    Step.RETURN_LEASE: N_("Return to lessor"),
    Step.VOID: N_("Void entry"),
    Step.CORRECT: N_("Correct"),
}

REMEDIES: Final[dict[State, str]] = {
    State.ORDERED: N_("Receive it first."),
    State.RECEIVED: N_("Accept the delivery first."),
    State.IN_STOCK: N_("Start its kitting first."),
    State.KITTING: N_("Finish or cancel its kitting first."),
    State.READY: N_("It waits to be handed over."),
    State.IN_USE: N_("Take it back first."),
    State.RETURNING: N_("Take it back first."),
    State.INSPECTING: N_("Put it in stock first."),
    State.REPAIR: N_("Book it back from repair first."),
    State.MISSING: N_("Book it as found first."),
    State.WIPING: N_("Finish wiping it first."),
    State.RETIRED: N_("It is retired; use another device."),
    State.DISPOSED: N_("It is gone; use another device."),
    State.LEASE_RETURNED: N_("It went back to the lessor; use another device."),
    State.VOIDED: N_("The entry is void; use another device."),
}


class StepRefused(Refusal):
    """The table does not lead there from here."""

    code = "assets.step_refused"
    says = N_("“{step}” was not done: {tag} is {state}{holder}. {remedy}")


def next_state(state: State, step: Step) -> State | None:
    """Where a step leads from a state, or None if it leads nowhere."""
    return TABLE.get((state, step))


def open_steps(state: State) -> list[Step]:
    """The steps that the table allows from a state, the likely one first."""
    return [step for (source, step) in TABLE if source == state]


def refused(tag: str, state: State, step: Step, holder: str = "") -> StepRefused:
    """The refusal, with who has the device if anyone does."""
    return StepRefused(
        tag=tag,
        step=Words(STEP_WORDS[step]),
        state=Words(STATE_WORDS[state]),
        holder=Words(N_(" with {name}"), {"name": holder}) if holder else "",
        remedy=Words(REMEDIES[state]),
        holder_name=holder,
        state_code=str(state),
    )
