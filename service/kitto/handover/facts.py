"""What can happen at the desk."""

from dataclasses import dataclass

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class _DeskFact(Fact):
    about = ("handover", "handover_id")

    handover_id: int
    number: str
    holder_kind: str
    holder_id: int
    holder: str
    tags: tuple[str, ...]

    def second_subject(self) -> tuple[str, str]:
        return self.holder_kind, str(self.holder_id)


@dataclass(frozen=True, kw_only=True)
class DevicesHandedOver(_DeskFact):
    """Several devices and seats went to one holder, with one receipt."""

    kind = "handover.handed_over"
    says = N_("{number}: {count} devices were handed over to {holder}.")

    count: int


@dataclass(frozen=True, kw_only=True)
class DevicesTakenBack(_DeskFact):
    """Several devices came back from one holder, with one return receipt."""

    kind = "handover.taken_back"
    says = N_("{number}: {count} devices were taken back from {holder}.")

    count: int


@dataclass(frozen=True, kw_only=True)
class DocumentMade(Fact):
    """The PDF of a receipt was made and its hash written down."""

    kind = "handover.document_made"
    says = N_("The document {number} was made.")
    about = ("handover", "handover_id")

    handover_id: int
    number: str
    sha256: str
