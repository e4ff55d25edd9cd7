"""Codes that scanners read: QR, Micro QR and Code 128, made and read back."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument

QUIET_BARS: Final = 10
"""White modules left and right of a Code 128 (ISO/IEC 15417)."""
POINTS_PER_INCH: Final = 72
_GREY: Final = bytes([255, 0] + [0] * 254)  # module to pixel
_DARK: Final = bytes([1] * 128 + [0] * 128)  # pixel to module
_pdfium: Final = Lock()  # the PDF renderer is not made for threads


class Kind(StrEnum):
    """The symbologies Kitto prints."""

    QR = "qr"
    MICRO_QR = "micro_qr"
    CODE_128 = "code_128"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A code as modules: `rows` holds one byte per module, 1 is dark. A bar code has one row."""

    kind: Kind
    text: str
    level: str
    rows: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Modules along the width."""
        return len(self.rows[0])

    @property
    def quiet(self) -> int:
        """Modules that must stay white on each side (ISO/IEC 18004, 15417)."""
        return {Kind.QR: 4, Kind.MICRO_QR: 2, Kind.CODE_128: QUIET_BARS}[self.kind]

    def image(self) -> "Image":
        """One-bit picture, one pixel a module, without the quiet zone."""
        from PIL import Image

        grey = b"".join(self.rows).translate(_GREY)
        return Image.frombytes("L", (self.size, len(self.rows)), grey).convert("1", dither=Image.Dither.NONE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A code found in a picture."""

    kind: Kind
    text: str


@lru_cache(maxsize=4096)
def qr(text: str) -> Symbol:
    """A QR code for the screen and single prints, at the level `qr_level` gives; remembered."""
    maker = _maker(qr_level(text), border=0)
    maker.add_data(text)
    maker.make(fit=True)
    rows = tuple(bytes(bool(module) for module in row) for row in maker.get_matrix())
    return Symbol(Kind.QR, text, qr_level(text), rows)


def qr_in_bulk(text: str) -> Symbol:
    """The same symbol size and level as `qr`, about fifteen times faster, for sheets of labels."""
    level = qr_level(text)
    return Symbol(Kind.QR, text, level, _modules(Kind.QR, text, ec_level=level))


def micro_qr(text: str) -> Symbol | None:
    """The smallest code: read by Kitto's scanner, not by phone cameras. None when the text is too long."""
    try:
        return Symbol(Kind.MICRO_QR, text, "M", _modules(Kind.MICRO_QR, text, ec_level="M"))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def code_128(text: str) -> Symbol:
    """A bar code, one module high; draw it as high as there is room."""
    return Symbol(Kind.CODE_128, text, "", _modules(Kind.CODE_128, text)[:1])


def qr_level(text: str) -> str:
    """The strongest error correction that does not make the code larger than the weakest one.

    Version 2 may grow to 3, so that an address with a host of up to 15 letters gets level H: at
    the same printed width it is read through several scratches five times as often as level L.
    """
    return _level_for(len(text.encode()), _mode(text))


def svg(symbol: Symbol, *, title: str, bar_height: int = 40) -> str:
    """The code with its quiet zone as SVG in module units; `title` is what a screen reader says."""
    flat = symbol.kind is Kind.CODE_128
    height = bar_height if flat else len(symbol.rows)
    above = 0 if flat else symbol.quiet
    path = "".join(
        f"M{x + symbol.quiet} {y + above}h{run}v{height if flat else 1}h-{run}z"
        for y, row in enumerate(symbol.rows)
        for x, run in runs(row)
    )
    wide, high = symbol.size + 2 * symbol.quiet, height + 2 * above
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        f'shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{wide}v{high}H0z"/><path fill="#000" d="{path}"/></svg>'
    )


def runs(row: bytes) -> Iterator[tuple[int, int]]:
    """The dark stretches of a row of modules, as (start, length)."""
    start = 0
    while (start := row.find(1, start)) >= 0:
        end = row.find(0, start)
        end = len(row) if end < 0 else end
        yield start, end - start
        start = end


def read(image: "Image", *, upright: bool = False) -> list[Reading]:
    """Every code in a picture. `upright` skips turned and inverted codes: for pages of our own."""
    import zxingcpp

    formats = zxingcpp.BarcodeFormats(list(_formats().values()))
    found = zxingcpp.read_barcodes(image, formats=formats, try_rotate=not upright, try_invert=not upright)
    kinds = {made_as: kind for kind, made_as in _formats().items()}
    return [Reading(kinds[code.format], code.text) for code in found if code.format in kinds]


def decode(image: "Image") -> list[str]:
    """The texts of every code in a picture."""
    return [reading.text for reading in read(image)]


def pages(pdf: bytes, *, dpi: float = 300) -> Iterator["Image"]:
    """The pages of a PDF as grey pictures, made one at a time so that memory stays flat."""
    import pypdfium2

    with _pdfium:
        document = pypdfium2.PdfDocument(pdf)
        count = len(document)
    try:
        for number in range(count):
            yield _picture(document, number, dpi / POINTS_PER_INCH)
    finally:
        with _pdfium:
            document.close()


def page(pdf: bytes, number: int, *, dpi: float = 300) -> "Image | None":
    """One page, counted from 1; None when there is no such page."""
    import pypdfium2

    with _pdfium:
        document = pypdfium2.PdfDocument(pdf)
        known = 1 <= number <= len(document)
    try:
        return _picture(document, number - 1, dpi / POINTS_PER_INCH) if known else None
    finally:
        with _pdfium:
            document.close()


def _picture(document: "PdfDocument", number: int, scale: float) -> "Image":
    with _pdfium:
        page = document[number]
        bitmap = page.render(scale=scale, grayscale=True)
        # The pixels belong to the bitmap; the copy lets the picture outlive it.
        picture: Image = bitmap.to_pil().copy()
        bitmap.close()
        page.close()
    return picture


def _modules(kind: Kind, text: str, **options: str) -> tuple[bytes, ...]:
    import zxingcpp

    code = zxingcpp.create_barcode(text, _formats()[kind], **options)
    # Its type says nothing of the buffer protocol, which is how its pixels are read.
    picture: Any = code.to_image(scale=1, add_quiet_zones=False)
    pixels = memoryview(picture)
    high, wide = pixels.shape or (0, 0)
    dark = pixels.tobytes().translate(_DARK)
    return tuple(dark[row * wide : (row + 1) * wide] for row in range(high))


@lru_cache(maxsize=1)
def _formats() -> dict[Kind, Any]:
    from zxingcpp import BarcodeFormat

    return {
        Kind.QR: BarcodeFormat.QRCode,
        Kind.MICRO_QR: BarcodeFormat.MicroQRCode,
        Kind.CODE_128: BarcodeFormat.Code128,
    }


def _maker(level: str, **options: Any) -> Any:
    from qrcode import QRCode, constants

    return QRCode(error_correction=getattr(constants, f"ERROR_CORRECT_{level}"), **options)


def _mode(text: str) -> str:
    from qrcode import util

    data = util.QRData(text.encode())
    return {util.MODE_NUMBER: "0", util.MODE_ALPHA_NUM: "A"}.get(data.mode, "a")


@lru_cache(maxsize=1024)
def _level_for(length: int, sample: str) -> str:
    def version(level: str) -> int:
        maker = _maker(level)
        maker.add_data(sample * length, optimize=0)
        found: int = maker.best_fit()
        return found

    smallest = version("L")
    largest = 3 if smallest == 2 else smallest  # noqa: PLR2004 -- the version numbers of the standard
    return next(level for level in "HQML" if version(level) <= largest)
