"""Who works on a device now, its secrets, and what later comparisons with its frozen profile found."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kitto.base.db import Base, Id, Sentence, words
from kitto.kitting.rules.locks import DriftResult, LockHolder


class DeviceLock(Base):
    """At most one holder works on a device. `fence` grows with every taking and never shrinks.

    Whoever writes for the holder shows the fence it took; an older one is refused. The row stays when the
    lock is given back (`holder` is None), so that fences never repeat.
    """

    __tablename__ = "device_lock"

    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), primary_key=True, autoincrement=False)
    holder: Mapped[LockHolder | None] = mapped_column(words(LockHolder))
    holder_id: Mapped[str] = mapped_column(String(64))
    says: Mapped[str] = mapped_column(Text)
    fence: Mapped[int]
    taken_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class KitDrift(Base):
    """One comparison of a device with the frozen version it was kitted by."""

    __tablename__ = "kit_drift"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kit_id: Mapped[int] = mapped_column(ForeignKey("kit.id"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    at: Mapped[datetime]
    result: Mapped[DriftResult] = mapped_column(words(DriftResult))
    reason: Mapped[str] = mapped_column(Sentence)
    differences: Mapped[list[Any]]
    checked_by: Mapped[str]

    __table_args__ = (Index("ix_kit_drift_kit", "kit_id", "id"),)


class KitHostname(Base):
    """The name that the machine of one kit will have; no two are alike while their kits are not cancelled."""

    __tablename__ = "kit_hostname"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(63), unique=True)
    kit_id: Mapped[int] = mapped_column(ForeignKey("kit.id"), unique=True)
    reserved_at: Mapped[datetime]


class KitSecret(Base):
    """A secret of one device, sealed: a generated password, a recovery key. The newest of a name counts."""

    __tablename__ = "kit_secret"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
    kit_id: Mapped[int | None] = mapped_column(ForeignKey("kit.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    shown_at: Mapped[datetime | None]
    shown_to: Mapped[str]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_kit_secret_asset", "asset_id", "name", "id"),)
