"""Tables of people: departments, projects, persons and who is in which project."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.base.db import Base, Id, words
from kitto.people.rules import (
    DepartmentDetails,
    PersonDetails,
    PersonKind,
    Presence,
    ProjectDetails,
    presence,
    search_key,
)

Scopes = list[tuple[str, str]]


class Department(Base):
    """A part of the organisation; `path` holds the ids from the root down: `/1/4/`."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    path: Mapped[str] = mapped_column(String(500), index=True, default="/")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (UniqueConstraint("code"),)
    __mapper_args__ = {"version_id_col": version}

    def note(self, details: DepartmentDetails) -> None:
        """Take over the details; the place in the tree is the action's business."""
        self.code = details.code
        self.name = details.name
        self.valid_from = details.valid_from
        self.valid_to = details.valid_to

    def details(self) -> DepartmentDetails:
        """What is known now, to be changed and given back."""
        return DepartmentDetails(
            code=self.code,
            name=self.name,
            parent_id=self.parent_id,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )

    def is_valid_on(self, day: date) -> bool:
        return presence(self.valid_from, self.valid_to, day) is Presence.ACTIVE

    @property
    def scopes(self) -> Scopes:
        """The department and all above it."""
        return [("department", part) for part in self.path.split("/") if part]

    @property
    def depth(self) -> int:
        return self.path.count("/") - 2


class Project(Base):
    """Work that people and devices belong to for a time."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    cost_centre: Mapped[str] = mapped_column(String(32), default="")
    search: Mapped[str] = mapped_column(String(400))
    version: Mapped[int] = mapped_column()

    manager: Mapped["Person | None"] = relationship(lazy="raise", foreign_keys=[manager_id])

    __table_args__ = (UniqueConstraint("code"),)
    __mapper_args__ = {"version_id_col": version}

    def note(self, details: ProjectDetails) -> None:
        """Take over the details."""
        self.code = details.code
        self.name = details.name
        self.manager_id = details.manager_id
        self.starts_on = details.starts_on
        self.ends_on = details.ends_on
        self.cost_centre = details.cost_centre
        self.search = "\n".join(map(search_key, (details.code, details.name, details.cost_centre)))[:400]

    def details(self) -> ProjectDetails:
        """What is known now, to be changed and given back."""
        return ProjectDetails(
            code=self.code,
            name=self.name,
            manager_id=self.manager_id,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            cost_centre=self.cost_centre,
        )

    def presence_on(self, day: date) -> Presence:
        return presence(self.starts_on, self.ends_on, day)

    def is_active_on(self, day: date) -> bool:
        return self.presence_on(day) is Presence.ACTIVE

    @property
    def scopes(self) -> Scopes:
        return [("project", str(self.id))]


class Person(Base):
    """Someone who may hold devices and seats. Never deleted: a name outlives the leaver."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    kana: Mapped[str] = mapped_column(String(100), default="")
    kind: Mapped[PersonKind] = mapped_column(words(PersonKind))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    mail: Mapped[str] = mapped_column(String(254), default="")
    joins_on: Mapped[date | None]
    leaves_on: Mapped[date | None] = mapped_column(index=True)
    badge: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(8), default="ja")
    search: Mapped[str] = mapped_column(String(600))
    sort_key: Mapped[str] = mapped_column(String(100))
    version: Mapped[int] = mapped_column()

    department: Mapped[Department | None] = relationship(lazy="raise")
    memberships: Mapped[list["Membership"]] = relationship(lazy="raise", back_populates="person")

    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("badge"),
        Index("ix_person_sort_key_id", "sort_key", "id"),
    )
    __mapper_args__ = {"version_id_col": version}

    def note(self, details: PersonDetails) -> None:
        """Take over the details and renew the keys they are found and sorted by."""
        self.number = details.number
        self.name = details.name
        self.kana = details.kana
        self.kind = details.kind
        self.department_id = details.department_id
        self.mail = details.mail
        self.joins_on = details.joins_on
        self.leaves_on = details.leaves_on
        self.badge = details.badge
        self.locale = details.locale
        keys = map(search_key, (details.number, details.name, details.kana, details.mail))
        self.search = "\n".join(keys)[:600]
        self.sort_key = search_key(details.kana or details.name)[:100]

    def details(self) -> PersonDetails:
        """What is known now, to be changed and given back."""
        return PersonDetails(
            number=self.number,
            name=self.name,
            kana=self.kana,
            kind=self.kind,
            department_id=self.department_id,
            mail=self.mail,
            joins_on=self.joins_on,
            leaves_on=self.leaves_on,
            badge=self.badge,
            locale=self.locale,
        )

    def presence_on(self, day: date) -> Presence:
        return presence(self.joins_on, self.leaves_on, day)

    def is_active_on(self, day: date) -> bool:
        """May hold things on that day."""
        return self.presence_on(day) is Presence.ACTIVE

    @property
    def scopes(self) -> Scopes:
        """Departments above, and projects; both must be loaded."""
        above = self.department.scopes if self.department else []
        return [*above, *(("project", str(entry.project_id)) for entry in self.memberships)]


class Membership(Base):
    """A person's time in a project."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    person: Mapped[Person] = relationship(lazy="raise", back_populates="memberships")
    project: Mapped[Project] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("person_id", "project_id", "starts_on"),
        Index("ix_membership_project_id_person_id", "project_id", "person_id"),
    )

    def is_active_on(self, day: date) -> bool:
        return presence(self.starts_on, self.ends_on, day) is Presence.ACTIVE
