"""Pages of people."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from kitto.base.i18n import N_
from kitto.base.spreadsheet import Encoding
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.people import actions, queries
from kitto.people.pages.forms import (
    PRESENCES,
    AssignForm,
    Cursor,
    EndForm,
    LeaveForm,
    MaybeKind,
    MaybePresence,
    PersonForm,
    Words,
)
from kitto.people.rules import KINDS, Presence
from kitto.web import chips
from kitto.web.bodies import MaybeNumber, Number
from kitto.web.chips import Chip
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import csv_answer
from kitto.web.nav import open_way
from kitto.web.panels import panels_of
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)

open_way("people", "/people", N_("People"), permission=Permission.SEE, rank=10)
chips.register(
    "people.presence",
    {
        Presence.ACTIVE: Chip(PRESENCES[Presence.ACTIVE], "good", "check"),
        Presence.COMING: Chip(PRESENCES[Presence.COMING], "info", "ring"),
        Presence.LEFT: Chip(PRESENCES[Presence.LEFT], "plain", "dash"),
    },
)


@router.get("/people")
def show_people(
    request: Request,
    work: ReadDep,
    q: Words = "",
    department: MaybeNumber = None,
    project: MaybeNumber = None,
    kind: MaybeKind = None,
    presence: MaybePresence = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    """People, found by any part of number, name or kana."""
    wanted = queries.PeopleFilter(
        q=q, department_id=department, project_id=project, kind=kind, presence=presence
    )
    return render(
        request,
        "people/people.html",
        found=queries.people(work, wanted, cursor=cursor),
        wanted=wanted,
        departments=queries.departments(work),
        projects=queries.project_choices(work),
        kinds=KINDS,
        presences=PRESENCES,
        day=queries.today(work),
    )


@router.get("/people.csv")
def export_people(
    work: ReadDep,
    q: Words = "",
    department: MaybeNumber = None,
    project: MaybeNumber = None,
    kind: MaybeKind = None,
    presence: MaybePresence = None,
    encoding: Encoding = Encoding.UTF8,
) -> Response:
    """Everyone the filter shows, as a file."""
    wanted = queries.PeopleFilter(
        q=q, department_id=department, project_id=project, kind=kind, presence=presence
    )
    head, rows = queries.people_table(work, wanted)
    return csv_answer("people.csv", head, rows, encoding)


@router.get("/people/new")
def new_person(request: Request, work: ReadDep) -> HTMLResponse:
    """The empty form."""
    work.allow(Permission.MANAGE_PEOPLE)
    return _person_form(
        request, work, PersonForm(joins_on=queries.today(work)), "/people", N_("Add a person")
    )


@router.post("/people")
def join(request: Request, work: WorkDep, form: Annotated[PersonForm, Form()]) -> Response:
    """Put a person on the list."""
    person = actions.join(work, form.details())
    return redirect(request, f"/people/{person.id}", N_("{name} is on the list."), name=person.name)


@router.get("/people/{person_id}")
def show_person(request: Request, work: ReadDep, person_id: Number) -> HTMLResponse:
    """One person, and what upper rooms know of them."""
    person = queries.person(work, person_id)
    return render(
        request,
        "people/person.html",
        person=person,
        kind=KINDS[person.kind],
        day=queries.today(work),
        memberships=queries.memberships(work, person.id),
        panels=panels_of("person", work, person.id),
    )


@router.get("/people/{person_id}/edit")
def edit_person(request: Request, work: ReadDep, person_id: Number) -> HTMLResponse:
    """The form with what is known."""
    work.allow(Permission.MANAGE_PEOPLE)
    person = queries.person(work, person_id)
    known = PersonForm(**{**vars(person.details()), "badge": person.badge or "", "version": person.version})
    return _person_form(request, work, known, f"/people/{person.id}", N_("Change a person"))


def _person_form(request: Request, work: Work, known: PersonForm, action: str, title: str) -> HTMLResponse:
    return render(
        request,
        "people/person_form.html",
        known=known,
        action=action,
        title=title,
        kinds=KINDS,
        departments=queries.departments(work),
    )


@router.post("/people/{person_id}")
def change_person(
    request: Request, work: WorkDep, person_id: Number, form: Annotated[PersonForm, Form()]
) -> Response:
    """Change what is known of a person."""
    person = actions.change(work, person_id, form.details(), version=form.version)
    return redirect(request, f"/people/{person.id}", N_("{name} is changed."), name=person.name)


@router.get("/people/{person_id}/leave")
def ask_leave(request: Request, work: ReadDep, person_id: Number) -> HTMLResponse:
    """Asks for the last day."""
    work.allow(Permission.MANAGE_PEOPLE)
    return render(
        request, "people/leave.html", person=queries.person(work, person_id), day=queries.today(work)
    )


@router.post("/people/{person_id}/leave")
def leave(request: Request, work: WorkDep, person_id: Number, form: Annotated[LeaveForm, Form()]) -> Response:
    """Set the last day."""
    person = actions.leave(work, person_id, form.leaves_on, version=form.version)
    says = N_("{name} leaves; the last day is {day}.")
    return redirect(request, f"/people/{person.id}", says, name=person.name, day=form.leaves_on)


@router.get("/people/{person_id}/assign")
def ask_assign(request: Request, work: ReadDep, person_id: Number) -> HTMLResponse:
    """Asks for project and dates."""
    work.allow(Permission.MANAGE_PEOPLE)
    return render(
        request,
        "people/assign.html",
        person=queries.person(work, person_id),
        projects=queries.project_choices(work),
        day=queries.today(work),
    )


@router.post("/people/{person_id}/projects")
def assign(
    request: Request, work: WorkDep, person_id: Number, form: Annotated[AssignForm, Form()]
) -> Response:
    """Put a person into a project."""
    row = actions.assign(work, person_id, form.project_id, starts_on=form.starts_on, ends_on=form.ends_on)
    says = N_("{name} is in {project} now.")
    return redirect(request, f"/people/{person_id}", says, name=row.person.name, project=row.project.name)


@router.get("/memberships/{membership_id}/end")
def ask_end(request: Request, work: ReadDep, membership_id: Number) -> HTMLResponse:
    """Asks for the last day in a project."""
    work.allow(Permission.MANAGE_PEOPLE)
    return render(
        request,
        "people/end.html",
        membership=queries.membership(work, membership_id),
        day=queries.today(work),
    )


@router.post("/memberships/{membership_id}/end")
def end_membership(
    request: Request, work: WorkDep, membership_id: Number, form: Annotated[EndForm, Form()]
) -> Response:
    """Set the last day in a project."""
    row = actions.unassign(work, membership_id, ends_on=form.ends_on)
    says = N_("{name} leaves {project}; the last day is {day}.")
    return redirect(
        request,
        f"/people/{row.person_id}",
        says,
        name=row.person.name,
        project=row.project.name,
        day=form.ends_on,
    )
