"""What the tests of plays share: a technician's key, specs, recipes written on the spot, and patience."""

import os
import time
from pathlib import Path
from typing import Protocol

from kitto.kitting.adapters import recipes
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.content import content_of
from kitto.kitting.adapters.plays import Host, Outcome, PlayEvent, PlayOutcome, PlaySpec, Value
from kitto.kitting.adapters.publishing.causes import has_words
from tests.counterparts import keys
from tests.counterparts.pcs import BenchPc

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = ROOT / "playbooks"
KEY = keys.new_key_pair()
TAG = "PC-00042-K"
OFFICE: dict[str, Value] = {
    "kitto_tag": TAG,
    "kitto_serial": "8XK2QZ3",
    "kitto_time_zone": "Asia/Tokyo",
    "kitto_locale": "ja_JP.UTF-8",
    "kitto_accounts": [],
    "kitto_apt_sources": [],
    "kitto_packages": [],
    "kitto_package_files": [],
}
HEAD = """\
- name: Test
  hosts: device
  gather_facts: false
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
"""


def installation(folder: Path, **more: object) -> Ansible:
    """Ansible as an installation has it, its journals in `folder`."""
    given = {"home": folder / "runs", "plugins": ROOT / "inventories/plugins", "collections": ()}
    return Ansible(**{**given, **more})  # type: ignore[arg-type]


def recipe(folder: Path, tasks: str) -> Path:
    """A recipe with one playbook of these tasks, indented by four."""
    folder.mkdir()
    (folder / "playbook.yml").write_text(HEAD + tasks)
    return folder


class Reached(Protocol):
    """How a PC is reached; a bench PC is one."""

    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def host_key(self) -> str: ...


def order(
    pc: Reached,
    folder: Path,
    *,
    run_id: str = "run-1",
    playbook: str = "playbook.yml",
    host_key: str = "",
    **more: object,
) -> PlaySpec:
    """The spec of one play on this PC."""
    host = Host(address=pc.address, port=pc.port, user=pc.user, keys=(host_key or pc.host_key,))
    settings: dict[str, object] = {"variables": OFFICE, "connect_seconds": 5, **more}
    return PlaySpec(
        run_id=run_id,
        folder=str(folder),
        playbook=playbook,
        content=content_of(folder),
        host=host,
        **settings,  # type: ignore[arg-type]
    )


def finish(ansible: Ansible, run_id: str, seconds: float = 200) -> PlayOutcome:
    """Wait for the run's end."""
    deadline = time.monotonic() + seconds
    while (outcome := ansible.outcome(run_id)) is None:
        if time.monotonic() > deadline:
            raise AssertionError(f"{run_id} did not end: {last_words(ansible, run_id)}")
        time.sleep(0.05)
    return outcome


def play(ansible: Ansible, spec: PlaySpec, secrets: dict[str, str] | None = None) -> PlayOutcome:
    """Start a play and wait for its end."""
    ansible.start(spec, secrets or {}, KEY.private)
    return in_both_languages(spec, finish(ansible, spec.run_id))


def in_both_languages(spec: PlaySpec, outcome: PlayOutcome) -> PlayOutcome:
    """Whatever a recipe of ours says when it fails, there are words for exactly that in both languages."""
    folder = Path(spec.folder)
    if (
        folder.parent == PLAYBOOKS
        and outcome.outcome is Outcome.FAILED
        and outcome.cause
        and not outcome.says
    ):
        known = recipes.read(folder.name, (folder / "profile.yml").read_bytes()).causes
        assert has_words(known, outcome.cause, outcome.reason), outcome
    return outcome


def wait_for_task(ansible: Ansible, run_id: str, task: str, seconds: float = 60) -> None:
    """Wait until the play has come to a task."""
    deadline = time.monotonic() + seconds
    while not any(event.kind == "task" and event.task == task for event in ansible.events(run_id)):
        if time.monotonic() > deadline or ansible.outcome(run_id):
            raise AssertionError(f"{run_id} never came to {task}: {last_words(ansible, run_id)}")
        time.sleep(0.05)


def wait_for(what: str, pc: BenchPc, seconds: float = 20) -> None:
    """Wait until a process with these words in its command runs on the PC."""
    deadline = time.monotonic() + seconds
    while not running(what, pc):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} never ran on the PC")
        time.sleep(0.05)


def running(what: str, pc: BenchPc) -> list[str]:
    return [process.command for process in pc.processes() if what in process.command]


def marked(run_id: str, pc: BenchPc) -> list[str]:
    """Processes of the run on the PC."""
    return [process.command for process in pc.processes() if process.environment.get("KITTO_JOB") == run_id]


def told(ansible: Ansible, run_id: str) -> list[PlayEvent]:
    return list(ansible.events(run_id))


def last_words(ansible: Ansible, run_id: str) -> list[str]:
    return [f"{event.kind} {event.task} {event.text}"[:300] for event in told(ansible, run_id)[-5:]]


def command_lines(pid: int | None = None) -> str:
    """What everybody on this machine can read of running processes."""
    texts = []
    for entry in Path("/proc").glob("[0-9]*" if pid is None else str(pid)):
        try:
            texts.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(texts)


def environments_of(mark: str) -> str:
    """The environments of our own processes that belong to a run."""
    texts = []
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"KITTO_RUN={mark}" in text:
            texts.append(text)
    return "\n".join(texts)
