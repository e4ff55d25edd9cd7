"""What states are called on screen, and how their chips look."""

from typing import Final

from kitto.base.i18n import N_
from kitto.checkins.rules.identity import By, Verdict
from kitto.checkins.rules.states import AgentState, FindingState, Freshness

AGENT_WORDS: Final[dict[AgentState, str]] = {
    AgentState.PENDING: N_("waiting for confirmation"),
    AgentState.ACTIVE: N_("active"),
    AgentState.QUARANTINED: N_("quarantined"),
    AgentState.REVOKED: N_("removed"),
}
FINDING_WORDS: Final[dict[FindingState, str]] = {
    FindingState.OPEN: N_("open"),
    FindingState.ACCEPTED: N_("accepted"),
    FindingState.DISMISSED: N_("dismissed"),
    FindingState.SETTLED: N_("settled by itself"),
}
FRESHNESS_WORDS: Final[dict[Freshness, str]] = {
    Freshness.FRESH: N_("reporting"),
    Freshness.LATE: N_("late"),
    Freshness.SILENT: N_("silent"),
    Freshness.NEVER: N_("never heard"),
}
VERDICT_WORDS: Final[dict[Verdict, str]] = {
    Verdict.MATCHED: N_("matched"),
    Verdict.PENDING: N_("unknown machine"),
    Verdict.CONFLICT: N_("contradictory"),
}
BY_WORDS: Final[dict[By, str]] = {
    By.TOKEN: N_("token"),
    By.SERIAL: N_("serial number"),
    By.UUID: N_("hardware UUID"),
    By.MAC: N_("network address"),
    By.BOARD: N_("board serial number"),
    By.HOSTNAME: N_("host name"),
    By.PERSON: N_("a person"),
    By.NOTHING: N_("nothing"),
}
