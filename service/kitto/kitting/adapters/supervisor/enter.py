"""`python -I -S enter.py WISH`: opens the namespaces of a play and lets a fork of the warm Ansible into them.

Started by ansible-runner in place of Ansible, on the play's terminal and with its environment. Nothing but
the standard library, imported sparingly: this runs for every play. Where the warm Ansible does not answer,
Ansible is started as ever.
"""

import array
import fcntl
import json
import os
import socket
import struct
import sys
import termios
from contextlib import suppress
from typing import NoReturn

WIDE = 30_000
KILLED = 137
PATIENCE_SECONDS = 30.0


def main(path: str) -> int:
    """The exit code of the play."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 -- pathlib would cost every play some milliseconds
        wish = json.load(file)
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDE, 0, 0))
    line = _asked(wish["door"])
    if line is None:
        _become(wish["cold"])
    held, place, keep = _opened(wish["hold"])
    entered, code = _played(line, wish["play"], place)
    os.close(keep)
    os.waitpid(held, 0)
    if not entered:
        _become(wish["cold"])
    number = int(code) if code else KILLED
    return number if number >= 0 else 128 - number


def _played(line: socket.socket, play: list[str], place: int) -> tuple[str, str]:
    """Whether the play entered the namespaces, and its exit code; empty words where nothing was said."""
    entered = code = ""
    read, write = os.pipe()
    handles = array.array("i", [read, os.pidfd_open(place), 0, 1, 2])
    # Who is asked may be killed at any moment; what it has not begun we do ourselves.
    with suppress(OSError):
        line.sendmsg([b"go"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
        os.close(read)
        with os.fdopen(write, "w", encoding="utf-8", errors="surrogateescape") as text:
            json.dump(_wanted(play, place), text)
        with line.makefile("r") as answers:
            entered = answers.readline()
            code = answers.readline()
    return entered, code


def _asked(door: str) -> socket.socket | None:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(door)
    except OSError:
        line.close()
        return None
    return line


def _opened(hold: list[str]) -> tuple[int, int, int]:
    """Namespaces that last as long as we do: who holds them reads from a pipe of ours until it closes."""
    told, tell = os.pipe()
    listened, say = os.pipe()
    heard, keep = os.pipe()
    held = os.fork()
    if not held:
        os.dup2(heard, 0)
        os.dup2(say, 1)
        os.set_inheritable(tell, True)
        _become([hold[0], "--info-fd", str(tell), *hold[1:]])
    for handle in (tell, say, heard):
        os.close(handle)
    with os.fdopen(told) as text:
        place = json.load(text)["child-pid"]
    # Its first word says that everything is laid out inside.
    if not os.read(listened, 1):
        sys.exit("the namespaces of the play could not be made")
    os.close(listened)
    return held, place, keep


def _wanted(play: list[str], place: int) -> dict[str, object]:
    mask = os.umask(0o077)
    os.umask(mask)
    return {
        "pid": place,
        "command": play,
        "folder": os.getcwd(),  # noqa: PTH109 -- see above
        "umask": mask,
        "environment": dict(os.environ),  # noqa: TID251 -- the play's own, made for it by the supervisor
    }


def _become(command: list[str]) -> NoReturn:
    os.execvp(command[0], command)  # noqa: S606 -- an argument list, as everywhere


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
