"""The parts of the supervisor by themselves: what holds processes, what is watched, what an end means."""

import os
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kitto.kitting.adapters import trace
from kitto.kitting.adapters.plays import (
    Containment,
    Counts,
    Kind,
    Outcome,
    PlayEvent,
    PlayFault,
    PlayOutcome,
    Status,
)
from kitto.kitting.adapters.supervisor import containment, ending
from kitto.kitting.adapters.supervisor.files import files_of, private_folder
from kitto.kitting.adapters.supervisor.keys import listens
from kitto.kitting.adapters.supervisor.marks import MARK, end_marked, marked
from kitto.kitting.adapters.supervisor.masker import Masker
from kitto.kitting.adapters.supervisor.pen import LONGEST_DETAIL, Pen, draft
from kitto.kitting.adapters.supervisor.play import Watch

# A family that ignores polite signals, with a grandchild in a session of its own.
FAMILY = """trap '' TERM INT HUP; setsid sh -c "trap '' TERM; sleep 1111" &
while :; do sleep 2222; done"""


@pytest.mark.parametrize("kind", [Containment.BWRAP, Containment.CGROUP, Containment.MARK])
def test_whatever_holds_a_run_ends_all_of_it(kind: Containment, tmp_path: Path) -> None:
    run_id = f"held-{kind}-{os.getpid()}"
    try:
        held = containment.choose(kind, run_id, tmp_path, [])
    except PlayFault as impossible:
        pytest.skip(str(impossible))
    assert held.kind is kind
    family = subprocess.Popen(
        held.wrap(["/bin/sh", "-c", FAMILY]),
        env={"PATH": os.defpath, MARK: run_id},
        cwd=tmp_path,
    )
    deadline = time.monotonic() + 20
    while len(marked(run_id)) < 4:  # parent, grandchild, and the sleep of each
        assert time.monotonic() < deadline
    family.kill()
    held.end()
    assert end_marked(run_id, 10)
    assert marked(run_id) == []
    family.wait()


def test_a_container_that_is_not_there_is_not_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlayFault, match="cannot be contained by bwrap"):
        containment.choose(Containment.BWRAP, "nowhere", tmp_path, [])


def watch(tmp_path: Path, **more: float) -> Watch:
    files = files_of(tmp_path, "watched")
    private_folder(files.kept)
    return Watch(files, **{"total_seconds": 60.0, "silent_seconds": 30.0, **more})


def test_a_play_is_stopped_for_its_length_its_silence_or_a_wish_and_keeps_its_first_reason(
    tmp_path: Path,
) -> None:
    assert not watch(tmp_path).must_stop()
    long = watch(tmp_path, total_seconds=-1.0)
    assert long.must_stop()
    silent = watch(tmp_path, silent_seconds=-1.0)
    assert silent.must_stop()
    silent.asked_to_stop.set()
    assert silent.must_stop()
    unwanted = watch(tmp_path)
    unwanted.files.cancel.touch()
    assert unwanted.must_stop()
    outcomes = [ending.outcome_of(each, None) for each in (long, silent, unwanted)]
    assert [each.cause for each in outcomes] == ["too_long", "too_silent", "cancelled"]


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@", "host_key_changed"),
        ("No ED25519 host key is known for 10.0.0.9 and you have requested", "host_key_changed"),
        ("kitto@10.0.0.9: Permission denied (publickey).", "login_refused"),
        ("SSH password was requested, but none specified", "login_refused"),
        ("SSH reported an unrecognized or mismatching host key.", "host_key_changed"),
        ("connect to host 10.0.0.9 port 22: Connection refused", "no_answer"),
        ("connect to host 10.0.0.9 port 22: Connection timed out", "no_answer"),
    ],
)
def test_what_ssh_says_becomes_a_cause(tmp_path: Path, said: str, cause: str) -> None:
    seen = watch(tmp_path)
    seen.note(event(Status.UNREACHABLE, said))
    seen.counts = Counts(unreachable=1)
    outcome = ending.outcome_of(seen, 4)
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, cause)
    assert outcome.reason.endswith((".", "?"))


@pytest.mark.parametrize(
    ("said", "cause", "reason"),
    [
        ("[wrong_device] Look at the label.", "wrong_device", "Look at the label."),
        ("Missing sudo password", "sudo_refused", "Kitto's account on the device may not become root"),
        ("no space left\nmore", "task_failed", "“Task” failed: no space left"),
        ("", "task_failed", "“Task” failed: –"),
    ],
)
def test_what_a_task_says_becomes_a_cause(tmp_path: Path, said: str, cause: str, reason: str) -> None:
    seen = watch(tmp_path)
    seen.note(event(Status.FAILED, said))
    seen.counts = Counts(failed=1)
    outcome = ending.outcome_of(seen, 2)
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, cause)
    assert outcome.reason.startswith(reason)


def test_a_failure_that_was_allowed_for_is_no_failure(tmp_path: Path) -> None:
    seen = watch(tmp_path)
    seen.counts = Counts(ok=3)
    assert ending.outcome_of(seen, 0) == PlayOutcome(
        outcome=Outcome.SUCCEEDED, counts=Counts(ok=3), rc=0, seconds=ending.outcome_of(seen, 0).seconds
    )


def event(status: Status, text: str) -> PlayEvent:
    return PlayEvent(
        seq=0, at=datetime(2026, 1, 1, tzinfo=UTC), kind=Kind.RESULT, task="Task", status=status, text=text
    )


def test_a_journal_is_numbered_masked_and_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    handle = trace.open_locked(path)
    assert handle is not None
    pen = Pen(handle, Masker(["hidden word"]))
    pen.write(draft(Kind.BEGAN, text="1"))
    pen.write(draft(Kind.OUTPUT, text="a hidden word " * 10_000))
    assert trace.is_held(path)
    assert trace.open_locked(path) is None
    os.close(handle)
    assert not trace.is_held(path)
    began, output = trace.read(path)
    assert (began.seq, output.seq) == (1, 2)
    assert "hidden word" not in output.text
    assert len(output.text.encode()) <= LONGEST_DETAIL
    assert list(trace.read(path, after_seq=1)) == [output]
    assert trace.last(path) == output


def test_nobody_there_is_no_journal(tmp_path: Path) -> None:
    assert list(trace.read(tmp_path / "none")) == []
    assert trace.last(tmp_path / "none") is None
    assert not trace.is_held(tmp_path / "none")


def test_somebody_elses_folder_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(PlayFault, match="is not ours"):
        private_folder(tmp_path / "link")


def test_marks_of_ended_processes_are_not_seen() -> None:
    run_id = f"short-{os.getpid()}"
    child = subprocess.Popen(["sleep", "600"], env={"PATH": os.defpath, MARK: run_id})
    deadline = time.monotonic() + 10
    while not marked(run_id):
        assert time.monotonic() < deadline
    assert marked(run_id) == [child.pid]
    assert end_marked(run_id, 10)
    child.wait()
    assert marked(run_id) == []


def test_an_agent_whose_socket_is_there_is_not_yet_one_that_listens(tmp_path: Path) -> None:
    """On a busy machine the moment between the two is long enough to take a good key for a bad one."""
    address = tmp_path / "agent.sock"
    assert not listens(address)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(address))
        assert not listens(address)
        agent.listen()
        assert listens(address)
    assert not listens(address)
