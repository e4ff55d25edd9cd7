"""Whoever dies, a play is never run twice, and what it said is never lost."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from kitto.kitting.adapters import trace
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayFault, PlaySpec, State
from kitto.kitting.adapters.supervisor.files import files_of
from kitto.kitting.adapters.supervisor.marks import marked as marked_here
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import finish, order, recipe, told

pytestmark = pytest.mark.bench_pc

COUNTING = """\
    - name: Count
      become: true
      ansible.builtin.shell: echo once >>/root/counted
    - name: Wait for the gate
      become: true
      ansible.builtin.wait_for:
        path: /root/gate
        sleep: 1
    - name: Count again
      become: true
      ansible.builtin.shell: echo twice >>/root/counted
"""
STARTER = """\
import sys, time
import msgspec
from pathlib import Path
from kitto.kitting.adapters.plays import PlaySpec
from tests.kitting.adapters import stage
order, private_key = sys.stdin.read().split("\\0")
ansible = stage.installation(Path(sys.argv[1]))
ansible.start(msgspec.json.decode(order, type=PlaySpec), {}, private_key)
print("started", flush=True)
time.sleep(600)
"""


def start_elsewhere(spec: PlaySpec, folder: Path) -> subprocess.Popen[str]:
    """Start the play from a process of its own, as a service would."""
    service = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(["service", "agents", "."])},
        cwd=stage.ROOT,
    )
    assert service.stdin
    assert service.stdout
    service.stdin.write(f"{msgspec.json.encode(spec).decode()}\0{stage.KEY.private}")
    service.stdin.close()
    assert service.stdout.readline() == "started\n"
    return service


def test_a_play_goes_on_when_the_service_is_killed_and_is_found_again(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    spec = order(pc, recipe(tmp_path / "counting", COUNTING))
    service = start_elsewhere(spec, tmp_path)
    stage.wait_for_task(ansible, spec.run_id, "Wait for the gate")
    service.kill()
    service.wait()
    found = ansible.find(spec.run_id)
    assert found
    assert found.state is State.RUNNING
    assert ansible.runs() == [spec.run_id]
    assert ansible.start(spec, {}, stage.KEY.private) == found
    with pytest.raises(PlayFault, match="still running"):
        ansible.forget(spec.run_id)
    seen = told(ansible, spec.run_id)
    pc.run("touch /root/gate")
    outcome = finish(ansible, spec.run_id)
    assert (outcome.outcome, outcome.counts.changed) == (Outcome.SUCCEEDED, 2)
    seen += list(ansible.events(spec.run_id, after_seq=seen[-1].seq))
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert (seen[0].kind, seen[-1].kind) == (Kind.BEGAN, Kind.END)
    assert ansible.start(spec, {}, stage.KEY.private).state is State.FINISHED
    assert pc.run("cat /root/counted").stdout == "once\ntwice\n"
    ansible.forget(spec.run_id)
    ansible.forget(spec.run_id)
    assert ansible.find(spec.run_id) is None
    assert ansible.runs() == []


def test_a_killed_supervisor_takes_its_play_with_it_and_is_called_lost(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    spec = order(pc, recipe(tmp_path / "counting", COUNTING))
    handle = ansible.start(spec, {}, stage.KEY.private)
    stage.wait_for_task(ansible, spec.run_id, "Wait for the gate")
    os.kill(handle.pid, signal.SIGKILL)
    gone = time.monotonic() + 10
    while ansible.find(spec.run_id).state is State.RUNNING:  # type: ignore[union-attr]
        assert time.monotonic() < gone
    outcome = ansible.outcome(spec.run_id)
    assert outcome
    assert (outcome.outcome, outcome.left_here, outcome.left_there) == (Outcome.LOST, False, True)
    assert marked_here(files_of(ansible.home, spec.run_id).mark) == []
    assert not files_of(ansible.home, spec.run_id).work.exists()
    assert "ssh-agent" not in stage.command_lines() or str(files_of(ansible.home, spec.run_id).agent) not in (
        stage.command_lines()
    )
    # A lost run is not begun anew under its old name: nobody knows how far it came.
    assert ansible.start(spec, {}, stage.KEY.private).state is State.LOST
    assert ansible.sweep(spec, {}, stage.KEY.private)
    assert stage.marked(spec.run_id, pc) == []


def test_a_start_that_never_began_is_tried_again_and_a_torn_journal_is_read_up_to_the_tear(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "short", "    - name: Ping\n      ansible.builtin.ping:\n")
    spec = order(pc, folder, secret_names=("token",))
    with pytest.raises(PlayFault, match="differ: token"):
        ansible.start(spec, {}, stage.KEY.private)
    with pytest.raises(PlayFault, match="too short"):
        ansible.start(spec, {"token": "abc"}, stage.KEY.private)
    assert ansible.find(spec.run_id) is None
    assert stage.play(ansible, spec, {"token": "long enough"}).outcome is Outcome.SUCCEEDED
    whole = told(ansible, spec.run_id)
    journal = files_of(ansible.home, spec.run_id).journal
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    assert told(ansible, spec.run_id) == whole[:-1]
    assert finish(ansible, spec.run_id).outcome is Outcome.LOST
    journal.write_bytes(b"".join(lines[:-1]) + b"\0" * 512 + b"\n")
    assert told(ansible, spec.run_id) == whole[:-1]


def test_a_run_that_was_given_up_never_begins_and_one_that_began_is_not_given_up(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    late = order(pc, recipe(tmp_path / "late", COUNTING))
    assert ansible.give_up(late.run_id)
    assert ansible.give_up(late.run_id)
    with pytest.raises(PlayFault, match="before it began"):
        ansible.start(late, {}, stage.KEY.private)
    assert pc.run("cat /root/counted", check=False).stdout == ""
    ansible.forget(late.run_id)
    begun = order(pc, recipe(tmp_path / "begun", COUNTING))
    ansible.start(begun, {}, stage.KEY.private)
    assert not ansible.give_up(begun.run_id)
    stage.wait_for_task(ansible, begun.run_id, "Wait for the gate")
    pc.run("touch /root/gate")
    assert finish(ansible, begun.run_id).outcome is Outcome.SUCCEEDED
    assert not ansible.give_up(begun.run_id)


def test_a_journal_that_was_forgotten_while_somebody_waited_for_it_is_not_his(tmp_path: Path) -> None:
    path = tmp_path / trace.JOURNAL
    first = trace.open_locked(path)
    assert first is not None
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(trace.open_locked, path)
        until = time.monotonic() + 10
        while sum(link.endswith(str(path)) for link in open_files()) < 2:
            assert time.monotonic() < until
        path.unlink()
        os.close(first)
        assert second.result() is None


def open_files() -> list[str]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(entry.readlink()))
    return found
