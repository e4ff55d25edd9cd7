"""Dates, times, numbers, sizes and money as people read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal

from kitto.base.i18n.catalogue import N_, translate
from kitto.base.i18n.voice import voice

_SIZES: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP: Final = 1024
_SOON: Final = timedelta(seconds=45)
_RELATIVE: Final = timedelta(days=7)
_ERAS: Final = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
)


def local(at: datetime) -> datetime:
    """The instant on the reader's clock; a naive instant counts as UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(voice().zone)


def exact(at: datetime) -> str:
    """`2026-11-23 09:12:40 JST`, for hover and print."""
    return local(at).strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()


def moment(at: datetime) -> str:
    """`2026-11-23 09:12`."""
    return local(at).strftime("%Y-%m-%d %H:%M")


def clock_time(at: datetime, seconds: bool = False) -> str:
    """`09:12`, or `09:12:07`."""
    return local(at).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(on: date | datetime) -> str:
    """`2026-11-23`."""
    return (local(on).date() if isinstance(on, datetime) else on).isoformat()


def weekday(on: date | datetime) -> str:
    """`Mon, Nov 23` or `11月23日(月)`."""
    at = local(on) if isinstance(on, datetime) else datetime(on.year, on.month, on.day, tzinfo=UTC)
    zone = voice().zone if isinstance(on, datetime) else UTC
    return format_skeleton("MMMEd", at, tzinfo=zone, locale=voice().locale)


def era(on: date) -> str:
    """`令和8年11月23日`; the ISO date before 1926-12-25."""
    for start, name in _ERAS:
        if on >= start:
            year = on.year - start.year + 1
            return f"{name}{'元' if year == 1 else year}年{on.month}月{on.day}日"
    return on.isoformat()


def relative(at: datetime, now: datetime) -> str:
    """`3 hours ago`, `in 2 days`; the date itself when further off than a week."""
    gap = local(at) - local(now)
    if abs(gap) < _SOON:
        return translate(voice().locale, N_("just now"))
    if abs(gap) >= _RELATIVE:
        return day(at)
    return format_timedelta(gap, add_direction=True, locale=voice().locale)


def duration(span: timedelta | float) -> str:
    """`6 min`, `1 h 05 min`, `2 d 3 h`; a number is taken as seconds."""
    seconds = round(span.total_seconds() if isinstance(span, timedelta) else span)
    minutes, second = divmod(abs(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    locale = voice().locale
    if days:
        return translate(locale, N_("{days} d {hours} h"), days=days, hours=hour)
    if hours:
        return translate(locale, N_("{hours} h {minutes} min"), hours=hour, minutes=f"{minute:02}")
    if minutes:
        return translate(locale, N_("{minutes} min"), minutes=minute)
    return translate(locale, N_("{seconds} s"), seconds=second)


def number(value: float | Decimal) -> str:
    """`12,345`."""
    return format_decimal(value, locale=voice().locale)


def size(count: int) -> str:
    """Bytes in binary units: `16 GiB`, `1.5 MiB`."""
    value, unit = float(count), 0
    while abs(value) >= _STEP and unit < len(_SIZES) - 1:
        value, unit = value / _STEP, unit + 1
    text = f"{value:.1f}".removesuffix(".0")
    return f"{text} {_SIZES[unit]}"


def money(amount: Decimal | int, currency: str = "JPY") -> str:
    """`¥12,800`."""
    return format_currency(amount, currency, locale=voice().locale)
