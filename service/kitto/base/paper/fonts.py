"""The typeface of everything printed, and the gate that lets no letter fall off the page unseen."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from kitto.base.paper.refusals import GlyphsMissing

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont as FontFile
    from reportlab.pdfbase.ttfonts import TTFont

FOLDER: Final = Path(__file__).parent / "fonts"
FAMILY: Final = "Noto Sans JP"
ELLIPSIS: Final = "…"
_FIRST_VARIANT: Final = 0xF0000  # a plane for private use, where no text comes from outside
_SELECTORS: Final = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})
_loading: Final = Lock()


class Face(StrEnum):
    """The two weights that ship with Kitto."""

    REGULAR = "NotoSansJP-Regular"
    BOLD = "NotoSansJP-Bold"


@dataclass(frozen=True, slots=True)
class _Coverage:
    """What a font can draw: single letters, and letters with a variation selector."""

    letters: frozenset[int]
    plain_pairs: frozenset[str]
    """Letter and selector whose shape is the usual one: the selector may be dropped."""
    variants: dict[str, tuple[int, dict[Face, int]]]
    """Letter and selector to a private code and the glyph number in each face."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A line made to fit: its size in points, and whether letters had to be left out."""

    text: str
    size: float
    shortened: bool


def printable(text: str) -> str:
    """The text as one line in composed form, without invisible format characters."""
    composed = unicodedata.normalize("NFC", text)
    visible = "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")
    return " ".join(visible.split())


def missing_glyphs(text: str) -> tuple[str, ...]:
    """Letters, or letters with a variation selector, that cannot be drawn; in order, once each.

    Checked against the fonts themselves, since PDF writers drop such letters without a warning
    (𠮷 in many Japanese fonts, emoji in all). A combining mark left after composition counts as
    missing: it would be drawn beside its letter. Line breaks and tabs are layout, not letters.
    """
    coverage = _coverage()
    missing: dict[str, None] = {}
    for cluster in _clusters(unicodedata.normalize("NFC", text)):
        if cluster in "\n\t" or cluster in coverage.plain_pairs or cluster in coverage.variants:
            continue
        single = len(cluster) == 1 and unicodedata.category(cluster) not in {"Mn", "Me", "Cc", "Cs"}
        if not single or ord(cluster) not in coverage.letters:
            missing[cluster] = None
    return tuple(missing)


def require_glyphs(*texts: str) -> None:
    """Refuse with `GlyphsMissing` at the first text that has a letter without a shape."""
    for text in texts:
        missing = missing_glyphs(text)
        if missing:
            raise GlyphsMissing(letters=", ".join(map(described, missing)), text=text)


def described(cluster: str) -> str:
    """`𠮷 (U+20BB7)`; letters that are invisible are at least named."""
    points = " ".join(f"U+{ord(letter):04X}" for letter in cluster)
    return f"{cluster} ({points})" if cluster.isprintable() else points


def drawable(text: str) -> str:
    """The text with each letter-and-selector pair replaced by the code its shape is drawn under."""
    coverage = _coverage()
    drawn: list[str] = []
    for cluster in _clusters(unicodedata.normalize("NFC", text)):
        if cluster in coverage.variants:
            drawn.append(chr(coverage.variants[cluster][0]))
        else:
            drawn.append(cluster[0] if cluster in coverage.plain_pairs else cluster)
    return "".join(drawn)


def width(text: str, face: Face, size: float) -> float:
    """Width in points of drawable text."""
    return float(_registered(face).stringWidth(text, size))


def fit(text: str, face: Face, *, largest: float, smallest: float, room: float) -> Fitted:
    """Make a drawable line fit into `room` points: smaller letters first, then an ellipsis."""
    full = width(text, face, largest)
    if full <= room:
        return Fitted(text, largest, shortened=False)
    size = largest * room / full
    if size >= smallest:
        return Fitted(text, size, shortened=False)
    kept = text
    while kept and width(kept + ELLIPSIS, face, smallest) > room:
        kept = kept[:-1]
    return Fitted(kept.rstrip() + ELLIPSIS if kept else "", smallest, shortened=True)


def register() -> None:
    """Make both faces known to the drawing library; free when done before."""
    for face in Face:
        _registered(face)


@lru_cache(maxsize=len(Face))
def _registered(face: Face) -> "TTFont":
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    with _loading:
        font = TTFont(face.value, str(FOLDER / f"{face.value}.ttf"))
        for code, glyphs in _coverage().variants.values():
            font.face.charToGlyph[code] = glyphs[face]
        pdfmetrics.registerFont(font)
        return font


@lru_cache(maxsize=1)
def _coverage() -> _Coverage:
    from fontTools.ttLib import TTFont as FontFile

    letters: set[int] | None = None
    plain: set[str] | None = None
    shaped: dict[Face, dict[str, int]] = {}
    for face in Face:
        with FontFile(FOLDER / f"{face.value}.ttf", lazy=True) as font:
            covered = set(font.getBestCmap())
            usual, own = _pairs(font)
        letters = covered if letters is None else letters & covered
        plain = usual if plain is None else plain & usual
        shaped[face] = own
    both = sorted(set.intersection(*(set(own) for own in shaped.values())))
    variants = {
        pair: (_FIRST_VARIANT + place, {face: shaped[face][pair] for face in Face})
        for place, pair in enumerate(both)
    }
    return _Coverage(frozenset(letters or ()), frozenset(plain or ()), variants)


def _pairs(font: "FontFile") -> tuple[set[str], dict[str, int]]:
    """The font's variation sequences (OpenType cmap format 14): with the usual shape, and their own."""
    usual: set[str] = set()
    own: dict[str, int] = {}
    for table in font["cmap"].tables:
        if table.format != 14:  # noqa: PLR2004 -- the number is the format's name
            continue
        for selector, pairs in table.uvsDict.items():
            for letter, glyph in pairs:
                if glyph is None:
                    usual.add(chr(letter) + chr(selector))
                else:
                    own[chr(letter) + chr(selector)] = font.getGlyphID(glyph)
    return usual, own


def _clusters(text: str) -> list[str]:
    clusters: list[str] = []
    for letter in text:
        if clusters and ord(letter) in _SELECTORS and len(clusters[-1]) == 1:
            clusters[-1] += letter
        else:
            clusters.append(letter)
    return clusters
