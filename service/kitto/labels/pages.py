"""Pages of labels: choose devices, see the sheet, print; history; scan back; printers; where codes lead."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from kitto.assets import queries as assets
from kitto.assets.rules import AssetTag
from kitto.base.i18n import N_
from kitto.base.paper import codes, previews
from kitto.base.paper.proof import Calibration
from kitto.base.paper.templates import Catalogue, Medium
from kitto.base.settings import settings
from kitto.identity.rules import Permission
from kitto.labels import actions, printing, queries
from kitto.labels.rules import PrintOrder, Scale, Shift, address_of
from kitto.web.bodies import Number
from kitto.web.doors import ActorDep, Door, Doorkeeper, ReadDep, WorkDep
from kitto.web.downloads import file_answer
from kitto.web.nav import open_way
from kitto.web.render import redirect, render, voice_of

router = APIRouter(route_class=Door, include_in_schema=False)

open_way("devices", "/labels", N_("Labels"), permission=Permission.PRINT_LABELS, rank=40)

Word = Annotated[str, Query(max_length=200)]
Count = Annotated[int, Query(ge=0, le=1000)]
MEDIA = {Medium.SHEET: N_("Sheet"), Medium.TAPE: N_("Tape"), Medium.SINGLE: N_("Single label")}
WARNINGS = {
    "name_shortened": N_("The model name was shortened to fit."),
    "lines_left_out": N_("Some lines were left out; the label is small."),
    "short_code": N_("The code holds the tag alone; phone cameras show it as text."),
    "micro_code": N_("A Micro QR code: Kitto’s scanner reads it, phone cameras do not."),
}


class PrintForm(BaseModel):
    """What the form sends: ticked devices, and tags that were typed or scanned into the field."""

    tag: list[str] = Field(default=[], max_length=1000)
    more: str = Field(default="", max_length=20_000)
    template: str = Field(max_length=200)
    skip: int = Field(default=0, ge=0, le=1000)
    printer: str = Field(default="", max_length=200)
    border: bool = False

    def order(self) -> PrintOrder:
        typed = self.more.replace(",", " ").replace("、", " ").split()
        return PrintOrder(
            tags=tuple(self.tag + typed),
            template=self.template,
            skip=self.skip,
            printer=self.printer,
            border=self.border,
        )


class PrinterForm(BaseModel):
    name: str = Field(min_length=1, max_length=60)
    dx: Shift = 0.0
    dy: Shift = 0.0
    scale_x: Scale = 1.0
    scale_y: Scale = 1.0


@router.get("/labels")
def show_labels(
    request: Request,
    work: ReadDep,
    tag: Annotated[list[str] | None, Query(max_length=1000)] = None,
    template: Word = "",
    skip: Count = 0,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Choose devices and a sheet; below, what was printed before."""
    work.allow(Permission.PRINT_LABELS)
    chosen = queries.catalogue().find(template or queries.usual_template(work))
    waiting = queries.wanted(work)
    tags = [asset.name for asset in waiting] if tag is None else tag
    return render(
        request,
        "labels/labels.html",
        waiting=waiting,
        tags=tags,
        typed=[name for name in tags if name not in {asset.name for asset in waiting}],
        chosen=chosen,
        templates=_choices(queries.catalogue(), voice_of(request).locale),
        printers=[(found.name, found.name) for found in queries.printers(work)],
        skip=skip,
        found=queries.prints(work, cursor=cursor, limit=20),
    )


def _choices(shelf: Catalogue, locale: str) -> list[tuple[str, str]]:
    return [(template.id, template.name.said(locale)) for template in shelf]


@router.post("/labels")
def print_labels(
    request: Request, work: WorkDep, actor: ActorDep, form: Annotated[PrintForm, Form()]
) -> Response:
    """Make the labels and show the finished print."""
    keeper: Doorkeeper = request.app.state.doorkeeper
    made = actions.print_labels(work, printing.prepare(keeper.ledger, actor, form.order()))
    return redirect(
        request, f"/labels/{made.id}", N_("{count} labels are ready, every code read back."), count=made.count
    )


@router.get("/labels/sheet.svg")
def show_sheet(
    request: Request, work: ReadDep, template: Word, skip: Count = 0, count: Count = 0
) -> Response:
    """The first sheet: used cells, cells to be filled, free cells."""
    work.allow(Permission.PRINT_LABELS)
    chosen = queries.catalogue().find(template)
    title = chosen.name.said(voice_of(request).locale)
    drawing = previews.sheet_svg(chosen, title=title, filled=count, skip=skip)
    return Response(drawing, media_type="image/svg+xml")


@router.get("/labels/trial.pdf")
def trial(work: ReadDep, template: Word, printer: Word = "") -> Response:
    """Outlines, crosshairs and rulers, with the offsets of the printer."""
    work.allow(Permission.PRINT_LABELS)
    chosen = queries.catalogue().find(template)
    calibration = queries.printer(work, printer).calibration if printer else Calibration()
    page = previews.trial_page(chosen, calibration)
    return file_answer(page, "application/pdf", f"trial-{chosen.id}.pdf", inline=True)


@router.get("/labels/scan")
def scan_page(request: Request, work: ReadDep) -> HTMLResponse:
    """Scan labels that were stuck on."""
    work.allow(Permission.PRINT_LABELS)
    return render(request, "labels/scan.html", label=None, tag="")


@router.post("/labels/scan")
def scan_back(request: Request, work: WorkDep, scanned: Annotated[str, Form(max_length=2048)]) -> Response:
    """Take one scan."""
    label = actions.scan_back(work, scanned)
    tag = queries.tagged(work, label.asset_id) or ""
    return render(request, "labels/scan.html", label=label, tag=tag)


@router.get("/labels/printers")
def show_printers(request: Request, work: ReadDep) -> HTMLResponse:
    """How each printer misses, and how to find out."""
    work.allow(Permission.PRINT_LABELS)
    return render(
        request,
        "labels/printers.html",
        printers=queries.printers(work),
        templates=_choices(queries.catalogue(), voice_of(request).locale),
        usual=queries.usual_template(work),
    )


@router.post("/labels/printers")
def keep_printer(request: Request, work: WorkDep, form: Annotated[PrinterForm, Form()]) -> Response:
    """Keep the offsets of a printer."""
    calibration = Calibration(form.dx, form.dy, form.scale_x, form.scale_y)
    actions.keep_printer(work, name=form.name.strip(), calibration=calibration)
    return redirect(request, "/labels/printers", N_("The offsets of {name} are kept."), name=form.name)


@router.get("/labels/code/{tag}.svg")
def show_code(work: ReadDep, tag: str) -> Response:
    """The code of one device's label, for the screen."""
    work.allow(Permission.SEE)
    asset = assets.by_tag(work, tag)
    symbol = codes.qr(address_of(AssetTag.parse(asset.name), queries.house()))
    return Response(codes.svg(symbol, title=asset.name), media_type="image/svg+xml")


@router.get("/labels/{print_id}.pdf")
def download(work: ReadDep, print_id: Number) -> Response:
    """The PDF, shown by the browser, ready to print."""
    work.allow(Permission.PRINT_LABELS)
    made = queries.print_by_id(work, print_id)
    return file_answer(printing.file_of(made), "application/pdf", f"labels-{made.id}.pdf", inline=True)


@router.get("/labels/{print_id}/page.png")
def show_page(work: ReadDep, print_id: Number, number: Annotated[int, Query(ge=1, le=1000)] = 1) -> Response:
    """A picture of one page."""
    work.allow(Permission.PRINT_LABELS)
    made = queries.print_by_id(work, print_id)
    picture = previews.page_png(printing.file_of(made), number=min(number, made.pages))
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/labels/{print_id}")
def show_print(request: Request, work: ReadDep, print_id: Number) -> HTMLResponse:
    """One print: how it looks, what to know, and the file."""
    work.allow(Permission.PRINT_LABELS)
    made = queries.print_by_id(work, print_id)
    names = {template.id: template for template in queries.catalogue()}
    template = names.get(made.template)
    locale = voice_of(request).locale
    return render(
        request,
        "labels/print.html",
        made=made,
        template_name=template.name.said(locale) if template else made.template,
        note=template.note.said(locale) if template and template.note else "",
        warnings=[(WARNINGS.get(name, name), count) for name, count in made.warnings.items()],
    )


@router.get("/T/{tag}")
@router.get("/t/{tag}")
def follow_code(request: Request, work: ReadDep, actor: ActorDep, tag: str) -> Response:
    """Where the code on a label leads: the device for those who may see it, else whom to call.

    A stranger gets the same answer whether the tag exists or not.
    """
    if actor.may(Permission.SEE):
        work.allow(Permission.SEE)
        asset = assets.resolve_scan(work, tag)
        return RedirectResponse(f"/devices/{asset.name}", status_code=303)
    work.allow_everyone("a finder must learn whom to call")
    own = settings()
    return render(request, "labels/found.html", organisation=own.organisation, contact=own.contact)
