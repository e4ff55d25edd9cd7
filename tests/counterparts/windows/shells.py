"""Shells of WinRS: commands with streams, as a client creates, feeds, reads, signals and deletes them."""

import base64
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from tests.counterparts.windows import soap

# What fits into one envelope of 150 kB; Windows cuts its streams the same way.
LONGEST_PIECE = 100_000
# Windows answers a Receive at the latest then; a client that allows less is told so by a fault.
CONTROL_C = "signal/ctrl_c"


class Ears:
    """Standard input of a program: blocks until there is a line, or until it was closed."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self._closed = False
        self._news = threading.Condition()

    def feed(self, piece: bytes, *, end: bool) -> None:
        with self._news:
            self._heard += piece
            self._closed = self._closed or end
            self._news.notify_all()

    def close(self) -> None:
        self.feed(b"", end=True)

    def lines(self) -> Iterator[str]:
        """Lines without their ends."""
        while True:
            with self._news:
                while b"\n" not in self._heard and not self._closed:
                    self._news.wait()
                line, found, rest = bytes(self._heard).partition(b"\n")
                self._heard = bytearray(rest)
                if not found and not line:
                    return
            yield line.decode().removesuffix("\r")


@dataclass
class Console:
    """What a program has: input, output, and the wish of others that it ends."""

    ears: Ears = field(default_factory=Ears)
    stopped: threading.Event = field(default_factory=threading.Event)
    out: Callable[[str], None] = lambda _: None
    err: Callable[[str], None] = lambda _: None


class Programs(Protocol):
    """What runs commands: the pretend Windows."""

    def run(self, command: str, console: Console) -> int:
        """Run a command line to its end; returns its exit code."""


@dataclass
class Command:
    """One running command of a shell."""

    console: Console
    codepage: str
    news: threading.Condition = field(default_factory=threading.Condition)
    pieces: list[tuple[str, bytearray]] = field(default_factory=list)
    exit_code: int | None = None

    def say(self, stream: str, text: str) -> None:
        raw = text.encode(self.codepage, "replace")
        with self.news:
            if not self.pieces or self.pieces[-1][0] != stream:
                self.pieces.append((stream, bytearray()))
            self.pieces[-1][1].extend(raw)
            self.news.notify_all()

    def next_piece(self) -> tuple[str, bytes] | None:
        """As much as one envelope takes of what was said; None when nothing was."""
        if not self.pieces:
            return None
        stream, raw = self.pieces[0]
        piece = bytes(raw[:LONGEST_PIECE])
        del raw[:LONGEST_PIECE]
        if not raw:
            self.pieces.pop(0)
        return stream, piece

    def end(self, exit_code: int) -> None:
        with self.news:
            self.exit_code = exit_code if self.exit_code is None else self.exit_code
            self.news.notify_all()


class CommandShell:
    """A cmd shell of one user."""

    resource = soap.CMD

    def __init__(self, programs: Programs, owner: str, options: dict[str, str], most_operations: int) -> None:
        self.owner = owner
        number = options.get("WINRS_CODEPAGE", "437")
        self._codepage = {"65001": "utf-8", "932": "cp932"}.get(number, f"cp{number}")
        self._programs = programs
        self._commands: dict[str, Command] = {}
        self._operations = 0
        self._most_operations = most_operations

    def close(self) -> None:
        for command in self._commands.values():
            command.console.stopped.set()
            command.console.ears.close()

    def command(self, request: soap.Request) -> str:
        """Start a command. Each counts for the quota until the shell ends, as on Windows."""
        self._operations += 1
        if self._operations > self._most_operations:
            raise soap.RefusedError(
                soap.TOO_MANY_OPERATIONS,
                f"This user is allowed a maximum number of {self._most_operations} concurrent operations, "
                "which has been exceeded. Close existing operations for this user, or raise the quota.",
                wmi=True,
                subcode="w:QuotaLimit",
            )
        line = request.text("Command")
        arguments = request.body.iter(f"{{{soap.SHELL}}}Arguments") if request.body is not None else ()
        line = " ".join([line, *(one.text or "" for one in arguments)]).strip()
        command_id = str(uuid.uuid4()).upper()
        command = Command(Console(), self._codepage)
        command.console.out = lambda text: command.say("stdout", text)
        command.console.err = lambda text: command.say("stderr", text)
        if request.options.get("WINRS_CONSOLEMODE_STDIN", "").upper() == "TRUE":
            command.console.ears.close()
        self._commands[command_id] = command
        run = threading.Thread(target=self._run, args=(line, command), name="windows-command", daemon=True)
        run.start()
        return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"

    def _run(self, line: str, command: Command) -> None:
        try:
            command.end(self._programs.run(line, command.console))
        except Exception as wrong:  # noqa: BLE001 -- the client must see it, loudly
            command.say("stderr", f"THE BENCH: {type(wrong).__name__}: {wrong}\r\n")
            command.end(-1)

    def _find(self, command_id: str) -> Command:
        if command_id not in self._commands:
            raise soap.RefusedError(
                soap.COMMAND_NOT_FOUND,
                f"The command {command_id} was not found in this shell.",
                subcode="w:InvalidSelectors",
            )
        return self._commands[command_id]

    def send(self, request: soap.Request) -> str:
        piece = request.part("Stream")
        if piece is None:
            raise soap.RefusedError(soap.NOT_SUPPORTED, "Send without a stream.")
        command = self._find(piece.get("CommandId", ""))
        end = piece.get("End", "").lower() == "true"
        command.console.ears.feed(base64.b64decode(piece.text or ""), end=end)
        return "<rsp:SendResponse/>"

    def receive(self, request: soap.Request) -> str:
        """Wait for output until the client's patience ends; then the fault that clients expect."""
        wanted = request.part("DesiredStream")
        command_id = "" if wanted is None else wanted.get("CommandId", "")
        command = self._find(command_id)
        deadline = monotonic() + request.timeout_seconds
        with command.news:
            while not command.pieces and command.exit_code is None:
                left = deadline - monotonic()
                if left <= 0:
                    raise soap.timed_out()
                command.news.wait(left)
            piece = command.next_piece()
            done = command.exit_code if not command.pieces else None
        parts = []
        if piece is not None:
            parts.append(soap.stream(piece[0], command_id, base64.b64encode(piece[1]).decode()))
        if done is not None:
            parts += [soap.stream(name, command_id, "", end=True) for name in ("stdout", "stderr")]
        parts.append(soap.state(command_id, done))
        return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"

    def signal(self, request: soap.Request) -> str:
        named = request.part("Signal")
        command = self._find("" if named is None else named.get("CommandId", ""))
        command.console.stopped.set()
        command.console.ears.close()
        command.end(-1073741510 if request.text("Code").endswith(CONTROL_C) else 1)
        return "<rsp:SignalResponse/>"
