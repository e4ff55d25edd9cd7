"""The recipes of phones can be used, and say of each step what Kitto can do of it without an MDM."""

import pytest

from kitto.kitting.adapters import recipes
from kitto.kitting.rules.profiles import checked
from kitto.kitting.rules.states import Ability


@pytest.mark.parametrize("name", ["android-phone", "iphone", "phone-return"])
def test_a_recipe_is_whole_and_promises_nothing(name: str) -> None:
    steps = [step for _, step in checked(recipes.written(name)).all_steps]
    assert {step.ability for step in steps} <= {Ability.GUIDED, Ability.NEEDS_MDM}
    assert all(step.title.ja and step.title.en for step in steps)


def test_a_phone_comes_back_without_the_locks_of_its_holder() -> None:
    said = " ".join(
        check.en for _, step in checked(recipes.written("phone-return")).all_steps for check in step.checks
    )
    for lock in ("Find My", "factory reset protection", "MDM", "SIM"):
        assert lock in said
