"""Plays as forks of an Ansible that is loaded already: no different from others, and held as they are."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible import constants

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayFault, Strategy
from kitto.kitting.adapters.supervisor import beside
from kitto.kitting.adapters.supervisor.files import files_of
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import finish, order, play, recipe, told

pytestmark = pytest.mark.bench_pc

SETTINGS = tuple(constants.config.get_configuration_definitions())
ASKING = (
    "".join(
        f"    - name: Settings {number}\n      ansible.builtin.debug:\n        msg:\n"
        + "".join(
            f"          {name}: \"{{{{ lookup('config', '{name}', on_missing='skip') }}}}\"\n"
            for name in SETTINGS[number::20]  # an event holds no more
        )
        for number in range(20)
    )
    + """\
    - name: Surroundings
      ansible.builtin.debug:
        msg: "{{ lookup('pipe', 'umask; pwd; env | sort; id; grep -e Cap -e NoNew /proc/self/status') }}"
    - name: Work
      become: true
      ansible.builtin.copy:
        content: "{{ kitto_tag }}\\n"
        dest: /root/worked
        mode: "0600"
"""
)
HOLDING = """\
    - name: Hold
      become: true
      ansible.builtin.wait_for:
        path: /root/gate
        sleep: 1
"""


def loaded(ansible: Ansible, kind: str) -> list[int]:
    """Processes that stay loaded for this installation: `.warm` or `.mother`."""
    shared = str(files_of(ansible.home, "any").shared)
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_text().split("\0")
            if any(word.startswith(f"{shared}/{kind}") for word in words):
                found[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    # Not their forks.
    return [pid for pid, parent in found.items() if parent not in found and os.getsid(pid) == pid]


def forks(ansible: Ansible) -> list[int]:
    """Forks of the warm Ansible that are in process namespaces of their own."""
    shared = str(files_of(ansible.home, "any").shared)
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = (entry / "ns/pid").stat().st_ino != Path("/proc/self/ns/pid").stat().st_ino
            if inside and f"{shared}/.warm" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def until(look: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def warm(ansible: Ansible) -> Ansible:
    if shutil.which("bwrap") is None or shutil.which("setpriv") is None:
        pytest.skip("plays are held by something else than bwrap here, and are then started cold")
    return ansible


def test_a_warm_play_is_no_different_from_a_cold_one(warm: Ansible, pc: BenchPc, tmp_path: Path) -> None:
    folder = recipe(tmp_path / "asking", ASKING)
    cold = stage.installation(tmp_path, warm_seconds=0.0)
    said = []
    for each in (cold, warm):
        spec = order(pc, folder, verbosity=1, forks=3, connect_seconds=7)
        outcome = play(each, spec)
        assert (outcome.outcome, outcome.counts.ok) == (Outcome.SUCCEEDED, 22)
        events = [(e.kind, e.task, e.status, _same(e.text)) for e in told(each, spec.run_id)[1:]]
        said.append([event for event in events if event[1] != "Work" or event[0] != Kind.RESULT])
        each.forget(spec.run_id)
        if each is cold:
            assert not loaded(warm, ".warm")
    assert len(loaded(warm, ".warm")) == 1
    assert said[0] == said[1]
    assert pc.run("cat /root/worked").stdout == f"{stage.TAG}\n"


def _same(text: str) -> str:
    """Without what differs between any two runs: temporary names."""
    return "\n".join(line for line in text.splitlines() if "ansible-local-" not in line)


def test_killing_what_is_loaded_ends_no_play_and_the_next_one_loads_it_again(
    warm: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    spec = order(pc, recipe(tmp_path / "holding", HOLDING))
    warm.start(spec, {}, stage.KEY.private)
    stage.wait_for_task(warm, spec.run_id, "Hold")
    assert forks(warm)
    killed = loaded(warm, ".warm") + loaded(warm, ".mother")
    assert len(killed) == 2
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    pc.run("touch /root/gate")
    assert finish(warm, spec.run_id).outcome is Outcome.SUCCEEDED
    again = order(pc, recipe(tmp_path / "again", HOLDING), run_id="run-2")
    assert play(warm, again).outcome is Outcome.SUCCEEDED
    assert not set(killed) & {*loaded(warm, ".warm"), *loaded(warm, ".mother")}
    assert loaded(warm, ".warm")


def test_a_killed_supervisor_takes_the_fork_with_it(warm: Ansible, pc: BenchPc, tmp_path: Path) -> None:
    spec = order(pc, recipe(tmp_path / "holding", HOLDING))
    handle = warm.start(spec, {}, stage.KEY.private)
    stage.wait_for_task(warm, spec.run_id, "Hold")
    assert forks(warm)
    os.kill(handle.pid, signal.SIGKILL)
    until(lambda: not forks(warm))
    assert finish(warm, spec.run_id).outcome is Outcome.LOST
    assert loaded(warm, ".warm")


def test_what_stays_loaded_knows_no_secret_and_nothing_of_the_service(
    warm: Ansible, pc: BenchPc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITTO_DATABASE_URL", "postgresql://only-the-service-knows")
    canary = "Kanarienvogel-7391-im-Bergwerk"
    tasks = HOLDING.replace("Hold", "Read") + (
        "    - name: Use\n      ansible.builtin.debug:\n"
        "        msg: \"{{ lookup('kitto_secret', 'canary') }}\"\n"
    )
    pc.run("touch /root/gate")
    spec = order(pc, recipe(tmp_path / "reading", tasks), secret_names=("canary",))
    assert play(warm, spec, {"canary": canary}).outcome is Outcome.SUCCEEDED
    key = stage.KEY.private.splitlines()[2]
    for kind in (".warm", ".mother"):
        (pid,) = loaded(warm, kind)
        held = _memory(pid)
        assert b"kitto" in held  # what was read is really its memory
        for secret in (canary, key, "only-the-service-knows"):
            assert secret.encode() not in held, (kind, secret)


def _memory(pid: int) -> bytes:
    """Everything a process can write to, which is where anything it was told would be."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            where, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(word, 16) for word in where.split("-"))
                memory.seek(begin)
                try:
                    found.append(memory.read(end - begin))
                except OSError:
                    continue
    return b"".join(found)


def test_what_nobody_asks_ends_by_itself_and_so_does_what_lost_its_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kitto.kitting.adapters.supervisor.mother"]
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(["service", "agents"])}
    idle = subprocess.Popen([*command, str(tmp_path), "1"], env=environment, cwd=stage.ROOT)
    assert idle.wait(60) == 0
    (tmp_path / beside.DOOR).unlink()
    left = subprocess.Popen([*command, str(tmp_path), "900"], env=environment, cwd=stage.ROOT)
    until((tmp_path / beside.DOOR).exists, 60)
    (tmp_path / beside.DOOR).unlink()
    assert left.wait(60) == 0


def test_another_edition_is_another_process(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text("a = 1\n")
    before = beside.edition([tmp_path], "settings")
    assert beside.edition([tmp_path], "settings") == before
    assert beside.edition([tmp_path], "other settings") != before
    (tmp_path / "plugin.py").write_text("a = 1000\n")
    assert beside.edition([tmp_path], "settings") != before


def test_a_strategy_that_is_not_installed_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Place:
        address, port, user, host_key = "10.0.0.9", 22, "kitto", stage.KEY.public

    monkeypatch.setattr("kitto.kitting.adapters.ansible.find_spec", lambda _name: None)
    mitogen = stage.installation(tmp_path, strategy=Strategy.MITOGEN)
    with pytest.raises(PlayFault, match=r"install kitto\[mitogen\]"):
        mitogen.start(order(Place(), recipe(tmp_path / "any", HOLDING)), {}, stage.KEY.private)
    assert mitogen.runs() == []
