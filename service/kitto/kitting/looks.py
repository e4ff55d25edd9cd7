"""How states of kits and steps look."""

from typing import Final

from kitto.kitting.models import PlayLine
from kitto.kitting.rules.states import KIND_WORDS, KIT_WORDS, STEP_WORDS, KitState, StepState
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
STEP_TONES: Final = {state: tone for state, (tone, _) in _STEPS.items()}

register("kitting.kit", {state: Chip(KIT_WORDS[state], *_KITS[state]) for state in KitState})
register("kitting.step", {state: Chip(STEP_WORDS[state], *_STEPS[state]) for state in StepState})


def tone_of(line: PlayLine) -> str:
    """Tone of a line of the log."""
    tones = {"failed": "bad", "unreachable": "bad", "changed": "warn", "ok": "good"}
    return tones.get(line.status, "plain")


__all__ = ["KIND_WORDS", "STEP_TONES", "tone_of"]
