"""Plays on a real PC: what they change, what they refuse, and what they say."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Outcome, PlayFault, Status, Value
from tests.counterparts import keys
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import OFFICE, PLAYBOOKS, TAG, finish, order, play, recipe, told

pytestmark = pytest.mark.bench_pc
WORKSTATION = PLAYBOOKS / "linux-workstation"
TANAKA_KEY = keys.new_key_pair().public


def test_base_gives_the_machine_its_name_time_and_language_and_a_second_run_changes_nothing(
    ansible: Ansible, pc: BenchPc
) -> None:
    first = play(ansible, order(pc, WORKSTATION, playbook="base.yml"))
    assert first.outcome is Outcome.SUCCEEDED, first
    assert first.counts.changed
    assert pc.run("hostname").stdout.strip() == TAG
    assert TAG in pc.run("cat /etc/hosts").stdout
    assert pc.run("date +%Z").stdout.strip() == "JST"
    assert pc.run("cat /etc/default/locale").stdout == "LANG=ja_JP.UTF-8\n"
    second = play(ansible, order(pc, WORKSTATION, playbook="base.yml", run_id="run-2"))
    assert (second.outcome, second.counts.changed) == (Outcome.SUCCEEDED, 0), changes(ansible, "run-2")


def test_accounts_lets_people_in_by_their_keys_and_a_second_run_changes_nothing(
    ansible: Ansible, pc: BenchPc
) -> None:
    people: list[Value] = [
        {"name": "tanaka", "full_name": "田中 花子", "keys": [TANAKA_KEY], "sudo": True},
        {"name": "sato", "full_name": "{{ 7 * 7 }}"},
    ]
    variables = {**OFFICE, "kitto_accounts": people}
    first = play(ansible, order(pc, WORKSTATION, playbook="accounts.yml", variables=variables))
    assert first.outcome is Outcome.SUCCEEDED, first
    assert pc.run("cat ~tanaka/.ssh/authorized_keys").stdout == f"{TANAKA_KEY}\n"
    assert "田中 花子" in pc.run("getent passwd tanaka").stdout
    assert "{{ 7 * 7 }}" in pc.run("getent passwd sato").stdout
    assert pc.run("sudo -l -U tanaka").stdout.rstrip().endswith("(ALL) ALL")
    assert pc.run("test -e /etc/sudoers.d/kitto-sato", check=False).returncode
    again = order(pc, WORKSTATION, playbook="accounts.yml", variables=variables, run_id="run-2")
    second = play(ansible, again)
    assert (second.outcome, second.counts.changed) == (Outcome.SUCCEEDED, 0), changes(ansible, "run-2")


def test_a_dry_run_shows_the_changes_and_makes_none(ansible: Ansible, pc: BenchPc) -> None:
    outcome = play(ansible, order(pc, WORKSTATION, playbook="base.yml", check=True, diff=True))
    assert outcome.outcome is Outcome.SUCCEEDED, outcome
    assert outcome.counts.changed
    assert any(event.kind == "diff" and "LANG=ja_JP.UTF-8" in event.text for event in told(ansible, "run-1"))
    assert pc.run("hostname").stdout.strip() == "debian"


def test_another_machine_than_the_ledgers_is_left_as_it_was(ansible: Ansible) -> None:
    with bench_pc(serial="OTHER77", authorized_key=stage.KEY.public) as other:
        if other.reduced:
            pytest.skip(other.cannot)
        before = other.run("hostname; find /etc -newer /proc/1 -type f").stdout
        outcome = play(ansible, order(other, WORKSTATION, playbook="base.yml"))
        assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "wrong_device")
        assert "OTHER77" in outcome.reason
        assert "8XK2QZ3" in outcome.reason
        assert not outcome.counts.changed
        assert other.run("hostname; find /etc -newer /proc/1 -type f").stdout == before


def test_a_machine_that_is_off_is_waited_for_and_has_not_failed(ansible: Ansible, pc: BenchPc) -> None:
    pc.power_off()
    outcome = play(ansible, order(pc, WORKSTATION, playbook="base.yml"))
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "no_answer")


def test_a_machine_with_another_host_key_is_not_trusted(ansible: Ansible, pc: BenchPc) -> None:
    ledgers = keys.new_key_pair().public
    outcome = play(ansible, order(pc, WORKSTATION, playbook="base.yml", host_key=ledgers))
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "host_key_changed")
    assert pc.run("hostname").stdout.strip() == "debian"


def test_a_machine_that_does_not_know_our_key_says_so(ansible: Ansible, pc: BenchPc) -> None:
    spec = order(pc, WORKSTATION, playbook="base.yml")
    ansible.start(spec, {}, keys.new_key_pair().private)
    assert finish(ansible, spec.run_id).cause == "login_refused"


def test_what_people_type_is_never_evaluated(ansible: Ansible, pc: BenchPc, tmp_path: Path) -> None:
    variables: dict[str, Value] = {
        "word": "{{ lookup('pipe', 'touch " + str(tmp_path / "harm") + "') }}",
        "deep": {"list": ["{{ 6 * 7 }}", 'quote " and \\ and\nline']},
    }
    tasks = """\
    - name: Show
      ansible.builtin.debug:
        msg: '{{ word }}|{{ deep.list | join("|") }}'
"""
    show = recipe(tmp_path / "show", tasks)
    assert play(ansible, order(pc, show, variables=variables)).outcome is Outcome.SUCCEEDED
    (result,) = (event for event in told(ansible, "run-1") if event.kind == "result")
    assert result.text == f'{variables["word"]}|{{{{ 6 * 7 }}}}|quote " and \\ and\nline'
    assert not (tmp_path / "harm").exists()


def test_a_failing_task_is_named_with_its_message(ansible: Ansible, pc: BenchPc, tmp_path: Path) -> None:
    failing = recipe(
        tmp_path / "failing",
        "    - name: Break\n      ansible.builtin.command: sh -c 'echo out; echo err >&2; exit 3'\n",
    )
    outcome = play(ansible, order(pc, failing))
    assert (outcome.outcome, outcome.cause, outcome.rc) == (Outcome.FAILED, "task_failed", 2)
    assert "“Break” failed" in outcome.reason
    (result,) = (event for event in told(ansible, "run-1") if event.status is Status.FAILED)
    assert '"rc":3' in result.detail.replace(" ", "")


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
        {"playbook": "a\nb"},
    ],
)
def test_an_order_that_could_mean_something_else_is_refused(pc: BenchPc, wrong: dict[str, object]) -> None:
    with pytest.raises(PlayFault):
        order(pc, WORKSTATION, **wrong)  # type: ignore[arg-type]


def changes(ansible: Ansible, run_id: str) -> Sequence[str]:
    return [event.task for event in told(ansible, run_id) if event.status is Status.CHANGED]
