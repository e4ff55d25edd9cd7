"""What reporters of runs can do."""

from kitto.runs.actions.bring_in import bring_in
from kitto.runs.actions.report import add_events, end_run, go_on_unlocked, open_run
from kitto.runs.actions.silence import note_silent

__all__ = ["add_events", "bring_in", "end_run", "go_on_unlocked", "note_silent", "open_run"]
