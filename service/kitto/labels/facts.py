"""What can happen to labels."""

from dataclasses import dataclass

from kitto.assets.facts import AssetFact
from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class LabelsPrinted(Fact):
    kind = "labels.printed"
    says = N_("{count} labels were made on {template}")
    about = ("label_print", "print_id")
    print_id: int
    count: int
    template: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class LabelPrinted(AssetFact):
    """The same for each device on the print, so that its own timeline shows it."""

    kind = "labels.label_printed"
    says = N_("The label of {tag} was made (print {print_id})")
    also = ("label_print", "print_id")
    print_id: int


@dataclass(frozen=True, kw_only=True)
class LabelVerified(AssetFact):
    kind = "labels.verified"
    says = N_("The label on {tag} was scanned back and is the right one")


@dataclass(frozen=True, kw_only=True)
class PrinterKept(Fact):
    kind = "labels.printer_kept"
    says = N_("Printer {name}: offsets and scale were set")
    about = ("label_printer", "printer_id")
    printer_id: int
    name: str
