"""Pages of SIMs, and the panel of a device."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from kitto.assets import queries as assets
from kitto.assets.rules import IdentifierKind, iccid_is_valid, plain_iccid
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences import actions, queries
from kitto.licences.models import PhoneLine, Sim
from kitto.licences.rules import (
    SIM_KINDS,
    SIM_STATES,
    NumberWrong,
    SimKind,
    SimState,
    digits_term,
    e164,
)
from kitto.licences.rules import iccid as checked_iccid
from kitto.web.bodies import Empty, Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.hooks import finds, panel
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
Cursor = Annotated[str | None, Query(max_length=500)]
MaybeState = Annotated[SimState | None, Empty]


class SimForm(BaseModel):
    """A SIM as it is scanned at the bench: its ICCID, and if known its number and its device."""

    iccid: str = ""
    kind: SimKind = SimKind.PHYSICAL
    number: str = ""
    device: str = ""


class ScanForm(BaseModel):
    """One scanned or typed thing, and where to go on."""

    scanned: str = ""
    back: str = ""


@router.get("/sims")
def show_sims(
    request: Request,
    work: ReadDep,
    q: Annotated[str, Query(max_length=200)] = "",
    state: MaybeState = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    """SIMs with their numbers and devices."""
    wanted = queries.SimFilter(q=q, state=state)
    found = queries.sims(work, wanted, cursor=cursor)
    return render(
        request, "licences/sims.html", found=found, wanted=wanted, states=SIM_STATES, kinds=SIM_KINDS
    )


@router.get("/sims/new")
def new_sim(request: Request, work: ReadDep) -> HTMLResponse:
    """The form to enter one SIM after the other."""
    work.allow(Permission.GRANT_SEATS)
    return render(request, "licences/sim_form.html", kinds=SIM_KINDS)


@router.post("/sims")
def add_sim(request: Request, work: WorkDep, form: Annotated[SimForm, Form()]) -> Response:
    """Enter a SIM, with its line and device if they were given; then the next one."""
    work.allow(Permission.GRANT_SEATS)
    line = _line(work, form.number) if form.number.strip() else None
    sim = actions.add_sim(work, iccid=form.iccid, kind=form.kind, line_id=line.id if line else None)
    if form.device.strip():
        actions.put_in(work, sim.id, tag=assets.resolve_scan(work, form.device).name)
    return redirect(request, "/sims/new", N_("{iccid} is entered. Scan the next one."), iccid=sim.iccid)


@router.get("/sims/{sim_id}")
def show_sim(request: Request, work: ReadDep, sim_id: Number) -> HTMLResponse:
    """One SIM: its line, its device, where it has been."""
    sim = queries.sim(work, sim_id)
    return render(
        request,
        "licences/sim.html",
        sim=sim,
        kinds=SIM_KINDS,
        placement=queries.placement_of(work, sim.id),
        history=queries.placements(work, sim.id),
    )


@router.post("/sims/{sim_id}/line")
def connect_sim(
    request: Request, work: WorkDep, sim_id: Number, form: Annotated[ScanForm, Form()]
) -> Response:
    """Give it the line of a number; an empty number takes its line away."""
    work.allow(Permission.GRANT_SEATS)
    line = _line(work, form.scanned) if form.scanned.strip() else None
    sim = actions.connect_sim(work, sim_id, line_id=line.id if line else None)
    return redirect(request, f"/sims/{sim.id}", N_("{iccid} is changed."), iccid=sim.iccid)


@router.post("/sims/{sim_id}/put-in")
def put_in(request: Request, work: WorkDep, sim_id: Number, form: Annotated[ScanForm, Form()]) -> Response:
    """Put it into the device that was scanned."""
    work.allow(Permission.GRANT_SEATS)
    placed = actions.put_in(work, sim_id, tag=assets.resolve_scan(work, form.scanned).name)
    return redirect(request, f"/sims/{sim_id}", N_("The SIM is in {tag}."), tag=placed.asset.name)


@router.post("/sims/{sim_id}/take-out")
def take_out(request: Request, work: WorkDep, sim_id: Number, form: Annotated[ScanForm, Form()]) -> Response:
    """Take it out of its device."""
    sim = actions.take_out(work, sim_id)
    back = f"/devices/{form.back}" if form.back.replace("-", "").isalnum() else f"/sims/{sim.id}"
    return redirect(request, back, N_("{iccid} is in the drawer."), iccid=sim.iccid)


@router.post("/sims/{sim_id}/swap")
def swap_sim(request: Request, work: WorkDep, sim_id: Number, form: Annotated[ScanForm, Form()]) -> Response:
    """Let the SIM that was scanned take its place."""
    new = actions.swap_sim(work, sim_id, new_iccid=form.scanned)
    return redirect(request, f"/sims/{new.id}", N_("{iccid} has taken its place."), iccid=new.iccid)


@router.post("/sims/{sim_id}/retire")
def retire_sim(request: Request, work: WorkDep, sim_id: Number) -> Response:
    """It is used no more."""
    sim = actions.retire_sim(work, sim_id)
    return redirect(request, f"/sims/{sim.id}", N_("{iccid} is retired."), iccid=sim.iccid)


@router.post("/devices/{tag}/sims")
def put_into_device(request: Request, work: WorkDep, tag: str, form: Annotated[ScanForm, Form()]) -> Response:
    """Put the SIM that was scanned into this device."""
    work.allow(Permission.GRANT_SEATS)
    sim = _known(work, form.scanned)
    placed = actions.put_in(work, sim.id, tag=tag)
    return redirect(
        request, f"/devices/{placed.asset.name}", N_("The SIM is in {tag}."), tag=placed.asset.name
    )


def _known(work: Work, scanned: str) -> Sim:
    digits = checked_iccid(scanned)
    found = queries.sim_by_iccid(work, digits)
    if found is None:
        raise NotFound(thing=Words(N_("SIM")), key=digits)
    return found


def _line(work: Work, number: str) -> PhoneLine:
    found = queries.line_by_number(work, e164(number, settings().phone_country))
    if found is None:
        raise NotFound(thing=Words(N_("line")), key=number.strip()[:40])
    return found


@panel("asset", "sims", title=N_("SIM and line"), template="licences/inside.html", order=35)
def inside(work: Work, asset_id: int) -> Mapping[str, Any] | None:
    """The SIMs in a device; for a phone also the field to put one in."""
    found = queries.sims_in(work, asset_id)
    kinds = {i.kind for i in assets.identifiers_of(work, asset_id) if i.ended_at is None}
    takes = bool(kinds & {IdentifierKind.IMEI, IdentifierKind.EID})
    if not found and not takes:
        return None
    return {"placements": found, "tag": assets.by_id(work, asset_id).name, "takes": takes}


@finds("sims", order=10)
def page_of(work: Work, text: str) -> str | None:
    """The page of a SIM by its ICCID, or of a line by its number."""
    if iccid_is_valid(text):
        found = queries.sim_by_iccid(work, plain_iccid(text))
        if found is not None:
            return f"/sims/{found.id}"
    if not digits_term(text).removeprefix("+").isdigit():
        return None
    try:
        line = queries.line_by_number(work, e164(text, settings().phone_country))
    except NumberWrong:
        return None
    return f"/lines/{line.id}" if line else None
