"""Names, numbers and dates as people write them, and as they are found."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitto.base.errors import InvalidInput
from kitto.base.spreadsheet import Encoding, NotInCp932, csv_file, guarded
from kitto.people.rules import (
    DatesReversed,
    PersonDetails,
    Presence,
    code_key,
    presence,
    search_key,
    search_terms,
    tidy,
)


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("髙橋　太郎", "高橋太郎"),
        ("渡邊 さくら", "渡辺さくら"),
        ("神﨑", "神崎"),
        ("𠮷野", "吉野"),
        ("葛\U000e0100城", "葛城"),
        ("サトウ ハナコ", "さとう はなこ"),
        ("ｻﾄｳ", "サトウ"),
        ("Ａｎｎａ", "anna"),
        ("がぎぐ", "ガギグ"),
        ("齋藤", "斎藤"),
    ],
)
def test_a_name_is_found_however_it_is_written(written: str, sought: str) -> None:
    assert search_key(written) == search_key(sought)


def test_different_names_stay_different() -> None:
    assert len({search_key(name) for name in ("佐藤", "佐東", "サトー", "サトウ")}) == 4


@given(st.text(max_size=40))
def test_a_search_key_is_its_own_key_and_holds_no_space_or_control(text: str) -> None:
    key = search_key(text)
    assert search_key(key) == key
    assert not any(sign.isspace() or sign in "\x00\x1f" for sign in key)
    assert all(search_terms(text))


@given(st.text(max_size=40))
def test_tidied_text_can_be_kept_anywhere(text: str) -> None:
    kept = tidy(text)
    assert tidy(kept) == kept
    assert "\x00" not in kept
    kept.encode()


def test_numbers_are_kept_as_on_the_badge() -> None:
    assert {code_key(text) for text in ("e-0042", "Ｅ－００４２", "E‐0042 ", "e−0042")} == {"E-0042"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": " ", "name": "x"},
        {"number": "1", "name": "　"},
        {"number": "1" * 33, "name": "x"},
        {"number": "1", "name": "x", "mail": "not a mail"},
        {"number": "1", "name": "x", "locale": "de"},
    ],
)
def test_details_that_cannot_be_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        PersonDetails(**wrong)  # type: ignore[arg-type]


def test_a_last_day_before_the_first_is_refused() -> None:
    with pytest.raises(DatesReversed):
        PersonDetails(number="1", name="x", joins_on=date(2026, 4, 2), leaves_on=date(2026, 4, 1))


def test_first_and_last_day_count() -> None:
    first, last = date(2026, 4, 1), date(2026, 4, 30)
    days = {date(2026, 3, 31): Presence.COMING, first: Presence.ACTIVE, last: Presence.ACTIVE}
    days[date(2026, 5, 1)] = Presence.LEFT
    assert {day: presence(first, last, day) for day in days} == days
    assert presence(None, None, first) is Presence.ACTIVE


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("-001", "-001"),
        ("+81-3-1234", "+81-3-1234"),
        ("佐藤", "佐藤"),
    ],
)
def test_a_cell_cannot_carry_a_formula(text: str, kept: str) -> None:
    assert guarded(text) == kept


def test_a_file_is_what_excel_expects_or_says_what_it_cannot_hold() -> None:
    head = ["氏名", "開始"]
    assert csv_file(head, [["髙﨑①", date(2026, 4, 1)]], Encoding.CP932).decode("cp932") == (
        "氏名,開始\r\n髙﨑①,2026-04-01\r\n"
    )
    assert csv_file(head, [["𠮷", None]], Encoding.UTF8).startswith(b"\xef\xbb\xbf")
    with pytest.raises(NotInCp932) as refused:
        csv_file(head, [["𠮷野", None]], Encoding.CP932)
    assert "𠮷" in str(refused.value)
