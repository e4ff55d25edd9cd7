"""Ending a play: nothing of it is left here or on the device, however it was ended and whatever held it."""

import dataclasses
from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Outcome, Strategy
from kitto.kitting.adapters.supervisor.files import files_of
from kitto.kitting.adapters.supervisor.marks import marked as marked_here
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import finish, order, recipe

pytestmark = pytest.mark.bench_pc

# A child that will not listen, and one that has gone into a session of its own.
STUBBORN = """\
    - name: Work
      become: true
      ansible.builtin.shell: |
        trap '' TERM INT HUP
        setsid sleep 1111 </dev/null >/dev/null 2>&1 &
        while :; do sleep 2222; done
"""


@pytest.mark.parametrize("strategy", [Strategy.NEAR, Strategy.MITOGEN])
def test_a_cancelled_play_leaves_nothing_here_and_nothing_on_the_device(
    strategy: Strategy, ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    ansible = dataclasses.replace(ansible, strategy=strategy)
    spec = order(pc, recipe(tmp_path / "stubborn", STUBBORN))
    ansible.start(spec, {}, stage.KEY.private)
    stage.wait_for("sleep 1111", pc)
    stage.wait_for("sleep 2222", pc)
    ansible.cancel(spec.run_id)
    outcome = finish(ansible, spec.run_id)
    assert (outcome.outcome, outcome.cause) == (Outcome.CANCELLED, "cancelled")
    assert not outcome.left_here
    assert not outcome.left_there, stage.last_words(ansible, spec.run_id)
    assert stage.marked(spec.run_id, pc) == []
    assert stage.running("sleep", pc) == []
    assert stage.running("mitogen", pc) == []
    assert marked_here(files_of(ansible.home, spec.run_id).mark) == []
    assert not files_of(ansible.home, spec.run_id).work.exists()


def test_a_play_that_takes_too_long_is_ended(ansible: Ansible, pc: BenchPc, tmp_path: Path) -> None:
    spec = order(pc, recipe(tmp_path / "stubborn", STUBBORN), total_seconds=6)
    outcome = stage.play(ansible, spec)
    assert (outcome.outcome, outcome.cause) == (Outcome.TIMED_OUT, "too_long")
    assert stage.marked(spec.run_id, pc) == []
    assert marked_here(files_of(ansible.home, spec.run_id).mark) == []


def test_a_device_that_went_off_cannot_be_cleaned_up_and_the_outcome_says_so(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    spec = order(pc, recipe(tmp_path / "stubborn", STUBBORN))
    ansible.start(spec, {}, stage.KEY.private)
    stage.wait_for("sleep 2222", pc)
    pc.power_off()
    ansible.cancel(spec.run_id)
    outcome = finish(ansible, spec.run_id)
    assert outcome.left_there
    assert outcome.outcome in (Outcome.CANCELLED, Outcome.UNREACHABLE)


def test_cancelling_nobody_too_early_and_twice_is_fine(ansible: Ansible, pc: BenchPc, tmp_path: Path) -> None:
    spec = order(pc, recipe(tmp_path / "stubborn", STUBBORN))
    ansible.cancel("nobody")
    ansible.start(spec, {}, stage.KEY.private)
    ansible.cancel(spec.run_id)
    ansible.cancel(spec.run_id)
    assert finish(ansible, spec.run_id).outcome is Outcome.CANCELLED
    assert stage.running("sleep", pc) == []
