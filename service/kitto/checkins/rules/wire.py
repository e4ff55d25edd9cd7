"""The wire format of agents: types, limits, safe unpacking, clean text."""

import re
import unicodedata
import zlib
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from kitto.checkins.rules.refusals import ReportTooLarge, ReportUnreadable

BEAT_MOST: Final = 4_096
ENROLMENT_MOST: Final = 65_536
WIRE_MOST: Final = 2 * 2**20
INFLATED_MOST: Final = 32 * 2**20
# Real inventories shrink about 8:1, 13.5:1 at most; a bomb shows itself after the first MiB.
RATIO_MOST: Final = 200
RATIO_COUNTS_AFTER: Final = 2**20
ROWS_MOST: Final = 20_000
TEXT_MOST: Final = 1_024
NAME_MOST: Final = 255
STEP: Final = 65_536
GZIP: Final = 31  # zlib's number for the gzip format

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Mark = Annotated[str, Meta(pattern="^[0-9a-f]{8}$")]
Version = Annotated[str, Meta(max_length=32)]
Text = Annotated[str, Meta(max_length=TEXT_MOST)]
Name = Annotated[str, Meta(max_length=NAME_MOST)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Parsed = TypeVar("Parsed")


class Beat(Struct):
    """A check-in: hash of all sections, mark of the machine, seconds up, free MiB, version.

    `s` names the hash of each section and comes only when something changed; `ff` is when the
    agent first failed to reach us (seconds since 1970).
    """

    h: Hash
    m: Mark
    up: Count
    fr: Count
    v: Version
    s: Annotated[dict[Name, Hash], Meta(max_length=32)] | None = None
    ff: Count | None = None


class Machine(Struct):
    """What a machine says about itself when it enrols."""

    vendor: Name = ""
    model: Name = ""
    serial: Name = ""
    uuid: Name = ""
    board_serial: Name = ""
    virtual: Name = ""
    hostname: Name = ""
    macs: Annotated[list[Name], Meta(max_length=64)] = []


class Enrolment(Struct):
    """The first message of an agent."""

    token: Annotated[str, Meta(min_length=20, max_length=128)]
    v: Version
    m: Mark
    machine: Machine


class Section(Struct):
    """One section: its hash, by the agent's own reckoning, and its content, not yet read."""

    h: Hash
    d: msgspec.Raw


class Sections(Struct):
    """The sections that were asked for, with the hash of all of them."""

    h: Hash
    v: Version
    sections: Annotated[dict[Name, Section], Meta(min_length=1, max_length=32)]


def parse(body: bytes, into: type[Parsed]) -> Parsed:
    """Read JSON into a type. Raises ReportUnreadable, whatever the body is."""
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as wrong:
        raise ReportUnreadable(reason=_short(wrong)) from wrong


def inflate(body: bytes) -> bytes:
    """Unpack gzip in steps. Raises ReportTooLarge for a bomb, ReportUnreadable for damage."""
    unpacker = zlib.decompressobj(GZIP)
    parts: list[bytes] = []
    size = 0
    waiting = body
    try:
        while waiting and not unpacker.eof:
            part = unpacker.decompress(waiting, STEP)
            waiting = unpacker.unconsumed_tail
            parts.append(part)
            size += len(part)
            if size > INFLATED_MOST or (size > RATIO_COUNTS_AFTER and size > RATIO_MOST * len(body)):
                raise ReportTooLarge(limit=INFLATED_MOST)
    except zlib.error as wrong:
        raise ReportUnreadable(reason=_short(wrong)) from wrong
    if not unpacker.eof:
        raise ReportUnreadable(reason="gzip ends too early")
    return b"".join(parts)


# Controls, and the marks that make text run the other way or hide (Unicode TR36, 2.10).
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


def clean(text: str, most: int = TEXT_MOST) -> str:
    """Text as it may be shown: NFC, without controls and direction overrides, cut to `most`."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text)).strip()[:most]


def _short(error: Exception) -> str:
    return clean(str(error), 200) or type(error).__name__
