"""Every sentence of every room is there in every language."""

from pathlib import Path

import pytest

from kitto.base.i18n import Words, choose_locale, translate, translate_plural
from kitto.base.i18n.extract import complaints, update

ROOM = '''"""A room."""
NAMES = N_("{tag} is with {holder}.")
'''


def test_every_sentence_is_said_in_japanese() -> None:
    assert complaints() == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for room in ("base", "web", "assets"):
        (tmp_path / room / "templates").mkdir(parents=True)
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "assets" / "rules.py").write_text(ROOM)
    (tmp_path / "assets" / "templates" / "list.html").write_text(
        '{{ _("Save") }}{{ n_("{n} PC", "{n} PCs", 2) }}'
    )
    (tmp_path / "web" / "words.py").write_text('WORDS = (N_("Save"),)')
    return tmp_path


def test_update_writes_what_is_missing_and_borrows_shared_words(house: Path) -> None:
    assert list(update(root=house)) == [
        "web/ja.po: 1 sentences, 1 to translate",
        "assets/ja.po: 2 sentences, 2 to translate",
    ]
    assert "assets/ja: empty: {n} PC" in complaints(house)


def test_update_keeps_what_is_said_and_drops_what_is_gone(house: Path) -> None:
    list(update(root=house))
    catalogue = house / "assets" / "ja.po"
    said = catalogue.read_text().replace(
        'holder}."\nmsgstr ""', 'holder}."\nmsgstr "{tag} は {holder} が使用中です。"'
    )
    catalogue.write_text(said)
    (house / "assets" / "templates" / "list.html").write_text("")
    list(update(["assets"], root=house))
    assert "使用中" in catalogue.read_text()
    assert "PCs" not in catalogue.read_text()
    assert [line for line in complaints(house) if line.startswith("assets")] == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{tag} は使用中です。", "other places"),
        (" {tag} は {holder} が使用中です。", "space at an end"),
        ("", "empty"),
    ],
)
def test_a_doubtful_translation_is_named(house: Path, said: str, why: str) -> None:
    list(update(root=house))
    catalogue = house / "assets" / "ja.po"
    catalogue.write_text(
        catalogue.read_text().replace('holder}."\nmsgstr ""', f'holder}}."\nmsgstr "{said}"')
    )
    assert f"assets/ja: {why}: {{tag}} is with {{holder}}." in complaints(house)


def test_a_sentence_that_a_merge_wrote_down_twice_is_named(house: Path) -> None:
    list(update(root=house))
    catalogue = house / "assets" / "ja.po"
    text = catalogue.read_text()
    again = text[text.index("#: rules.py") :].partition("\n\n")[0]
    catalogue.write_text(f"{text}\n{again}\n")
    assert "assets/ja: there twice: {tag} is with {holder}." in complaints(house)
    assert len([line for line in complaints(house) if "twice" in line]) == 1


def test_two_rooms_may_not_say_one_sentence_in_two_ways(house: Path) -> None:
    (house / "people").mkdir()
    (house / "people" / "__init__.py").touch()
    (house / "people" / "rules.py").write_text(ROOM)
    list(update(root=house))
    for room, said in (
        ("assets", "{tag} は {holder} が使用中です。"),
        ("people", "{holder} が {tag} を使用中です。"),
    ):
        catalogue = house / room / "ja.po"
        catalogue.write_text(
            catalogue.read_text().replace('holder}."\nmsgstr ""', f'holder}}."\nmsgstr "{said}"')
        )
    assert "people/ja: assets says it differently: {tag} is with {holder}." in complaints(house)


def test_a_sentence_is_said_in_the_readers_language() -> None:
    assert translate("ja", "Devices") == "機器"
    assert translate("en", "Devices") == "Devices"
    assert translate("ja", "{field}: {why}", field="x", why=Words("Devices")) == "x: 機器"
    assert translate_plural("en", "{n} device", "{n} devices", 1) == "1 device"
    assert translate_plural("en", "{n} device", "{n} devices", 3) == "3 devices"


@pytest.mark.parametrize(
    ("setting", "cookie", "accept", "chosen"),
    [
        ("en", "ja", "ja", "en"),
        (None, "en", "ja", "en"),
        (None, None, "fr;q=0.9, ja-JP, en;q=0.5", "ja"),
        (None, "xx", "en-GB,en;q=0.8", "en"),
        (None, None, "fr", "ja"),
        (None, None, "", "ja"),
        (None, None, ";;q=x,,", "ja"),
    ],
)
def test_the_language_is_the_readers_choice(
    setting: str | None, cookie: str | None, accept: str, chosen: str
) -> None:
    assert choose_locale(setting=setting, cookie=cookie, accept=accept, default="ja") == chosen
