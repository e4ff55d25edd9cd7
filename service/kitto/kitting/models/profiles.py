"""Profiles, their frozen versions, and the orders that ask for devices kitted by them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.base.db import Base, Id, words
from kitto.base.i18n import N_, Words
from kitto.kitting.rules.orders import ORDER_TABLE, BadTransition, OrderState


class KitProfile(Base):
    """A profile by its name. `source` is what was written here; None: the recipe folder of that name."""

    __tablename__ = "kit_profile"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(String(64), unique=True)
    source: Mapped[dict[str, Any] | None]
    retired_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    made_by: Mapped[str]

    __mapper_args__ = {"version_id_col": version}


class KitProfileVersion(Base):
    """One immutable version: `content` is the hash of the resolved definition and of every recipe in it.

    `recipes` says under which content hash the folder of each recipe is kept.
    """

    __tablename__ = "kit_profile_version"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("kit_profile.id"))
    name: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    content: Mapped[str] = mapped_column(String(64), unique=True)
    definition: Mapped[dict[str, Any]]
    recipes: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str]

    __table_args__ = (UniqueConstraint("profile_id", "number"),)


class RecipeCheck(Base):
    """What was found in the recipe of this content; `asked_ansible`: by Ansible and its lint too.

    `asked` names the programs that were asked, with their versions.
    """

    __tablename__ = "recipe_check"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    content: Mapped[str] = mapped_column(String(64), unique=True)
    recipe: Mapped[str] = mapped_column(String(64))
    findings: Mapped[list[Any]]
    asked_ansible: Mapped[bool]
    asked: Mapped[str] = mapped_column(String(200), server_default="")
    checked_at: Mapped[datetime]


class KitOrder(Base):
    """N devices of a profile for a project by a date. One kit for each device."""

    __tablename__ = "kit_order"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    profile_id: Mapped[int] = mapped_column(ForeignKey("kit_profile_version.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    quantity: Mapped[int]
    parameters: Mapped[dict[str, Any]]
    needed_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text)
    state: Mapped[OrderState] = mapped_column(words(OrderState))
    needs_approval: Mapped[bool]
    asked_by: Mapped[str]
    asked_as: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)

    profile: Mapped[KitProfileVersion] = relationship(lazy="joined", innerjoin=True)
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index("ix_kit_order_state", "state", "id"),)

    @property
    def named(self) -> Words:
        """What sentences call it."""
        return Words(N_("order #{number}"), {"number": self.id})

    def become(self, state: OrderState) -> None:
        if state not in ORDER_TABLE[self.state]:
            raise BadTransition(f"order {self.id}: {self.state} to {state}")
        self.state = state
