"""A switch's command line over SSH: prompts, pages, and a refusal of what it does not know."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from tests.counterparts.ssh_gear import ssh_gear

ANSWERS = Path(__file__).with_name("answers")
MORE = "--More-- "
PAGE = 24


@dataclass
class Gear:
    """One running switch; `asked` is every command it was given."""

    address: str = "127.0.0.1"
    port: int = 0
    host_key: str = ""
    user: str = "reader"
    password: str = "look-only-1"
    name: str = "sw-3f-01"
    refuses: bool = False
    asked: list[str] = field(default_factory=list)
    commands: Mapping[str, str] = field(
        default_factory=lambda: {
            path.stem.replace("_", " "): path.read_text().replace("\n", "\r\n")
            for path in ANSWERS.glob("*.txt")
        }
    )


class _Shell:
    """The session of one login: privileges and page length last until it ends."""

    def __init__(self, gear: Gear, channel: paramiko.Channel) -> None:
        self._gear = gear
        self._channel = channel
        self._page = PAGE
        self._typed = channel.makefile("r")
        self._sign = ">"

    def run(self) -> None:
        self._say(f"\r\n{self._gear.name}{self._sign}")
        while line := self._line():
            command = line.strip()
            self._say(f"{command}\r\n")
            self._gear.asked.append(command)
            if command == "exit":
                return
            self._answer(command)
            self._say(f"{self._gear.name}{self._sign}")

    def _answer(self, command: str) -> None:
        if command.startswith("terminal length"):
            self._page = int(command.rsplit(maxsplit=1)[-1])
        elif command == "enable":
            self._sign = "#"
        elif command in self._gear.commands and not self._gear.refuses:
            self._paged(self._gear.commands[command])
        elif command and not command.startswith("terminal "):
            self._say("% Invalid input detected at '^' marker.\r\n\r\n")

    def _paged(self, text: str) -> None:
        for number, line in enumerate(text.splitlines(), start=1):
            self._say(f"{line}\r\n")
            if self._page and number % self._page == 0:
                self._say(MORE)
                self._channel.recv(1)

    def _line(self) -> str:
        read = b""
        while not read.endswith((b"\n", b"\r")):
            byte = self._channel.recv(1)
            if not byte:
                return ""
            read += byte
        return read.decode(errors="replace")

    def _say(self, text: str) -> None:
        self._channel.sendall(text.encode())


@contextmanager
def cli_gear() -> Iterator[Gear]:
    """A switch that answers SSH on loopback until the block ends."""
    gear = Gear()
    with ssh_gear(
        lambda channel: _Shell(gear, channel).run(), user=gear.user, password=gear.password
    ) as open_:
        gear.port, gear.host_key = open_.port, open_.host_key
        yield gear
