"""JSON doors of labels."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from kitto.base.paper.proof import Calibration
from kitto.base.paper.templates import Medium, Template
from kitto.identity.rules import Permission
from kitto.labels import actions, printing, queries
from kitto.labels.models import LabelPrint, LabelPrinter
from kitto.labels.rules import PrintOrder, Scale, Shift
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import ActorDep, Door, Doorkeeper, ReadDep, WorkDep
from kitto.web.downloads import file_answer

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["labels"], responses=RESPONSES)


class OffsetsIn(Strict):
    """How a printer misses: millimetres to the right and down, and stretch."""

    dx: Shift = 0.0
    dy: Shift = 0.0
    scale_x: Scale = 1.0
    scale_y: Scale = 1.0

    def calibration(self) -> Calibration:
        return Calibration(self.dx, self.dy, self.scale_x, self.scale_y)


class LabelsIn(Strict):
    tags: list[Short] = Field(min_length=1, max_length=1000, examples=[["PC-000042-C"]])
    template: Short = Field(description="Id, or the part number on the pack.", examples=["A-ONE 72224"])
    skip: int = Field(default=0, ge=0, le=1000, description="Cells of the first sheet that are used up.")
    printer: Short = Field(default="", description="A known printer; its offsets then count.")
    offsets: OffsetsIn = OffsetsIn()
    border: bool = False


class LabelsOut(BaseModel):
    """A finished print. Every code on it was read back from its pages."""

    id: int
    made_at: datetime
    made_by: str
    template: str
    count: int
    pages: int
    skipped: int
    sha256: str
    tags: list[str]
    warnings: dict[str, int] = Field(description="What to know of some labels, and of how many.")
    pdf: str = Field(examples=["/api/v1/labels/7.pdf"])


class LabelPrintsOut(BaseModel):
    items: list[LabelsOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class TemplateOut(BaseModel):
    id: str
    medium: Medium
    parts: list[str]
    name_ja: str
    name_en: str
    cells: int = Field(description="labels on a page")
    width: float = Field(description="of one label, mm")
    height: float


class ScanBackIn(Strict):
    scanned: str = Field(max_length=2048, examples=["HTTPS://KITTO.EXAMPLE/T/PC000042C"])
    tag: Short = Field(default="", description="The device it must be on, if that is known.")


class ScanBackOut(BaseModel):
    asset_id: int
    tag: str
    printed_at: datetime | None
    verified_at: datetime | None


class PrinterIn(OffsetsIn):
    name: str = Field(min_length=1, max_length=60, examples=["2F 複合機"])


class PrinterOut(PrinterIn):
    id: int


def shown(made: LabelPrint) -> LabelsOut:
    return LabelsOut(
        id=made.id,
        made_at=made.made_at,
        made_by=made.made_by_name,
        template=made.template,
        count=made.count,
        pages=made.pages,
        skipped=made.skipped,
        sha256=made.sha256,
        tags=made.tags,
        warnings=made.warnings,
        pdf=f"/api/v1/labels/{made.id}.pdf",
    )


@router.get("/label-templates")
def list_templates(work: ReadDep) -> list[TemplateOut]:
    """The sheets, tapes and single labels there are."""
    work.allow(Permission.PRINT_LABELS)
    return [_template(template) for template in queries.catalogue()]


def _template(template: Template) -> TemplateOut:
    return TemplateOut(
        id=template.id,
        medium=template.medium,
        parts=list(template.parts),
        name_ja=template.name.ja,
        name_en=template.name.en,
        cells=template.cells,
        width=template.label.width,
        height=template.label.height,
    )


@router.get("/label-printers")
def list_printers(work: ReadDep) -> list[PrinterOut]:
    """Printers and how they miss."""
    work.allow(Permission.PRINT_LABELS)
    return [_printer(found) for found in queries.printers(work)]


@router.post("/label-printers", status_code=201)
def keep_printer(work: WorkDep, body: PrinterIn) -> PrinterOut:
    """Remember how a printer misses; a known name is set anew."""
    return _printer(actions.keep_printer(work, name=body.name, calibration=body.calibration()))


def _printer(found: LabelPrinter) -> PrinterOut:
    return PrinterOut(
        id=found.id,
        name=found.name,
        dx=found.dx,
        dy=found.dy,
        scale_x=found.scale_x,
        scale_y=found.scale_y,
    )


@router.get("/labels")
def list_prints(
    work: ReadDep,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> LabelPrintsOut:
    """Prints, newest first."""
    work.allow(Permission.PRINT_LABELS)
    found = queries.prints(work, cursor=cursor, limit=limit)
    return LabelPrintsOut(items=[shown(made) for made in found.items], next=found.next)


@router.post("/labels", status_code=201)
def print_labels(
    request: Request, work: WorkDep, actor: ActorDep, response: Response, body: LabelsIn
) -> LabelsOut:
    """Make labels as a PDF whose every code has been read back."""
    order = PrintOrder(
        tags=tuple(body.tags),
        template=body.template,
        skip=body.skip,
        printer=body.printer,
        calibration=body.offsets.calibration(),
        border=body.border,
    )
    keeper: Doorkeeper = request.app.state.doorkeeper
    made = actions.print_labels(work, printing.prepare(keeper.ledger, actor, order))
    response.headers["Location"] = f"/api/v1/labels/{made.id}"
    return shown(made)


@router.post("/labels/scan-back")
def scan_back(work: WorkDep, body: ScanBackIn) -> ScanBackOut:
    """Confirm that a label sticks on the right device and reads."""
    label = actions.scan_back(work, body.scanned, tag=body.tag)
    return ScanBackOut(
        asset_id=label.asset_id,
        tag=queries.tagged(work, label.asset_id) or "",
        printed_at=label.printed_at,
        verified_at=label.verified_at,
    )


@router.get("/labels/{print_id}.pdf", responses={200: {"content": {"application/pdf": {}}}})
def download(work: ReadDep, print_id: Number) -> Response:
    """The PDF as it was made."""
    work.allow(Permission.PRINT_LABELS)
    made = queries.print_by_id(work, print_id)
    return file_answer(printing.file_of(made), "application/pdf", f"labels-{made.id}.pdf")


@router.get("/labels/{print_id}")
def read_print(work: ReadDep, print_id: Number) -> LabelsOut:
    """One print."""
    work.allow(Permission.PRINT_LABELS)
    return shown(queries.print_by_id(work, print_id))
