"""Codes for phones: made, drawn, and read back by another library before anybody sees them."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from kitto.base.i18n import N_, Words
from kitto.base.paper.codes import Kind, Symbol, decode, svg
from kitto.phones.rules.refusals import CodeTooLarge, CodeUnreadable

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from qrcode import QRCode

MOST_VERSION: Final = 25
"""117 modules: 2.4 px each on a screen of 300 px; larger ones are hard for older cameras."""
_PIXELS: Final = 4
PIXELS: Final = 360
"""How large a page draws it."""


@dataclass(frozen=True)
class Proved:
    """A code that has been read back: `version` 1 to 25, `size` in bytes."""

    symbol: Symbol
    version: int
    size: int


def proved(text: str) -> Proved:
    """The code for a text. Refuses CodeTooLarge and CodeUnreadable. Nothing is remembered or stored."""
    size = len(text.encode())
    version, name, maker = _smallest(text)
    if version > MOST_VERSION:
        raise CodeTooLarge(size=size, version=version, most=MOST_VERSION)
    maker.make(fit=True)
    rows = tuple(bytes(bool(module) for module in row) for row in maker.get_matrix())
    symbol = Symbol(Kind.QR, text, name, rows)
    if decode(_picture(symbol)) != [text]:
        raise CodeUnreadable
    return Proved(symbol, version, size)


def drawn(made: Proved, locale: str) -> Markup:
    """The code as a picture for a page."""
    picture = svg(made.symbol, title=Words(N_("QR code for the phone's camera")).said(locale))
    # the drawing has no size of its own, and a style would be against the content security policy
    sized = picture.replace("<svg ", f'<svg width="{PIXELS}" height="{PIXELS}" ', 1)
    return Markup(sized)  # noqa: S704 -- escaped where it is drawn


def _smallest(text: str) -> tuple[int, str, "QRCode[Any]"]:
    """With level M, or L where only that stays readable. A version past 40 does not exist."""
    import qrcode  # large; see base/paper
    from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
    from qrcode.exceptions import DataOverflowError

    found = (41, "L", qrcode.QRCode(border=0))
    for level, name in ((ERROR_CORRECT_L, "L"), (ERROR_CORRECT_M, "M")):
        maker = qrcode.QRCode(error_correction=level, border=0)
        maker.add_data(text.encode(), optimize=0)
        with suppress(DataOverflowError, ValueError):
            if (version := maker.best_fit()) <= MOST_VERSION or name == "L":
                found = (version, name, maker)
    return found


def _picture(symbol: Symbol) -> "Picture":
    from PIL import Image, ImageOps

    large = symbol.image().convert("L").resize((symbol.size * _PIXELS,) * 2, Image.Resampling.NEAREST)
    return ImageOps.expand(large, symbol.quiet * _PIXELS, 255)
