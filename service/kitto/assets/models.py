"""Tables of devices, their identifiers, who answers for them, and the masters they refer to."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.assets.rules import (
    Condition,
    HolderKind,
    IdentifierKind,
    Ownership,
    State,
    Step,
    next_state,
)
from kitto.assets.rules.life import refused
from kitto.base.db import Base, Id, words


class Category(Base):
    """A kind of device: how its tags look, what must be known of it, whether it is kitted."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_ja: Mapped[str]
    name_en: Mapped[str]
    tag_prefix: Mapped[str]
    tag_width: Mapped[int]
    needs_serial: Mapped[bool]
    needs_kitting: Mapped[bool]

    def name(self, locale: str) -> str:
        return self.name_ja if locale == "ja" else self.name_en


class TagCounter(Base):
    """The last number given out for a prefix; raised in the transaction that uses it."""

    __tablename__ = "tag_counter"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Model(Base):
    """A product: maker, name and number."""

    __tablename__ = "model"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), index=True)
    maker: Mapped[str]
    name: Mapped[str]
    number: Mapped[str]

    category: Mapped[Category] = relationship(lazy="joined")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (UniqueConstraint("maker", "name", "number"),)


class Location(Base):
    """A place: an office, a room, a shelf."""

    __tablename__ = "location"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class Asset(Base):
    """One device. State, custody and condition are three separate things."""

    __tablename__ = "asset"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    tag: Mapped[str | None] = mapped_column(unique=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), index=True)
    state: Mapped[State] = mapped_column(words(State))
    state_since: Mapped[datetime]
    condition: Mapped[Condition] = mapped_column(words(Condition))
    ownership: Mapped[Ownership] = mapped_column(words(Ownership))
    department_id: Mapped[int | None] = mapped_column(index=True)
    project_id: Mapped[int | None] = mapped_column(index=True)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"), index=True)
    serial: Mapped[str | None]
    hostname: Mapped[str | None]
    order_no: Mapped[str]
    ordered_by: Mapped[str]
    ordered_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    retired_by: Mapped[str]
    price: Mapped[int | None]
    warranty_until: Mapped[date | None]
    accessories: Mapped[list[str]]
    note: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]

    model: Mapped[Model] = relationship(lazy="joined", innerjoin=True)
    location: Mapped[Location | None] = relationship(lazy="joined")
    identifiers: Mapped[list["Identifier"]] = relationship(lazy="raise", order_by="Identifier.id")
    custody: Mapped["Custody | None"] = relationship(
        lazy="raise",
        primaryjoin="and_(Asset.id == Custody.asset_id, Custody.ended_at.is_(None))",
        viewonly=True,
    )
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_asset_state", "state", "id"),
        Index("ix_asset_serial", "serial"),
    )

    @property
    def name(self) -> str:
        """What people call it: its tag, or its order before it has one."""
        return self.tag or f"#{self.id}"

    @property
    def scopes(self) -> Iterable[tuple[str, str]]:
        """The scopes that grants are compared with."""
        pairs = (
            ("department", self.department_id),
            ("project", self.project_id),
            ("site", self.location_id),
        )
        return [(kind, str(number)) for kind, number in pairs if number is not None]

    def take(self, step: Step, now: datetime, *, holder: str = "") -> State:
        """Take a step of its life. Refuses what the table does not allow; returns the state before."""
        before, after = self.state, next_state(self.state, step)
        if after is None:
            raise refused(self.name, self.state, step, holder)
        if after != before:
            self.state, self.state_since = after, now
        self.changed_at = now
        return before


class Identifier(Base):
    """Something a device is known by. One live device per (kind, norm); old ones stay, ended."""

    __tablename__ = "identifier"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    kind: Mapped[IdentifierKind] = mapped_column(words(IdentifierKind))
    raw: Mapped[str]
    norm: Mapped[str]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_identifier_live",
            "kind",
            "norm",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_identifier_norm", "norm"),
    )


class Custody(Base):
    """Who answers for a device, from when to when. At most one is open per device."""

    __tablename__ = "custody"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    holder_kind: Mapped[HolderKind] = mapped_column(words(HolderKind))
    holder_id: Mapped[int]
    holder_name: Mapped[str]
    purpose: Mapped[str]
    due_on: Mapped[date | None] = mapped_column(index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    opened_by: Mapped[str]
    closed_by: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_custody_open",
            "asset_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_custody_holder", "holder_kind", "holder_id", "ended_at"),
    )


class Endpoint(Base):
    """How a device is reached, and the key or certificate it must show. One per kind.

    `sealed` is the account's password where the way needs one.
    """

    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
    kind: Mapped[str]
    address: Mapped[str]
    port: Mapped[int]
    account: Mapped[str]
    host_key: Mapped[str] = mapped_column(Text)
    way: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("asset_id", "kind"),)


class AssetText(Base):
    """What the search looks through: one joined, normalised text per device."""

    __tablename__ = "asset_text"

    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Observed(Base):
    """What a device, or something that looked at it, says of itself. Never written into the ledger."""

    __tablename__ = "observed"

    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    serial: Mapped[str]
    serial_fits: Mapped[bool]
    data: Mapped[dict[str, Any]]
