"""Where everything on one label goes: pure geometry, in millimetres from the label's upper left corner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil, floor
from typing import Final

from kitto.base.paper import codes, fonts
from kitto.base.paper.codes import Symbol
from kitto.base.paper.fonts import Face
from kitto.base.paper.refusals import LabelTooSmall, NoLabelLargeEnough
from kitto.base.paper.templates import Template

MODULE_FLOOR: Final = 0.375  # 3 dots at 203 dpi; below it phones and worn labels fail
MODULE_LIKED: Final = 0.5
MODULE_LARGEST: Final = 1.0
CODE_SHARE: Final = 0.42  # of the label's width, once the module is as large as is liked
BAR_FLOOR: Final = 0.19  # the 7.5 mil that hand scanners are specified for
BAR_LARGEST: Final = 0.35
BARS_HEIGHT: Final = (5.0, 9.5)
BARS_GAP: Final = 0.7
TITLE_POINTS: Final = (8.0, 16.0)
LEADING: Final = 1.2
ASCENT: Final = 0.92  # of the size: the baseline below the top of a line
POINT: Final = 25.4 / 72
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Label:
    """What one label says. All but `title` and `code` may be empty.

    `code` goes into the QR code, `short_code` into a smaller one where the label is too small for
    it, `bars` into a Code 128 where there is width. `short_title` stands in for a title too wide.
    """

    title: str
    code: str
    short_title: str = ""
    short_code: str = ""
    bars: str = ""
    name: str = ""
    detail: str = ""
    owner: str = ""
    host: str = ""


class Warn(StrEnum):
    """What a person should know about a label that was made; none of it stops the print."""

    NAME_SHORTENED = "name_shortened"
    LINES_LEFT_OUT = "lines_left_out"
    SHORT_CODE = "short_code"
    MICRO_CODE = "micro_code"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `y` is its baseline."""

    text: str
    face: Face
    size: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A code at its place; `x` and `y` are the corner of its first module."""

    symbol: Symbol
    x: float
    y: float
    module: float
    height: float

    @property
    def width(self) -> float:
        return self.symbol.size * self.module


@dataclass(frozen=True, slots=True)
class Arranged:
    """A label with everything at its place."""

    label: Label
    code: Picture
    bars: Picture | None
    lines: tuple[Line, ...]
    warnings: tuple[Warn, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    """The room for text."""

    x: float
    y: float
    width: float
    height: float
    left_white: float
    """White to the left of the column, which a bar code may use as its quiet zone."""
    right_white: float
    centred: bool = False


@dataclass(frozen=True, slots=True)
class _Wish:
    """A line that would like a place: sizes in points from the least to the most."""

    place: int
    text: str
    face: Face
    least: float
    most: float
    warn: Warn | None = field(default=None)


def arrange(template: Template, label: Label, others: Sequence[Template] = ()) -> Arranged:
    """Place code, bars and lines; the code's modules are whole dots of the printer.

    Tries the full code beside or above the text, then with the shorter title, then smaller codes.
    Raises `LabelTooSmall`, naming the smallest of `others` that fits.
    """
    made = _try(template, label)
    if made is not None:
        return made
    fitting = (other for other in sorted(others, key=_area) if _try(other, label) is not None)
    larger = next(fitting, None)
    if larger is None:
        raise NoLabelLargeEnough(title=label.title, template=template.short)
    raise LabelTooSmall(title=label.title, template=template.short, larger=larger.short)


def _area(template: Template) -> float:
    return template.label.width * template.label.height


def _try(template: Template, label: Label) -> Arranged | None:
    for symbol, warn in _symbols(label):
        for title in filter(None, (label.title, label.short_title)):
            text = fonts.drawable(title)
            ways = [way(template, symbol, text) for way in (_beside, _above)]
            placed = [way for way in ways if way is not None]
            if placed:
                code, column = max(placed, key=lambda way: min(way[0].module, MODULE_LIKED))
                return _fill(template, replace(label, title=title), code, column, warn)
    return None


def _symbols(label: Label) -> Iterator[tuple[Symbol, Warn | None]]:
    yield codes.qr_in_bulk(label.code), None
    if label.short_code:
        yield codes.qr_in_bulk(label.short_code), Warn.SHORT_CODE
        tiny = codes.micro_qr(label.short_code)
        if tiny is not None:
            yield tiny, Warn.MICRO_CODE


def _beside(template: Template, symbol: Symbol, title: str) -> tuple[Picture, _Column] | None:
    size, edge = template.label, template.inset
    n, quiet = symbol.size, symbol.quiet
    text = fonts.width(title, Face.BOLD, TITLE_POINTS[0]) * POINT
    high = min(size.height / (n + 2 * quiet), (size.height - edge.top - edge.bottom) / n)
    room = size.width - edge.right - text
    module = _module(
        template,
        most=min(high, room / (n + 2 * quiet), (room - edge.left) / (n + quiet)),
        liked=CODE_SHARE * size.width / (n + 2 * quiet),
    )
    if module is None:
        return None
    x = max(edge.left, quiet * module)
    y = (size.height + edge.top - edge.bottom - n * module) / 2
    y = min(max(y, quiet * module), size.height - (n + quiet) * module)
    code = Picture(symbol, x, y, module, n * module)
    left = x + (n + quiet) * module
    column = _Column(
        left,
        edge.top,
        size.width - edge.right - left,
        size.height - edge.top - edge.bottom,
        left_white=quiet * module,
        right_white=edge.right,
    )
    return code, column


def _above(template: Template, symbol: Symbol, title: str) -> tuple[Picture, _Column] | None:
    size, edge = template.label, template.inset
    n, quiet = symbol.size, symbol.quiet
    inner = size.width - edge.left - edge.right
    if fonts.width(title, Face.BOLD, TITLE_POINTS[0]) * POINT > inner + _SLACK:
        return None
    text = TITLE_POINTS[0] * LEADING * POINT
    room = size.height - edge.bottom - text
    wide = min(size.width / (n + 2 * quiet), inner / n)
    most = min(wide, room / (n + 2 * quiet), (room - edge.top) / (n + quiet))
    module = _module(template, most=most, liked=0.6 * size.height / (n + 2 * quiet))
    if module is None:
        return None
    y = max(edge.top, quiet * module)
    code = Picture(symbol, (size.width - n * module) / 2, y, module, n * module)
    below = y + (n + quiet) * module
    height = size.height - edge.bottom - below
    return code, _Column(edge.left, below, inner, height, edge.left, edge.right, centred=True)


def _module(template: Template, *, most: float, liked: float) -> float | None:
    enough = ceil(max(liked, MODULE_LIKED) / template.dot - _SLACK) * template.dot
    module = floor(min(most, MODULE_LARGEST, enough) / template.dot + _SLACK) * template.dot
    return module if module >= MODULE_FLOOR - _SLACK else None


def _fill(template: Template, label: Label, code: Picture, column: _Column, warn: Warn | None) -> Arranged:
    """Give the lines their least height in order of importance, then share what is left."""
    bars = _bars(template, label.bars, column)
    wishes, bars_fit, left_out = _choose(label, column.height, with_bars=bars is not None)
    least = sum(wish.least for wish in wishes) * LEADING * POINT
    spread = sum(wish.most - wish.least for wish in wishes) * LEADING * POINT
    bars_least, bars_spread = (BARS_HEIGHT[0], BARS_HEIGHT[1] - BARS_HEIGHT[0]) if bars_fit else (0.0, 0.0)
    spare = column.height - least - bars_least
    share = min(1.0, max(0.0, spare / (spread + bars_spread))) if spread + bars_spread else 0.0
    lines: list[Line] = []
    warnings = [warn] if warn else []
    used = least + bars_least + share * (spread + bars_spread)
    y = column.y + max(0.0, (column.height - used) / 2)
    for wish in wishes:
        largest = wish.least + share * (wish.most - wish.least)
        fitted = fonts.fit(
            wish.text, wish.face, largest=largest, smallest=wish.least, room=column.width / POINT + _SLACK
        )
        if fitted.shortened and wish.warn:
            warnings.append(wish.warn)
        blank = column.width - fonts.width(fitted.text, wish.face, fitted.size) * POINT
        x = column.x + max(0.0, blank / 2 if column.centred else 0.0)
        lines.append(Line(fitted.text, wish.face, fitted.size, x, y + ASCENT * fitted.size * POINT))
        y += largest * LEADING * POINT
    if left_out:
        warnings.append(Warn.LINES_LEFT_OUT)
    placed = None
    if bars is not None and bars_fit:
        height = bars_least + share * bars_spread - BARS_GAP
        placed = Picture(bars.symbol, bars.x, y + BARS_GAP, bars.module, height)
    return Arranged(label, code, placed, tuple(lines), tuple(warnings))


def _choose(label: Label, height: float, *, with_bars: bool) -> tuple[list[_Wish], bool, bool]:
    """Lines that fit by importance, given back in reading order; whether bars fit; whether lines did not."""
    name = _Wish(1, fonts.drawable(label.name), Face.REGULAR, 6.0, 10.0, Warn.NAME_SHORTENED)
    by_importance: list[_Wish | None] = [
        _Wish(0, fonts.drawable(label.title), Face.BOLD, *TITLE_POINTS),
        name,
        None,  # the bar code's turn
        _Wish(4, fonts.drawable(label.host), Face.REGULAR, 5.0, 6.5),
        _Wish(3, fonts.drawable(label.owner), Face.REGULAR, 5.0, 7.0),
        _Wish(2, fonts.drawable(label.detail), Face.REGULAR, 5.0, 8.0),
    ]
    chosen: list[_Wish] = []
    bars_fit, left_out = False, False
    left = height + _SLACK
    for wish in by_importance:
        if wish is None:
            bars_fit = with_bars and left >= BARS_HEIGHT[0]
            left -= BARS_HEIGHT[0] if bars_fit else 0
        elif wish.text:
            need = wish.least * LEADING * POINT
            fits = need <= left
            left_out = left_out or not fits
            left -= need if fits else 0
            chosen += [wish] if fits else []
    return sorted(chosen, key=lambda wish: wish.place), bars_fit, left_out


def _bars(template: Template, text: str, column: _Column) -> Picture | None:
    if not text:
        return None
    symbol = codes.code_128(text)
    for dots in range(floor(BAR_LARGEST / template.dot), 0, -1):
        module = dots * template.dot
        if module < BAR_FLOOR - _SLACK:
            return None
        start = column.x + max(0.0, codes.QUIET_BARS * module - column.left_white)
        white = max(0.0, codes.QUIET_BARS * module - column.right_white)
        room = column.x + column.width - white - start
        if symbol.size * module <= room + _SLACK:
            if column.centred:
                start += (room - symbol.size * module) / 2
            return Picture(symbol, start, 0.0, module, 0.0)
    return None
