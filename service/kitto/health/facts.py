"""What can happen to watched devices and to the watch itself."""

from dataclasses import dataclass

from kitto.assets.facts import AssetFact
from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class ProbeAdded(AssetFact):
    kind = "health.probe_added"
    says = N_("{tag} is watched by {probe} at {address}")
    probe: str
    address: str


@dataclass(frozen=True, kw_only=True)
class ProbeChanged(AssetFact):
    kind = "health.probe_changed"
    says = N_("The watch over {tag} by {probe} was changed")
    probe: str


@dataclass(frozen=True, kw_only=True)
class ProbeRemoved(AssetFact):
    kind = "health.probe_removed"
    says = N_("{tag} is no longer watched by {probe}")
    probe: str


@dataclass(frozen=True, kw_only=True)
class HostKeyPinned(AssetFact):
    kind = "health.host_key_pinned"
    says = N_("The host key or certificate of {tag} was pinned: {fingerprint}")
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class AssetWentDown(AssetFact):
    kind = "health.went_down"
    says = N_("{tag} does not answer by {probe}")
    probe: str


@dataclass(frozen=True, kw_only=True)
class AssetCameBack(AssetFact):
    kind = "health.came_back"
    says = N_("{tag} answers again by {probe}")
    probe: str


@dataclass(frozen=True, kw_only=True)
class AssetRestarted(AssetFact):
    kind = "health.restarted"
    says = N_("{tag} was restarted")


@dataclass(frozen=True, kw_only=True)
class DeviceIdentityDiffers(AssetFact):
    """A finding: what answers has another serial number than the ledger says. Nothing is overwritten."""

    kind = "health.identity_differs"
    says = N_("{tag} shows serial number {observed}; the ledger says {declared}")
    declared: str
    observed: str


@dataclass(frozen=True, kw_only=True)
class HostKeyDiffers(AssetFact):
    kind = "health.host_key_differs"
    says = N_("{tag} shows another host key or certificate than the pinned one: {fingerprint}")
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class ProblemRaised(Fact):
    kind = "health.problem_raised"
    says = N_("A problem was found: {check} {label}")
    about = ("problem", "problem_id")
    also = ("asset", "asset_id")
    problem_id: int
    asset_id: int | None
    check: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ProblemEnded(Fact):
    kind = "health.problem_ended"
    says = N_("A problem is over: {check} {label}")
    about = ("problem", "problem_id")
    also = ("asset", "asset_id")
    problem_id: int
    asset_id: int | None
    check: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ProblemAcknowledged(Fact):
    kind = "health.problem_acknowledged"
    says = N_("A problem was acknowledged: {check} {label}. {note}")
    about = ("problem", "problem_id")
    also = ("asset", "asset_id")
    problem_id: int
    asset_id: int | None
    check: str
    label: str
    note: str


@dataclass(frozen=True, kw_only=True)
class CredentialSet(Fact):
    kind = "health.credential_set"
    says = N_("The credential “{name}” was set")
    about = ("probe_credential", "credential_id")
    credential_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class CredentialRemoved(Fact):
    kind = "health.credential_removed"
    says = N_("The credential “{name}” was removed")
    about = ("probe_credential", "credential_id")
    credential_id: int
    name: str
