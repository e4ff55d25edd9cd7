"""Pages of projects and departments."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.people import actions, queries
from kitto.people.pages.forms import (
    PRESENCES,
    Cursor,
    DepartmentForm,
    MaybePresence,
    ProjectForm,
    Words,
)
from kitto.web.bodies import Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.panels import panels_of
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)

open_way("people", "/projects", N_("Projects"), permission=Permission.SEE, rank=20)
open_way("people", "/departments", N_("Departments"), permission=Permission.SEE, rank=30)


@router.get("/projects")
def show_projects(
    request: Request, work: ReadDep, q: Words = "", presence: MaybePresence = None, cursor: Cursor = None
) -> HTMLResponse:
    """Projects by code."""
    wanted = queries.ProjectFilter(q=q, presence=presence)
    return render(
        request,
        "people/projects.html",
        found=queries.projects(work, wanted, cursor=cursor),
        wanted=wanted,
        presences=PRESENCES,
        day=queries.today(work),
    )


@router.get("/projects/new")
def new_project(request: Request, work: ReadDep) -> HTMLResponse:
    """The empty form."""
    work.allow(Permission.MANAGE_PEOPLE)
    known = ProjectForm(starts_on=queries.today(work))
    return render(
        request, "people/project_form.html", known=known, action="/projects", title=N_("Add a project")
    )


@router.post("/projects")
def open_project(request: Request, work: WorkDep, form: Annotated[ProjectForm, Form()]) -> Response:
    """Add a project."""
    project = actions.open_project(work, form.details(work))
    return redirect(request, f"/projects/{project.id}", N_("{name} is on the list."), name=project.name)


@router.get("/projects/{project_id}")
def show_project(request: Request, work: ReadDep, project_id: Number) -> HTMLResponse:
    """One project, its people, and what upper rooms know of it."""
    project = queries.project(work, project_id)
    return render(
        request,
        "people/project.html",
        project=project,
        members=queries.members(work, project.id),
        day=queries.today(work),
        panels=panels_of("project", work, project.id),
    )


@router.get("/projects/{project_id}/edit")
def edit_project(request: Request, work: ReadDep, project_id: Number) -> HTMLResponse:
    """The form with what is known."""
    work.allow(Permission.MANAGE_PEOPLE)
    project = queries.project(work, project_id)
    manager = project.manager.number if project.manager else ""
    known = ProjectForm(**{**vars(project.details()), "manager": manager, "version": project.version})
    action = f"/projects/{project.id}"
    return render(
        request, "people/project_form.html", known=known, action=action, title=N_("Change a project")
    )


@router.post("/projects/{project_id}")
def change_project(
    request: Request, work: WorkDep, project_id: Number, form: Annotated[ProjectForm, Form()]
) -> Response:
    """Change a project."""
    project = actions.change_project(work, project_id, form.details(work), version=form.version)
    return redirect(request, f"/projects/{project.id}", N_("{name} is changed."), name=project.name)


@router.get("/departments")
def show_departments(request: Request, work: ReadDep) -> HTMLResponse:
    """The tree of departments."""
    return render(
        request,
        "people/departments.html",
        departments=queries.departments(work),
        day=queries.today(work),
    )


@router.get("/departments/new")
def new_department(request: Request, work: ReadDep) -> HTMLResponse:
    """The empty form."""
    work.allow(Permission.MANAGE_PEOPLE)
    return _department_form(request, work, DepartmentForm(), "/departments", N_("Add a department"))


@router.post("/departments")
def open_department(request: Request, work: WorkDep, form: Annotated[DepartmentForm, Form()]) -> Response:
    """Add a department."""
    department = actions.open_department(work, form.details())
    return redirect(request, "/departments", N_("{name} is on the list."), name=department.name)


@router.get("/departments/{department_id}/edit")
def edit_department(request: Request, work: ReadDep, department_id: Number) -> HTMLResponse:
    """The form with what is known."""
    work.allow(Permission.MANAGE_PEOPLE)
    department = queries.department(work, department_id)
    known = DepartmentForm(**{**vars(department.details()), "version": department.version})
    return _department_form(request, work, known, f"/departments/{department.id}", N_("Change a department"))


@router.post("/departments/{department_id}")
def change_department(
    request: Request, work: WorkDep, department_id: Number, form: Annotated[DepartmentForm, Form()]
) -> Response:
    """Change or move a department."""
    department = actions.change_department(work, department_id, form.details(), version=form.version)
    return redirect(request, "/departments", N_("{name} is changed."), name=department.name)


def _department_form(
    request: Request, work: Work, known: DepartmentForm, action: str, title: str
) -> HTMLResponse:
    return render(
        request,
        "people/department_form.html",
        known=known,
        action=action,
        title=title,
        departments=queries.departments(work),
    )
