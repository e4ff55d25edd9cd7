"""Everything that reads people, departments and projects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words, translate
from kitto.base.paging import USUAL, Page, page
from kitto.base.settings import settings
from kitto.base.spreadsheet import Cell
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.people.models import Department, Membership, Person, Project
from kitto.people.rules import KINDS, BadgeUnknown, PersonKind, Presence, code_key, search_terms

BIGGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class PeopleFilter:
    """What a list of people shows; empty fields do not limit."""

    q: str = ""
    department_id: int | None = None
    project_id: int | None = None
    kind: PersonKind | None = None
    presence: Presence | None = None


@dataclass(frozen=True, kw_only=True)
class ProjectFilter:
    """What a list of projects shows; empty fields do not limit."""

    q: str = ""
    presence: Presence | None = None


def today(work: Work) -> date:
    """The date at the organisation, which decides who belongs."""
    return work.now.astimezone(ZoneInfo(settings().time_zone)).date()


def person(work: Work, person_id: int) -> Person:
    """One person with department and projects. Refuses NotFound, and people outside one's scope."""
    found = _one_person(work, Person.id == _id(person_id))
    if found is None:
        work.allow(Permission.SEE)
        raise NotFound(thing=Words(N_("person")), key=person_id)
    return found


def person_by_number(work: Work, number: str) -> Person:
    """The person with this staff number, however it was typed. Refuses NotFound."""
    found = _one_person(work, Person.number == code_key(number))
    if found is None:
        raise NotFound(thing=Words(N_("person")), key=number)
    return found


def person_by_badge(work: Work, scanned: str) -> Person:
    """The person whose badge, or staff number, was scanned. Refuses BadgeUnknown."""
    key = code_key(scanned)
    found = _one_person(work, Person.badge == key) or _one_person(work, Person.number == key)
    if found is None:
        raise BadgeUnknown
    return found


def names(work: Work, person_ids: Sequence[int]) -> dict[int, Person]:
    """Persons by id, for lists of other rooms; unknown ids are left out."""
    work.allow(Permission.SEE)
    rows = work.session.scalars(select(Person).where(Person.id.in_(set(person_ids))))
    return {row.id: row for row in rows}


def people(
    work: Work, wanted: PeopleFilter, *, cursor: str | None = None, limit: int = USUAL
) -> Page[Person]:
    """A page of people by kana, then by id."""
    work.allow(Permission.SEE)
    return page(
        work,
        _people(work, wanted),
        by=(Person.sort_key.expression, Person.id.expression),
        key=lambda row: (row.sort_key, row.id),
        cursor=cursor,
        limit=limit,
    )


def people_table(work: Work, wanted: PeopleFilter) -> tuple[list[str], list[list[Cell]]]:
    """Everyone the filter shows, as heads in the reader's language and rows, for a file."""
    work.allow(Permission.SEE)
    rows = work.session.scalars(_people(work, wanted).order_by(Person.sort_key, Person.id))
    return [translate(work.locale, head) for head in TABLE_HEADS], [_cells(work, row) for row in rows]


def project(work: Work, project_id: int) -> Project:
    """One project with its manager. Refuses NotFound."""
    work.allow(Permission.SEE)
    statement = select(Project).options(joinedload(Project.manager)).where(Project.id == _id(project_id))
    found = work.session.scalar(statement)
    if found is None:
        raise NotFound(thing=Words(N_("project")), key=project_id)
    return found


def project_by_code(work: Work, code: str) -> Project:
    """The project with this code, however it was typed. Refuses NotFound."""
    work.allow(Permission.SEE)
    found = work.session.scalar(
        select(Project).options(joinedload(Project.manager)).where(Project.code == code_key(code))
    )
    if found is None:
        raise NotFound(thing=Words(N_("project")), key=code)
    return found


def projects(
    work: Work, wanted: ProjectFilter, *, cursor: str | None = None, limit: int = USUAL
) -> Page[Project]:
    """A page of projects by code."""
    work.allow(Permission.SEE)
    statement = select(Project).options(joinedload(Project.manager))
    statement = statement.where(
        *(Project.search.contains(t, autoescape=True) for t in search_terms(wanted.q))
    )
    if wanted.presence is not None:
        statement = statement.where(
            *_present(Project.starts_on.expression, Project.ends_on.expression, today(work), wanted.presence)
        )
    return page(
        work,
        statement,
        by=(Project.code.expression, Project.id.expression),
        key=lambda row: (row.code, row.id),
        cursor=cursor,
        limit=limit,
    )


def project_choices(work: Work) -> Sequence[Project]:
    """Projects that have not ended, by code, for a choice in a form."""
    work.allow(Permission.SEE)
    day = today(work)
    open_ones = or_(Project.ends_on.is_(None), Project.ends_on >= day)
    return work.session.scalars(select(Project).where(open_ones).order_by(Project.code)).all()


def members(work: Work, project_id: int) -> Sequence[Membership]:
    """Who is or was in a project, by kana."""
    work.allow(Permission.SEE)
    return work.session.scalars(
        select(Membership)
        .join(Membership.person)
        .options(joinedload(Membership.person).joinedload(Person.department))
        .where(Membership.project_id == project_id)
        .order_by(Person.sort_key, Person.id, Membership.starts_on)
    ).all()


def memberships(work: Work, person_id: int) -> Sequence[Membership]:
    """The projects a person is or was in, the latest first."""
    work.allow(Permission.SEE)
    return work.session.scalars(
        select(Membership)
        .options(joinedload(Membership.project))
        .where(Membership.person_id == person_id)
        .order_by(Membership.starts_on.desc(), Membership.id.desc())
    ).all()


def membership(work: Work, membership_id: int) -> Membership:
    """One membership with its person and project. Refuses NotFound."""
    work.allow(Permission.SEE)
    found = work.session.scalar(
        select(Membership)
        .options(joinedload(Membership.person), joinedload(Membership.project))
        .where(Membership.id == _id(membership_id))
    )
    if found is None:
        raise NotFound(thing=Words(N_("membership")), key=membership_id)
    return found


def department(work: Work, department_id: int) -> Department:
    """One department. Refuses NotFound."""
    work.allow(Permission.SEE)
    found = work.session.get(Department, _id(department_id))
    if found is None:
        raise NotFound(thing=Words(N_("department")), key=department_id)
    return found


def department_by_code(work: Work, code: str) -> Department:
    """The department with this code, however it was typed. Refuses NotFound."""
    work.allow(Permission.SEE)
    found = work.session.scalar(select(Department).where(Department.code == code_key(code)))
    if found is None:
        raise NotFound(thing=Words(N_("department")), key=code)
    return found


def departments(work: Work) -> Sequence[Department]:
    """All departments, each after its parent, siblings by code."""
    work.allow(Permission.SEE)
    rows = work.session.scalars(select(Department)).all()
    codes = {str(row.id): row.code for row in rows}
    return sorted(rows, key=lambda row: [codes.get(part, "") for part in row.path.split("/") if part])


TABLE_HEADS = (
    N_("Number"),
    N_("Name"),
    N_("Kana"),
    N_("Employment"),
    N_("Department code"),
    N_("Department"),
    N_("Mail"),
    N_("Joined on"),
    N_("Last day"),
)


def _cells(work: Work, row: Person) -> list[Cell]:
    department = row.department
    return [
        row.number,
        row.name,
        row.kana,
        translate(work.locale, KINDS[row.kind]),
        department.code if department else "",
        department.name if department else "",
        row.mail,
        row.joins_on,
        row.leaves_on,
    ]


def _people(work: Work, wanted: PeopleFilter) -> Select[Person]:
    statement = select(Person).options(joinedload(Person.department), selectinload(Person.memberships))
    statement = statement.where(*(Person.search.contains(t, autoescape=True) for t in search_terms(wanted.q)))
    statement = statement.where(*_within_scopes(work))
    if wanted.department_id is not None:
        statement = statement.where(Person.department_id.in_(_below(str(wanted.department_id))))
    if wanted.project_id is not None:
        statement = statement.where(Person.id.in_(_in_project(_id(wanted.project_id))))
    if wanted.kind is not None:
        statement = statement.where(Person.kind == wanted.kind)
    if wanted.presence is not None:
        dates = (Person.joins_on.expression, Person.leaves_on.expression)
        statement = statement.where(*_present(*dates, today(work), wanted.presence))
    return statement


def _within_scopes(work: Work) -> list[ColumnElement[bool]]:
    scopes = work.actor.scopes_of(Permission.SEE)
    if scopes is None:
        return []
    reach: list[ColumnElement[bool]] = [
        Person.department_id.in_(_below(key)) for kind, key in scopes if kind == "department"
    ]
    reach += [
        Person.id.in_(_in_project(int(key)))
        for kind, key in scopes
        if kind == "project" and key.isascii() and key.isdigit()
    ]
    return [or_(*reach)] if reach else [Person.id < 0]


def _below(department_id: str) -> Select[int]:
    return select(Department.id).where(Department.path.contains(f"/{department_id}/", autoescape=True))


def _in_project(project_id: int) -> Select[int]:
    return select(Membership.person_id).where(Membership.project_id == project_id)


def _present(
    starts_on: ColumnElement[date | None], ends_on: ColumnElement[date | None], day: date, wanted: Presence
) -> list[ColumnElement[bool]]:
    # The same rule as rules.presence, for the database.
    if wanted is Presence.COMING:
        return [starts_on > day]
    started = or_(starts_on.is_(None), starts_on <= day)
    if wanted is Presence.LEFT:
        return [started, ends_on < day]
    return [started, or_(ends_on.is_(None), ends_on >= day)]


def _one_person(work: Work, condition: ColumnElement[bool]) -> Person | None:
    work.allow(Permission.SEE)
    found = work.session.scalar(
        select(Person)
        .options(joinedload(Person.department), selectinload(Person.memberships))
        .where(condition)
    )
    if found is not None:
        work.allow(Permission.SEE, found.scopes)
    return found


def _id(value: int) -> int:
    # Ids from outside may be larger than any column; such a row cannot be there.
    return value if 0 < value <= BIGGEST else 0
