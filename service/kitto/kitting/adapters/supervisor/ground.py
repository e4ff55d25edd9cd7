"""Lays out what a play needs in its work folder: recipe, inventory, variables, host keys, settings."""

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from kitto.kitting.adapters.content import content_of
from kitto.kitting.adapters.plays import PlayFault, PlaySpec, Strategy, Transport, Value
from kitto.kitting.adapters.supervisor.files import RunFiles, private_folder, write_private
from kitto.kitting.adapters.supervisor.inventory import inventory
from kitto.kitting.adapters.supervisor.marks import MARK
from kitto.kitting.adapters.supervisor.remote import lay_trust, ssh_options

LARGEST_FILE = 256 * 1024 * 1024
# All others come by the environment. Looking for results a thousand times a second costs more than it brings.
SETTINGS = "[defaults]\ninternal_poll_interval = 0.01\n"
# How JSON escapes a sign beyond U+FFFF; an escaped backslash before it is passed over.
_PAIR = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")
STRATEGIES = {
    Strategy.NEAR: "kitto_near",
    Strategy.LINEAR: "linear",
    Strategy.MITOGEN: "kitto_mitogen",
}
# Mitogen would keep a process for each processor and 32 threads ready for a play's devices.
FOR_ONE_DEVICE = {"MITOGEN_CPU_COUNT": "1", "MITOGEN_POOL_SIZE": "4"}
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Tools:
    """What comes with Kitto and every play may read."""

    plugins: Path
    collections: tuple[Path, ...]
    warm_seconds: float = 0
    strategy: Strategy = Strategy.NEAR


def lay(spec: PlaySpec, files: RunFiles) -> None:
    """Write everything but secrets. Raises PlayFault when the recipe is not the one that was ordered."""
    folder = Path(spec.folder)
    shutil.copytree(folder, files.project, symlinks=False)
    # Looked at after copying: what is compared is what will run.
    found = content_of(files.project)
    if found != spec.content:
        raise PlayFault(f"the recipe {folder.name} was changed after this step was ordered; order it anew")
    if not (files.project / spec.playbook).resolve().is_relative_to(files.project.resolve()):
        raise PlayFault(f"{spec.playbook} is outside its recipe")
    for name in ("home", "tmp", "cp", "files"):
        private_folder(files.work / name)
    lay_trust(spec.host, files)
    write_private(files.inventory, json.dumps(inventory(spec, files)))
    write_private(files.work / "ansible.cfg", SETTINGS)
    variables: dict[str, Value] = {**spec.variables, **_copied(spec, files), "kitto_run": spec.run_id}
    write_private(files.variables, _yaml(variables))


def standing(tools: Tools) -> dict[str, str]:
    """What the environment of every play of this installation has in common."""
    mitogen = tools.strategy is Strategy.MITOGEN
    strategies = ("strategy", "mitogen") if mitogen else ("strategy",)
    return {
        "ANSIBLE_STRATEGY": STRATEGIES[tools.strategy],
        "ANSIBLE_STRATEGY_PLUGINS": ":".join(str(tools.plugins / name) for name in strategies),
        **(FOR_ONE_DEVICE if mitogen else {}),
        # Resolved, as a container shows the real folder only and perhaps not the link that leads to it.
        "PATH": f"{Path(sys.prefix).resolve() / 'bin'}:{SYSTEM_PATH}",
        "LANG": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": ":".join(str(place.resolve()) for place in tools.collections),
        "ANSIBLE_ACTION_PLUGINS": str(tools.plugins / "action"),
        "ANSIBLE_LOOKUP_PLUGINS": str(tools.plugins / "lookup"),
        "ANSIBLE_CALLBACK_PLUGINS": str(tools.plugins / "callback"),
        "ANSIBLE_STDOUT_CALLBACK": "kitto_journal",
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_GATHERING": "explicit",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NO_TARGET_SYSLOG": "True",
        "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_INJECT_FACT_VARS": "False",
    }


def environment(spec: PlaySpec, files: RunFiles, tools: Tools) -> dict[str, str]:
    """The whole environment of Ansible; nothing of ours is passed on."""
    args = [*ssh_options(files, spec.connect_seconds), "-o", "ControlMaster=auto", "-o", "ControlPersist=30s"]
    # Mitogen knows nothing of Windows.
    alien = tools.strategy is Strategy.MITOGEN and spec.host.transport is not Transport.SSH
    return {
        **standing(tools),
        **({"ANSIBLE_STRATEGY": STRATEGIES[Strategy.NEAR]} if alien else {}),
        "HOME": str(files.work / "home"),
        MARK: files.mark,
        "KITTO_DOOR": str(files.door),
        "SSH_AUTH_SOCK": str(files.agent),
        "ANSIBLE_CONFIG": str(files.work / "ansible.cfg"),
        "ANSIBLE_HOME": str(files.work / "home"),
        "ANSIBLE_LOCAL_TEMP": str(files.work / "tmp"),
        "ANSIBLE_SSH_ARGS": " ".join(args),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(files.work / "cp"),
        "ANSIBLE_FORKS": str(spec.forks),
        "ANSIBLE_TIMEOUT": str(spec.connect_seconds),
    }


def _copied(spec: PlaySpec, files: RunFiles) -> dict[str, Value]:
    copied: dict[str, Value] = {}
    for name, given in spec.files.items():
        source = Path(given)
        if not source.is_file() or source.stat().st_size > LARGEST_FILE:
            raise PlayFault(f"the file for {name} is not there or too large")
        target = files.work / "files" / f"{name}-{source.name}"
        shutil.copyfile(source, target)
        copied[name] = str(target)
    return copied


def _yaml(variables: dict[str, Value]) -> str:
    """JSON under one mark, so that Ansible evaluates nothing of what people typed and takes it as it is.

    Marked one by one, "0123" in quotes became a number. YAML knows no pairs for signs such as 𠮷.
    """
    return f"!unsafe {_PAIR.sub(_one_sign, json.dumps(variables))}\n"


def _one_sign(found: re.Match[str]) -> str:
    if not found[1]:
        return found[0]
    sign: str = json.loads('"' + found[0] + '"')
    return f"\\U{ord(sign):08x}"


def shell_wide(command: list[str]) -> list[str]:
    """The command on a terminal so wide that Ansible breaks no line: a broken secret cannot be hidden."""
    return ["/bin/sh", "-c", 'stty cols 30000; exec "$@"', "kitto-run", *command]
