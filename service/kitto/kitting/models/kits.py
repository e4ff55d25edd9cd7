"""Kits, their steps, attempts, evidence, photos and the log of plays."""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.base.db import Base, Id, Sentence, words
from kitto.base.facts import plain
from kitto.kitting.models.profiles import KitOrder, KitProfileVersion
from kitto.kitting.rules.codes import is_by_hands
from kitto.kitting.rules.orders import BadTransition
from kitto.kitting.rules.refusals import HasNoDevice
from kitto.kitting.rules.states import (
    KIT_TABLE,
    OPEN,
    OVER,
    STEP_TABLE,
    Ability,
    KitState,
    OnLost,
    Phase,
    StepKind,
    StepState,
    WaitFor,
    ability_of,
)

MOVED = "moved"
"""Kind of the evidence that a state changed."""


class Kit(Base):
    """One device on its way from an order to the hands it is for; without a device while it is expected."""

    __tablename__ = "kit"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    order_id: Mapped[int | None] = mapped_column(ForeignKey("kit_order.id"), index=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    tag: Mapped[str]
    hostname: Mapped[str] = mapped_column(String(63))
    profile_id: Mapped[int] = mapped_column(ForeignKey("kit_profile_version.id"), index=True)
    parameters: Mapped[dict[str, Any]]
    state: Mapped[KitState] = mapped_column(words(KitState))
    state_since: Mapped[datetime]
    is_open: Mapped[bool]
    in_place: Mapped[bool]
    waits_for: Mapped[WaitFor | None] = mapped_column(words(WaitFor))
    reason: Mapped[str] = mapped_column(Sentence)
    deadline_at: Mapped[datetime | None] = mapped_column(index=True)
    cancel_asked_at: Mapped[datetime | None]
    held_from: Mapped[KitState | None] = mapped_column(words(KitState))
    fence: Mapped[int]
    chain: Mapped[str] = mapped_column(String(64))
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    order: Mapped[KitOrder | None] = relationship(lazy="select")
    profile: Mapped[KitProfileVersion] = relationship(lazy="joined", innerjoin=True)
    steps: Mapped[list["KitStep"]] = relationship(
        lazy="selectin", order_by="KitStep.position", back_populates="kit"
    )
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(
            "uq_kit_open",
            "asset_id",
            unique=True,
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
        Index("ix_kit_state", "state", "id"),
    )

    @property
    def called(self) -> str:
        """What its machine is called: the name reserved for it, else its tag."""
        return self.hostname or self.tag

    @property
    def key(self) -> str:
        """Jobs of one device never overlap."""
        return f"asset-{self.asset_id}"

    @property
    def device(self) -> int:
        """The number of its device. Refuses has_no_device while it is expected."""
        if self.asset_id is None:
            raise HasNoDevice(number=self.id)
        return self.asset_id

    def become(
        self,
        state: KitState,
        now: datetime,
        *,
        reason: str = "",
        waits_for: WaitFor | None = None,
        deadline_at: datetime | None = None,
    ) -> None:
        if state != self.state and state not in KIT_TABLE[self.state]:
            raise BadTransition(f"kit {self.id}: {self.state} to {state}")
        if state != self.state:
            self.state_since = now
        self.state, self.reason, self.waits_for, self.deadline_at = state, reason, waits_for, deadline_at
        self.is_open = state in OPEN
        if state in OVER:
            self.ended_at = now


class KitStep(Base):
    """One step of a kit."""

    __tablename__ = "kit_step"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kit_id: Mapped[int] = mapped_column(ForeignKey("kit.id"))
    position: Mapped[int]
    key: Mapped[str]
    kind: Mapped[StepKind] = mapped_column(words(StepKind))
    phase: Mapped[Phase] = mapped_column(words(Phase))
    needs: Mapped[list[str]]
    on_lost: Mapped[OnLost] = mapped_column(words(OnLost))
    spec: Mapped[dict[str, Any]]
    state: Mapped[StepState] = mapped_column(words(StepState))
    attempt: Mapped[int]
    reason: Mapped[str] = mapped_column(Sentence)
    waits_for: Mapped[WaitFor | None] = mapped_column(words(WaitFor))
    deadline_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    done_by: Mapped[str]
    done_as: Mapped[str]

    kit: Mapped[Kit] = relationship(lazy="raise", back_populates="steps")
    attempts: Mapped[list["KitAttempt"]] = relationship(lazy="selectin", order_by="KitAttempt.id")
    evidence: Mapped[list["KitEvidence"]] = relationship(lazy="selectin", order_by="KitEvidence.id")
    __table_args__ = (UniqueConstraint("kit_id", "position"), UniqueConstraint("kit_id", "key"))

    @property
    def with_(self) -> dict[str, Any]:
        """What its kind wants to know."""
        found: dict[str, Any] = self.spec.get("with", {})
        return found

    @property
    def by_hands(self) -> bool:
        """Whether its minutes are a person's."""
        return is_by_hands(self.kind, self.with_.get("kind"))

    @property
    def ability(self) -> Ability:
        """How far Kitto comes with it."""
        return ability_of(self.kind, Ability(self.spec.get("ability", Ability.AUTOMATIC)))

    @property
    def proofs(self) -> list["KitEvidence"]:
        """What proves it, without the changes of state that stand in the same chain."""
        return [item for item in self.evidence if item.kind != MOVED]

    @property
    def runs(self) -> list["KitAttempt"]:
        """Its attempts that were meant to change something, oldest first."""
        return [attempt for attempt in self.attempts if attempt.mode == "run"]

    def become(
        self,
        state: StepState,
        now: datetime,
        *,
        reason: str = "",
        waits_for: WaitFor | None = None,
        deadline_at: datetime | None = None,
    ) -> None:
        if state != self.state and state not in STEP_TABLE[self.state]:
            raise BadTransition(f"step {self.id}: {self.state} to {state}")
        self.state, self.reason, self.waits_for, self.deadline_at = state, reason, waits_for, deadline_at
        self.retry_at = self.escalated_at = None
        if state in (StepState.RUNNING, StepState.WAITING) and self.started_at is None:
            self.started_at = now
        if state is StepState.PENDING:
            self.started_at = self.ended_at = None
        elif state not in (StepState.RUNNABLE, StepState.RUNNING, StepState.WAITING):
            self.ended_at = now

    def title(self, locale: str) -> str:
        found: str = self.spec["title"]["ja" if locale == "ja" else "en"]
        return found


class KitAttempt(Base):
    """One try of an automatic step; `run` names the run that the adapter knows.

    `mode`: run, check (a dry run), verify (after a loss), drift (a later comparison). `fence`: the lock of
    the device as it was taken for this try.
    """

    __tablename__ = "kit_attempt"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("kit_step.id"), index=True)
    number: Mapped[int]
    mode: Mapped[str] = mapped_column(String(16))
    fence: Mapped[int]
    run: Mapped[str] = mapped_column(unique=True)
    launched_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]
    reason: Mapped[str] = mapped_column(Sentence)
    counts: Mapped[dict[str, Any]]
    last_seq: Mapped[int]


class KitEvidence(Base):
    """What proves a step, and every change of state: chained per kit, so that a report can be shown whole.

    Without a step it is about the kit itself.
    """

    __tablename__ = "kit_evidence"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kit_id: Mapped[int] = mapped_column(ForeignKey("kit.id"), index=True)
    step_id: Mapped[int | None] = mapped_column(ForeignKey("kit_step.id"), index=True)
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    by: Mapped[str]
    at: Mapped[datetime]
    prev_hash: Mapped[str]
    hash: Mapped[str]

    def sealed_with(self) -> str:
        """SHA-256 over what it says and the evidence before it."""
        parts = [str(self.step_id or ""), self.kind, self.by, plain(self.at.replace(tzinfo=None))]
        parts.append(json.dumps(self.data, ensure_ascii=False, sort_keys=True))
        return hashlib.sha256("\x1f".join([*parts, self.prev_hash]).encode()).hexdigest()


class KitPhoto(Base):
    """A photo that proves a step, made smaller and freed of what a camera adds; known by its hash."""

    __tablename__ = "kit_photo"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kit_id: Mapped[int] = mapped_column(ForeignKey("kit.id"), index=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("kit_step.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    picture: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    thumbnail: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    width: Mapped[int]
    height: Mapped[int]
    taken_by: Mapped[str]
    taken_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("step_id", "sha256"),)


class PlayLine(Base):
    """One event of a play, as it came from the journal of its supervisor."""

    __tablename__ = "play_line"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("kit_attempt.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str]
    status: Mapped[str]
    task: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)

    def clipped(self, most: int = 300) -> str:
        """It in one line, cut to what fits on a screen; `…` says that there is more."""
        whole = " ".join(f"{self.status} {self.task} {self.text}".split()) or self.kind
        return whole if len(whole) <= most and not self.detail else f"{whole[:most]} …"


class KitKey(Base):
    """Kitto's own SSH key; the private half is sealed."""

    __tablename__ = "kit_key"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    public: Mapped[str] = mapped_column(Text)
    private_sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
