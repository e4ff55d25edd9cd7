"""Lines and SIMs: numbers as they are kept, what leads where, and refusals."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kitto.assets.rules import IccidWrong, iccid_is_valid, plain_iccid
from kitto.base.errors import InvalidInput, Refusal
from kitto.base.i18n import N_, Words
from kitto.people.rules import tidy


class LineState(StrEnum):
    """Where in its life a contract for a number is."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class LineStep(StrEnum):
    """What moves a line on."""

    SUSPEND = "suspend"
    RESUME = "resume"
    END = "end"


class SimKind(StrEnum):
    """A card, or a profile in the chip of a phone."""

    PHYSICAL = "physical"
    ESIM = "esim"


class SimState(StrEnum):
    """Where a SIM is."""

    IN_STOCK = "in_stock"
    IN_DEVICE = "in_device"
    RETIRED = "retired"


class SimStep(StrEnum):
    """What moves a SIM on."""

    PUT_IN = "put_in"
    TAKE_OUT = "take_out"
    RETIRE = "retire"


LINE_TABLE: Final = {
    (LineState.ACTIVE, LineStep.SUSPEND): LineState.SUSPENDED,
    (LineState.SUSPENDED, LineStep.RESUME): LineState.ACTIVE,
    (LineState.ACTIVE, LineStep.END): LineState.ENDED,
    (LineState.SUSPENDED, LineStep.END): LineState.ENDED,
}
SIM_TABLE: Final = {
    (SimState.IN_STOCK, SimStep.PUT_IN): SimState.IN_DEVICE,
    (SimState.IN_DEVICE, SimStep.TAKE_OUT): SimState.IN_STOCK,
    (SimState.IN_STOCK, SimStep.RETIRE): SimState.RETIRED,
}
LINE_STATES: Final = {
    LineState.ACTIVE: N_("line in service"),
    LineState.SUSPENDED: N_("line suspended"),
    LineState.ENDED: N_("line ended"),
}
LINE_STEPS: Final = {
    LineStep.SUSPEND: N_("Suspend the line"),
    LineStep.RESUME: N_("Put back in service"),
    LineStep.END: N_("End the line"),
}
SIM_KINDS: Final = {SimKind.PHYSICAL: N_("SIM card"), SimKind.ESIM: N_("eSIM")}
SIM_STATES: Final = {
    SimState.IN_STOCK: N_("SIM in the drawer"),
    SimState.IN_DEVICE: N_("SIM in a device"),
    SimState.RETIRED: N_("SIM retired"),
}
SIM_STEPS: Final = {
    SimStep.PUT_IN: N_("Put into a device"),
    SimStep.TAKE_OUT: N_("Take out"),
    SimStep.RETIRE: N_("Retire the SIM"),
}

_SEPARATORS: Final = re.compile(r"[\s\-()./‐‑‒–—―−ー－]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_MOBILE_JAPAN: Final = re.compile(r"\+81([25-9]0)([0-9]{4})([0-9]{4})")
# National numbers without their 0: 9 digits for places, 10 for mobiles and IP, 13 for machines (0200).
_JAPAN: Final = re.compile(r"\+81((?![25-9]0)[1-9][0-9]{8}|[25-9]0[0-9]{8}|200[0-9]{10})")


class NumberWrong(Refusal):
    code = "licences.number_wrong"
    status = 422
    says = N_(
        "“{number}” is no phone number. "
        "Write it like 090-1234-5678, or with its country like +81 90 1234 5678."
    )


class LineStepRefused(Refusal):
    code = "licences.line_step_refused"
    says = N_("“{step}” was not done: {number} is in the state “{state}”. Reload and look.")


class LineHasSim(Refusal):
    code = "licences.line_has_sim"
    says = N_("Nothing was changed: {number} has the SIM {iccid} already. Swap that one, or retire it first.")


class LineOver(Refusal):
    code = "licences.line_over"
    says = N_("Nothing was changed: the line {number} has ended. Choose another line.")


class SimStepRefused(Refusal):
    code = "licences.sim_step_refused"
    says = N_("“{step}” was not done: the SIM {iccid} is in the state “{state}”. Reload and look.")


class SimElsewhere(Refusal):
    code = "licences.sim_elsewhere"
    says = N_("The SIM was not put in: {iccid} is in {tag}. Take it out there first.")


class SimStillInside(Refusal):
    code = "licences.sim_still_inside"
    says = N_(
        "Nothing was changed: the SIM {iccid} is still in {tag}, and its line goes on costing. "
        "Take it out and book that first; an eSIM is deleted on the phone."
    )


class SwapWithItself(Refusal):
    code = "licences.swap_with_itself"
    status = 422
    says = N_("Nothing was swapped: old and new SIM are the same, {iccid}. Scan the new one.")


def e164(text: str, country: str) -> str:
    """A number as it is kept, like +819012345678; a national one (with its 0) gets `country`.

    ITU-T E.164; Japanese lengths by the numbering plan of the ministry (総務省). Refuses NumberWrong.
    """
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if plain.startswith("0") and not plain.startswith("00"):
        plain = f"+{country}{plain[1:]}"
    fits = _JAPAN if plain.startswith("+81") else _E164
    if not (plain.isascii() and fits.fullmatch(plain)):
        raise NumberWrong(number=text.strip()[:40])
    return plain


def written(number: str) -> str:
    """A kept number as people write it: 090-1234-5678 for a Japanese mobile, else +81 312345678."""
    mobile = _MOBILE_JAPAN.fullmatch(number)
    return f"0{mobile[1]}-{mobile[2]}-{mobile[3]}" if mobile else number


def iccid(text: str) -> str:
    """The digits of an ICCID as it is kept. Refuses IccidWrong."""
    if not iccid_is_valid(text):
        raise IccidWrong(iccid=text.strip()[:40])
    return plain_iccid(text)


def digits_term(term: str) -> str:
    """A search word that is a number in part, without what people put between digits."""
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", term))
    return plain if plain.removeprefix("+").isdigit() else term


@dataclass(frozen=True, kw_only=True)
class LineDetails:
    """What is known of a line (回線). Making one tidies and checks; `number` must be E.164 already."""

    number: str
    carrier: str
    plan: str = ""
    contract_no: str = ""
    ends_on: date | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.number):
            raise NumberWrong(number=self.number[:40])
        for name, most in (("carrier", 64), ("plan", 100), ("contract_no", 64), ("note", 500)):
            text = tidy(getattr(self, name))
            if len(text) > most:
                raise InvalidInput(
                    field=name, reason=Words(N_("Use at most {most} characters."), {"most": most})
                )
            object.__setattr__(self, name, text)
        if not self.carrier:
            raise InvalidInput(field="carrier", reason=Words(N_("Fill this in.")))
