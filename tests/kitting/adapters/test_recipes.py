"""Every recipe has its papers; that it keeps the rules of plays is what `publishing` looks at."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kitting.adapters.stage import PLAYBOOKS, ROOT

RECIPES = sorted(path.parent for path in PLAYBOOKS.glob("*/profile.yml"))
CARD = ("idempotent", "dry run", "needs on the device", "needs here", "unproven")


def profile_of(recipe: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((recipe / "profile.yml").read_text("utf-8"))
    return found


def steps(recipe: Path) -> list[dict[str, Any]]:
    profile = profile_of(recipe)
    return [step for part in ("steps", "acceptance", "handover") for step in profile.get(part, ())]


PLAYING = [path for path in RECIPES if any(step["kind"] == "playbook" for step in steps(path))]
"""The others, those of phones, are done by hands alone."""


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_has_its_papers_and_a_look_at_the_whole(recipe: Path) -> None:
    readme = (recipe / "README.md").read_text("utf-8")
    assert (recipe / "playbook.yml").is_file() is (recipe in PLAYING)
    assert not list(recipe.rglob("*.py"))
    for name in profile_of(recipe).get("parameters", {}).get("properties", {}):
        assert f"`{name}`" in readme
    for secret in {name for step in steps(recipe) for name in step.get("secrets", ())}:
        assert f"`{secret}`" in readme


@pytest.mark.parametrize("recipe", PLAYING, ids=lambda path: path.name)
def test_the_quality_card_answers_every_question_and_names_the_test(recipe: Path) -> None:
    card = (recipe / "README.md").read_text("utf-8").lower().partition("quality card")[2]
    assert [line for line in CARD if not re.search(rf"^\| {line} \| \S", card, re.MULTILINE)] == []
    tests = re.findall(r"`(tests/[a-z0-9_/]+\.py)`", card)
    assert tests
    assert [name for name in tests if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("recipe", PLAYING, ids=lambda path: path.name)
def test_a_step_that_plays_says_how_far_a_dry_run_can_tell(recipe: Path) -> None:
    playing = [step for step in steps(recipe) if step["kind"] == "playbook"]
    assert playing
    assert [step["key"] for step in playing if "check_support" not in step] == []
    assert [step["key"] for step in playing if "on_lost" not in step] == []


def test_recipes_for_one_platform_look_at_the_serial_number_in_the_same_way() -> None:
    ways: dict[str, set[str]] = {}
    for recipe in PLAYING:
        way = (recipe / "tasks/right_machine.yml").read_text("utf-8")
        ways.setdefault(profile_of(recipe)["platform"], set()).add(way)
    assert {platform for platform, found in ways.items() if len(found) > 1} == set()
