"""What the forms of people, projects and departments send, and what their addresses may say."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.people import queries
from kitto.people.rules import DepartmentDetails, PersonDetails, PersonKind, Presence, ProjectDetails
from kitto.web.bodies import Empty, MaybeDay, MaybeNumber, Number

Words = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
MaybePresence = Annotated[Presence | None, Empty]
MaybeKind = Annotated[PersonKind | None, Empty]

PRESENCES = {
    Presence.ACTIVE: N_("Active"),
    Presence.COMING: N_("Coming"),
    Presence.LEFT: N_("Left"),
}


class PersonForm(BaseModel):
    """What the form of a person sends; the details check it."""

    number: str = ""
    name: str = ""
    kana: str = ""
    kind: PersonKind = PersonKind.EMPLOYEE
    department_id: MaybeNumber = None
    mail: str = ""
    joins_on: MaybeDay = None
    leaves_on: MaybeDay = None
    badge: str = ""
    locale: str = "ja"
    version: MaybeNumber = None

    def details(self) -> PersonDetails:
        return PersonDetails(**self.model_dump(exclude={"version"}))


class ProjectForm(BaseModel):
    """What the form of a project sends; the manager is named by staff number."""

    code: str = ""
    name: str = ""
    manager: str = ""
    starts_on: MaybeDay = None
    ends_on: MaybeDay = None
    cost_centre: str = ""
    version: MaybeNumber = None

    def details(self, work: Work) -> ProjectDetails:
        manager = queries.person_by_number(work, self.manager) if self.manager.strip() else None
        values = self.model_dump(exclude={"version", "manager"})
        return ProjectDetails(**values, manager_id=manager.id if manager else None)


class DepartmentForm(BaseModel):
    """What the form of a department sends."""

    code: str = ""
    name: str = ""
    parent_id: MaybeNumber = None
    valid_from: MaybeDay = None
    valid_to: MaybeDay = None
    version: MaybeNumber = None

    def details(self) -> DepartmentDetails:
        return DepartmentDetails(**self.model_dump(exclude={"version"}))


class LeaveForm(BaseModel):
    leaves_on: date
    version: MaybeNumber = None


class AssignForm(BaseModel):
    project_id: Number
    starts_on: date
    ends_on: MaybeDay = None


class EndForm(BaseModel):
    ends_on: date
