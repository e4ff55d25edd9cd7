"""Writes the journal of a run: secrets hidden, texts cut to size, numbered, in order."""

import errno
import os
import threading
import time

import msgspec

from kitto.base.clock import now
from kitto.kitting.adapters.plays import Kind, PlayEvent, PlayOutcome
from kitto.kitting.adapters.supervisor.masker import Masker

LONGEST_TEXT = 16 * 1024
LONGEST_DETAIL = 64 * 1024
LONGEST_NAME = 500
# After this much only results and the end are kept, so that a talkative play cannot fill the disk.
LONGEST_JOURNAL = 20 * 1024 * 1024
CHATTER = {Kind.OUTPUT, Kind.ITEM, Kind.DIFF, Kind.TASK}
ROOM_SECONDS = 0.5
# What must have reached the disk before anybody acts on it.
SYNCED = {Kind.BEGAN, Kind.HANDED_IN, Kind.STATS, Kind.END}
_encode = msgspec.json.Encoder().encode


class Pen:
    """The only writer of a journal; many threads may use it."""

    def __init__(self, handle: int, masker: Masker) -> None:
        self._handle = handle
        self._masker = masker
        self._lock = threading.Lock()
        self._seq = 0
        self._written = 0

    def write(self, event: PlayEvent) -> None:
        """Append an event; its number and time are given here. Texts are masked first and cut after that."""
        fitted = msgspec.structs.replace(
            event,
            play=cut(self._masker.hide(event.play), LONGEST_NAME),
            task=cut(self._masker.hide(event.task), LONGEST_NAME),
            item=cut(self._masker.hide(event.item), LONGEST_NAME),
            text=cut(self._masker.hide(event.text), LONGEST_TEXT),
            detail=cut(self._masker.hide(event.detail), LONGEST_DETAIL),
            outcome=self._hidden(event.outcome),
        )
        with self._lock:
            if self._full(fitted.kind):
                return
            self._append(fitted)

    def _hidden(self, outcome: PlayOutcome | None) -> PlayOutcome | None:
        """The reason quotes what a task said and is kept with the step: it is masked like all the rest."""
        if outcome is None:
            return None
        hidden = {name: cut(self._masker.hide(said), LONGEST_NAME) for name, said in outcome.names.items()}
        reason = cut(self._masker.hide(outcome.reason), LONGEST_NAME * 2)
        return msgspec.structs.replace(outcome, reason=reason, names=hidden)

    def hide(self, text: str) -> str:
        """The text without secrets."""
        return self._masker.hide(text)

    def learn(self, *secrets: str) -> None:
        """More secrets to hide from now on."""
        with self._lock:
            self._masker = self._masker.knowing(*secrets)

    def _full(self, kind: Kind) -> bool:
        if self._written < LONGEST_JOURNAL or kind not in CHATTER:
            return False
        if self._written < 2 * LONGEST_JOURNAL:
            self._append(draft(Kind.NOTE, text="The journal is full: from here on it keeps results only."))
            self._written += 2 * LONGEST_JOURNAL
        return True

    def _append(self, event: PlayEvent) -> None:
        self._seq += 1
        line = _encode(msgspec.structs.replace(event, seq=self._seq, at=now())) + b"\n"
        while line:
            done = self._put(line)
            self._written += done
            line = line[done:]
        if event.kind in SYNCED:
            os.fsync(self._handle)

    def _put(self, line: bytes) -> int:
        """Write what fits. While the disk is full the play is held up, since nothing it says may be lost."""
        while True:
            try:
                return os.write(self._handle, line)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                time.sleep(ROOM_SECONDS)


_blank = PlayEvent(seq=0, at=now(), kind=Kind.NOTE)


def draft(kind: Kind, *, task: str = "", text: str = "") -> PlayEvent:
    """An event that has no number and time yet."""
    return msgspec.structs.replace(_blank, kind=kind, task=task, text=text)


def cut(text: str, longest: int) -> str:
    """Shorten to `longest` bytes of UTF-8: the beginning, and more of the end, where reasons often stand."""
    raw = text.encode()
    if len(raw) <= longest:
        return text
    gap = f" … {len(raw) - longest} bytes left out … ".encode()
    room = longest - len(gap)
    head, tail = raw[: room // 4], raw[-(room - room // 4) :]
    return (head + gap + tail).decode(errors="ignore")
