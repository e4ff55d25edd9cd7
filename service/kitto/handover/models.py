"""Tables of the desk: what is scanned now, what was handed over or back, and the papers."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.assets.rules import Condition, HolderKind
from kitto.base.db import Base, Id, words
from kitto.handover.rules import Kind, Mode

_OPEN = text("closed_at IS NULL")


class DeskSession(Base):
    """What one technician has scanned so far; at most one is open for each."""

    __tablename__ = "desk_session"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    actor: Mapped[str] = mapped_column(String(100))
    mode: Mapped[Mode] = mapped_column(words(Mode))
    holder_kind: Mapped[HolderKind | None] = mapped_column(words(HolderKind))
    holder_id: Mapped[int | None] = mapped_column(Id)
    due_on: Mapped[date | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    lines: Mapped[list["DeskLine"]] = relationship(
        lazy="raise",
        order_by="DeskLine.id",
        back_populates="session",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    __table_args__ = (
        Index(
            "uq_desk_session_open",
            "actor",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )


class DeskLine(Base):
    """One scan that stands on the list: a device, a licence pool, or something unknown."""

    __tablename__ = "desk_line"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("desk_session.id", ondelete="CASCADE"), index=True)
    scanned: Mapped[str] = mapped_column(Text)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"))
    transfer_from: Mapped[int | None] = mapped_column(ForeignKey("custody.id"))
    condition: Mapped[Condition] = mapped_column(words(Condition))
    missing: Mapped[list[str]]
    scanned_at: Mapped[datetime]

    session: Mapped[DeskSession] = relationship(lazy="raise", back_populates="lines")

    __table_args__ = (
        UniqueConstraint("session_id", "asset_id"),
        UniqueConstraint("session_id", "pool_id"),
    )


class DocumentCounter(Base):
    """The last number of a kind of document in a year; raised in the transaction that uses it."""

    __tablename__ = "document_counter"

    kind: Mapped[Kind] = mapped_column(words(Kind), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Handover(Base):
    """Devices and seats that changed hands at one moment. What the paper says is kept as it was."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[Kind] = mapped_column(words(Kind))
    number: Mapped[str] = mapped_column(String(20))
    holder_kind: Mapped[HolderKind] = mapped_column(words(HolderKind))
    holder_id: Mapped[int] = mapped_column(Id)
    holder_name: Mapped[str] = mapped_column(String(200))
    holder_kana: Mapped[str] = mapped_column(String(100))
    holder_number: Mapped[str] = mapped_column(String(32))
    holder_department: Mapped[str] = mapped_column(String(100))
    by_name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    due_on: Mapped[date | None]
    purpose: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
    on: Mapped[date] = mapped_column("on_date")

    lines: Mapped[list["HandoverLine"]] = relationship(lazy="raise", order_by="HandoverLine.id")
    seats: Mapped[list["HandoverSeat"]] = relationship(lazy="raise", order_by="HandoverSeat.id")
    document: Mapped["HandoverDocument | None"] = relationship(lazy="raise", uselist=False)

    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_handover_holder", "holder_kind", "holder_id", "id"),
    )


class HandoverLine(Base):
    """One device of a hand-over."""

    __tablename__ = "handover_line"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"), index=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    tag: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(300))
    serial: Mapped[str] = mapped_column(String(128))
    accessories: Mapped[list[str]]
    missing: Mapped[list[str]]
    condition: Mapped[Condition] = mapped_column(words(Condition))


class HandoverSeat(Base):
    """Licence seats that were given, or came back, with a hand-over."""

    __tablename__ = "handover_seat"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    name: Mapped[str] = mapped_column(String(300))
    holder: Mapped[str] = mapped_column(String(200))
    until: Mapped[date | None]


class HandoverDocument(Base):
    """The PDF of a hand-over: where it lies below the data folder, and the hash it must have."""

    __tablename__ = "handover_document"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"))
    path: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    made_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("handover_id"),)
