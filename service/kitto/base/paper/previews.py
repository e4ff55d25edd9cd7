"""What a sheet looks like before it is printed: a drawing of its cells, a picture of a page, a test page."""

from io import BytesIO
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from kitto.base.paper import codes, fonts
from kitto.base.paper.fonts import Face
from kitto.base.paper.layout import POINT, Line
from kitto.base.paper.proof import Calibration
from kitto.base.paper.sheets import MM, new_canvas, outline, start_page, write
from kitto.base.paper.templates import Box, Medium, Template

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_ARM: Final = 2.5
_RULER: Final = 100
_EDGE: Final = 5.0
_PAPER: Final = 'fill="#fff" stroke="#767676" stroke-width=".6"'
_LOOK: Final = {
    "skipped": 'fill="#eee" stroke="#767676" stroke-width=".4"',
    "filled": 'fill="#0b5fff" fill-opacity=".35" stroke="#0b5fff" stroke-width=".8"',
    "free": 'fill="#fff" stroke="#767676" stroke-width=".4"',
}


def sheet_svg(template: Template, *, title: str, filled: int = 0, skip: int = 0) -> str:
    """The first page in millimetres: used cells, cells that this print fills, free cells.

    A picture of its own (image/svg+xml): paper is white in the dark too. Used cells are crossed
    out, so that nothing hangs on the colour.
    """
    cells = []
    for index in range(template.cells):
        box = template.cell(index)
        state = "skipped" if index < skip else "filled" if index < skip + filled else "free"
        corner = template.label.corner
        cells.append(
            f'<rect class="cell {state}" {_LOOK[state]} x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
            f'height="{box.height:g}" rx="{corner:g}"/>'
        )
        if state == "skipped":
            cells.append(
                '<path class="cross" stroke="#767676" stroke-width=".6" '
                f'd="M{box.x:g} {box.y:g}l{box.width:g} {box.height:g}'
                f'm0 -{box.height:g}l-{box.width:g} {box.height:g}"/>'
            )
    page = template.page
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="sheet" role="img" '
        f'viewBox="-1 -1 {page.width + 2:g} {page.height + 2:g}"><title>{escape(title)}</title>'
        f'<rect class="page" {_PAPER} width="{page.width:g}" height="{page.height:g}"/>'
        f"{''.join(cells)}</svg>"
    )


def page_png(pdf: bytes, *, number: int = 1, dpi: float = 110) -> bytes | None:
    """A page as PNG; None when there is no such page."""
    picture = codes.page(pdf, number, dpi=dpi)
    if picture is None:
        return None
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def trial_page(template: Template, calibration: Calibration) -> bytes:
    """Outlines, crosshairs and rulers to hold against an empty sheet."""
    fonts.register()
    file = BytesIO()
    canvas = new_canvas(file, template)
    start_page(canvas, template, calibration)
    for index in range(template.cells):
        box = template.cell(index)
        outline(canvas, template, box)
        _crosshair(canvas, box.x, box.y)
    last = template.cell(template.cells - 1)
    _crosshair(canvas, last.x + last.width, last.y + last.height)
    if template.medium is Medium.SHEET:
        _rulers(canvas, template)
        _advice(canvas, template, calibration)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _crosshair(canvas: "Canvas", x: float, y: float) -> None:
    canvas.setLineWidth(0.3)
    canvas.setStrokeGray(0)
    canvas.line((x - _ARM) * MM, -y * MM, (x + _ARM) * MM, -y * MM)
    canvas.line(x * MM, -(y - _ARM) * MM, x * MM, -(y + _ARM) * MM)


def _rulers(canvas: "Canvas", template: Template) -> None:
    """100 mm across and down through the middle; a wrong length shows a printer that scales."""
    left, top = (template.page.width - _RULER) / 2, (template.page.height - _RULER) / 2
    middle_x, middle_y = template.page.width / 2, template.page.height / 2
    canvas.setLineWidth(0.25)
    canvas.setStrokeGray(0)
    canvas.line(left * MM, -middle_y * MM, (left + _RULER) * MM, -middle_y * MM)
    canvas.line(middle_x * MM, -top * MM, middle_x * MM, -(top + _RULER) * MM)
    for tick in range(_RULER + 1):
        arm = 3.0 if tick % 10 == 0 else 2.0 if tick % 5 == 0 else 1.0
        x, y = left + tick, top + tick
        canvas.line(x * MM, -(middle_y - arm) * MM, x * MM, -middle_y * MM)
        canvas.line((middle_x - arm) * MM, -y * MM, middle_x * MM, -y * MM)


def _advice(canvas: "Canvas", template: Template, calibration: Calibration) -> None:
    lines = (
        (template.name.ja, 11.0, Face.BOLD),
        (template.name.en, 9.0, Face.REGULAR),
        ("100 % で印刷し、ラベル用紙に重ねてください。定規は 100 mm です。", 8.0, Face.REGULAR),
        ("Print at 100 % and hold against an empty sheet. The rulers are 100 mm.", 8.0, Face.REGULAR),
        (
            (
                f"右 / right {calibration.dx:+.1f} mm   下 / down {calibration.dy:+.1f} mm   "
                f"× {calibration.scale_x:.3f}   × {calibration.scale_y:.3f}"
            ),
            8.0,
            Face.REGULAR,
        ),
    )
    width = max(fonts.width(text, face, size) for text, size, face in lines) * POINT + 2 * _EDGE
    height = 2 * _EDGE + len(lines) * 5
    corner = Box((template.page.width - width) / 2, template.page.height * 0.69, width, height)
    canvas.setFillGray(1)
    canvas.rect(corner.x * MM, -(corner.y + height) * MM, width * MM, height * MM, stroke=1, fill=1)
    canvas.setFillGray(0)
    for place, (text, size, face) in enumerate(lines):
        write(canvas, Line(text, face, size, _EDGE, _EDGE + 3.5 + place * 5), corner)
