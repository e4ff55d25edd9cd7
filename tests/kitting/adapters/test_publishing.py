"""What is found in a recipe before it may be used: one broken recipe for each finding."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kitto.kitting.adapters import publishing
from kitto.kitting.adapters.content import content_of
from kitto.kitting.adapters.publishing import survey
from kitto.kitting.adapters.publishing.findings import CODES
from tests.kitting.adapters.stage import PLAYBOOKS

PROFILE = """\
name: greet
title: { ja: 挨拶, en: Greet }
platform: linux
parameters:
  type: object
  additionalProperties: false
  properties:
    kitto_greeting: { type: string, pattern: "^[a-z]+$", default: hello }
steps:
  - key: greet
    kind: playbook
    title: { ja: 挨拶, en: Greet }
    playbook: playbook.yml
    secrets: [door_code]
    files: [kitto_picture]
"""
PLAYBOOK = """\
- name: Greet
  hosts: device
  gather_facts: false
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
    - name: The right machine
      ansible.builtin.import_tasks: tasks/right_machine.yml

    - name: The greeting is there
      ansible.builtin.copy:
        content: "{{ kitto_greeting }}"
        dest: /etc/motd
        mode: "0644"

    - name: The picture is there
      ansible.builtin.copy:
        src: "{{ kitto_picture }}"
        dest: /etc/picture
        mode: "0644"

    - name: The door is open
      ansible.builtin.command:
        cmd: open-door
        stdin: "{{ lookup('kitto_secret', 'door_code') }}"
      changed_when: true
      no_log: true
"""
README = "# greet\n\n`kitto_greeting` is what it says.\n\n## Quality card\n"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A small recipe with nothing to find."""
    folder = tmp_path / "greet"
    (folder / "tasks").mkdir(parents=True)
    (folder / "profile.yml").write_text(PROFILE)
    (folder / "playbook.yml").write_text(PLAYBOOK)
    (folder / "README.md").write_text(README)
    shutil.copy(PLAYBOOKS / "linux-workstation/tasks/right_machine.yml", folder / "tasks/right_machine.yml")
    return folder


def codes(folder: Path, *, ask_ansible: bool = False) -> list[str]:
    return [finding.code for finding in publishing.check(folder, ask_ansible=ask_ansible).findings]


Break = Callable[[Path], object]


def put(name: str, text: str) -> Break:
    def act(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return act


def swap(name: str, old: str, new: str) -> Break:
    def act(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return act


def put_more(name: str, text: str) -> Break:
    def act(folder: Path) -> None:
        with (folder / name).open("a") as file:
            file.write(text)

    return act


def play(old: str, new: str) -> Break:
    return swap("playbook.yml", old, new)


def task(text: str) -> Break:
    """One more task at the end."""

    def act(folder: Path) -> None:
        with (folder / "playbook.yml").open("a") as file:
            file.write("\n    - name: More\n" + "".join(f"      {line}\n" for line in text.splitlines()))

    return act


def both(*breaks: Break) -> Break:
    def act(folder: Path) -> None:
        for one in breaks:
            one(folder)

    return act


READ = "lookup('kitto_secret', 'door_code')"
BOMB = "a: &a [1, 2]\nb: &b [*a, *a]\nc: [*b, *b]\n"
OWN_CHECK = """\
- name: Ask
  ansible.builtin.raw: show version
  register: said
  changed_when: false
- name: The right one
  ansible.builtin.assert:
    that: kitto_serial in said.stdout
    fail_msg: "[wrong_device] This is another one."
"""
BROKEN: dict[str, Break] = {
    "folder_missing": shutil.rmtree,
    "too_large": put("files/large.yml", "# " + "x" * (survey.MOST_YAML + 1)),
    "link_inside": lambda folder: (folder / "passwd").symlink_to("/etc/passwd"),
    "no_plain_file": lambda folder: os.mkfifo(folder / "pipe"),
    "name_strange": put("日本語.txt", ""),
    "program_inside": put("library/evil.py", "print('evil')"),
    "settings_inside": put("group_vars/all.yml", "a: 1"),
    "yaml_broken": put("tasks/right_machine.yml", "a: [\n"),
    "yaml_alias": put("playbook.yml", BOMB),
    "yaml_deep": put("playbook.yml", "[" * 60 + "]" * 60),
    "yaml_tag": task("ansible.builtin.debug:\n  msg: !vault x"),
    "yaml_twice": play("      no_log: true\n", "      no_log: false\n      no_log: true\n"),
    "yaml_shape": put("playbook.yml", "a: b"),
    "profile_missing": lambda folder: (folder / "profile.yml").unlink(),
    "profile_wrong": swap("profile.yml", "kind: playbook", "kind: magic"),
    "profile_name": swap("profile.yml", "name: greet", "name: other"),
    "parameters_wrong": swap("profile.yml", "type: string", "type: strong"),
    "parameters_fetch": swap("profile.yml", "type: string", "$ref: http://127.0.0.1/x"),
    "default_wrong": swap("profile.yml", "default: hello", "default: HELLO"),
    "cause_wrong": put_more(
        "profile.yml", "causes: { door_open: [{ ja: '{b} です。', en: 'It is {a}.' }] }\n"
    ),
    "cause_unsaid": task(
        'ansible.builtin.fail:\n  msg: "[door_open] The door {{ kitto_greeting }} is open."'
    ),
    "playbook_missing": swap("profile.yml", "playbook: playbook.yml", "playbook: gone.yml"),
    "papers_missing": put("README.md", "nothing"),
    "papers_variable": put("README.md", "a quality card"),
    "play_hosts": play("hosts: device", "hosts: all"),
    "play_facts": play("gather_facts: false", "gather_facts: true"),
    "mark_missing": play('KITTO_JOB: "{{ kitto_run }}"', "OTHER: x"),
    "environment_computed": task(
        "ansible.builtin.debug:\n  msg: x\nenvironment: \"{{ {'A': kitto_greeting} }}\""
    ),
    "machine_unchecked": play("tasks/right_machine.yml\n", "tasks/right_machine.yml\n      when: false\n"),
    "machine_check_own": put("tasks/right_machine.yml", OWN_CHECK),
    "machine_check_weak": put("tasks/right_machine.yml", OWN_CHECK.replace("kitto_serial", "kitto_tag")),
    "acts_here": task("ansible.builtin.command: id\ndelegate_to: localhost\nchanged_when: false"),
    "asks_somebody": play("  gather_facts: false", "  vars_prompt: [{name: who}]\n  gather_facts: false"),
    "import_computed": task("ansible.builtin.include_tasks: \"{{ lookup('pipe', 'id') }}.yml\""),
    "import_missing": task("ansible.builtin.include_tasks: ../../../etc/passwd"),
    "collection_missing": task("ansible.posix.sysctl:\n  name: a\n  value: b"),
    "template_broken": task('ansible.builtin.debug:\n  msg: "{{ kitto_greeting"'),
    "variable_unknown": task('ansible.builtin.debug:\n  msg: "{{ kitto_greting }}"'),
    "variable_taken": task("ansible.builtin.set_fact:\n  kitto_serial: other"),
    "parameter_unused": play("{{ kitto_greeting }}", "hello"),
    "file_unused": play('src: "{{ kitto_picture }}"', "src: other"),
    "secret_seen": play("      no_log: true\n", ""),
    "secret_environment": play("    KITTO_JOB:", f'    CODE: "{{{{ {READ} }}}}"\n    KITTO_JOB:'),
    "secret_arguments": play("cmd: open-door", f"cmd: open-door {{{{ {READ} }}}}"),
    "secret_kept": play("  tasks:\n", f'  vars:\n    code: "{{{{ {READ} }}}}"\n  tasks:\n'),
    "secret_computed": play("'door_code'", "kitto_greeting"),
    "secret_undeclared": swap("profile.yml", "secrets: [door_code]", "secrets: []"),
    "secret_unused": play(f"{{{{ {READ} }}}}", "1234"),
}
ASKED = {"syntax", "lint", "lint_error", "lint_missing", "ansible_silent", "not_contained"}


def test_a_good_recipe_has_nothing_to_find_and_is_named_by_its_content(recipe: Path) -> None:
    report = publishing.check(recipe)
    assert report.findings == ()
    assert report.may_be_published
    assert report.content == content_of(recipe)


def test_every_finding_has_a_recipe_that_shows_it() -> None:
    assert set(CODES) == set(BROKEN) | ASKED


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_recipe_is_told_what_is_wrong_in_both_languages(recipe: Path, code: str) -> None:
    BROKEN[code](recipe)
    findings = publishing.check(recipe, ask_ansible=False).findings
    finding = next((one for one in findings if one.code == code), None)
    assert finding is not None, findings
    assert finding.sentence("ja") != finding.sentence("en")
    assert finding.sentence("en").endswith((".", "…"))


@pytest.mark.parametrize(
    "more",
    [
        task("ansible.builtin.debug:\n  msg: \"{{ lookup('ansible.builtin.env', 'HOME') }}\""),
        task('ansible.builtin.debug:\n  msg: "{{ lookup(kitto_greeting) }}"'),
        task("ansible.builtin.debug:\n  msg: x\nwith_pipe: id"),
        task("ansible.builtin.command: id\nconnection: local"),
        task("local_action: ansible.builtin.command id"),
        play("  tasks:\n", "  vars:\n    a: \"{{ query('pipe', 'id') }}\"\n  tasks:\n"),
    ],
)
def test_no_way_leads_from_a_play_to_a_program_on_our_machine(recipe: Path, more: Break) -> None:
    more(recipe)
    assert "acts_here" in codes(recipe)


@pytest.mark.parametrize(
    "more",
    [
        task("ansible.builtin.debug:\n  msg: x\nwith_kitto_secret: [door_code]"),
        task('ansible.builtin.template:\n  src: a.j2\n  dest: /a\n  mode: "0600"'),
        task("kitto_make_secret:\n  name: local_password_a"),
        task('kitto_hand_in:\n  name: a\n  value: "{{ kitto_greeting }}"'),
        both(
            task("kitto_make_secret:\n  name: a\nregister: greet_made\nno_log: true"),
            task('ansible.builtin.debug:\n  msg: "{{ greet_made.value }}"'),
        ),
        task(f'block:\n  - name: A\n    ansible.builtin.debug:\n      msg: "{{{{ {READ} }}}}"'),
    ],
)
def test_a_secret_is_hidden_whichever_way_it_is_read(recipe: Path, more: Break) -> None:
    put("templates/a.j2", f"{{{{ {READ} }}}}")(recipe)
    more(recipe)
    assert "secret_seen" in codes(recipe)


def test_no_log_of_a_block_and_of_a_play_hides_what_is_inside(recipe: Path) -> None:
    block = f'block:\n  - name: A\n    ansible.builtin.debug:\n      msg: "{{{{ {READ} }}}}"\nno_log: true'
    task(block)(recipe)
    assert codes(recipe) == []


def test_a_variable_of_one_step_is_unknown_in_another(recipe: Path) -> None:
    (recipe / "other.yml").write_text(PLAYBOOK.split("    - name: The greeting", maxsplit=1)[0])
    task("ansible.builtin.command: id\nregister: greet_said\nchanged_when: false")(recipe)
    with (recipe / "other.yml").open("a") as file:
        file.write("    - name: Say\n      ansible.builtin.debug:\n        var: greet_said\n")
    assert codes(recipe) == ["variable_unknown"]


@pytest.mark.parametrize("template", ["{{ 'a' * 10 ** 12 }}", "{{ 2 ** 2 ** 40 }}", "{{ " + "(" * 900 + "}}"])
@pytest.mark.timeout(20)
def test_a_template_is_read_and_never_computed(recipe: Path, template: str) -> None:
    task(f'ansible.builtin.debug:\n  msg: "{template}"')(recipe)
    assert set(codes(recipe)) <= {"template_broken"}


@pytest.mark.parametrize("level", [120, 5000])
def test_what_is_nested_without_end_is_refused_and_not_followed(recipe: Path, level: int) -> None:
    (recipe / "playbook.yml").write_text("- " * level + "a\n")
    assert codes(recipe)[0] in ("yaml_deep", "yaml_broken")


def test_a_book_that_imports_itself_comes_to_an_end(recipe: Path) -> None:
    task("ansible.builtin.include_tasks: tasks/round.yml")(recipe)
    put("tasks/round.yml", "- name: Again\n  ansible.builtin.include_tasks: round.yml\n")(recipe)
    assert codes(recipe) == []


def test_findings_name_the_line(recipe: Path) -> None:
    BROKEN["variable_unknown"](recipe)
    finding = publishing.check(recipe, ask_ansible=False).findings[0]
    lines = (recipe / finding.file).read_text().splitlines()
    assert "kitto_greting" in lines[finding.line - 1]
    swap("profile.yml", "kind: playbook", "kind: magic")(recipe)
    finding = publishing.check(recipe, ask_ansible=False).findings[-1]
    assert "magic" in (recipe / "profile.yml").read_text().splitlines()[finding.line - 1]


def test_a_profile_built_on_another_may_say_anew_what_the_other_asks_for(recipe: Path) -> None:
    swap("profile.yml", "steps:\n", "    colour: { type: string, default: green }\nsteps:\n")(recipe)
    put("README.md", README + "`colour`")(recipe)
    assert codes(recipe) == ["parameter_unused"]
    swap("profile.yml", "platform: linux\n", "platform: linux\nextends: hands\n")(recipe)
    assert codes(recipe) == []
    swap("profile.yml", "extends: hands", "extends: nothing")(recipe)
    assert codes(recipe) == ["profile_wrong"]


def test_a_parameter_for_a_play_that_is_borrowed_is_used(recipe: Path) -> None:
    lent = "{ key: lent, kind: playbook, recipe: hands, playbook: p.yml, title: { ja: 借用, en: Lent } }"
    steps = f"steps:\n  - {lent}\n"
    colour = "    colour: { type: string, default: green }\n"
    swap("profile.yml", "steps:\n", colour + steps)(recipe)
    put("README.md", README + "`colour`")(recipe)
    assert codes(recipe) == []
    swap("profile.yml", "recipe: hands", "recipe: nothing")(recipe)
    assert "parameter_unused" in codes(recipe)


def test_a_playbook_that_verifies_a_step_is_looked_at_as_part_of_it(recipe: Path) -> None:
    swap("profile.yml", "    playbook: playbook.yml", "    playbook: playbook.yml\n    verify: look.yml")(
        recipe
    )
    assert codes(recipe) == ["playbook_missing"]
    (recipe / "look.yml").write_text(PLAYBOOK.split("    - name: The greeting", maxsplit=1)[0])
    assert codes(recipe) == []
