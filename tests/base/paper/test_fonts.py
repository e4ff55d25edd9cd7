"""No letter falls off the page unseen."""

import pytest

from kitto.base.paper import fonts, vendor
from kitto.base.paper.fonts import Face
from kitto.base.paper.refusals import GlyphsMissing

KATSURAGI = "葛\U000e0100城"
"""The city that writes its name with the other form of 葛."""


@pytest.mark.parametrize("name", ["髙橋", "山﨑", "𠮷野", KATSURAGI, "濵田㈱", "Ångström", "渡邊　花子"])
def test_names_of_real_people_can_be_printed(name: str) -> None:
    assert fonts.missing_glyphs(name) == ()


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("佐藤😀", ("😀",)),
        ("佐藤😀と😀", ("😀",)),
        ("مرحبا", ("م", "ر", "ح", "ب", "ا")),
        ("葛\U000e0101城", ("葛\U000e0101",)),
        ("か\u309a", ("\u309a",)),
        ("a\x00b", ("\x00",)),
    ],
)
def test_letters_without_a_shape_are_named(text: str, missing: tuple[str, ...]) -> None:
    assert fonts.missing_glyphs(text) == missing


def test_the_refusal_shows_letter_and_code_point() -> None:
    with pytest.raises(GlyphsMissing) as refused:
        fonts.require_glyphs("佐藤", "鈴木😀")
    assert "😀 (U+1F600)" in str(refused.value)
    assert "鈴木😀" in str(refused.value)


def test_decomposed_kana_from_other_systems_count_as_composed() -> None:
    assert fonts.printable("か\u3099く\u200b  らぶ\n") == "がく らぶ"
    assert fonts.missing_glyphs("か\u3099") == ()


def test_the_two_forms_of_a_letter_are_drawn_with_different_glyphs() -> None:
    usual, other = fonts.drawable("葛"), fonts.drawable("葛\U000e0100")
    face = fonts._registered(Face.REGULAR).face
    assert face.charToGlyph[ord(usual)] != face.charToGlyph[ord(other)]
    assert fonts.drawable("邉\U000e0100")[0] == "邉", "a selector for the usual form is dropped"


def test_a_long_line_shrinks_then_ends_in_an_ellipsis_and_never_overflows() -> None:
    short = fonts.fit("開発部", Face.REGULAR, largest=10, smallest=6, room=100)
    assert (short.text, short.size, short.shortened) == ("開発部", 10, False)
    smaller = fonts.fit("開発部のノート", Face.REGULAR, largest=10, smallest=6, room=50)
    assert smaller.text == "開発部のノート"
    assert 6 <= smaller.size < 10
    cut = fonts.fit("開発部のとても長い名前のノート", Face.REGULAR, largest=10, smallest=6, room=50)
    assert cut.shortened
    assert cut.text.endswith("…")
    assert fonts.width(cut.text, Face.REGULAR, cut.size) <= 50


def test_shipped_fonts_are_as_they_came() -> None:
    assert vendor.check() == []
