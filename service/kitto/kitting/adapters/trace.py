"""The journal of one run: a file of JSON lines that only grows, written by the supervisor, read by anyone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from kitto.kitting.adapters.plays import PlayEvent

JOURNAL = "journal.jsonl"
LOCK_PATIENCE_SECONDS = 2.0
_event = msgspec.json.Decoder(PlayEvent)


def open_locked(path: Path) -> int | None:
    """Open for appending with the lock that says "a supervisor lives"; None when another one holds it.

    Whoever merely looks takes the lock for an instant, so one refusal is not yet an answer.
    """
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                return None
            time.sleep(0.02)
        else:
            return handle


def is_held(path: Path) -> bool:
    """Whether a supervisor holds the journal."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def read(path: Path, after_seq: int = 0) -> Iterator[PlayEvent]:
    """Events after `after_seq`, in order. A torn last line is left alone: it was never completed."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            if _seq(line) <= after_seq:
                continue
            try:
                yield _event.decode(line)
            except msgspec.DecodeError:
                return


def last(path: Path) -> PlayEvent | None:
    """The newest complete event, without reading the whole file."""
    newest = None
    with suppress(FileNotFoundError), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        reach = 1024 * 1024  # the longest line holds 16 kB and 64 kB, each sign escaped to six at the worst
        start = max(0, size - reach)
        file.seek(start)
        lines = file.read().splitlines(keepends=True)
        for line in lines[1:] if start else lines:
            with suppress(msgspec.DecodeError):
                newest = _event.decode(line) if line.endswith(b"\n") else newest
    return newest


def _seq(line: bytes) -> int:
    # The number stands first in each line, so that a long journal can be skipped without being parsed.
    head = line[len(b'{"seq":') : line.find(b",")]
    return int(head) if head.isdigit() else 0
