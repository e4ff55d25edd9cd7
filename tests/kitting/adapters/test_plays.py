"""Plays on a real PC: what they change, what they refuse, and what they say."""

import dataclasses
from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Outcome, PlayFault, Value
from tests.counterparts import keys
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import PLAYBOOKS, order, play, recipe, told

pytestmark = pytest.mark.bench_pc


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a PC would be."""

    address: str = "10.0.0.9"
    port: int = 22
    user: str = "kitto"
    host_key: str = keys.new_key_pair().public


SOMEWHERE = Place()
WORKSTATION = PLAYBOOKS / "linux-workstation"


def test_another_machine_than_the_ledgers_is_left_as_it_was(ansible: Ansible) -> None:
    with bench_pc(serial="OTHER77", authorized_key=stage.KEY.public) as other:
        if other.reduced:
            pytest.skip(other.cannot)
        other.run("hostname unknown-to-itself")  # sudo then complains before each answer
        before = other.run("hostname; find /etc -newer /proc/1 -type f").stdout
        outcome = play(ansible, order(other, WORKSTATION, playbook="base.yml"))
        assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "wrong_device")
        assert "is “OTHER77”;" in outcome.reason
        assert "8XK2QZ3" in outcome.reason
        assert not outcome.counts.changed
        assert other.run("hostname; find /etc -newer /proc/1 -type f").stdout == before


def test_a_dry_run_shows_the_change_and_does_not_make_it(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    tasks = """\
    - name: Write
      become: true
      ansible.builtin.copy:
        content: "LANG=ja_JP.UTF-8\\n"
        dest: /etc/written
        mode: "0644"
"""
    outcome = play(ansible, order(pc, recipe(tmp_path / "dry", tasks), check=True, diff=True))
    assert (outcome.outcome, outcome.counts.changed) == (Outcome.SUCCEEDED, 1)
    assert [event.text for event in told(ansible, "run-1") if event.kind == "diff" and "+LANG" in event.text]
    assert pc.run("test -e /etc/written", check=False).returncode


def test_a_machine_that_is_off_is_waited_for_and_has_not_failed(ansible: Ansible, pc: BenchPc) -> None:
    pc.power_off()
    outcome = play(ansible, order(pc, WORKSTATION, playbook="base.yml"))
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "no_answer")


def test_a_machine_with_another_host_key_is_not_trusted(ansible: Ansible, pc: BenchPc) -> None:
    ledgers = keys.new_key_pair().public
    outcome = play(ansible, order(pc, WORKSTATION, playbook="base.yml", host_key=ledgers))
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "host_key_changed")
    assert pc.run("hostname").stdout.strip() == "debian"


def test_what_people_type_is_never_evaluated_and_a_failing_task_is_named_with_its_message(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    variables: dict[str, Value] = {
        "word": "{{ lookup('pipe', 'touch " + str(tmp_path / "harm") + "') }}",
        "deep": {"list": ["{{ 6 * 7 }}", 'quote " and \\ and\nline']},
    }
    tasks = """\
    - name: Show
      ansible.builtin.debug:
        msg: '{{ word }}|{{ deep.list | join("|") }}'
    - name: Break
      ansible.builtin.command: sh -c 'echo out; echo err >&2; exit {{ item }}'
      loop: [0, 3]
"""
    outcome = play(ansible, order(pc, recipe(tmp_path / "show", tasks), variables=variables))
    shown, failed = (event for event in told(ansible, "run-1") if event.kind == "result")
    assert shown.text == f'{variables["word"]}|{{{{ 6 * 7 }}}}|quote " and \\ and\nline'
    assert not (tmp_path / "harm").exists()
    assert (outcome.outcome, outcome.cause, outcome.rc) == (Outcome.FAILED, "task_failed", 2)
    assert "“Break” failed: non-zero return code" in outcome.reason
    assert '"rc":3' in failed.detail.replace(" ", "")


def test_a_playbook_that_ansible_cannot_read_is_explained(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    broken = recipe(tmp_path / "broken", "    - name: Odd\n      no.such.module: {}\n")
    outcome = play(ansible, order(pc, broken))
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "playbook_broken")
    assert "no.such.module" in outcome.reason


def test_a_recipe_that_was_changed_after_the_order_is_not_run(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "changing", "    - name: Ping\n      ansible.builtin.ping:\n")
    spec = order(pc, folder)
    (folder / "playbook.yml").write_text("[]")
    outcome = play(ansible, spec)
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "not_started")
    assert "order it anew" in outcome.reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"run_id": "../up"},
        {"variables": {"a b": "c"}},
        {"host_key": "ssh-ed25519 AAAA\n* ssh-ed25519 BBBB"},
        {"playbook": "a\nb.yml"},
        {"playbook": "-e.yml"},
        {"variables": {"ansible_connection": "local"}},
        {"secret_names": ("No",)},
    ],
)
def test_an_order_that_could_mean_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PlayFault):
        order(SOMEWHERE, WORKSTATION, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ("{{ lookup('pipe', 'id') }}", "kitto"),
        ("-oProxyCommand=id", "kitto"),
        ("10.0.0.9", "-l"),
        ("a b", "x"),
    ],
)
def test_an_address_that_could_mean_something_else_is_refused(address: str, user: str) -> None:
    with pytest.raises(PlayFault, match="no address and account"):
        order(dataclasses.replace(SOMEWHERE, address=address, user=user), WORKSTATION)
