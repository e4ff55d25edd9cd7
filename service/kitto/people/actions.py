"""What can be done with people, departments and projects."""

from datetime import date
from typing import Any

from sqlalchemy import String, func, literal, select, update
from sqlalchemy.orm.attributes import set_committed_value

from kitto.base.facts import Changes, plain
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.people import queries
from kitto.people.facts import (
    DepartmentChanged,
    DepartmentOpened,
    PersonAssigned,
    PersonChanged,
    PersonJoined,
    PersonLeaving,
    PersonUnassigned,
    ProjectChanged,
    ProjectOpened,
)
from kitto.people.models import Department, Membership, Person, Project
from kitto.people.rules import (
    DEEPEST,
    BadgeTaken,
    CodeTaken,
    DepartmentClosed,
    DepartmentDetails,
    DepartmentLoop,
    DepartmentTooDeep,
    MembershipOverlaps,
    NumberTaken,
    PersonDetails,
    ProjectDetails,
    in_order,
)

PERSON_FIELDS = (
    "number",
    "name",
    "kana",
    "kind",
    "department_id",
    "mail",
    "joins_on",
    "leaves_on",
    "badge",
    "locale",
)
PROJECT_FIELDS = ("code", "name", "manager_id", "starts_on", "ends_on", "cost_centre")
DEPARTMENT_FIELDS = ("code", "name", "parent_id", "valid_from", "valid_to")


def join(work: Work, details: PersonDetails) -> Person:
    """Put a person on the list. Refuses a number or badge that belongs to someone."""
    work.allow(Permission.MANAGE_PEOPLE)
    _check_person(work, details, but=None)
    person = Person()
    person.note(details)
    set_committed_value(person, "memberships", [])
    _place(work, person)
    work.allow(Permission.MANAGE_PEOPLE, person.scopes)
    work.add(person)
    work.record(PersonJoined(person_id=person.id, number=person.number, name=person.name))
    return person


def change(work: Work, person_id: int, details: PersonDetails, *, version: int | None = None) -> Person:
    """Change what is known of a person; nothing happens when nothing differs."""
    work.allow(Permission.MANAGE_PEOPLE)
    person = queries.person(work, person_id)
    work.allow(Permission.MANAGE_PEOPLE, person.scopes)
    work.expect(person, version)
    if details == person.details():
        return person
    _check_person(work, details, but=person)
    before = _kept(person, PERSON_FIELDS)
    person.note(details)
    _place(work, person)
    # Someone who manages one department must not push a person into another.
    work.allow(Permission.MANAGE_PEOPLE, person.scopes)
    changes = _without_badge(_changes(before, person))
    work.session.flush()  # the answer carries the new version
    work.record(PersonChanged(person_id=person.id, number=person.number, name=person.name, changes=changes))
    return person


def leave(work: Work, person_id: int, leaves_on: date, *, version: int | None = None) -> Person:
    """Set a person's last day; projects end with it."""
    work.allow(Permission.MANAGE_PEOPLE)
    person = queries.person(work, person_id)
    work.allow(Permission.MANAGE_PEOPLE, person.scopes)
    work.expect(person, version)
    in_order(person.joins_on, leaves_on)
    before = person.leaves_on
    person.leaves_on = leaves_on
    for entry in queries.memberships(work, person.id):
        if entry.ends_on is None or entry.ends_on > leaves_on:
            entry.ends_on = max(entry.starts_on, leaves_on)
    work.session.flush()  # the answer carries the new version
    work.record(
        PersonLeaving(
            person_id=person.id,
            name=person.name,
            leaves_on=leaves_on,
            changes={"leaves_on": (before, leaves_on)},
        )
    )
    return person


def open_department(work: Work, details: DepartmentDetails) -> Department:
    """Add a department below its parent."""
    work.allow(Permission.MANAGE_PEOPLE)
    _check_code(work, Department, details.code, but=None)
    parent = _parent(work, details)
    work.allow(Permission.MANAGE_PEOPLE, parent.scopes if parent else [])
    if parent is not None and parent.depth >= DEEPEST:
        raise DepartmentTooDeep(most=DEEPEST)
    department = Department(parent_id=details.parent_id)
    department.note(details)
    work.add(department)
    department.path = f"{parent.path if parent else '/'}{department.id}/"
    work.session.flush()  # the answer carries the final version
    work.record(DepartmentOpened(department_id=department.id, code=department.code, name=department.name))
    return department


def change_department(
    work: Work, department_id: int, details: DepartmentDetails, *, version: int | None = None
) -> Department:
    """Change a department; moving it takes everything below it along. Refuses a loop."""
    work.allow(Permission.MANAGE_PEOPLE)
    department = queries.department(work, department_id)
    work.allow(Permission.MANAGE_PEOPLE, department.scopes)
    work.expect(department, version)
    if details == department.details():
        return department
    _check_code(work, Department, details.code, but=department.id)
    parent = _parent(work, details)
    if parent is not None and f"/{department.id}/" in parent.path:
        raise DepartmentLoop(name=department.name)
    work.allow(Permission.MANAGE_PEOPLE, parent.scopes if parent else department.scopes)
    _check_depth(work, department, parent)
    before = _kept(department, DEPARTMENT_FIELDS)
    department.note(details)
    department.parent_id = details.parent_id
    _move(work, department, f"{parent.path if parent else '/'}{department.id}/")
    changes = _changes(before, department)
    work.session.flush()  # the answer carries the new version
    work.record(
        DepartmentChanged(
            department_id=department.id, code=department.code, name=department.name, changes=changes
        )
    )
    return department


def open_project(work: Work, details: ProjectDetails) -> Project:
    """Add a project."""
    work.allow(Permission.MANAGE_PEOPLE, [])
    _check_code(work, Project, details.code, but=None)
    manager = queries.person(work, details.manager_id) if details.manager_id is not None else None
    project = Project(manager=manager)
    project.note(details)
    work.add(project)
    work.record(ProjectOpened(project_id=project.id, code=project.code, name=project.name))
    return project


def change_project(
    work: Work, project_id: int, details: ProjectDetails, *, version: int | None = None
) -> Project:
    """Change a project; nothing happens when nothing differs."""
    work.allow(Permission.MANAGE_PEOPLE)
    project = queries.project(work, project_id)
    work.allow(Permission.MANAGE_PEOPLE, project.scopes)
    work.expect(project, version)
    if details == project.details():
        return project
    _check_code(work, Project, details.code, but=project.id)
    manager = queries.person(work, details.manager_id) if details.manager_id is not None else None
    before = _kept(project, PROJECT_FIELDS)
    project.note(details)
    project.manager = manager
    changes = _changes(before, project)
    work.session.flush()  # the answer carries the new version
    work.record(ProjectChanged(project_id=project.id, code=project.code, name=project.name, changes=changes))
    return project


def assign(
    work: Work, person_id: int, project_id: int, *, starts_on: date, ends_on: date | None = None
) -> Membership:
    """Put a person into a project for a time. Refuses dates that overlap an earlier membership."""
    work.allow(Permission.MANAGE_PEOPLE)
    person = queries.person(work, person_id)
    project = queries.project(work, project_id)
    work.allow(Permission.MANAGE_PEOPLE, [*person.scopes, *project.scopes])
    in_order(starts_on, ends_on)
    _lock(work, person)
    for entry in queries.memberships(work, person.id):
        if entry.project_id == project.id and _overlap(entry, starts_on, ends_on):
            raise MembershipOverlaps(name=person.name, project=project.name)
    row = Membership(person_id=person.id, project_id=project.id, starts_on=starts_on, ends_on=ends_on)
    set_committed_value(row, "person", person)
    set_committed_value(row, "project", project)
    work.add(row)
    work.record(
        PersonAssigned(
            person_id=person.id,
            project_id=project.id,
            name=person.name,
            project=project.name,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )
    return row


def unassign(work: Work, membership_id: int, *, ends_on: date) -> Membership:
    """Set a person's last day in a project."""
    work.allow(Permission.MANAGE_PEOPLE)
    row = queries.membership(work, membership_id)
    person, project = queries.person(work, row.person_id), row.project
    work.allow(Permission.MANAGE_PEOPLE, [*person.scopes, *project.scopes])
    in_order(row.starts_on, ends_on)
    before = row.ends_on
    row.ends_on = ends_on
    work.record(
        PersonUnassigned(
            person_id=person.id,
            project_id=project.id,
            name=person.name,
            project=project.name,
            ends_on=ends_on,
            changes={"ends_on": (before, ends_on)},
        )
    )
    return row


def _check_person(work: Work, details: PersonDetails, *, but: Person | None) -> None:
    # The unique indexes are the guard; asking first lets the refusal name the other person.
    taken = select(Person).where(Person.id != (but.id if but else 0))
    with work.session.no_autoflush:
        other = work.session.scalar(taken.where(Person.number == details.number))
        if other is not None:
            raise NumberTaken(number=other.number, name=other.name)
        if details.badge is None:
            return
        other = work.session.scalar(taken.where(Person.badge == details.badge))
        if other is not None:
            raise BadgeTaken(number=other.number, name=other.name)


def _check_code(work: Work, table: type[Department] | type[Project], code: str, *, but: int | None) -> None:
    name = work.session.scalar(select(table.name).where(table.code == code, table.id != (but or 0)))
    if name is not None:
        raise CodeTaken(key=code, name=name)


def _place(work: Work, person: Person) -> None:
    if person.department_id is None:
        person.department = None
        return
    department = queries.department(work, person.department_id)
    moved = person.department is not department if "department" in person.__dict__ else True
    day = queries.today(work)
    if moved and not department.is_valid_on(day):
        raise DepartmentClosed(name=department.name, day=day)
    person.department = department


def _parent(work: Work, details: DepartmentDetails) -> Department | None:
    return queries.department(work, details.parent_id) if details.parent_id is not None else None


def _check_depth(work: Work, department: Department, parent: Department | None) -> None:
    below = work.session.scalars(
        select(Department.path).where(Department.path.startswith(department.path, autoescape=True))
    )
    height = max(path.count("/") for path in below) - department.path.count("/")
    if (parent.depth if parent else -1) + height >= DEEPEST:
        raise DepartmentTooDeep(most=DEEPEST)


def _move(work: Work, department: Department, path: str) -> None:
    old = department.path
    if old == path:
        return
    department.path = path
    work.session.flush()  # its own row first; the rows below follow it in one statement
    tail = func.substr(Department.path, len(old) + 1, type_=String)
    work.session.execute(
        update(Department)
        .where(Department.path.startswith(old, autoescape=True), Department.id != department.id)
        .values(path=literal(path) + tail, version=Department.version + 1)
        .execution_options(synchronize_session="fetch")
    )


def _lock(work: Work, person: Person) -> None:
    # Two memberships made at once would not see each other; the person's row lines them up.
    work.session.execute(select(Person.id).where(Person.id == person.id).with_for_update())


def _overlap(entry: Membership, starts_on: date, ends_on: date | None) -> bool:
    begins_before = ends_on is None or entry.starts_on <= ends_on
    return begins_before and (entry.ends_on is None or entry.ends_on >= starts_on)


def _kept(row: Person | Project | Department, fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}


def _changes(before: dict[str, Any], row: Person | Project | Department) -> Changes:
    now = {name: getattr(row, name) for name in before}
    return {name: (plain(before[name]), plain(now[name])) for name in before if before[name] != now[name]}


def _without_badge(changes: Changes) -> Changes:
    # Whoever reads the journal must not be able to print a badge.
    if "badge" in changes:
        before, after = changes["badge"]
        changes["badge"] = ("•••" if before else None, "•••" if after else None)
    return changes
