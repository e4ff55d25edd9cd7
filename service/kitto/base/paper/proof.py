"""Reading labels back from the finished page, each in its own cell, as a scanner will."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from kitto.base.paper import codes
from kitto.base.paper.codes import Kind
from kitto.base.paper.layout import Arranged, Warn
from kitto.base.paper.templates import Box, Template

if TYPE_CHECKING:
    from PIL.Image import Image

PROOF_DPI: Final = 300
"""Coarser than office printers, so that what reads here reads on paper; label printers use their own."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a printer misses: shift in millimetres (right and down), and stretch."""

    dx: float = 0.0
    dy: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0

    def moved(self, box: Box) -> Box:
        """Where a box ends up on the page."""
        return Box(
            self.dx + box.x * self.scale_x,
            self.dy + box.y * self.scale_y,
            box.width * self.scale_x,
            box.height * self.scale_y,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one printed label should say and what was read from it. `module` in millimetres."""

    title: str
    page: int
    cell: int
    kind: Kind
    module: float
    meant: tuple[str, ...]
    read: tuple[str, ...]
    warnings: tuple[Warn, ...]

    @property
    def ok(self) -> bool:
        return self.meant == self.read


def check(
    pdf: bytes,
    template: Template,
    labels: Sequence[Arranged],
    *,
    skip: int,
    calibration: Calibration,
) -> tuple[Verdict, ...]:
    """One verdict a label, in order. Pages are rendered one at a time."""
    dpi = min(template.dpi, PROOF_DPI)
    verdicts: list[Verdict] = []
    for number, picture in enumerate(codes.pages(pdf, dpi=dpi)):
        first = max(0, number * template.cells - skip)
        last = (number + 1) * template.cells - skip
        for place, label in enumerate(labels[first:last]):
            cell = first + place + skip - number * template.cells
            box = calibration.moved(template.cell(cell))
            read = _read(picture, box, dpi / 25.4)
            verdicts.append(_verdict(label, number + 1, cell, read))
    return tuple(verdicts)


def _read(page: "Image", box: Box, per_mm: float) -> frozenset[codes.Reading]:
    left, top = max(0, floor(box.x * per_mm)), max(0, floor(box.y * per_mm))
    right = min(page.width, ceil((box.x + box.width) * per_mm))
    bottom = min(page.height, ceil((box.y + box.height) * per_mm))
    if right <= left or bottom <= top:
        return frozenset()
    return frozenset(codes.read(page.crop((left, top, right, bottom)), upright=True))


def _verdict(label: Arranged, page: int, cell: int, read: frozenset[codes.Reading]) -> Verdict:
    symbols = [label.code.symbol, *([label.bars.symbol] if label.bars else [])]
    meant = sorted((symbol.kind.value, symbol.text) for symbol in symbols)
    found = sorted((reading.kind.value, reading.text) for reading in read)
    return Verdict(
        title=label.label.title,
        page=page,
        cell=cell,
        kind=label.code.symbol.kind,
        module=label.code.module,
        meant=tuple(text for _, text in meant),
        read=tuple(text for _, text in found) if [k for k, _ in meant] == [k for k, _ in found] else (),
        warnings=label.warnings,
    )
