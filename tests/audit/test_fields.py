"""Every field that a fact may say has changed has a name that people read."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from kitto.assets.actions.edit import Changes
from kitto.audit.fields import FIELD_SAYS, field_said
from kitto.audit.rules import changes_of
from kitto.health.actions import ProbeChanges
from kitto.licences.actions.seats import POOL_FIELDS
from kitto.licences.rules.lines import LineDetails
from kitto.people.actions import DEPARTMENT_FIELDS, PERSON_FIELDS, PROJECT_FIELDS

SERVICE = Path(__file__).resolve().parents[2] / "service" / "kitto"
KEPT = {*POOL_FIELDS, *DEPARTMENT_FIELDS, *PERSON_FIELDS, *PROJECT_FIELDS}
DECLARED = {one.name for kept in (Changes, ProbeChanges, LineDetails) for one in fields(kept)}


def written() -> Iterator[str]:
    """Names that stand beside `changes=` in the code."""
    for path in SERVICE.rglob("actions*/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "changes" and isinstance(node.value, ast.Dict):
                yield from (key.value for key in node.value.keys if isinstance(key, ast.Constant))


def test_every_field_of_a_change_has_a_name() -> None:
    names = KEPT | DECLARED | set(written())
    assert len(names) > 40
    assert sorted(names - set(FIELD_SAYS)) == []


@pytest.mark.parametrize(("locale", "said"), [("ja", "保証期限"), ("en", "Warranty until")])
def test_a_field_is_said_in_the_language_of_the_reader(locale: str, said: str) -> None:
    assert field_said("warranty_until", locale) == said
    assert field_said("of_an_older_version", locale) == "of_an_older_version"


def test_yes_and_no_are_said_too() -> None:
    (one,) = changes_of({"changes": {"enabled": [True, False]}}, "ja")
    assert (one.field, one.before, one.after) == ("有効", "はい", "いいえ")
