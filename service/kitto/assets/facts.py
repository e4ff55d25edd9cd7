"""What can happen to a device."""

from dataclasses import dataclass

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class AssetFact(Fact):
    """Something about one device; the tag is copied so that the journal reads without the ledger."""

    about = ("asset", "asset_id")

    asset_id: int
    tag: str


@dataclass(frozen=True, kw_only=True)
class AssetOrdered(AssetFact):
    kind = "assets.ordered"
    says = N_("{model} was ordered {order_no}")
    model: str
    order_no: str


@dataclass(frozen=True, kw_only=True)
class AssetReceived(AssetFact):
    kind = "assets.received"
    says = N_("{tag} was received, serial number {serial}")
    serial: str
    model: str


@dataclass(frozen=True, kw_only=True)
class AssetStepTaken(AssetFact):
    """A step that needs no fact of its own: `step`, and the state before and after in `changes`."""

    kind = "assets.step_taken"
    says = N_("{tag}: {step}. {reason}")
    step: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AssetCorrected(AssetFact):
    kind = "assets.corrected"
    says = N_("{tag} was corrected by hand: {reason}")
    flagged = True
    reason: str


@dataclass(frozen=True, kw_only=True)
class AssetHandedOver(AssetFact):
    kind = "assets.handed_over"
    says = N_("{tag} was handed over to {holder_name}")
    also = ("person", "person_id")
    holder_kind: str
    holder_id: int
    holder_name: str
    person_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class AssetTransferred(AssetHandedOver):
    kind = "assets.transferred"
    says = N_("{tag} was transferred to {holder_name}")


@dataclass(frozen=True, kw_only=True)
class CustodyRenewed(AssetFact):
    kind = "assets.custody_renewed"
    says = N_("{tag} may be kept longer")


@dataclass(frozen=True, kw_only=True)
class AssetTakenBack(AssetFact):
    kind = "assets.taken_back"
    says = N_("{tag} was taken back from {holder_name}")
    also = ("person", "person_id")
    holder_name: str
    condition: str
    person_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class AssetChanged(AssetFact):
    kind = "assets.changed"
    says = N_("{tag} was changed")


@dataclass(frozen=True, kw_only=True)
class IdentifierAdded(AssetFact):
    kind = "assets.identifier_added"
    says = N_("{tag} is now also known by {identifier}")
    identifier_kind: str
    identifier: str


@dataclass(frozen=True, kw_only=True)
class IdentifierEnded(AssetFact):
    kind = "assets.identifier_ended"
    says = N_("{tag} is no longer known by {identifier}")
    identifier_kind: str
    identifier: str


@dataclass(frozen=True, kw_only=True)
class EndpointSet(AssetFact):
    kind = "assets.endpoint_set"
    says = N_("{tag} is reached at {address}")
    endpoint: str
    address: str


@dataclass(frozen=True, kw_only=True)
class MasterMade(Fact):
    kind = "assets.master_made"
    says = N_("{master} {name} was entered")
    about = ("master", "master_id")
    master_id: int
    master: str
    name: str


@dataclass(frozen=True, kw_only=True)
class AssetObserved(AssetFact):
    """A device was seen and named its serial number; `source` is agent, ssh, snmp …"""

    kind = "assets.observed"
    says = N_("{tag} was seen by {source} with serial number {serial}")
    source: str
    serial: str
    serial_fits: bool
