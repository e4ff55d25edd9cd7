"""What ansible-playbook and ansible-lint say of a recipe, and that asking them is safe."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitto.base.settings import settings
from kitto.kitting.adapters import publishing
from kitto.kitting.adapters.publishing.asking import Asking, can_be_contained, lint_program
from kitto.kitting.adapters.publishing.findings import Finding
from tests.kitting.adapters.stage import PLAYBOOKS, ROOT
from tests.kitting.adapters.test_publishing import Break, codes, recipe, task
from tests.prepare import missing_collections

__all__ = ["recipe"]

WORD = "marker-of-a-file-outside"


def asking(folder: Path, *, lint: str | None = None, contained: bool = True) -> Asking:
    return Asking(
        scratch=folder.parent,
        name=folder.name,
        plugins=ROOT / "inventories/plugins",
        collections=(folder.parent / "none",),
        lint=lint,
        contained=contained,
    )


def answers(ask: Asking) -> list[Finding]:
    findings: list[Finding] = []
    ask.look(["playbook.yml"], findings)
    return findings


needs_bwrap = pytest.mark.skipif(not can_be_contained(), reason="bwrap is not usable here")
SAID: dict[str, Break] = {
    "syntax": task("ansible.builtin.cpoy:\n  src: a\n  dest: b"),
    "lint": task("ansible.builtin.command: id\nregister: x\nchanged_when: false\nname: small letters"),
    "lint_error": task("ansible.builtin.copy:\n  content: x\n  dest: /a"),
}


@needs_bwrap
@pytest.mark.parametrize("code", ["syntax", "lint_error"])
def test_what_ansible_says_of_a_recipe_has_its_place(recipe: Path, code: str) -> None:
    SAID[code](recipe)
    finding = next(one for one in publishing.check(recipe).findings if one.code == code)
    assert finding.file == "playbook.yml"
    assert finding.line > 25
    assert finding.sentence("en") != finding.sentence("ja") or code.startswith("lint")


def test_without_lint_the_rest_is_looked_at_and_it_is_said(recipe: Path) -> None:
    assert [one.code for one in answers(asking(recipe, contained=can_be_contained()))] == ["lint_missing"]


@needs_bwrap
def test_a_lint_that_says_nonsense_is_no_approval(recipe: Path) -> None:
    lint = recipe.parent / "lint"
    lint.write_text("#!/bin/sh\necho all is well\n")
    lint.chmod(0o755)
    assert [one.code for one in answers(asking(recipe, lint=str(lint)))] == ["ansible_silent"]


def test_without_a_container_ansible_looks_at_nothing_that_is_wrong(recipe: Path) -> None:
    findings = [Finding(code="acts_here")]
    asking(recipe, lint=lint_program(), contained=False).look(["playbook.yml"], findings)
    assert [one.code for one in findings] == ["acts_here", "not_contained"]


@needs_bwrap
def test_a_recipe_that_acts_while_it_is_read_reaches_nothing(recipe: Path, tmp_path: Path) -> None:
    """Past our own checks: Ansible computes the name of an imported file while it reads the playbook."""
    outside = tmp_path / "outside"
    outside.write_text(WORD)
    called = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        port = server.getsockname()[1]

        def wait() -> None:
            try:
                server.accept()
                called.set()
            except OSError:
                return

        thread = threading.Thread(target=wait)
        thread.start()
        program = (
            f"cat {outside} /etc/shadow /etc/hosts; echo was-run; touch {outside}; "
            f"{sys.executable} -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'"
        )
        (recipe / "playbook.yml").write_text(
            json.dumps([{"hosts": "device", "tasks": [{"import_tasks": "{{ lookup('pipe', p) }}"}],
                         "vars": {"p": f"({program}) 2>&1; true"}}])
        )  # fmt: skip
        before = outside.stat().st_mtime_ns
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        recipe.rename(scratch / "recipe")
        said = str(answers(asking(scratch / "recipe")))
        server.close()
        thread.join()
    assert "was-run" in said, "it did not act at all, so nothing was proved"
    assert WORD not in said
    assert "root:" not in said
    assert outside.stat().st_mtime_ns == before
    assert not called.is_set()


def test_what_our_own_checks_stop_is_not_even_read_by_ansible(recipe: Path) -> None:
    task("ansible.builtin.import_tasks: \"{{ lookup('pipe', 'id') }}.yml\"")(recipe)
    assert "syntax" not in codes(recipe, ask_ansible=True)


def kitto(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from kitto.cli import main; main()", "playbook", "check", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{ROOT}/service:{ROOT}/agents", "PATH": "/usr/bin:/bin"},
    )


def test_the_command_line_answers_people_and_programs(recipe: Path) -> None:
    good = kitto(str(recipe), "--quick")
    assert (good.returncode, good.stderr) == (0, "It may be used.\n")
    task("ansible.builtin.command: id\ndelegate_to: localhost\nchanged_when: false")(recipe)
    bad = kitto(str(recipe), "--quick", "--json")
    assert bad.returncode == 1
    assert [(row["code"], row["severity"]) for row in json.loads(bad.stdout)] == [("acts_here", "error")]
    assert "Kitto" in json.loads(bad.stdout)[0]["ja"]
    assert kitto(str(recipe / "none")).returncode == 2


@pytest.fixture
def our_recipes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The recipes that come with Kitto: they lend each other plays."""
    monkeypatch.setenv("KITTO_PLAYBOOKS", str(PLAYBOOKS))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize("path", sorted(PLAYBOOKS.glob("*/profile.yml")), ids=lambda path: path.parent.name)
@pytest.mark.usefixtures("our_recipes")
def test_every_recipe_of_ours_may_be_published(path: Path) -> None:
    if path.parent.name == "windows-workstation" and (lacking := missing_collections()):
        pytest.skip(lacking)
    report = publishing.check(path.parent)
    assert [f"{one.file}:{one.line} {one.sentence('en')}" for one in report.findings] == []
