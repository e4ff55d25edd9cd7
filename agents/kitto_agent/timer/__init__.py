"""Puts the agent on a timer of the system and takes it off again: systemd, cron or launchd."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import List, NamedTuple

from kitto_agent.refusals import Unsupported

SYSTEMD = "etc/systemd/system"
CRON = "etc/cron.d"
LAUNCHD = "Library/LaunchDaemons"
EVERY_MINUTES = 15
PROGRAM_TIMEOUT_SECONDS = 60
# Where agents are put; only a file below one of these is deleted with the agent.
HOMES = ("/usr/local/lib/kitto", "/opt/kitto")


class Plan(NamedTuple):
    """Files to write and commands that make the system notice them."""

    kind: str
    files: "dict[str, str]"
    start: List[List[str]]
    stop: List[List[str]]


def plan(root: Path, agent: str, python: str, seed: str) -> Plan:
    """Choose the timer that this system has. Raises Unsupported when it has none."""
    first = zlib.crc32(seed.encode()) % EVERY_MINUTES
    words = {
        "@AGENT@": agent,
        "@PYTHON@": python,
        "@MINUTES@": ",".join(str(minute) for minute in range(first, 60, EVERY_MINUTES)),
    }
    if (root / "run/systemd/system").is_dir():
        files = {SYSTEMD + "/" + name: _fill(name, words) for name in _systemd_files()}
        control = ["systemctl", "--quiet"]
        return Plan(
            "systemd",
            files,
            [[*control, "daemon-reload"], [*control, "enable", "--now", "kitto-agent.timer"]],
            [[*control, "disable", "--now", "kitto-agent.timer"]],
        )
    if (root / LAUNCHD).is_dir():
        name = LAUNCHD + "/kitto-agent.plist"
        load = ["launchctl", "load", "-w", "/" + name]
        unload = ["launchctl", "unload", "-w", "/" + name]
        return Plan("launchd", {name: _fill("kitto-agent.plist", words)}, [load], [unload])
    if (root / CRON).is_dir():
        return Plan("cron", {CRON + "/kitto-agent": _fill("kitto-agent.cron", words)}, [], [])
    raise Unsupported(
        "There is neither systemd, launchd nor /etc/cron.d here."
        " Start `checkin --due` every 15 minutes by your own means."
    )


def _systemd_files() -> List[str]:
    return ["kitto-agent.service", "kitto-agent.timer"]


def _fill(name: str, words: "dict[str, str]") -> str:
    text = (pkgutil.get_data(__name__, name) or b"").decode()
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def install(root: Path, seed: str) -> str:
    """Write the timer and start it; gives its kind. Doing it twice changes nothing."""
    chosen = plan(root, os.path.realpath(sys.argv[0]), sys.executable or "/usr/bin/python3", seed)
    for name, text in chosen.files.items():
        (root / name).write_text(text)
        (root / name).chmod(0o644)
    _run(root, chosen.start)
    return chosen.kind


def remove(root: Path) -> None:
    """Take the timer away, and the agent's own file where it lies in a home of agents."""
    try:
        chosen = plan(root, "", "", "")
    except Unsupported:
        chosen = Plan("", {}, [], [])
    _run(root, [command for command in chosen.stop if _any_there(root, chosen)])
    for name in chosen.files:
        if (root / name).exists():
            (root / name).unlink()
    own = os.path.realpath(sys.argv[0])
    if own.startswith(HOMES) and own.endswith(".pyz") and os.path.exists(own):
        os.unlink(own)


def _any_there(root: Path, chosen: Plan) -> bool:
    return any((root / name).exists() for name in chosen.files)


def _run(root: Path, commands: List[List[str]]) -> None:
    # Below another root (an image being prepared) there is no running system to tell.
    for command in commands if root == Path("/") else []:
        subprocess.run(command, check=True, timeout=PROGRAM_TIMEOUT_SECONDS)
