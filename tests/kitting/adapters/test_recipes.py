"""Every recipe keeps the rules of playbooks/README.md."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kitting.adapters.stage import PLAYBOOKS

RECIPES = sorted(path.parent for path in PLAYBOOKS.glob("*/profile.yml"))
BOOKS = sorted(path for recipe in RECIPES for path in recipe.glob("*.yml") if path.name != "profile.yml")
READ_SERIAL = (PLAYBOOKS / "linux-workstation/tasks/right_machine.yml").read_text("utf-8")


def plays(book: Path) -> list[dict[str, Any]]:
    return [play for play in yaml.safe_load(book.read_text("utf-8")) if "hosts" in play]


def tasks(play: dict[str, Any]) -> list[dict[str, Any]]:
    return [inner for task in play["tasks"] for inner in (task, *task.get("block", ()))]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_has_its_papers_and_the_playbooks_its_steps_name(recipe: Path) -> None:
    profile = yaml.safe_load((recipe / "profile.yml").read_text("utf-8"))
    assert profile["name"] == recipe.name
    readme = (recipe / "README.md").read_text("utf-8")
    assert (recipe / "playbook.yml").is_file()
    assert "quality card" in readme.lower()
    assert not list(recipe.rglob("*.py"))
    for step in profile["steps"]:
        assert step["title"]["ja"]
        assert step["title"]["en"]
        assert not step.get("playbook") or (recipe / step["playbook"]).is_file()
    for name in profile["parameters"]["properties"]:
        assert f"`{name}`" in readme


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_play_can_be_found_on_the_device_and_looks_at_the_serial_number_first(book: Path) -> None:
    for play in plays(book):
        assert play["environment"] == {"KITTO_JOB": "{{ kitto_run }}"}
        assert play["gather_facts"] is False
        first = play["tasks"][0]
        assert first["ansible.builtin.import_tasks"] == "tasks/right_machine.yml"
        assert (book.parent / "tasks/right_machine.yml").read_text("utf-8") == READ_SERIAL


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_task_that_reads_a_secret_is_not_logged_and_no_environment_holds_one(book: Path) -> None:
    for play in plays(book):
        assert "kitto_secret" not in str(play.get("vars", ""))
        for task in tasks(play):
            assert "kitto_secret" not in str(task.get("environment", ""))
            assert "kitto_secret" not in str(task) or task.get("no_log") is True, task["name"]
            # A task's own environment replaces values of the play's, never the mark.
            assert "KITTO_JOB" in task.get("environment", {"KITTO_JOB": ""}), task["name"]
