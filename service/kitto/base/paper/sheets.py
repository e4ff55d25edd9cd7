"""Labels onto pages: a PDF that has been read back before anyone gets it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Final

from kitto.base.paper import fonts, proof
from kitto.base.paper.layout import Arranged, Label, Line, Picture, Warn, arrange
from kitto.base.paper.proof import Calibration, Verdict
from kitto.base.paper.refusals import NothingToPrint, ProofFailed, SkipTooLarge
from kitto.base.paper.templates import Box, Template

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

MM: Final = 72 / 25.4
_HAIRLINE: Final = 0.25
_STRAIGHT: Final = Calibration()
_LINES: Final = ("title", "short_title", "name", "detail", "owner", "host")


@dataclass(frozen=True, slots=True)
class LabelPrint:
    """Finished labels. Every code on them was read back from the pages and was what it should be."""

    pdf: bytes
    pages: int
    verdicts: tuple[Verdict, ...]

    @property
    def warnings(self) -> dict[Warn, int]:
        """How many labels carry each warning."""
        found = [warn for verdict in self.verdicts for warn in verdict.warnings]
        return {warn: found.count(warn) for warn in Warn if warn in found}


def render_labels(
    template: Template,
    labels: Sequence[Label],
    *,
    skip: int = 0,
    calibration: Calibration = _STRAIGHT,
    border: bool = False,
    others: Sequence[Template] = (),
) -> LabelPrint:
    """Draw, then read back every page. The same input gives the same bytes.

    `skip` leaves the first cells of the first sheet empty; `others` are the templates that a
    refusal may suggest. Refuses with `GlyphsMissing`, `LabelTooSmall`, `NoLabelLargeEnough`,
    `SkipTooLarge`, `NothingToPrint`, and `ProofFailed` when a code cannot be read from its page.
    """
    if not labels:
        raise NothingToPrint
    if skip >= template.cells:
        raise SkipTooLarge(template=template.short, cells=template.cells)
    arranged = [_arranged(template, label, others) for label in labels]
    pdf = _draw(template, list(_pages(template, arranged, skip)), calibration, border=border)
    verdicts = proof.check(pdf, template, arranged, skip=skip, calibration=calibration)
    for verdict in verdicts:
        if not verdict.ok:
            raise ProofFailed(title=verdict.title, page=verdict.page)
    return LabelPrint(pdf, verdicts[-1].page, verdicts)


def _arranged(template: Template, label: Label, others: Sequence[Template]) -> Arranged:
    lines = {name: fonts.printable(getattr(label, name)) for name in _LINES}
    fonts.require_glyphs(*lines.values())
    return arrange(template, replace(label, **lines), others)


def _pages(template: Template, labels: list[Arranged], skip: int) -> Iterator[list[tuple[Box, Arranged]]]:
    for start in range(-skip, len(labels), template.cells):
        page = labels[max(0, start) : start + template.cells]
        first = max(0, -start)
        yield [(template.cell(first + place), label) for place, label in enumerate(page)]


def _draw(
    template: Template,
    pages: list[list[tuple[Box, Arranged]]],
    calibration: Calibration,
    *,
    border: bool,
) -> bytes:
    fonts.register()
    file = BytesIO()
    canvas = new_canvas(file, template)
    for page in pages:
        start_page(canvas, template, calibration)
        for box, label in page:
            _draw_label(canvas, box, label)
            if border:
                outline(canvas, template, box)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def new_canvas(file: BytesIO, template: Template) -> "Canvas":
    """An empty PDF of the template's page size, without time stamps so that bytes repeat."""
    from reportlab.pdfgen.canvas import Canvas

    size = (template.page.width * MM, template.page.height * MM)
    canvas = Canvas(file, pagesize=size, pageCompression=1, invariant=1)
    canvas.setTitle(template.short)
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


def start_page(canvas: "Canvas", template: Template, calibration: Calibration) -> None:
    """From here on x goes right and -y goes down from the upper left corner, as the printer prints it."""
    canvas.translate(calibration.dx * MM, (template.page.height - calibration.dy) * MM)
    canvas.scale(calibration.scale_x, calibration.scale_y)


def outline(canvas: "Canvas", template: Template, box: Box) -> None:
    """The edge of a label as a grey hairline."""
    canvas.setLineWidth(_HAIRLINE)
    canvas.setStrokeGray(0.6)
    canvas.roundRect(
        box.x * MM,
        -(box.y + box.height) * MM,
        box.width * MM,
        box.height * MM,
        template.label.corner * MM,
    )


def write(canvas: "Canvas", line: Line, corner: Box) -> None:
    """A line of drawable text, its place counted from the corner of the box."""
    canvas.setFont(line.face.value, line.size)
    canvas.drawString((corner.x + line.x) * MM, -(corner.y + line.y) * MM, line.text)


def _draw_label(canvas: "Canvas", box: Box, label: Arranged) -> None:
    canvas.setFillGray(0)
    _draw_code(canvas, box, label.code)
    if label.bars is not None:
        _draw_code(canvas, box, label.bars)
    for line in label.lines:
        write(canvas, line, box)


def _draw_code(canvas: "Canvas", box: Box, picture: Picture) -> None:
    # One pixel a module, enlarged by the printer: the smallest file, and sharp at every resolution.
    # Bars are an image one pixel high.
    x, y = (box.x + picture.x) * MM, (box.y + picture.y + picture.height) * MM
    canvas.drawInlineImage(picture.symbol.image(), x, -y, picture.width * MM, picture.height * MM)
