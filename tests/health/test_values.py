"""Texts, serials, supplies, uptimes and watches."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitto.health.rules.identity import same_serial, serial_of
from kitto.health.rules.readings import Value, number, words
from kitto.health.rules.supplies import SupplyRow, supply
from kitto.health.rules.uptime import WRAP, rebooted
from kitto.health.rules.values import LONGEST_TEXT, Exactness, Measured, Unit, text_of
from kitto.health.rules.watches import Check, verdicts

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_japanese_text_is_read_whatever_its_encoding(encoding: str) -> None:
    assert text_of("新宿７階 サーバー室".encode(encoding)) == "新宿７階 サーバー室"


def test_latin_text_is_read_when_nothing_else_fits() -> None:
    assert text_of(b"M\xfcnchen \xff\xfe\xa0\x80").startswith("M")


@given(st.binary(max_size=600))
def test_any_bytes_become_one_printable_line(raw: bytes) -> None:
    text = text_of(raw)
    assert len(text) <= LONGEST_TEXT
    assert text == text.strip()
    assert text == "" or all(c.isprintable() for c in text)


@given(st.one_of(st.none(), st.binary(max_size=40), st.text(max_size=40), st.integers(), st.floats()))
def test_any_value_can_be_asked_for_its_number_and_words(value: Value) -> None:
    number(value)
    words(value)


@pytest.mark.parametrize(
    "junk",
    ["", "0000000", "FFFFFFFFFFFF", "To be filled by O.E.M.", "<private>", "N/A",
     "System MAC: fc-ec-da-bf-69-55",      "0123456789", "...", "Not Specified", "abc", "あいうえお"],
)  # fmt: skip
def test_filler_is_no_serial_number(junk: str) -> None:
    assert serial_of(junk) == ""


@pytest.mark.parametrize("real", ["CN7C3A40V2", "A04699H130900048", "JPG-2024/0017", "8XK2QT3"])
def test_real_serial_numbers_are_kept_as_they_are(real: str) -> None:
    assert serial_of(f"  {real}\n") == real


def test_spellings_of_one_serial_are_the_same() -> None:
    assert same_serial("ＣＮ７-ab 12", "cn7AB12")
    assert not same_serial("", "")
    assert not same_serial("CN7AB12", "CN7AB13")


def row(level: int | None, capacity: int = 100, kind: int = 3, unit: int = 19, type_: int = 3) -> SupplyRow:
    return SupplyRow("1.1", "Black", kind, type_, unit, capacity, level)


@pytest.mark.parametrize(
    ("level", "capacity", "value", "exactness"),
    [
        (40, 100, 40.0, Exactness.EXACT),
        (3000, 12000, 25.0, Exactness.EXACT),
        (120, 100, 100.0, Exactness.EXACT),
        (0, 100, 0.0, Exactness.EXACT),
        (-3, 100, None, Exactness.SOME),
        (-2, 100, None, Exactness.UNKNOWN),
        (-1, 100, None, Exactness.UNKNOWN),
        (-100, -2, 0.0, Exactness.EXACT),
        (60, -2, 60.0, Exactness.EXACT),
    ],
)
def test_supply_levels_say_only_what_the_printer_said(
    level: int, capacity: int, value: float | None, exactness: Exactness
) -> None:
    measured = supply(row(level, capacity))
    assert (measured.name, measured.value, measured.exactness) == ("supply", value, exactness)


def test_a_level_in_pages_without_a_capacity_is_no_percentage() -> None:
    assert supply(row(900, -2, unit=7)).exactness is Exactness.UNKNOWN


def test_a_waste_box_counts_the_room_that_is_left() -> None:
    measured = supply(row(100, 100, kind=4, type_=4))
    assert (measured.name, measured.value) == ("waste", 100.0)


def test_a_row_without_a_level_is_a_ghost() -> None:
    assert supply(row(None)) is None


def test_a_smaller_uptime_is_a_reboot() -> None:
    assert rebooted(timedelta(days=3), NOW, timedelta(minutes=4), NOW + timedelta(minutes=5))


def test_a_counter_that_went_round_is_no_reboot() -> None:
    before = WRAP - timedelta(minutes=2)
    assert not rebooted(before, NOW, timedelta(minutes=3), NOW + timedelta(minutes=5))


def test_a_reboot_near_the_wrap_is_still_seen_by_the_engine_boots() -> None:
    before = WRAP - timedelta(minutes=2)
    later = NOW + timedelta(minutes=5)
    assert rebooted(before, NOW, timedelta(minutes=3), later, boots=(4, 5))
    assert not rebooted(timedelta(days=3), NOW, timedelta(minutes=4), later, boots=(4, 4))


@given(
    up=st.integers(min_value=0, max_value=int(WRAP.total_seconds()) - 1),
    passed=st.integers(min_value=1, max_value=30 * 86_400),
    skew=st.floats(min_value=-0.0009, max_value=0.0009),
)
def test_a_device_that_ran_on_never_counts_as_rebooted(up: int, passed: int, skew: float) -> None:
    moved = timedelta(seconds=passed)
    now_up = timedelta(seconds=(up + passed * (1 + skew)) % WRAP.total_seconds())
    assert not rebooted(timedelta(seconds=up), NOW, now_up, NOW + moved)


def toner(value: float | None, exactness: Exactness = Exactness.EXACT) -> Measured:
    return Measured("supply", value, Unit.PERCENT, "1.1", "Black", exactness)


def test_low_toner_is_a_problem_and_stays_one_until_it_is_clearly_over() -> None:
    closed, open_ = frozenset(), frozenset({(Check.SUPPLY, "1.1")})
    assert verdicts([toner(10)], closed)[0].is_bad
    assert not verdicts([toner(12)], closed)[0].is_bad
    assert verdicts([toner(12)], open_)[0].is_bad
    assert not verdicts([toner(15)], open_)[0].is_bad


def test_a_level_without_a_number_is_never_a_problem_and_ends_none() -> None:
    assert verdicts([toner(None, Exactness.SOME), toner(None, Exactness.UNKNOWN)], frozenset()) == ()


def test_a_full_looking_disk_with_room_is_no_problem() -> None:
    def disk(free: float) -> list[Measured]:
        return [
            Measured("disk_used", 95.0, Unit.PERCENT, "/", "/"),
            Measured("disk_free", free, Unit.BYTES, "/", "/"),
        ]

    assert not verdicts(disk(200 * 2**30), frozenset())[0].is_bad
    assert verdicts(disk(2 * 2**30), frozenset())[0].is_bad


def test_a_ups_testing_itself_is_not_on_battery() -> None:
    on_battery = Measured("seconds_on_battery", 40.0, Unit.SECONDS)
    assert verdicts([on_battery], frozenset())[0].is_bad
    assert verdicts([on_battery, Measured("battery_test", 1.0, Unit.STATE)], frozenset()) == ()
