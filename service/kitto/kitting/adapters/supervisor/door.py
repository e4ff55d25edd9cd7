"""The Unix socket of a run: plays ask it for secrets, hand secrets in, and tell it what happens."""

import hmac
import os
import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import BinaryIO

import msgspec

from kitto.base.boxes import close_box
from kitto.base.ids import new_password, new_token
from kitto.kitting.adapters.plays import SHORTEST_SECRET, Counts, Kind, PlayEvent, PlaySpec, Status
from kitto.kitting.adapters.supervisor.files import RunFiles, write_private
from kitto.kitting.adapters.supervisor.pen import Pen, draft

LONGEST_HANDED_IN = 4096
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
LONGEST_LINE = 16 * 1024 * 1024
PATIENCE_SECONDS = 10.0


class _Ask(msgspec.Struct, frozen=True):
    """The first line of a connection."""

    token: str
    ask: str
    name: str = ""
    value: str = ""


class _Told(msgspec.Struct, frozen=True):
    """A line of the journal callback, as it comes from Ansible's side."""

    kind: Kind
    play: str = ""
    task: str = ""
    item: str = ""
    status: Status = Status.NONE
    ignored: bool = False
    text: str = ""
    detail: msgspec.Raw = msgspec.Raw()
    ok: int = 0
    changed: int = 0
    failures: int = 0
    skipped: int = 0
    dark: int = 0


# A play may not say these over its journal.
OURS = {Kind.BEGAN, Kind.SECRET, Kind.HANDED_IN, Kind.END}
_ask = msgspec.json.Decoder(_Ask)
_told = msgspec.json.Decoder(_Told)


class Door:
    """Serves one run. `close` returns when the last line that came in was written down."""

    def __init__(
        self,
        files: RunFiles,
        spec: PlaySpec,
        secrets: Mapping[str, str],
        *,
        pen: Pen,
        on_event: Callable[[PlayEvent], None],
    ) -> None:
        self._files = files
        self._spec = spec
        self._secrets = secrets
        self._pen = pen
        self._on_event = on_event
        self._token = new_token()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._guests: list[threading.Thread] = []

    def open(self) -> None:
        """Make the socket, for our own user only, and answer from now on."""
        write_private(self._files.token, self._token)
        before = os.umask(0o177)
        try:
            self._listener.bind(str(self._files.door))
        finally:
            os.umask(before)
        self._listener.listen(64)
        threading.Thread(target=self._welcome, name="door", daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more and wait for those who still speak."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for guest in self._guests:
            guest.join(PATIENCE_SECONDS)

    def _welcome(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            guest = threading.Thread(target=self._serve, args=(line,), name="guest", daemon=True)
            self._guests = [known for known in self._guests if known.is_alive()]
            self._guests.append(guest)
            guest.start()

    def _serve(self, line: socket.socket) -> None:
        # A guest that breaks off or talks nonsense hurts nobody but itself.
        with line, suppress(OSError, msgspec.DecodeError), line.makefile("rb") as lines:
            ask = _ask.decode(lines.readline(LONGEST_LINE))
            if not is_ours(line) or not hmac.compare_digest(ask.token.encode(), self._token.encode()):
                self._pen.write(
                    draft(Kind.NOTE, text="Somebody without the run's token asked at the socket.")
                )
                line.sendall(_answer(refused="This is not the token of this run."))
            elif ask.ask == "secret":
                line.sendall(self._secret(ask.name))
            elif ask.ask == "hand_in":
                line.sendall(self._take_in(ask.name, ask.value))
            elif ask.ask == "make":
                value = new_password()
                line.sendall(self._take_in(ask.name, value, told=value))
            elif ask.ask == "journal":
                self._listen(lines)

    def _secret(self, name: str) -> bytes:
        if name not in self._secrets:
            said = f"The secret {name} is not among those of this step."
            self._pen.write(draft(Kind.SECRET, text=said))
            return _answer(refused=said + " Declare it in the profile.")
        self._pen.write(draft(Kind.SECRET, text=f"The play read the secret {name}."))
        return _answer(value=self._secrets[name])

    def _take_in(self, name: str, value: str, told: str = "yes") -> bytes:
        """Keep a secret of the play: hidden from now on, and on disk, in a box, before we answer."""
        if not _NAME.fullmatch(name) or not any(_covers(known, name) for known in self._spec.hand_in_names):
            said = f"The secret {name[:64]} is not among those that this step hands in."
            self._pen.write(draft(Kind.SECRET, text=said))
            return _answer(refused=said + " Declare it in the profile.")
        if not SHORTEST_SECRET <= len(value) <= LONGEST_HANDED_IN:
            return _answer(refused=f"The secret {name} is too short to be hidden, or too long to be one.")
        self._pen.learn(value)
        box = close_box(self._spec.box_lid, value)
        event = draft(Kind.HANDED_IN, text=f"The play handed the secret {name} in.")
        self._pen.write(msgspec.structs.replace(event, item=name, detail=box))
        return _answer(taken=told)

    def _listen(self, lines: BinaryIO) -> None:
        while line := lines.readline(LONGEST_LINE):
            try:
                event = _event(_told.decode(line))
                if event.kind in OURS:
                    raise msgspec.DecodeError("only the supervisor itself says this")  # noqa: TRY301
            except msgspec.DecodeError:
                self._pen.write(
                    draft(Kind.NOTE, text="A line of the play could not be read and is left out.")
                )
                continue
            self._pen.write(event)
            self._on_event(event)


def _event(told: _Told) -> PlayEvent:
    counts = None
    if told.kind is Kind.STATS:
        counts = Counts(
            ok=told.ok,
            changed=told.changed,
            failed=told.failures,
            skipped=told.skipped,
            unreachable=told.dark,
        )
    return msgspec.structs.replace(
        draft(told.kind, task=told.task, text=told.text),
        play=told.play,
        item=told.item,
        status=told.status,
        ignored=told.ignored,
        detail=bytes(told.detail).decode(),
        counts=counts,
    )


def _covers(declared: str, name: str) -> bool:
    return name.startswith(declared[:-1]) if declared.endswith("*") else name == declared


def _answer(**words: str) -> bytes:
    return msgspec.json.encode(words) + b"\n"


def is_ours(line: socket.socket) -> bool:
    """Whether the other end runs as our own user; where the system cannot say, the file's mode must do."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    shape = "3i"
    raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(shape))
    _pid, user, _group = struct.unpack(shape, raw)
    return int(user) == os.getuid()
