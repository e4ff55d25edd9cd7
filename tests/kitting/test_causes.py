"""What a recipe says when it fails is read by everybody in the own language."""

import ast
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kitto.base.i18n import Told, translate
from kitto.base.work import Ledger
from kitto.kitting.actions import machine
from kitto.kitting.adapters import publishing, recipes
from kitto.kitting.adapters.plays import Outcome, PlayOutcome
from kitto.kitting.adapters.publishing.books import Gatherer
from kitto.kitting.adapters.publishing.causes import VALUE, in_template, messages
from kitto.kitting.jobs import kitto
from kitto.kitting.rules.causes import CODED, OURS, said_again, values
from tests.kitting.shop import goes_on, shop_profile, started

ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted(path.parent for path in (ROOT / "playbooks").glob("*/profile.yml"))
JAPANESE = {"Authorization": "Bearer sato-ja"}
CAUSES = """
causes:
  door_open:
    - ja: 「{door}」の扉が {hours} 時間開いています。
      en: "The door “{door}” is open for {hours} hours."
    - { ja: 全部の扉が開いています。, en: Every door is open. }
"""


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_each_code_of_our_recipes_is_said_in_both_languages(recipe: Path) -> None:
    unsaid = [
        finding.names["what"]
        for finding in publishing.check(recipe, ask_ansible=False).findings
        if finding.code.startswith("cause_")
    ]
    assert unsaid == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_no_words_are_kept_for_what_nobody_says(recipe: Path) -> None:
    said = [
        (code, message)
        for book in recipe.glob("*.yml")
        if book.name != "profile.yml"
        for _, _, code, message in messages(Gatherer(recipe, []).book(book.name), recipe)
    ]
    idle = [
        (code, words.en)
        for code, sentences in recipes.read(recipe.name, (recipe / "profile.yml").read_bytes()).causes.items()
        for words in sentences
        if not any(code == one and values(words.en, message) is not None for one, message in said)
    ]
    assert idle == []


def test_what_our_plugins_say_is_said_in_both_languages_too() -> None:
    told = [
        (path.name, coded[1], text[coded.end() :])
        for path in (ROOT / "inventories" / "plugins").rglob("*.py")
        for text in _texts(path)
        if (coded := CODED.match(text))
    ]
    assert {code for _, code, _ in told} == OURS.keys() - {"wrong_device"}
    assert [one for one in told if said_again(one[1], one[2], ()) is None] == []
    assert [words for said in OURS.values() for words in said if translate("ja", words) == words] == []


def _texts(path: Path) -> list[str]:
    """The strings of a module; what is computed in them stands as `VALUE`."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    computed = [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for whole in computed for part in whole}
    plain = [[node] for node in nodes if isinstance(node, ast.Constant) and id(node) not in parts]
    return [
        "".join(str(part.value) if isinstance(part, ast.Constant) else VALUE for part in whole)
        for whole in [*computed, *plain]
    ]


@pytest.mark.parametrize(
    ("words", "message", "wanted"),
    [
        ("It is {a}, not {b}.", "It is x, not y.", {"a": "x", "b": "y"}),
        ("It is {a}, not {b}.", "It is\n x,  not a, not b.", {"a": "x", "b": "a, not b"}),
        ("It said: {text}", "It said:", {"text": ""}),
        ("All is lost.", "All  is lost.", {}),
        ("All is lost.", "All is lost. Nearly.", None),
        ("It is {a}.", "It was x.", None),
        ("It is {a}.", "It is", None),
        ("{a}{b}", "xy", None),
        ("{a} or {a}", "x or y", None),
        ("{a.__class__}", "x", None),
        ("{a:>9999999}", "x", None),
        ("{a!r}", "x", None),
        ("{}", "x", None),
        ("{a", "x", None),
    ],
)
def test_values_are_found_where_the_words_have_places(
    words: str, message: str, wanted: dict[str, str] | None
) -> None:
    assert values(words, message) == wanted


def test_what_stands_in_a_message_is_never_a_place() -> None:
    told = said_again("x", "It is {b} {0.__class__}.", [("It is {a}.", "それは {a} です。")])
    assert told is not None
    assert told.said("ja") == "それは {b} {0.__class__} です。"
    assert Told.of(told.parts()).said("ja") == told.said("ja")
    for sly in ("{a.__class__}", "{a:>99999999}", "{b}", "{a", "{0}"):
        assert said_again("x", "It is y.", [("It is {a}.", sly)]) is None


def test_each_reader_reads_what_a_recipe_says_in_the_own_language(
    bench: TestClient, ledger: Ledger, own_profiles: Path
) -> None:
    shop_profile(own_profiles)
    with (own_profiles / "shop" / "profile.yml").open("a", encoding="utf-8") as file:
        file.write(CAUSES)
    at = f"/api/v1/kits/{_failed(ledger, 'door_open', 'The door “<b>3</b>” is open for 7 hours.')}"
    here, there = (bench.get(at, headers=who).json() for who in ({}, JAPANESE))
    assert here["reason"] == "The door “<b>3</b>” is open for 7 hours."
    assert there["reason"] == "「<b>3</b>」の扉が 7 時間開いています。"
    step = next(one for one in there["steps"] if one["key"] == "base")
    assert step["reason"] == step["attempts"][0]["reason"] == there["reason"]
    page = bench.get(at.replace("/api/v1/kits", "/kitting"), headers=JAPANESE).text
    assert "「&lt;b&gt;3&lt;/b&gt;」の扉が 7 時間開いています。" in page
    journal = bench.get("/journal", params={"room": "kitting"}, headers=JAPANESE).text
    assert "の扉が 7 時間開いています。" in journal
    assert bench.get(f"{at}/chain").json()["holds"]


def test_what_nobody_has_words_for_stays_in_the_recipes_own(
    bench: TestClient, ledger: Ledger, own_profiles: Path
) -> None:
    shop_profile(own_profiles)
    for code, said in (("door_open", "The door is open."), ("wrong_device", "This is another one.")):
        kit = bench.get(f"/api/v1/kits/{_failed(ledger, code, said)}", headers=JAPANESE).json()
        assert kit["reason"] == said


def test_the_check_of_the_right_machine_needs_no_words_of_its_recipe(
    bench: TestClient, ledger: Ledger, own_profiles: Path
) -> None:
    shop_profile(own_profiles)
    said = (
        "This machine says its serial number is “X1”; the ledger says PC-1 is “X2”. Nothing was changed."
        " Look at the label on the device."
    )
    kit = bench.get(f"/api/v1/kits/{_failed(ledger, 'wrong_device', said)}", headers=JAPANESE).json()
    assert kit["reason"].startswith("この機器のシリアル番号は「X1」ですが")


def _failed(ledger: Ledger, cause: str, reason: str) -> int:
    kit = started(ledger, "base")
    todo = goes_on(ledger, kit.id)
    assert todo is not None
    outcome = PlayOutcome(outcome=Outcome.FAILED, cause=cause, reason=reason)
    with ledger.begin(kitto()) as work:
        machine.note_outcome(work, kit.id, todo.step, todo.run, outcome)
    return kit.id


def test_a_message_of_countless_ways_is_not_spelled_out() -> None:
    one = "(" + " ~ ".join("('a' if x else 'b')" for _ in range(8)) + ")"
    written = "{{ '[some_code] ' ~ " + " ~ ".join([one] * 12) + " }}"
    assert len(list(in_template(written))) == 16
