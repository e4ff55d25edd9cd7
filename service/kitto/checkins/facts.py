"""What can happen with agents and their reports. A heartbeat is no fact."""

from dataclasses import dataclass

from kitto.assets.facts import AssetFact
from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class EnrolmentTokenMade(Fact):
    kind = "checkins.token_made"
    says = N_("A token to enrol {uses} machines was made: {note}")
    about = ("enrolment_token", "token_id")
    also = ("asset", "asset_id")
    token_id: int
    asset_id: int | None
    uses: int
    note: str


@dataclass(frozen=True, kw_only=True)
class EnrolmentTokenEnded(Fact):
    kind = "checkins.token_ended"
    says = N_("An enrolment token was ended")
    about = ("enrolment_token", "token_id")
    also = ("asset", "asset_id")
    token_id: int
    asset_id: int | None


@dataclass(frozen=True, kw_only=True)
class AgentFact(Fact):
    """Something about one agent, and the device it speaks for if that is known."""

    about = ("agent", "agent_id")
    also = ("asset", "asset_id")

    agent_id: int
    asset_id: int | None
    hostname: str


@dataclass(frozen=True, kw_only=True)
class AgentEnrolled(AgentFact):
    kind = "checkins.agent_enrolled"
    says = N_("The agent of {hostname} was enrolled")
    serial: str
    verdict: str
    matched_by: str


@dataclass(frozen=True, kw_only=True)
class AgentConfirmed(AgentFact):
    kind = "checkins.agent_confirmed"
    says = N_("The agent of {hostname} was confirmed to be {tag}")
    tag: str


@dataclass(frozen=True, kw_only=True)
class AgentQuarantined(AgentFact):
    """Two machines use one credential."""

    kind = "checkins.agent_quarantined"
    says = N_("The agent of {hostname} was quarantined: its credential is used on another machine")
    flagged = True


@dataclass(frozen=True, kw_only=True)
class AgentRevoked(AgentFact):
    """`reason`: removed by a person, reinstalled, or uninstalled on the machine."""

    kind = "checkins.agent_revoked"
    says = N_("The agent of {hostname} was removed: {reason}")
    reason: str


@dataclass(frozen=True, kw_only=True)
class AgentCheckedIn(AssetFact):
    """The first report of a machine whose device is known. Later heartbeats are no facts."""

    kind = "checkins.checked_in"
    says = N_("{tag} checked in for the first time, serial number {serial}")
    agent_id: int
    serial: str


@dataclass(frozen=True, kw_only=True)
class InventoryReported(AssetFact):
    """A machine sent sections that had changed."""

    kind = "checkins.inventory_reported"
    says = N_("{tag} reported what changed")
    agent_id: int
    serial: str
    sections: tuple[str, ...]
    software: int


@dataclass(frozen=True, kw_only=True)
class FindingRaised(AssetFact):
    kind = "checkins.finding_raised"
    says = N_("{tag}: the ledger says {declared}, the device says {observed}")
    finding_id: int
    field: str
    declared: str
    observed: str


@dataclass(frozen=True, kw_only=True)
class FindingClosed(AssetFact):
    """`outcome`: accepted, dismissed, or settled because the difference went away."""

    kind = "checkins.finding_closed"
    says = N_("{tag}: a difference between ledger and device was closed")
    finding_id: int
    field: str
    outcome: str
