"""Lets a play be a fork of an Ansible that is loaded already. That one runs as a process of its own only."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from kitto.kitting.adapters.supervisor import beside, enter
from kitto.kitting.adapters.supervisor.containment import Container
from kitto.kitting.adapters.supervisor.files import RunFiles, private_folder, write_private
from kitto.kitting.adapters.supervisor.ground import SETTINGS, Tools, standing

SERVER = "warm/kitto_warm.py"
# Says that it lies within, then stays until our end of the pipe closes.
HOLD = ["/bin/sh", "-c", "echo; exec cat >/dev/null"]
# The kernel ends it with the supervisor, as bwrap would be.
TIED = ("setpriv", "--pdeathsig", "KILL")


def door(files: RunFiles, tools: Tools) -> Path | None:
    """The socket of an Ansible that is loaded with exactly these settings; None where there cannot be one.

    Another version or another setting is another Ansible; the old one ends when nobody asks it any more.
    """
    if not (tools.plugins / SERVER).is_file() or shutil.which(TIED[0]) is None:
        return None
    folder = files.shared / f".warm-{beside.edition([tools.plugins], _ansible(), str(standing(tools)))}"
    private_folder(folder)
    write_private(folder / "ansible.cfg", SETTINGS)
    own = {
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
    }
    command = [beside.python(), str(tools.plugins / SERVER)]
    return beside.door(folder, command, {**standing(tools), **own}, tools.warm_seconds)


def command(
    play: Sequence[str], cold: Sequence[str], door: Path, files: RunFiles, container: Container
) -> list[str]:
    """The command that runs `play` warm, and `cold` where that turns out to be impossible."""
    wish = {"door": str(door), "hold": container.wrap(HOLD), "play": list(play), "cold": list(cold)}
    write_private(files.work / "wish.json", json.dumps(wish))
    return [*TIED, beside.python(), "-I", "-S", str(Path(enter.__file__)), str(files.work / "wish.json")]


def _ansible() -> str:
    """When the installed Ansible was laid down; importing it to ask would cost what this saves."""
    found = sorted(
        Path(beside.python()).parents[1].glob("lib/python3*/site-packages/ansible_core-*/METADATA")
    )
    return " ".join(f"{path} {path.stat().st_mtime_ns}" for path in found)
