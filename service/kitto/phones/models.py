"""Tables of phones: the links that give a profile out once."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kitto.base.db import Base, Id


class ProfileLink(Base):
    """One signed profile, sealed, until it is fetched or its time is over; then its content is gone."""

    __tablename__ = "profile_link"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    sealed: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    fetched_at: Mapped[datetime | None]
