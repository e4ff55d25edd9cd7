"""How states of kits and steps look."""

from typing import Final

from kitto.base.i18n import N_
from kitto.kitting.models import PlayLine
from kitto.kitting.rules.locks import DRIFT_WORDS, DriftResult
from kitto.kitting.rules.orders import ORDER_WORDS, OrderState
from kitto.kitting.rules.states import (
    ABILITY_WORDS,
    KIND_WORDS,
    KIT_WORDS,
    STEP_WORDS,
    WAIT_WORDS,
    Ability,
    CheckSupport,
    KitState,
    StepState,
    WaitFor,
)
from kitto.web.chips import Chip, Shape, Tone, register

_KITS: Final[dict[KitState, tuple[Tone, Shape]]] = {
    KitState.EXPECTED: ("plain", "ring"),
    KitState.RECEIVED: ("plain", "half"),
    KitState.INSPECTING: ("warn", "half"),
    KitState.REGISTERED: ("plain", "check"),
    KitState.QUEUED: ("plain", "ring"),
    KitState.RUNNING: ("info", "play"),
    KitState.WAITING: ("warn", "half"),
    KitState.FAILED: ("bad", "cross"),
    KitState.HELD: ("warn", "bars"),
    KitState.VERIFYING: ("info", "half"),
    KitState.READY: ("good", "check"),
    KitState.HANDED_OVER: ("good", "dash"),
    KitState.REJECTED: ("bad", "dash"),
    KitState.CANCELLED: ("plain", "dash"),
}
_STEPS: Final[dict[StepState, tuple[Tone, Shape]]] = {
    StepState.PENDING: ("plain", "ring"),
    StepState.RUNNABLE: ("info", "ring"),
    StepState.RUNNING: ("info", "play"),
    StepState.WAITING: ("warn", "half"),
    StepState.SUCCEEDED: ("good", "check"),
    StepState.FAILED: ("bad", "cross"),
    StepState.SKIPPED: ("warn", "dash"),
    StepState.CANCELLED: ("plain", "dash"),
    StepState.LOST: ("bad", "triangle"),
}
_DRIFTS: Final[dict[DriftResult, tuple[Tone, Shape]]] = {
    DriftResult.SAME: ("good", "check"),
    DriftResult.DIFFERS: ("warn", "triangle"),
    DriftResult.UNREACHABLE: ("plain", "half"),
    DriftResult.FAILED: ("bad", "cross"),
}
_ORDERS: Final[dict[OrderState, tuple[Tone, Shape]]] = {
    OrderState.ASKED: ("warn", "half"),
    OrderState.APPROVED: ("info", "play"),
    OrderState.REJECTED: ("bad", "dash"),
    OrderState.DONE: ("good", "check"),
    OrderState.CANCELLED: ("plain", "dash"),
}
_WAITS: Final[dict[WaitFor, tuple[Tone, Shape]]] = {
    WaitFor.PERSON: ("warn", "half"),
    WaitFor.DEVICE: ("plain", "half"),
    WaitFor.APPROVAL: ("warn", "ring"),
    WaitFor.LICENCE: ("warn", "triangle"),
    WaitFor.WINDOW: ("plain", "ring"),
    WaitFor.RETRY: ("info", "half"),
}
_ABILITIES: Final[dict[Ability, tuple[Tone, Shape]]] = {
    Ability.AUTOMATIC: ("info", "play"),
    Ability.GUIDED: ("plain", "half"),
    Ability.NEEDS_MDM: ("warn", "triangle"),
}
WAIT_HELP: Final[dict[WaitFor, str]] = {
    WaitFor.PERSON: N_("Do it at the bench, then confirm it."),
    WaitFor.DEVICE: N_(
        "Switch it on and connect it. It goes on by itself when the device answers or reports."
    ),
    WaitFor.APPROVAL: N_("Somebody who did none of the work looks at it and approves."),
    WaitFor.LICENCE: N_("Free a seat or buy one. It goes on by itself."),
    WaitFor.WINDOW: N_("It goes on by itself when its time comes."),
    WaitFor.RETRY: N_("It tries again by itself."),
}
EVIDENCE_WORDS: Final = {
    "device": N_("identity of the device"),
    "confirmed": N_("confirmed by hand"),
    "scanned": N_("scanned"),
    "photo": N_("photo"),
    "reported": N_("reported by the device"),
    "approved": N_("approved"),
    "approvals": N_("approved"),
    "handed_over": N_("handed over"),
    "file_made": N_("file made"),
    "machine_called": N_("machine called with it"),
    "file_used": N_("file used by the machine"),
    "code_shown": N_("code shown"),
    "profile_fetched": N_("profile fetched by the phone"),
    "playbook_succeeded": N_("play succeeded"),
    "playbook_failed": N_("play failed"),
    "playbook_unreachable": N_("device did not answer"),
    "playbook_cancelled": N_("play cancelled"),
    "playbook_timed_out": N_("play took too long"),
    "playbook_lost": N_("play lost"),
}
CHECK_WORDS: Final[dict[CheckSupport, str]] = {
    CheckSupport.FULL: N_("a dry run tells all"),
    CheckSupport.PARTIAL: N_("a dry run tells a part"),
    CheckSupport.NONE: N_("no dry run"),
}
SEVERITY_WORDS: Final = {"error": N_("error"), "warning": N_("warning"), "note": N_("note")}
SEVERITY_TONES: Final = {"error": "bad", "warning": "warn", "note": "plain"}
STEP_TONES: Final = {state: tone for state, (tone, _) in _STEPS.items()}

register("kitting.kit", {state: Chip(KIT_WORDS[state], *_KITS[state]) for state in KitState})
register("kitting.step", {state: Chip(STEP_WORDS[state], *_STEPS[state]) for state in StepState})
register("kitting.wait", {wait: Chip(WAIT_WORDS[wait], *_WAITS[wait]) for wait in WaitFor})
register("kitting.ability", {one: Chip(ABILITY_WORDS[one], *_ABILITIES[one]) for one in Ability})
register("kitting.drift", {one: Chip(DRIFT_WORDS[one], *_DRIFTS[one]) for one in DriftResult})
register("kitting.order", {state: Chip(ORDER_WORDS[state], *_ORDERS[state]) for state in OrderState})


def tone_of(line: PlayLine) -> str:
    """Tone of a line of the log."""
    tones = {"failed": "bad", "unreachable": "bad", "changed": "warn", "ok": "good"}
    return tones.get(line.status, "plain")


__all__ = [
    "ABILITY_WORDS",
    "CHECK_WORDS",
    "EVIDENCE_WORDS",
    "KIND_WORDS",
    "SEVERITY_TONES",
    "SEVERITY_WORDS",
    "STEP_TONES",
    "WAIT_HELP",
    "WAIT_WORDS",
    "tone_of",
]
