"""The desk: what can be scanned there, what each line is worth, and what is refused."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kitto.assets.rules import Condition, State
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.people.rules import tidy


class Mode(StrEnum):
    """What the desk does now."""

    HAND_OVER = "hand_over"
    TAKE_BACK = "take_back"


class Command(StrEnum):
    """What a command barcode says; also what may be typed."""

    DONE = "DONE"
    UNDO = "UNDO"
    CANCEL = "CANCEL"
    FIX = "FIX"
    HAND_OVER = "HANDOVER"
    TAKE_BACK = "TAKEBACK"
    GOOD = "GOOD"
    REPAIR = "REPAIR"
    BROKEN = "BROKEN"


COMMANDS: Final = {
    Command.DONE: N_("Finish and make the receipt"),
    Command.UNDO: N_("Take away the last scan"),
    Command.CANCEL: N_("Start again with nothing scanned"),
    Command.FIX: N_("Do what the last red line offers"),
    Command.HAND_OVER: N_("Hand over"),
    Command.TAKE_BACK: N_("Take back"),
    Command.GOOD: N_("Last device: in good condition"),
    Command.REPAIR: N_("Last device: needs repair"),
    Command.BROKEN: N_("Last device: broken"),
}
AT_BENCH: Final = {"NEXT": N_("At the bench: take the device that waits longest")}
"""Commands that the kitting bench understands besides DONE; one sheet serves both places."""
CONDITIONS: Final = {
    Command.GOOD: Condition.GOOD,
    Command.REPAIR: Condition.NEEDS_REPAIR,
    Command.BROKEN: Condition.BROKEN,
}
CONDITION_WORDS: Final = {
    Condition.GOOD: N_("good"),
    Condition.NEEDS_REPAIR: N_("needs repair"),
    Condition.BROKEN: N_("broken"),
    Condition.FOR_PARTS: N_("for parts"),
}

# Only letters, digits and the hyphen are the same keys on every layout a scanner may be set to.
PREFIX: Final = "KITTO-"
POOL_PREFIX: Final = "KITTO-POOL-"
LONGEST_SCAN: Final = 2048
MOST_LINES: Final = 100
HELD_BY_SOMEONE: Final = frozenset({State.IN_USE, State.RETURNING, State.REPAIR, State.MISSING})
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−ー－_"), "-")


def spoken(raw: str) -> str:
    """A scan as commands are compared: NFKC, capitals, plain hyphens, no spaces."""
    plain = unicodedata.normalize("NFKC", raw).translate(_DASHES).upper()
    return "".join(sign for sign in plain if sign.isprintable() and not sign.isspace())


def command_of(raw: str) -> Command | None:
    """The command that was scanned or typed, or None."""
    word = spoken(raw).removeprefix(PREFIX)
    return Command(word) if word in frozenset(Command) else None


def pool_of(raw: str) -> int | None:
    """The number of the licence pool whose barcode was scanned, or None."""
    number = spoken(raw).removeprefix(POOL_PREFIX)
    fits = spoken(raw).startswith(POOL_PREFIX) and number.isascii() and number.isdigit() and len(number) < 19  # noqa: PLR2004 -- fits 64 bits
    return int(number) if fits else None


class Verdict(StrEnum):
    """What a line is worth: fine, seen before, or in the way."""

    OK = "ok"
    AGAIN = "again"
    NO = "no"


class Remedy(StrEnum):
    """What one key does about a line that is in the way."""

    REMOVE = "remove"
    TRANSFER = "transfer"


class Kind(StrEnum):
    """What paper a hand-over leaves."""

    RECEIPT = "receipt"
    RETURN = "return"


NUMBER_PREFIX: Final = {Kind.RECEIPT: "R", Kind.RETURN: "B"}


def number(kind: Kind, year: int, count: int) -> str:
    """The number of a document: `R-2026-000001`."""
    return f"{NUMBER_PREFIX[kind]}-{year}-{count:06}"


@dataclass(frozen=True, kw_only=True)
class Given:
    """One device to hand over. `custody_id` is the custody that a transfer ends, as it was seen."""

    tag: str
    custody_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Returned:
    """One device that came back: how it is, and what did not come with it."""

    tag: str
    condition: Condition = Condition.GOOD
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", tuple(tidy(name) for name in self.missing))


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Until when, what for, and what the paper should say."""

    due_on: date | None = None
    purpose: str = ""
    note: str = ""
    pool_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "purpose", tidy(self.purpose))
        object.__setattr__(self, "note", tidy(self.note))


class NothingScanned(Refusal):
    code = "handover.nothing_scanned"
    status = 422
    says = N_("Nothing was done: no device is scanned. Scan the devices first, then DONE.")


class ReceiverMissing(Refusal):
    code = "handover.receiver_missing"
    status = 422
    says = N_("Nothing was handed over: nobody is named as receiver. Scan the staff badge, then DONE.")


class LinesInTheWay(Refusal):
    code = "handover.lines_in_the_way"
    says = N_(
        "Nothing was done: {count} scans cannot be carried out. Mend or take away the red lines, then DONE."
    )


class TooManyLines(Refusal):
    code = "handover.too_many_lines"
    status = 422
    says = N_("Not taken: {most} lines are scanned already. Finish these first, then scan the rest.")


class TwiceInOne(Refusal):
    code = "handover.twice_in_one"
    status = 422
    says = N_("Nothing was done: {tag} is named twice. Name each device once.")


class HolderChanged(Refusal):
    code = "handover.holder_changed"
    says = N_("Nothing was handed over: {tag} went to {name} meanwhile. Look at the line, then try again.")


class NothingToFix(Refusal):
    code = "handover.nothing_to_fix"
    says = N_("Nothing was changed: no scan offers a remedy. Take the last one away with UNDO.")


class NothingToUndo(Refusal):
    code = "handover.nothing_to_undo"
    says = N_("Nothing was changed: nothing is scanned yet.")


class DocumentNotReady(Refusal):
    code = "handover.document_not_ready"
    status = 409
    says = N_("The document {number} is still being made. Try again in a few seconds.")


class DocumentDamaged(Refusal):
    code = "handover.document_damaged"
    status = 500
    says = N_("The file of {number} is missing or was changed. Restore it from the backup.")
