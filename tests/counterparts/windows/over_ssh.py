"""The pretend Windows behind a real sshd, as with OpenSSH for Windows whose default shell is PowerShell.

sshd, keys and channels are a bench PC's. Whoever signs in gets no shell of it: the command and the three
streams are carried to the PowerShell of the pretend Windows. There is no sftp: what asks for it is refused.
"""

import json
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.counterparts.pcs import BenchPc, bench_pc
from tests.counterparts.windows.machine import Windows
from tests.counterparts.windows.pc import REBOOT_SECONDS
from tests.counterparts.windows.powershell import PowerShell
from tests.counterparts.windows.shells import Console

PROGRAM = "/usr/local/bin/windows-shell"
# Runs on the bench PC for each session. One line of JSON goes over, then stdin; frames come back.
BRIDGE = """\
#!/usr/bin/python3
import json, os, socket, struct, sys, threading
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.sendall(json.dumps({"command": os.environ.get("SSH_ORIGINAL_COMMAND", "")}).encode() + b"\\n")
def feed():
    while piece := os.read(0, 65536):
        line.sendall(piece)
    line.shutdown(socket.SHUT_WR)
threading.Thread(target=feed, daemon=True).start()
with line.makefile("rb") as told:
    while head := told.read(5):
        kind, size = struct.unpack(">BI", head)
        piece = told.read(size)
        if kind == 0:
            os._exit(int(piece) & 255)
        while piece:
            piece = piece[os.write(kind, piece):]
os._exit(255)
"""
EXIT, OUT, ERR = 0, 1, 2


@dataclass
class WindowsOverSsh:
    """`windows` is the witness; `pc` is where it answers."""

    windows: Windows
    pc: BenchPc
    commands: list[str]


class _House(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, windows: Windows) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.shell = PowerShell(windows)
        self.commands: list[str] = []
        self.consoles: list[Console] = []


class _Session(socketserver.StreamRequestHandler):
    server: _House

    def handle(self) -> None:
        command = json.loads(self.rfile.readline())["command"]
        self.server.commands.append(command)
        console = Console(out=lambda text: self._say(OUT, text), err=lambda text: self._say(ERR, text))
        self.server.consoles.append(console)
        threading.Thread(target=self._listen, args=(console,), daemon=True).start()
        try:
            code = self.server.shell.run_at_prompt(command, console)
        except Exception as wrong:  # noqa: BLE001 -- the client must see it, loudly
            self._say(ERR, f"THE BENCH: {type(wrong).__name__}: {wrong}\r\n")
            code = 255
        self._say(EXIT, str(code))

    def _listen(self, console: Console) -> None:
        with suppress(OSError, ValueError):
            while piece := self.rfile.read1(65536):
                console.ears.feed(piece, end=False)
        console.ears.close()

    def _say(self, kind: int, text: str) -> None:
        raw = text.encode()
        with suppress(OSError):  # the session was ended
            self.wfile.write(struct.pack(">BI", kind, len(raw)) + raw)


@contextmanager
def windows_over_ssh(windows: Windows, *, authorized_key: str) -> Iterator[WindowsOverSsh]:
    """A Windows PC that answers SSH when the block starts. Needs a bench PC that is not reduced."""
    with _House(windows) as house:
        threading.Thread(target=house.serve_forever, name="windows-ssh", daemon=True).start()
        port = house.server_address[1]
        key = f'command="{PROGRAM} {port}" {authorized_key}'
        with bench_pc(windows.serial, authorized_key=key) as pc:
            pc.run(f"cat >{PROGRAM}; chmod 755 {PROGRAM}", stdin=BRIDGE)
            windows.on_restart = lambda: _restart(pc, windows)
            windows.start()
            windows.boots += 1
            yield WindowsOverSsh(windows, pc, house.commands)
        for console in house.consoles:
            console.stopped.set()
            console.ears.close()
        house.shutdown()


def _restart(pc: BenchPc, windows: Windows) -> None:
    """Go down, and come back after a while; returns at once, as shutdown.exe does."""

    def on() -> None:
        windows.start()
        pc.power_on()
        windows.boots += 1

    def off() -> None:
        pc.power_off()
        threading.Timer(REBOOT_SECONDS, on).start()

    threading.Timer(0.2, off).start()
