"""Dates, times, numbers and sizes as people read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from kitto.base.i18n import Voice, formats, speaking

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gap", "english", "japanese"),
    [
        (timedelta(seconds=5), "just now", "たった今"),
        (timedelta(hours=3), "3 hours ago", "3 時間前"),
        (timedelta(days=-2), "in 2 days", "2 日後"),
        (timedelta(days=40), "2026-10-14", "2026-10-14"),
    ],
)
def test_times_are_relative_while_near(gap: timedelta, english: str, japanese: str) -> None:
    with speaking(Voice("en", TOKYO)):
        assert formats.relative(NOON - gap, NOON) == english
    with speaking(Voice("ja", TOKYO)):
        assert formats.relative(NOON - gap, NOON) == japanese


def test_the_exact_time_is_on_the_readers_clock() -> None:
    with speaking(Voice("ja", TOKYO)):
        assert formats.exact(NOON) == "2026-11-23 21:00:00 JST"
        assert formats.moment(NOON) == "2026-11-23 21:00"
        assert formats.day(datetime(2026, 11, 23, 15, tzinfo=UTC)) == "2026-11-24"
        assert formats.weekday(date(2026, 11, 23)) == "11月23日(月)"


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2026, 11, 23), "令和8年11月23日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1920, 1, 1), "1920-01-01"),
    ],
)
def test_eras_change_on_their_days(on: date, said: str) -> None:
    assert formats.era(on) == said


@pytest.mark.parametrize(
    ("span", "english", "japanese"),
    [
        (42, "42 s", "42秒"),
        (timedelta(minutes=6), "6 min", "6分"),
        (3900.4, "1 h 05 min", "1時間05分"),
        (timedelta(days=2, hours=3), "2 d 3 h", "2日3時間"),
    ],
)
def test_durations_carry_their_units(span: timedelta | float, english: str, japanese: str) -> None:
    with speaking(Voice("en")):
        assert formats.duration(span) == english
    with speaking(Voice("ja")):
        assert formats.duration(span) == japanese


def test_numbers_sizes_and_money_have_units() -> None:
    with speaking(Voice("ja")):
        assert formats.number(1234567) == "1,234,567"
        assert formats.size(17_179_869_184) == "16 GiB"
        assert formats.size(1_572_864) == "1.5 MiB"
        assert formats.size(12) == "12 B"
        assert formats.money(Decimal(12800)) in {"￥12,800", "¥12,800"}
