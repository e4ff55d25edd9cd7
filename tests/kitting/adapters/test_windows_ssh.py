"""Plays over SSH to Windows: a real sshd, unchanged Ansible, PowerShell played as over WinRM."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Outcome, Transport
from tests.counterparts.pcs import why_reduced
from tests.counterparts.windows.machine import Update, Windows
from tests.counterparts.windows.over_ssh import WindowsOverSsh, windows_over_ssh
from tests.kitting.adapters import stage as ssh_stage
from tests.kitting.adapters import windows_stage as stage
from tests.kitting.adapters.stage import finish, last_words, recipe, wait_for_task
from tests.kitting.adapters.test_windows_workstation import MSI, STEPS, Bench, is_kitted

pytestmark = pytest.mark.bench_pc
SPEAKS = """\
    - name: It says its serial number and Japanese
      ansible.builtin.raw: (Get-CimInstance -ClassName Win32_BIOS).SerialNumber; '管理番号①髙橋'
      register: seen
      changed_when: false
    - name: It came whole
      ansible.builtin.assert:
        that: seen.stdout_lines == ['5CG4221X9K', '管理番号①髙橋']
    - name: A module runs
      ansible.windows.win_ping:
    - name: A failure is one
      ansible.builtin.raw: throw 'ディスクがありません'
      changed_when: false
"""
LONG = """\
    - name: Take long
      ansible.builtin.raw: Start-Sleep -Seconds 300
"""


@pytest.fixture
def ansible(tmp_path: Path) -> Iterator[Ansible]:
    with stage.installed(tmp_path) as made:
        yield made


@pytest.fixture
def pc() -> Iterator[WindowsOverSsh]:
    if lacking := why_reduced():
        pytest.skip(f"a real sshd that is somebody else's PC: {lacking}")
    windows = Windows(serial="5CG4221X9K", vendor="HP", model="HP ProBook 450 G10")
    with windows_over_ssh(windows, authorized_key=ssh_stage.KEY.public) as switched_on:
        windows.on_the_net[MSI] = b"msi"
        windows.updates = [Update("KB5068861", "2025-11 x64 ベース システム用累積更新プログラム")]
        yield switched_on


def test_a_play_speaks_with_powershell_over_ssh(ansible: Ansible, pc: WindowsOverSsh, tmp_path: Path) -> None:
    spec = stage.order_over_ssh(pc.pc, recipe(tmp_path / "recipe", SPEAKS), ansible)
    ansible.start(spec, {}, ssh_stage.KEY.private)
    outcome = finish(ansible, spec.run_id)
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "task_failed"), outcome
    assert any("ディスクがありません" in words for words in last_words(ansible, spec.run_id))
    assert outcome.counts.ok == 3


def test_another_host_key_is_never_believed(ansible: Ansible, pc: WindowsOverSsh, tmp_path: Path) -> None:
    other = ssh_stage.keys.new_key_pair().public
    spec = stage.order_over_ssh(pc.pc, recipe(tmp_path / "recipe", SPEAKS), ansible, host_key=other)
    ansible.start(spec, {}, ssh_stage.KEY.private)
    outcome = finish(ansible, spec.run_id)
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "host_key_changed")
    assert not pc.commands


def test_a_cancelled_play_says_that_windows_cannot_be_cleaned_up_over_ssh(
    ansible: Ansible, pc: WindowsOverSsh, tmp_path: Path
) -> None:
    spec = stage.order_over_ssh(pc.pc, recipe(tmp_path / "recipe", LONG), ansible)
    ansible.start(spec, {}, ssh_stage.KEY.private)
    wait_for_task(ansible, stage.RUN, "Take long")
    ansible.cancel(stage.RUN)
    outcome = finish(ansible, stage.RUN)
    assert (outcome.outcome, outcome.left_there) == (Outcome.CANCELLED, True)
    assert any("Restart the device to be sure" in words for words in last_words(ansible, stage.RUN))


@pytest.mark.timeout(900)
def test_every_step_of_the_recipe_over_ssh_and_a_second_time_nothing(
    ansible: Ansible, pc: WindowsOverSsh
) -> None:
    bench = Bench(ansible, pc.pc, Transport.SSH_WINDOWS)
    for name in STEPS:
        bench.succeeds(name)
    is_kitted(pc.windows, bench)
    before = list(pc.windows.done)
    for name in STEPS:
        assert bench.succeeds(name).counts.changed == 0, name
    assert pc.windows.done == before
