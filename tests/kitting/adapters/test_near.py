"""A play's tasks run in one process, and change, say and end the same as with a process for each."""

from pathlib import Path
from typing import Any

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, Strategy
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import order, play, recipe

pytestmark = pytest.mark.bench_pc

# What a worker of its own kept from the tasks after it: loops, results, facts, handlers, rescues, retries.
WORK = """\
    - name: A loop, some of whose items are passed over
      ansible.builtin.command: "echo {{ item.name }}"
      changed_when: false
      loop: [{ name: 一, wanted: true }, { name: 二, wanted: false }, { name: 三, wanted: true }]
      loop_control: { label: "{{ item.name }}" }
      when: item.wanted
      register: said
    - name: The same loop once more sees nothing of the first
      ansible.builtin.assert:
        that:
          - item is not defined
          - said.results | map(attribute='stdout', default='-') | list == ['一', '-', '三']
    - name: A fact that is changed later
      ansible.builtin.set_fact:
        numbers: [1, 2]
    - name: Another that is made from it
      ansible.builtin.set_fact:
        longer: "{{ numbers + [3] }}"
    - name: The first is what it was
      ansible.builtin.assert:
        that:
          - numbers == [1, 2]
          - longer == [1, 2, 3]
    - name: Tried until it is there
      ansible.builtin.shell: echo x >> /tmp/tries; test $(wc -l < /tmp/tries) -ge 3
      changed_when: false
      register: tried
      until: tried.rc == 0
      retries: 5
      delay: 0
    - name: Passed over by itself
      block:
        - name: Fails
          ansible.builtin.command: "false"
          changed_when: false
      rescue:
        - name: Is seen
          ansible.builtin.debug:
            msg: "{{ ansible_failed_task.name }}: {{ ansible_failed_result.rc }}"
    - name: Nobody is at the standard input
      ansible.builtin.debug:
        msg: "{{ lookup('pipe', 'cat; echo end') }}"
    - name: Which process this is
      ansible.builtin.debug:
        msg: "process {{ lookup('pipe', 'echo $PPID') }}"
    - name: Which this
      ansible.builtin.debug:
        msg: "process {{ lookup('pipe', 'echo $PPID') }}"
    - name: Longer than it may be
      ansible.builtin.command: sleep 30
      changed_when: false
      timeout: 1
      ignore_errors: true
"""
ENDS = """\
    - name: Work
      ansible.builtin.command: echo before
      changed_when: false
    - name: A plugin ends its process
      leaves:
    - name: Never
      ansible.builtin.command: echo after
      changed_when: false
"""
LEAVES = """\
import sys
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        sys.exit(0)
"""


@pytest.fixture(params=[Strategy.NEAR, Strategy.LINEAR, Strategy.MITOGEN])
def ansible(request: pytest.FixtureRequest, tmp_path: Path) -> Ansible:
    return stage.installation(tmp_path, strategy=request.param)


def processes(ansible: Ansible, run_id: str) -> int:
    return len({event.text for event in ansible.events(run_id) if event.text.startswith("process ")})


def heard(ansible: Ansible, run_id: str) -> list[tuple[Any, ...]]:
    return [
        (event.kind, event.task, event.item, event.text)
        for event in ansible.events(run_id)
        if event.kind not in (Kind.BEGAN, Kind.END) and not event.text.startswith("process ")
    ]


def test_tasks_do_and_say_the_same_in_one_process(tmp_path: Path, pc: BenchPc) -> None:
    folder = recipe(tmp_path / "work", WORK)
    told = {}
    for strategy in (Strategy.LINEAR, Strategy.NEAR, Strategy.MITOGEN):
        ansible = stage.installation(tmp_path, strategy=strategy)
        pc.run("rm -f /tmp/tries")
        outcome = play(ansible, order(pc, folder, run_id=strategy.value))
        assert outcome.outcome is Outcome.SUCCEEDED, stage.last_words(ansible, strategy.value)
        told[strategy] = (outcome.counts, heard(ansible, strategy.value))
        assert processes(ansible, strategy.value) == (2 if strategy is Strategy.LINEAR else 1)
    assert told[Strategy.NEAR] == told[Strategy.LINEAR]
    assert told[Strategy.MITOGEN] == told[Strategy.LINEAR]


def test_a_plugin_that_ends_its_process_ends_the_play_as_failed(
    ansible: Ansible, tmp_path: Path, pc: BenchPc
) -> None:
    folder = recipe(tmp_path / "ends", ENDS)
    (folder / "action_plugins").mkdir()
    (folder / "action_plugins/leaves.py").write_text(LEAVES)
    outcome = play(ansible, order(pc, folder, run_id="ends"))
    assert outcome.outcome is not Outcome.SUCCEEDED
    said = " ".join(event.text for event in ansible.events("ends"))
    assert "before" in said  # it got so far
    assert "after" not in said
