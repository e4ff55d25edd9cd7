"""The list of devices, a device's page, and the forms that change what the ledger says."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from kitto.assets import actions, queries
from kitto.assets.actions.edit import Changes
from kitto.assets.models import Asset
from kitto.assets.pages.export import as_csv
from kitto.assets.pages.looks import CONDITIONS, HOLDER_KINDS, IDENTIFIER_KINDS, OWNERSHIPS
from kitto.assets.rules import (
    RIGHTS,
    STATE_WORDS,
    STEP_WORDS,
    Condition,
    IdentifierKind,
    Ownership,
    State,
    open_steps,
)
from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.people import queries as people
from kitto.web.bodies import Empty, MaybeDay, MaybeNumber
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.panels import panels_of
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)

MaybeState = Annotated[State | None, Empty]
Cursor = Annotated[str | None, Query(max_length=500)]


class Wanted(BaseModel):
    """What the address of the list says."""

    q: Annotated[str, Query(max_length=200)] = ""
    state: MaybeState = None
    category: str = ""
    project: MaybeNumber = None
    department: MaybeNumber = None
    overdue: str = ""
    cursor: Cursor = None
    encoding: str = "utf-8"

    def chosen(self, today: date) -> queries.AssetFilter:
        return queries.AssetFilter(
            q=self.q,
            states=(self.state,) if self.state else (),
            category=self.category,
            project_id=self.project,
            department_id=self.department,
            overdue_on=today if self.overdue else None,
        )


class DeviceForm(BaseModel):
    """What the form of a device sends."""

    version: int
    condition: Condition
    ownership: Ownership
    department_id: MaybeNumber = None
    project_id: MaybeNumber = None
    location_id: MaybeNumber = None
    hostname: str = ""
    order_no: str = ""
    price: MaybeNumber = None
    warranty_until: MaybeDay = None
    accessories: str = ""
    note: str = ""


class RegisterForm(BaseModel):
    """What the form for a new device sends."""

    model_id: int
    serial: str = ""
    project_id: MaybeNumber = None
    department_id: MaybeNumber = None
    location_id: MaybeNumber = None
    ownership: Ownership = Ownership.OWNED
    accessories: str = ""


def _today(work: Work) -> date:
    return work.now.astimezone(work.actor.zone).date()


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()][:50]


@router.get("/devices")
def show_list(request: Request, work: ReadDep, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
    """The ledger, filtered by what the address says."""
    work.allow(Permission.SEE)
    found, count = queries.listed_and_counted(work, wanted.chosen(_today(work)), cursor=wanted.cursor)
    return render(
        request,
        "assets/devices.html",
        found=found,
        count=count,
        wanted=wanted,
        states=STATE_WORDS,
        categories=queries.categories(work),
        projects=people.project_choices(work),
        departments=people.departments(work),
        today=_today(work),
    )


@router.get("/devices.csv")
def export(work: ReadDep, wanted: Annotated[Wanted, Query()]) -> Response:
    """Everything the filter shows, as a file."""
    work.allow(Permission.SEE)
    return as_csv(queries.every(work, wanted.chosen(_today(work))), work.locale, wanted.encoding)


@router.get("/devices/new")
def show_new(request: Request, work: ReadDep, category: str = "") -> HTMLResponse:
    """The form for a device that is there."""
    work.allow(Permission.RECEIVE)
    return render(
        request,
        "assets/new.html",
        models=queries.models(work, category),
        ownerships=OWNERSHIPS,
        **_choices(work),
    )


@router.post("/devices")
def register(request: Request, work: WorkDep, form: Annotated[RegisterForm, Form()]) -> Response:
    """Enter a device; its label waits to be printed."""
    asset = actions.register(
        work,
        model_id=form.model_id,
        serial=form.serial,
        project_id=form.project_id,
        department_id=form.department_id,
        location_id=form.location_id,
        ownership=form.ownership,
        accessories=_lines(form.accessories),
    )
    return redirect(request, f"/devices/{asset.name}", N_("{tag} is in the ledger."), tag=asset.name)


@router.get("/devices/{tag}")
def show_device(request: Request, work: ReadDep, tag: str) -> HTMLResponse:
    """One device: what the ledger says, what the device says, and what happened."""
    work.allow(Permission.SEE)
    asset = queries.by_tag(work, tag)
    history = queries.history_of_custody(work, asset.id)
    return render(
        request,
        "assets/device.html",
        asset=asset,
        custody=next((one for one in history if one.ended_at is None), None),
        history=history,
        identifiers=queries.identifiers_of(work, asset.id),
        endpoints=queries.endpoints(work, asset.id),
        project=people.project(work, asset.project_id) if asset.project_id else None,
        department=people.department(work, asset.department_id) if asset.department_id else None,
        steps=_steps(work, asset),
        panels=panels_of("asset", work, asset.id),
        conditions=CONDITIONS,
        ownerships=OWNERSHIPS,
        holder_kinds=HOLDER_KINDS,
        identifier_kinds=IDENTIFIER_KINDS,
        today=_today(work),
    )


def _steps(work: Work, asset: Asset) -> list[tuple[str, str]]:
    """The steps that the table allows and the actor may take, the likely one first."""
    return [(step, STEP_WORDS[step]) for step in open_steps(asset.state) if work.actor.may(RIGHTS[step])]


@router.get("/devices/{tag}/edit")
def show_edit(request: Request, work: ReadDep, tag: str) -> HTMLResponse:
    """The form that changes what the ledger says."""
    work.allow(Permission.EDIT_ASSETS)
    return render(
        request,
        "assets/edit.html",
        asset=queries.by_tag(work, tag),
        conditions=CONDITIONS,
        ownerships=OWNERSHIPS,
        **_choices(work),
    )


@router.post("/devices/{tag}/edit")
def edit(request: Request, work: WorkDep, tag: str, form: Annotated[DeviceForm, Form()]) -> Response:
    """Change what the ledger says; refused if someone else changed it meanwhile."""
    changes = Changes(
        condition=form.condition,
        ownership=form.ownership,
        department_id=form.department_id,
        project_id=form.project_id,
        location_id=form.location_id,
        hostname=form.hostname.strip() or None,
        order_no=form.order_no.strip(),
        price=form.price,
        warranty_until=form.warranty_until,
        accessories=_lines(form.accessories),
        note=form.note.strip(),
    )
    actions.change_asset(work, tag=tag, changes=changes, version=form.version)
    return redirect(request, f"/devices/{tag}", N_("Saved."))


@router.get("/devices/{tag}/identifiers/new")
def show_new_identifier(request: Request, work: ReadDep, tag: str) -> HTMLResponse:
    """The form for one more identifier."""
    work.allow(Permission.EDIT_ASSETS)
    asset = queries.by_tag(work, tag)
    return render(request, "assets/identifier.html", asset=asset, kinds=IDENTIFIER_KINDS)


@router.post("/devices/{tag}/identifiers")
def add_identifier(
    request: Request,
    work: WorkDep,
    tag: str,
    kind: Annotated[IdentifierKind, Form()],
    value: Annotated[str, Form(min_length=1, max_length=200)],
) -> Response:
    """Let it be known by one more identifier."""
    actions.add_identifier(work, tag=tag, kind=kind, value=value)
    return redirect(request, f"/devices/{tag}", N_("Saved."))


@router.post("/devices/{tag}/identifiers/{identifier_id}/end")
def end_identifier(request: Request, work: WorkDep, tag: str, identifier_id: int) -> Response:
    """It is no longer known by this."""
    actions.end_identifier(work, tag=tag, identifier_id=identifier_id)
    return redirect(request, f"/devices/{tag}", N_("Saved."))


def _choices(work: Work) -> dict[str, Any]:
    return {
        "projects": people.project_choices(work),
        "departments": people.departments(work),
        "locations": queries.locations(work),
    }
