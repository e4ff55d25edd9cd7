"""Tables of runs from elsewhere, the devices in them, and their events."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kitto.base.db import Base, Id, words
from kitto.runs.rules.states import OVER, RUN_TABLE, Outcome, RunState


class BadTransition(Exception):  # noqa: N818 -- a mistake of ours
    """The table does not lead there."""


class OutsideRun(Base):
    """One play that was started elsewhere. `ulid` is the reporter's own name for it."""

    __tablename__ = "outside_run"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ulid: Mapped[str] = mapped_column(String(26), unique=True)
    play: Mapped[str] = mapped_column(String(255))
    check_mode: Mapped[bool]
    source: Mapped[dict[str, Any]]
    state: Mapped[RunState] = mapped_column(words(RunState))
    imported: Mapped[bool]
    owner: Mapped[str] = mapped_column(String(100))
    owner_name: Mapped[str]
    started_at: Mapped[datetime]
    heard_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    last_seq: Mapped[int]

    __table_args__ = (Index("ix_outside_run_state", "state", "heard_at"),)

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    def become(self, state: RunState) -> None:
        if state != self.state and state not in RUN_TABLE[self.state]:
            raise BadTransition(f"run {self.ulid}: {self.state} to {state}")
        self.state = state

    def says(self) -> str:
        """How other holders of a device read it: where it runs and which play."""
        where = " ".join(part for part in (self.source.get("system"), self.source.get("project")) if part)
        return f"{where or 'Ansible'}: {self.play}"[:200]


class OutsideDevice(Base):
    """One host of a run, the device it is, and the fence under which the run holds it."""

    __tablename__ = "outside_device"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("outside_run.id"))
    host: Mapped[str] = mapped_column(String(255))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    fence: Mapped[int | None]
    without_lock: Mapped[bool]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    ok: Mapped[int]
    changed: Mapped[int]
    failed: Mapped[int]
    unreachable: Mapped[int]
    skipped: Mapped[int]

    __table_args__ = (
        UniqueConstraint("run_id", "host"),
        Index("ix_outside_device_asset", "asset_id", "run_id"),
    )


class OutsideEvent(Base):
    """One event of a run; its number is given by the reporter and has no gaps."""

    __tablename__ = "outside_event"

    run_id: Mapped[int] = mapped_column(ForeignKey("outside_run.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(32))
    task: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
