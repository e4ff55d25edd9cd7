"""The journal of one run: a file of JSON lines that only grows, written by the supervisor, read by anyone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from kitto.kitting.adapters.plays import PlayEvent

JOURNAL = "journal.jsonl"
LOCK_PATIENCE_SECONDS = 2.0
# 16 kB of text and 64 kB of detail, each sign escaped to six at the worst.
LONGEST_LINE = 1024 * 1024
NEAR = 64 * 1024
_event = msgspec.json.Decoder(PlayEvent)


def open_locked(path: Path) -> int | None:
    """Open for appending with the lock that says "a supervisor lives"; None when another one holds it,
    or when the run was forgotten meanwhile.

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
            if _still_there(path, handle):
                return handle
            os.close(handle)
            return None


def _still_there(path: Path, handle: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(handle))
    return False


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
        if after_seq:
            _go_near(file, after_seq)
        for line in file:
            if not line.endswith(b"\n"):
                return
            if _seq(line) <= after_seq:
                continue
            try:
                yield _event.decode(line)
            except msgspec.DecodeError:
                return


def _go_near(file: BinaryIO, seq: int) -> None:
    """Stand at the beginning of some line at or before the one after `seq`: numbers only grow, so halve."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > NEAR:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(LONGEST_LINE)
        begin = file.tell()
        line = file.readline(LONGEST_LINE)
        if begin < high and line.endswith(b"\n") and 0 < _seq(line) <= seq:
            low = begin
        else:
            high = middle
    file.seek(low)


def last(path: Path) -> PlayEvent | None:
    """The newest complete event, without reading the whole file."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        for reach in (16 * 1024, LONGEST_LINE):
            # The first line of what is read may be half a line, unless it is the first of all.
            start = max(0, size - reach)
            file.seek(start)
            lines = file.read().splitlines(keepends=True)
            for line in reversed(lines[1:] if start else lines):
                with suppress(msgspec.DecodeError):
                    if line.endswith(b"\n"):
                        return _event.decode(line)
            if not start:
                break
    return None


def _seq(line: bytes) -> int:
    # The number stands first in each line, so that a long journal can be skipped without being parsed.
    head = line[len(b'{"seq":') : line.find(b",")]
    return int(head) if head.isdigit() else 0
