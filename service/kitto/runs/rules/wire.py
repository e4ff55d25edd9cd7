"""The wire format of runs: what a callback plugin sends, line by line, and what its spool holds."""

import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from kitto.runs.rules.refusals import BatchTooLarge, BatchUnreadable, SpoolUnreadable
from kitto.runs.rules.states import Outcome

INFLATED_MOST: Final = 64 * 2**20
STEP: Final = 2**18
GZIP: Final = 31  # zlib's number for the gzip format
HOSTS_MOST: Final = 20_000
TEXT_MOST: Final = 16_384
DETAIL_MOST: Final = 65_536
ULID: Final = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"

At = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(max_length=255)]
Seq = Annotated[int, Meta(ge=1, le=2**53)]
Parsed = TypeVar("Parsed")


class Host(Struct, frozen=True):
    """A host of a play: its name in the inventory, and its tag where the inventory knows it."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    tag: Annotated[str, Meta(max_length=64)] = ""


class Source(Struct):
    """Where a play was started; all of it is said by the reporter and proves nothing."""

    system: Name = ""
    project: Name = ""
    ref: Name = ""
    commit: Annotated[str, Meta(max_length=64)] = ""
    job: Name = ""
    by: Name = ""
    link: Annotated[str, Meta(max_length=1000)] = ""


class Opening(Struct):
    """The beginning of a run, or more hosts of one that was begun."""

    id: Annotated[str, Meta(pattern=ULID)]
    started_at: At
    play: Name
    hosts: Annotated[list[Host], Meta(max_length=HOSTS_MOST)] = []
    check: bool = False
    source: Source = field(default_factory=Source)


class Event(Struct):
    """One event of a play."""

    seq: Seq
    at: At
    kind: Literal["play", "task", "result", "item", "output", "diff", "stats"]
    host: Name = ""
    status: Annotated[str, Meta(max_length=32)] = ""
    task: Annotated[str, Meta(max_length=2000)] = ""
    text: str = ""
    detail: Any = None
    ignored: bool = False

    def row(self, run_id: int) -> dict[str, Any]:
        """The event as a row; what is too long is cut, NUL is left out (PostgreSQL takes none)."""
        detail = "" if self.detail is None else msgspec.json.encode(self.detail).decode()
        return {
            "run_id": run_id,
            "seq": self.seq,
            "at": self.at,
            "kind": self.kind,
            "host": _kept(self.host, 255),
            "status": _kept(self.status, 32),
            "task": _kept(self.task, 2000),
            "text": _kept(self.text, TEXT_MOST),
            "detail": _kept(detail, DETAIL_MOST),
        }


class Ending(Struct):
    """The end of a run: how each host came out of it. `cut_off`: the play did not come to its end."""

    at: At
    cut_off: bool = False
    hosts: Annotated[dict[Name, Outcome], Meta(max_length=HOSTS_MOST)] = {}


class SpoolLine(Struct):
    """One line of a spool that is no event: the opening, more hosts, the end."""

    run: Opening | None = None
    hosts: list[Host] | None = None
    end: Ending | None = None


class Spool(Struct):
    """A whole spool, read and found sound."""

    opening: Opening
    events: list[Event]
    end: Ending | None


_event: Final = msgspec.json.Decoder(Event)
_line: Final = msgspec.json.Decoder(SpoolLine)


def unpacked(body: bytes) -> bytes:
    """The body without its gzip, if it has one. Raises BatchTooLarge, BatchUnreadable."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(GZIP)
    parts, size, waiting = [], 0, body
    try:
        while waiting and not unpacker.eof:
            part = unpacker.decompress(waiting, STEP)
            waiting = unpacker.unconsumed_tail
            parts.append(part)
            size += len(part)
            if size > INFLATED_MOST:
                raise BatchTooLarge(limit=INFLATED_MOST // 2**20)
    except zlib.error as wrong:
        raise BatchUnreadable(line=1, reason="gzip is damaged") from wrong
    if not unpacker.eof:
        raise BatchUnreadable(line=1, reason="gzip ends too early")
    return b"".join(parts)


def events(body: bytes) -> list[Event]:
    """The events of a batch, one JSON object a line. Raises BatchUnreadable with the line."""
    found = []
    for number, line in _lines(body):
        try:
            found.append(_event.decode(line))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as wrong:
            raise BatchUnreadable(line=number, reason=_short(wrong)) from wrong
    return found


def spool(body: bytes) -> Spool:
    """A spool: the opening, then events without a gap, hosts in between, the end if there was one.

    Raises SpoolUnreadable with the number of the first line that does not fit.
    """
    found: Spool | None = None
    for number, line in _lines(body):
        try:
            if found is None:
                found = _begun(number, _line.decode(line))
            elif found.end is not None:
                raise SpoolUnreadable(line=number, reason="something follows the end")
            elif line.startswith((b'{"hosts"', b'{"end"')):
                _note(found, _line.decode(line))
            else:
                _append(found, number, _event.decode(line))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as wrong:
            raise SpoolUnreadable(line=number, reason=_short(wrong)) from wrong
    if found is None:
        raise SpoolUnreadable(line=1, reason="the spool is empty")
    return found


def _begun(number: int, line: SpoolLine) -> Spool:
    if line.run is None:
        raise SpoolUnreadable(line=number, reason="the run is not named first")
    return Spool(line.run, [], None)


def _note(found: Spool, line: SpoolLine) -> None:
    known = {host.name for host in found.opening.hosts}
    found.opening.hosts.extend(host for host in line.hosts or () if host.name not in known)
    found.end = line.end


def _append(found: Spool, number: int, event: Event) -> None:
    expected = len(found.events) + 1
    if event.seq != expected:
        raise SpoolUnreadable(line=number, reason=f"event {event.seq} where {expected} belongs")
    found.events.append(event)


def opening(body: bytes) -> Opening:
    """The opening of a run. Raises BatchUnreadable."""
    return _whole(body, Opening)


def ending(body: bytes) -> Ending:
    """The end of a run. Raises BatchUnreadable."""
    return _whole(body, Ending)


def _whole(body: bytes, into: type[Parsed]) -> Parsed:
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as wrong:
        raise BatchUnreadable(line=1, reason=_short(wrong)) from wrong


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _kept(text: str, most: int) -> str:
    return (text.replace("\x00", "") if "\x00" in text else text)[:most]


def _short(error: Exception) -> str:
    return "".join(sign for sign in str(error) if sign.isprintable())[:120] or type(error).__name__
