"""Documents as PDF: a typst template, plain values, and codes that are read back from the pages."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from kitto.base.paper import codes, fonts
from kitto.base.paper.refusals import DocumentProofFailed, DocumentUnmakeable

if TYPE_CHECKING:
    import typst

PROOF_DPI: Final = 200
STANDARD: Final = "a-2b"
"""PDF/A-2b (ISO 19005-2): documents are kept for years and must open then as they do now."""
_compiling: Final = Lock()  # a kept compiler is not made for threads


def render_document(
    template: Path, data: Mapping[str, object], *, qr_codes: Mapping[str, str] | None = None
) -> bytes:
    """Make a PDF from a typst template. The same values give the same bytes.

    The template reads `json(bytes(sys.inputs.data))`: `data` (JSON values only) and, under
    `codes`, each of `qr_codes` as SVG. Fonts are the shipped ones, whatever the machine has.
    Refuses with `GlyphsMissing` for letters the fonts do not have, which typst would drop
    without a warning, and `DocumentProofFailed` when a code cannot be read from the pages.
    """
    import typst  # large; see paper/__init__.py

    meant = dict(qr_codes or {})
    for text in _strings(data):
        fonts.require_glyphs(text)
    pictures = {name: codes.svg(codes.qr(text), title=text) for name, text in meant.items()}
    values = json.dumps({**data, "codes": pictures}, ensure_ascii=False)
    try:
        with _compiling:
            pdf = _compiler(template).compile(
                format="pdf", sys_inputs={"data": values}, timestamp=0, pdf_standards=[STANDARD]
            )
    except typst.TypstError as wrong:
        message = f"{template.name}: {wrong.diagnostic}"
        raise DocumentUnmakeable(message) from wrong
    if not isinstance(pdf, bytes):
        message = f"{template.name}: the compiler gave no single file"
        raise DocumentUnmakeable(message)
    if not _readable(pdf, set(meant.values())):
        raise DocumentProofFailed
    return pdf


@lru_cache(maxsize=16)
def _compiler(template: Path) -> "typst.Compiler":
    import typst

    shipped = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts.FOLDER)]
    )
    return typst.Compiler(
        str(template), root=str(template.parent), font_paths=shipped, ignore_system_fonts=True
    )


def _readable(pdf: bytes, meant: set[str]) -> bool:
    if not meant:
        return True
    for page in codes.pages(pdf, dpi=PROOF_DPI):
        meant -= {reading.text for reading in codes.read(page, upright=True)}
        if not meant:
            return True
    return False


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
