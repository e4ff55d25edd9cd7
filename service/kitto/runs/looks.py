"""How states of runs and outcomes of devices look."""

from typing import Final

from kitto.runs.models import OutsideEvent
from kitto.runs.rules.states import OUTCOME_WORDS, RUN_WORDS, Outcome, RunState
from kitto.web.chips import Chip, Shape, Tone, register

_RUNS: Final[dict[RunState, tuple[Tone, Shape]]] = {
    RunState.RUNNING: ("info", "play"),
    RunState.SILENT: ("warn", "half"),
    RunState.SUCCEEDED: ("good", "check"),
    RunState.FAILED: ("bad", "cross"),
    RunState.UNREACHABLE: ("bad", "triangle"),
}
_OUTCOMES: Final[dict[Outcome, tuple[Tone, Shape]]] = {
    Outcome.RUNNING: ("info", "play"),
    Outcome.OK: ("good", "check"),
    Outcome.CHANGED: ("warn", "dot"),
    Outcome.FAILED: ("bad", "cross"),
    Outcome.UNREACHABLE: ("bad", "triangle"),
}

register("runs.run", {state: Chip(RUN_WORDS[state], *_RUNS[state]) for state in RunState})
register("runs.outcome", {outcome: Chip(OUTCOME_WORDS[outcome], *_OUTCOMES[outcome]) for outcome in Outcome})


def tone_of(event: OutsideEvent) -> str:
    """Tone of a line of the log."""
    tones = {"failed": "bad", "unreachable": "bad", "changed": "warn", "ok": "good"}
    return tones.get(event.status, "plain")
