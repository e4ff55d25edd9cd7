"""JSON doors of people, departments and projects."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.base.spreadsheet import Encoding
from kitto.people import actions, queries
from kitto.people.models import Department, Membership, Person, Project
from kitto.people.rules import DepartmentDetails, PersonDetails, PersonKind, Presence, ProjectDetails
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag
from kitto.web.downloads import csv_answer

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["people"], responses=RESPONSES)
Details = TypeVar("Details", PersonDetails, ProjectDetails, DepartmentDetails)
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Words = Annotated[str, Query(max_length=200)]


class DepartmentRef(BaseModel):
    id: int
    code: str = Field(examples=["DEV1"])
    name: str = Field(examples=["開発一課"])


class PersonOut(BaseModel):
    """A person as the list knows them. The badge itself is never shown."""

    id: int
    version: int
    number: str = Field(examples=["E-0042"])
    name: str = Field(examples=["髙橋 花子"])
    kana: str = Field(examples=["タカハシ ハナコ"])
    kind: PersonKind
    department: DepartmentRef | None
    mail: str
    joins_on: date | None
    leaves_on: date | None
    presence: Presence
    has_badge: bool
    locale: str


class PeopleOut(BaseModel):
    items: list[PersonOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class PersonIn(Strict):
    number: Short = Field(examples=["E-0042"])
    name: Short = Field(examples=["髙橋 花子"])
    kana: Short = Field(default="", examples=["タカハシ ハナコ"])
    kind: PersonKind = PersonKind.EMPLOYEE
    department_id: Number | None = None
    mail: str = Field(default="", max_length=300, examples=["takahashi@example.jp"])
    joins_on: date | None = None
    leaves_on: date | None = None
    badge: Short | None = None
    locale: str = Field(default="ja", pattern="^(ja|en)$")


class PersonChange(PersonIn):
    """Fields that are left out stay as they are."""

    number: Short = ""
    name: Short = ""


class LeaveIn(Strict):
    leaves_on: date


class DepartmentOut(BaseModel):
    id: int
    version: int
    code: str
    name: str
    parent_id: int | None
    valid_from: date | None
    valid_to: date | None


class DepartmentIn(Strict):
    code: Short = Field(examples=["DEV1"])
    name: Short = Field(examples=["開発一課"])
    parent_id: Number | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class DepartmentChange(DepartmentIn):
    """Fields that are left out stay as they are."""

    code: Short = ""
    name: Short = Field(default="", examples=["開発二課"])


class ProjectOut(BaseModel):
    id: int
    version: int
    code: str
    name: str
    manager_id: int | None
    manager: str | None
    starts_on: date | None
    ends_on: date | None
    cost_centre: str
    presence: Presence


class ProjectsOut(BaseModel):
    items: list[ProjectOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class ProjectIn(Strict):
    code: Short = Field(examples=["PRJ-12"])
    name: Short = Field(examples=["基幹システム更改"])
    manager_id: Number | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    cost_centre: Short = ""


class ProjectChange(ProjectIn):
    """Fields that are left out stay as they are."""

    code: Short = ""
    name: Short = Field(default="", examples=["基幹システム更改 第二期"])


class MembershipOut(BaseModel):
    id: int
    person_id: int
    project_id: int
    project: str
    starts_on: date
    ends_on: date | None


class AssignIn(Strict):
    project_id: Number
    starts_on: date
    ends_on: date | None = None


class EndIn(Strict):
    ends_on: date


def shown(person: Person, day: date) -> PersonOut:
    """A person as JSON."""
    department = person.department
    return PersonOut(
        id=person.id,
        version=person.version,
        number=person.number,
        name=person.name,
        kana=person.kana,
        kind=person.kind,
        department=DepartmentRef(id=department.id, code=department.code, name=department.name)
        if department
        else None,
        mail=person.mail,
        joins_on=person.joins_on,
        leaves_on=person.leaves_on,
        presence=person.presence_on(day),
        has_badge=person.badge is not None,
        locale=person.locale,
    )


def shown_project(project: Project, day: date) -> ProjectOut:
    """A project as JSON."""
    return ProjectOut(
        id=project.id,
        version=project.version,
        code=project.code,
        name=project.name,
        manager_id=project.manager_id,
        manager=project.manager.name if project.manager else None,
        starts_on=project.starts_on,
        ends_on=project.ends_on,
        cost_centre=project.cost_centre,
        presence=project.presence_on(day),
    )


def _department(department: Department, response: Response) -> DepartmentOut:
    etag(response, department.version)
    return DepartmentOut.model_validate(department, from_attributes=True)


def _membership(row: Membership) -> MembershipOut:
    return MembershipOut(
        id=row.id,
        person_id=row.person_id,
        project_id=row.project_id,
        project=row.project.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def _changed(details: Details, body: BaseModel) -> Details:
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    return replace(details, **given)


@router.get("/people")
def list_people(
    work: ReadDep,
    q: Words = "",
    department_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    project_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    kind: PersonKind | None = None,
    presence: Presence | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PeopleOut:
    """People by kana, by keyset pages; `q` finds parts of number, name, kana and mail."""
    wanted = queries.PeopleFilter(
        q=q, department_id=department_id, project_id=project_id, kind=kind, presence=presence
    )
    found = queries.people(work, wanted, cursor=cursor, limit=limit)
    day = queries.today(work)
    return PeopleOut(items=[shown(person, day) for person in found.items], next=found.next)


@router.get("/people.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def export_people(
    work: ReadDep,
    q: Words = "",
    department_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    project_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    kind: PersonKind | None = None,
    presence: Presence | None = None,
    encoding: Encoding = Encoding.UTF8,
) -> Response:
    """Everyone the filter shows, as CSV in UTF-8 or CP932."""
    wanted = queries.PeopleFilter(
        q=q, department_id=department_id, project_id=project_id, kind=kind, presence=presence
    )
    head, rows = queries.people_table(work, wanted)
    return csv_answer("people.csv", head, rows, encoding)


@router.post("/people", status_code=201)
def join(work: WorkDep, response: Response, body: PersonIn) -> PersonOut:
    """Put a person on the list."""
    person = actions.join(work, PersonDetails(**body.model_dump()))
    response.headers["Location"] = f"/api/v1/people/{person.id}"
    return _person(work, response, person)


@router.get("/people/{person_id}")
def read_person(work: ReadDep, response: Response, person_id: Number) -> PersonOut:
    """One person."""
    return _person(work, response, queries.person(work, person_id))


@router.patch("/people/{person_id}")
def change(
    work: WorkDep, response: Response, person_id: Number, version: VersionDep, body: PersonChange
) -> PersonOut:
    """Change fields; those left out stay."""
    details = _changed(queries.person(work, person_id).details(), body)
    return _person(work, response, actions.change(work, person_id, details, version=version))


@router.post("/people/{person_id}/leave")
def leave(
    work: WorkDep, response: Response, person_id: Number, version: VersionDep, body: LeaveIn
) -> PersonOut:
    """Set the last day; projects end with it."""
    return _person(work, response, actions.leave(work, person_id, body.leaves_on, version=version))


def _person(work: WorkDep, response: Response, person: Person) -> PersonOut:
    etag(response, person.version)
    return shown(person, queries.today(work))


@router.get("/people/{person_id}/projects")
def list_memberships(work: ReadDep, person_id: Number) -> list[MembershipOut]:
    """The projects a person is or was in, the latest first."""
    person = queries.person(work, person_id)
    return [_membership(row) for row in queries.memberships(work, person.id)]


@router.post("/people/{person_id}/projects", status_code=201)
def assign(work: WorkDep, person_id: Number, body: AssignIn) -> MembershipOut:
    """Put a person into a project for a time."""
    return _membership(
        actions.assign(work, person_id, body.project_id, starts_on=body.starts_on, ends_on=body.ends_on)
    )


@router.post("/memberships/{membership_id}/end")
def unassign(work: WorkDep, membership_id: Number, body: EndIn) -> MembershipOut:
    """Set a person's last day in a project."""
    return _membership(actions.unassign(work, membership_id, ends_on=body.ends_on))


@router.get("/departments")
def list_departments(work: ReadDep) -> list[DepartmentOut]:
    """All departments, each after its parent."""
    return [DepartmentOut.model_validate(d, from_attributes=True) for d in queries.departments(work)]


@router.post("/departments", status_code=201)
def open_department(work: WorkDep, response: Response, body: DepartmentIn) -> DepartmentOut:
    """Add a department."""
    department = actions.open_department(work, DepartmentDetails(**body.model_dump()))
    response.headers["Location"] = f"/api/v1/departments/{department.id}"
    return _department(department, response)


@router.get("/departments/{department_id}")
def read_department(work: ReadDep, response: Response, department_id: Number) -> DepartmentOut:
    """One department."""
    return _department(queries.department(work, department_id), response)


@router.patch("/departments/{department_id}")
def change_department(
    work: WorkDep, response: Response, department_id: Number, version: VersionDep, body: DepartmentChange
) -> DepartmentOut:
    """Change or move a department; what is below it moves along."""
    details = _changed(queries.department(work, department_id).details(), body)
    return _department(actions.change_department(work, department_id, details, version=version), response)


@router.get("/projects")
def list_projects(
    work: ReadDep, q: Words = "", presence: Presence | None = None, cursor: Cursor = None, limit: Limit = 50
) -> ProjectsOut:
    """Projects by code, by keyset pages."""
    wanted = queries.ProjectFilter(q=q, presence=presence)
    found = queries.projects(work, wanted, cursor=cursor, limit=limit)
    day = queries.today(work)
    return ProjectsOut(items=[shown_project(row, day) for row in found.items], next=found.next)


@router.post("/projects", status_code=201)
def open_project(work: WorkDep, response: Response, body: ProjectIn) -> ProjectOut:
    """Add a project."""
    project = actions.open_project(work, ProjectDetails(**body.model_dump()))
    response.headers["Location"] = f"/api/v1/projects/{project.id}"
    return _project(work, response, project)


@router.get("/projects/{project_id}")
def read_project(work: ReadDep, response: Response, project_id: Number) -> ProjectOut:
    """One project."""
    return _project(work, response, queries.project(work, project_id))


@router.patch("/projects/{project_id}")
def change_project(
    work: WorkDep, response: Response, project_id: Number, version: VersionDep, body: ProjectChange
) -> ProjectOut:
    """Change fields; those left out stay."""
    details = _changed(queries.project(work, project_id).details(), body)
    return _project(work, response, actions.change_project(work, project_id, details, version=version))


def _project(work: WorkDep, response: Response, project: Project) -> ProjectOut:
    etag(response, project.version)
    return shown_project(project, queries.today(work))
