"""The worst that plays do: say too much, say nonsense, say nothing, die in the middle, fill the disk."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from kitto.kitting.adapters import trace
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayEvent, Status
from kitto.kitting.adapters.supervisor.masker import Masker
from kitto.kitting.adapters.supervisor.pen import LONGEST_JOURNAL, LONGEST_TEXT, Pen, draft
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import finish, order, play, recipe, told
from tests.kitting.adapters.test_warm import forks

NONSENSE = r"""    - name: Say nonsense
      ansible.builtin.raw: printf 'a\000b\377\376c\033[31m日本\n'
    - name: Say much
      ansible.builtin.command: sh -c 'yes 0123456789abcdef | head -c 2000000; echo; echo the reason'
    - name: Say many things
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop: "{{ range(60) | list }}"
    - name: Fail with much
      ansible.builtin.command: sh -c 'yes 0123456789abcdef | head -c 2000000 >&2; exit 3'
"""
HOLDING = """\
    - name: Count
      become: true
      ansible.builtin.shell: echo once >>/root/counted
    - name: Hold
      become: true
      ansible.builtin.shell: sleep 3333
"""


@pytest.mark.bench_pc
def test_nonsense_and_two_megabytes_become_lines_that_can_be_stored(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    outcome = play(ansible, order(pc, recipe(tmp_path / "nonsense", NONSENSE)))
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "task_failed")
    events = told(ansible, "run-1")
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    results = {event.task: event for event in events if event.kind is Kind.RESULT}
    assert "日本" in results["Say nonsense"].text
    assert "\0" not in results["Say nonsense"].text
    assert results["Say much"].text.rstrip().endswith("the reason")
    assert len([event for event in events if event.kind is Kind.ITEM]) == 60
    failed = results["Fail with much"]
    assert failed.status is Status.FAILED
    assert all(len(event.text.encode()) <= LONGEST_TEXT for event in events)
    assert len(failed.detail.encode()) <= 64 * 1024


@pytest.mark.bench_pc
def test_a_play_whose_ansible_is_killed_is_lost_and_its_device_is_cleaned(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    spec = order(pc, recipe(tmp_path / "holding", HOLDING))
    ansible.start(spec, {}, stage.KEY.private)
    stage.wait_for("sleep 3333", pc)
    inside = forks(ansible)
    if not inside:
        pytest.skip("plays are started cold here")
    os.kill(min(inside), signal.SIGKILL)
    outcome = finish(ansible, spec.run_id)
    assert (outcome.outcome, outcome.cause) == (Outcome.LOST, "ansible_killed")
    assert not outcome.left_here
    assert not outcome.left_there, stage.last_words(ansible, spec.run_id)
    assert stage.running("sleep 3333", pc) == []
    assert pc.run("cat /root/counted").stdout == "once\n"


@pytest.mark.bench_pc
def test_a_play_that_says_nothing_for_too_long_is_ended_here_and_there(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    outcome = play(ansible, order(pc, recipe(tmp_path / "holding", HOLDING), silent_seconds=12))
    assert (outcome.outcome, outcome.cause) == (Outcome.TIMED_OUT, "too_silent")
    assert not outcome.left_here
    assert stage.running("sleep 3333", pc) == []
    assert any(event.task == "Hold" for event in told(ansible, "run-1"))


def journal(path: Path) -> tuple[int, Pen]:
    handle = trace.open_locked(path)
    assert handle is not None
    return handle, Pen(handle, Masker([]))


def test_a_hundred_thousand_lines_are_read_from_any_place_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    handle, pen = journal(path)
    for number in range(100_000):
        pen.write(draft(Kind.OUTPUT, text=f"line {number}"))
    os.close(handle)
    last = trace.last(path)
    assert last
    assert last.seq == 100_000
    for after in (0, 1, 2, 511, 50_000, 99_998, 99_999, 100_000, 200_000):
        numbers = [event.seq for event in trace.read(path, after)]
        assert numbers == list(range(after + 1, 100_001)), after
    # Following a long journal must not cost its whole length each time.
    began = time.perf_counter()
    for _ in range(100):
        assert list(trace.read(path, 100_000)) == []
    beside = time.perf_counter()
    assert sum(1 for _ in trace.read(path)) == 100_000
    assert (beside - began) / 100 < (time.perf_counter() - beside) / 10


@pytest.mark.parametrize("tear", [1, 5, 9, 30, -1])
def test_a_journal_torn_at_any_place_is_read_up_to_the_tear(tmp_path: Path, tear: int) -> None:
    path = tmp_path / "journal.jsonl"
    handle, pen = journal(path)
    for number in range(5000):
        pen.write(draft(Kind.OUTPUT, text=f"line {number} " + "x" * 40))
    os.close(handle)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:tear])
    for after in (0, 1, 2500, 4990, 4998):
        assert [event.seq for event in trace.read(path, after)] == list(range(after + 1, 5000)), after
    newest = trace.last(path)
    assert newest
    assert newest.seq == 4999


def test_a_talkative_play_fills_no_disk_and_keeps_its_results(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    handle, pen = journal(path)
    for _ in range(2000):
        pen.write(draft(Kind.OUTPUT, text="x" * LONGEST_TEXT))
    pen.write(draft(Kind.RESULT, task="Last"))
    pen.write(draft(Kind.END, text="end"))
    os.close(handle)
    events = list(trace.read(path))
    assert path.stat().st_size < LONGEST_JOURNAL + 1024 * 1024
    assert [event.kind for event in events[-3:]] == [Kind.NOTE, Kind.RESULT, Kind.END]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A disk of 128 kB."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(where)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can make a disk that is full")
    return where


def test_a_full_disk_holds_the_play_up_and_loses_nothing(
    small_disk: Path, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: subprocess.run(["umount", "-l", str(small_disk)], check=True))
    (small_disk / "filler").write_bytes(b"x" * 64 * 1024)
    path = small_disk / "journal.jsonl"
    handle, pen = journal(path)
    written: list[PlayEvent] = []

    def talk() -> None:
        for number in range(300):
            event = draft(Kind.RESULT, task=f"Task {number}", text="x" * 200)
            pen.write(event)
            written.append(event)

    talker = threading.Thread(target=talk)
    talker.start()
    deadline = time.monotonic() + 30
    seen = -1
    while seen != (seen := len(written)) or seen == 0:  # until it stands still
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert talker.is_alive()
    assert len(written) < 300
    read = [event.seq for event in trace.read(path)]
    assert read == list(range(1, len(read) + 1))
    (small_disk / "filler").unlink()
    talker.join(30)
    os.close(handle)
    assert [event.task for event in trace.read(path)] == [f"Task {number}" for number in range(300)]
