"""Everything that people and machines can do about check-ins."""

from kitto.checkins.actions.agents import confirm_agent, revoke_agent, take_leave
from kitto.checkins.actions.beats import Heard, Reply, SignedBeat, note_beats
from kitto.checkins.actions.enrol import Enrolled, enrol
from kitto.checkins.actions.findings import accept_finding, accept_observed, dismiss_finding
from kitto.checkins.actions.reports import record_sections
from kitto.checkins.actions.tokens import IssuedToken, end_enrolment_token, issue_enrolment_token

__all__ = [
    "Enrolled",
    "Heard",
    "IssuedToken",
    "Reply",
    "SignedBeat",
    "accept_finding",
    "accept_observed",
    "confirm_agent",
    "dismiss_finding",
    "end_enrolment_token",
    "enrol",
    "issue_enrolment_token",
    "note_beats",
    "record_sections",
    "revoke_agent",
    "take_leave",
]
