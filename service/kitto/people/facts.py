"""What can happen to people, departments and projects."""

from dataclasses import dataclass
from datetime import date

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class PersonJoined(Fact):
    """A person was put on the list."""

    kind = "people.person_joined"
    says = N_("{name} ({number}) was added.")
    about = ("person", "person_id")

    person_id: int
    number: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Fact):
    """What is known of a person changed; `changes` says what."""

    kind = "people.person_changed"
    says = N_("{name} ({number}) was changed.")
    about = ("person", "person_id")

    person_id: int
    number: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PersonLeaving(Fact):
    """A person's last day was set."""

    kind = "people.person_leaving"
    says = N_("{name} leaves; the last day is {leaves_on}.")
    about = ("person", "person_id")

    person_id: int
    name: str
    leaves_on: date


@dataclass(frozen=True, kw_only=True)
class DepartmentOpened(Fact):
    """A department was added."""

    kind = "people.department_opened"
    says = N_("Department {name} ({code}) was added.")
    about = ("department", "department_id")

    department_id: int
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class DepartmentChanged(Fact):
    """A department changed; `changes` says what."""

    kind = "people.department_changed"
    says = N_("Department {name} ({code}) was changed.")
    about = ("department", "department_id")

    department_id: int
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ProjectOpened(Fact):
    """A project was added."""

    kind = "people.project_opened"
    says = N_("Project {name} ({code}) was added.")
    about = ("project", "project_id")

    project_id: int
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ProjectChanged(Fact):
    """A project changed; `changes` says what."""

    kind = "people.project_changed"
    says = N_("Project {name} ({code}) was changed.")
    about = ("project", "project_id")

    project_id: int
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PersonAssigned(Fact):
    """A person entered a project."""

    kind = "people.person_assigned"
    says = N_("{name} entered project {project}.")
    about = ("person", "person_id")
    also = ("project", "project_id")

    person_id: int
    project_id: int
    name: str
    project: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class PersonUnassigned(Fact):
    """A person's last day in a project was set."""

    kind = "people.person_unassigned"
    says = N_("{name} leaves project {project}; the last day is {ends_on}.")
    about = ("person", "person_id")
    also = ("project", "project_id")

    person_id: int
    project_id: int
    name: str
    project: str
    ends_on: date
