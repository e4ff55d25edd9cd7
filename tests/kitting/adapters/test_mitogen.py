"""Plays over Mitogen: they change, say, refuse and end the same as without it, and sign in once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kitto.kitting.adapters.plays import Outcome, Strategy
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import order, play, recipe

pytestmark = pytest.mark.bench_pc
pytest.importorskip("ansible_mitogen", reason="the extra `mitogen` is not installed")

WORK = """\
    - name: Work
      become: true
      ansible.builtin.command: id -u
      changed_when: false
"""
OWN = """\
    - name: Greet
      greet:
      register: greeting
    - name: Show
      ansible.builtin.debug:
        msg: "{{ greeting.words }}"
"""
GREET = """\
from ansible.module_utils import greeting, splitter
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={})
module.exit_json(changed=False, words=[greeting.WORD, splitter.WORD])
"""
BOTH = pytest.mark.parametrize("strategy", [Strategy.NEAR, Strategy.MITOGEN])


def test_what_it_reports_as_done_is_done_in_one_process_and_with_one_sign_in(
    pc: BenchPc, tmp_path: Path
) -> None:
    base = stage.PLAYBOOKS / "linux-workstation"
    before = pc.console().count("Accepted publickey")
    counts = []
    for strategy in (Strategy.MITOGEN, Strategy.NEAR):
        each = stage.installation(tmp_path, strategy=strategy)
        outcome = play(each, order(pc, base, playbook="base.yml", run_id=strategy.value))
        assert outcome.outcome is Outcome.SUCCEEDED, stage.last_words(each, strategy.value)
        counts.append(outcome.counts)
        if strategy is Strategy.MITOGEN:
            assert pc.console().count("Accepted publickey") == before + 1
    assert counts[0].changed > 0
    assert counts[1].changed == 0, "what Mitogen reported as done was not"


def lets_nobody_in(pc: BenchPc) -> None:
    pc.run("rm -f /home/*/.ssh/authorized_keys")


def is_off(pc: BenchPc) -> None:
    pc.power_off()


def wants_a_password(pc: BenchPc) -> None:
    pc.run(
        "rm -f /etc/sudoers.d/*; echo 'kitto:Richtig-1' | chpasswd;"
        " echo 'kitto ALL=(ALL) ALL' >/etc/sudoers.d/kitto"
    )


def has_no_python(pc: BenchPc) -> None:
    pc.run("cd /usr/bin; for each in python3*; do mv $each no-$each; done")


def has_its_own_python(pc: BenchPc) -> None:
    pc.run("cd /usr/bin; real=$(readlink -f python3); mv $real /usr/local/bin/python3; rm -f python3*")


@BOTH
@pytest.mark.parametrize(
    ("device", "password", "outcome", "cause"),
    [
        (lets_nobody_in, "", Outcome.UNREACHABLE, "login_refused"),
        (is_off, "", Outcome.UNREACHABLE, "no_answer"),
        (wants_a_password, "", Outcome.FAILED, "sudo_refused"),
        (wants_a_password, "Falsch-1", Outcome.FAILED, "sudo_password_wrong"),
        (wants_a_password, "Richtig-1", Outcome.SUCCEEDED, ""),
        (has_no_python, "", Outcome.FAILED, "python_missing"),
        (has_its_own_python, "", Outcome.SUCCEEDED, ""),
    ],
)
def test_a_device_that_will_not_is_described_the_same(
    strategy: Strategy,
    device: Callable[[BenchPc], None],
    password: str,
    outcome: Outcome,
    cause: str,
    pc: BenchPc,
    tmp_path: Path,
) -> None:
    device(pc)
    secrets = {"become_password": password} if password else {}
    spec = order(pc, recipe(tmp_path / "work", WORK), secret_names=tuple(secrets))
    found = play(stage.installation(tmp_path, strategy=strategy), spec, secrets)
    assert (found.outcome, found.cause) == (outcome, cause), found.reason


def test_another_host_key_is_not_believed(pc: BenchPc, tmp_path: Path) -> None:
    mitogen = stage.installation(tmp_path, strategy=Strategy.MITOGEN)
    outcome = play(mitogen, order(pc, recipe(tmp_path / "work", WORK), host_key=stage.KEY.public))
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "host_key_changed")


@BOTH
def test_python_that_a_recipe_brings_travels_and_stands_in_for_ansibles(
    strategy: Strategy, pc: BenchPc, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "own", OWN)
    for name, text in (
        ("library/greet.py", GREET),
        ("module_utils/greeting.py", "WORD = 'こんにちは'\n"),
        ("module_utils/splitter.py", "WORD = 'its own'\n"),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    ansible = stage.installation(tmp_path, strategy=strategy)
    outcome = play(ansible, order(pc, folder))
    said = [event.text for event in ansible.events("run-1")]
    assert outcome.outcome is Outcome.SUCCEEDED, stage.last_words(ansible, "run-1")
    assert any("こんにちは" in text and "its own" in text for text in said)
