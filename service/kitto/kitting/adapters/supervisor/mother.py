"""`python -m kitto.kitting.adapters.supervisor.mother FOLDER IDLE_SECONDS`: supervisors, loaded once.

Whoever connects gets a fork, and only the fork reads what is said: no secret of one run is ever in the
memory that the next one is a copy of. The supervisors are nobody's children and outlive us.
"""

import fcntl
import gc
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

import msgspec

from kitto.kitting.adapters.plays import PlayFault
from kitto.kitting.adapters.supervisor import __main__ as supervisor
from kitto.kitting.adapters.supervisor.beside import ALIVE, DOOR
from kitto.kitting.adapters.supervisor.door import is_ours
from kitto.kitting.adapters.supervisor.order import Asked, Order

LOOK_SECONDS = 2.0


def main(folder: Path, idle_seconds: float) -> None:
    """Listen and fork; end when nobody came for a while, or when the folder is not ours any more."""
    os.umask(0o077)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    # The kernel collects those who ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    alive = os.open(folder / ALIVE, os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(folder / DOOR))
        listener.listen(256)
        # What is loaded is never garbage; looking for it in a fork would only copy it.
        gc.freeze()
        born = (folder / DOOR).stat().st_ino
        quiet = 0.0
        while quiet < idle_seconds and _is_ours_still(folder / DOOR, born):
            ready, _, _ = select.select([listener], [], [], LOOK_SECONDS)
            quiet = 0.0 if ready else quiet + LOOK_SECONDS
            if ready:
                line, _ = listener.accept()
                if not os.fork():
                    listener.close()
                    os.close(alive)
                    _answer(line)
                line.close()


def _is_ours_still(door: Path, born: int) -> bool:
    try:
        return door.stat().st_ino == born
    except FileNotFoundError:
        return False


def _answer(line: socket.socket) -> NoReturn:
    """Begin one run, in a process of its own, and say how that went."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code, said = 1, "no message"
    try:
        if not is_ours(line):
            os._exit(1)
        with line.makefile("rb") as asked:
            wish = msgspec.json.decode(asked.read(), type=Asked)
        order = msgspec.json.decode(wish.order, type=Order)
        code, said = supervisor.main(Path(wish.home), wish.run_id, lambda: order), ""
    except (msgspec.DecodeError, PlayFault, OSError) as error:
        said = f"{type(error).__name__}: {error}"
    line.sendall(f"{code} {said}".encode())
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
