"""The agent's command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Callable, Dict, List

from kitto_agent import VERSION, machine, run, timer
from kitto_agent.refusals import NeedsPerson, Removed, Stop
from kitto_agent.state import DEFAULT_FOLDER, Folder

Command = Callable[[argparse.Namespace, Folder], int]


def enrol(wanted: argparse.Namespace, folder: Folder) -> int:
    """Trade a token for this machine's credential."""
    text = sys.stdin.readline() if wanted.token_stdin else Path(wanted.token_file).read_text()
    if not text.strip():
        raise NeedsPerson("There is no token to enrol with. Ask the IT desk for one.")
    folder.open()
    state = run.enrol(folder, server=wanted.server.rstrip("/"), ca=wanted.ca, token=text.strip())
    print("enrolled" if state == "active" else "enrolled, waiting for a person to confirm this machine")
    return 0


def checkin(wanted: argparse.Namespace, folder: Folder) -> int:
    """Report what changed since the last time."""
    folder.open()
    outcome = run.check_in(folder, full=wanted.full, only_if_due=wanted.due)
    if outcome is None:
        print("not due yet")
        return 0
    for name, why in sorted(outcome.failed.items()):
        print(f"could not read {name}: {why}", file=sys.stderr)
    print("sent: " + ", ".join(outcome.sent) if outcome.sent else "unchanged")
    return 0


def show(_wanted: argparse.Namespace, _folder: Folder) -> int:
    """Print exactly what a full report would hold."""
    print(json.dumps(run.shown(), indent=2, sort_keys=True, ensure_ascii=False))
    return 0


def seal(_wanted: argparse.Namespace, folder: Folder) -> int:
    """Forget the credential, so that an image of this disk can be copied to other machines."""
    folder.open()
    folder.empty()
    print("sealed: this machine must be enrolled again")
    return 0


def install_timer(wanted: argparse.Namespace, folder: Folder) -> int:
    """Check in every 15 minutes from now on."""
    seed = "".join(machine.marks().values()) or str(folder.path)
    print("timer installed: " + timer.install(Path(wanted.root), seed))
    return 0


def uninstall(wanted: argparse.Namespace, folder: Folder) -> int:
    """Remove the agent from this machine, whether or not the server can be told."""
    folder.open()
    try:
        run.say_goodbye(folder)
    except Stop as why:
        print(f"the server was not told: {why}", file=sys.stderr)
    folder.empty()
    timer.remove(Path(wanted.root))
    print("removed")
    return 0


def version(_wanted: argparse.Namespace, _folder: Folder) -> int:
    """Print the version."""
    print(VERSION)
    return 0


COMMANDS: Dict[str, Command] = {
    "enrol": enrol,
    "checkin": checkin,
    "show": show,
    "seal": seal,
    "install-timer": install_timer,
    "uninstall": uninstall,
    "version": version,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agent.pyz", description="Kitto's endpoint agent.")
    parser.add_argument("--state", default=DEFAULT_FOLDER, help="folder of the credential")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    made = {name: commands.add_parser(name, help=does.__doc__) for name, does in COMMANDS.items()}
    made["enrol"].add_argument("--server", required=True, help="https address of the service")
    token = made["enrol"].add_mutually_exclusive_group(required=True)
    token.add_argument("--token-stdin", action="store_true", help="read the token from stdin")
    token.add_argument("--token-file", metavar="F", help="read the token from a file")
    made["enrol"].add_argument("--ca", default="", metavar="F", help="certificate authority (PEM)")
    made["checkin"].add_argument("--full", action="store_true", help="send every section")
    made["checkin"].add_argument("--due", action="store_true", help="only when it is time")
    for name in ("install-timer", "uninstall"):
        made[name].add_argument("--root", default="/", help="a system below this folder")
    return parser


def main(arguments: List[str]) -> int:
    """Run one command. 0 done, 1 try again later, 2 somebody must do something."""
    wanted = _parser().parse_args(arguments)
    folder = Folder(wanted.state)
    try:
        return COMMANDS[wanted.command](wanted, folder)
    except Removed as why:
        folder.empty()
        timer.remove(Path("/"))
        print(why, file=sys.stderr)
        return why.exit_code
    except Stop as why:
        print(why, file=sys.stderr)
        return why.exit_code
    except OSError as error:
        print(f"{error}. The agent must run as root.", file=sys.stderr)
        return NeedsPerson.exit_code
