"""Tables of agents, what they were last heard to say, and where that differs from the ledger."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.assets.models import Asset
from kitto.base.db import Base, Id, Json, words
from kitto.base.i18n import Words
from kitto.checkins.rules.findings import Field
from kitto.checkins.rules.identity import By, Evidence, Verdict, hostname_key, maker_key, model_key
from kitto.checkins.rules.refusals import AgentStepRefused, FindingClosed
from kitto.checkins.rules.states import AgentState, AgentStep, FindingState, next_state
from kitto.checkins.rules.words import AGENT_WORDS


class EnrolmentToken(Base):
    """A permission to enrol, of which only the digest is kept. Bound to one device, or to none."""

    __tablename__ = "enrolment_token"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    note: Mapped[str]
    max_uses: Mapped[int]
    uses: Mapped[int]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    asset: Mapped[Asset | None] = relationship(lazy="raise")


class Agent(Base):
    """One enrolment of one machine: its credential, who it says it is, and whether we believe it."""

    __tablename__ = "agent"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    device: Mapped[str] = mapped_column(unique=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    token_id: Mapped[int] = mapped_column(ForeignKey("enrolment_token.id"))
    state: Mapped[AgentState] = mapped_column(words(AgentState))
    state_since: Mapped[datetime]
    verdict: Mapped[Verdict] = mapped_column(words(Verdict))
    matched_by: Mapped[By] = mapped_column(words(By))
    suggested: Mapped[list[int]] = mapped_column(Json)
    enrolled_at: Mapped[datetime]
    enrolled_from: Mapped[str]
    secret: Mapped[str] = mapped_column(Text)
    next_secret: Mapped[str | None] = mapped_column(Text)
    secret_made_at: Mapped[datetime]
    mark: Mapped[str]
    vendor: Mapped[str]
    model: Mapped[str]
    serial: Mapped[str]
    hostname: Mapped[str]
    serial_key: Mapped[str] = mapped_column(index=True)
    uuid_key: Mapped[str] = mapped_column(index=True)
    board_key: Mapped[str]
    first_report_at: Mapped[datetime | None]

    asset: Mapped[Asset | None] = relationship(lazy="raise")
    sighting: Mapped["Sighting"] = relationship(lazy="raise", back_populates="agent")
    cards: Mapped[list["AgentMac"]] = relationship(lazy="selectin")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_agent_state", "state", "id"),
        Index(
            "uq_agent_active",
            "asset_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    def take(self, step: AgentStep, now: datetime) -> AgentState:
        """Take a step; gives the state before. Refuses what the table does not allow."""
        before, after = self.state, next_state(self.state, step)
        if after is None:
            raise AgentStepRefused(state=Words(AGENT_WORDS[before]))
        self.state, self.state_since = after, now
        return before

    def evidence(self) -> Evidence:
        """Who the machine said it was when it enrolled, in normal form."""
        return Evidence(
            serial=self.serial_key,
            uuid=self.uuid_key,
            macs=frozenset(card.mac for card in self.cards),
            board=self.board_key,
            maker=maker_key(self.vendor),
            model=model_key(self.model),
            hostname=hostname_key(self.hostname),
        )


class AgentMac(Base):
    """A network address burnt into a machine, for finding it again."""

    __tablename__ = "agent_mac"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    mac: Mapped[str] = mapped_column(primary_key=True, index=True)


class Sighting(Base):
    """When an agent was last heard. Narrow, because every check-in writes it."""

    __tablename__ = "sighting"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True, autoincrement=False)
    counter: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[datetime | None] = mapped_column(index=True)
    address: Mapped[str]
    reported: Mapped[str]
    agent_version: Mapped[str]
    uptime_s: Mapped[int] = mapped_column(BigInteger)
    free_mb: Mapped[int] = mapped_column(BigInteger)
    unreachable_since: Mapped[datetime | None]

    agent: Mapped[Agent] = relationship(lazy="raise", back_populates="sighting")


class Observation(Base):
    """One section as the machine last reported it."""

    __tablename__ = "observation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    section: Mapped[str]
    hash: Mapped[str]
    document: Mapped[Any] = mapped_column(Json)
    observed_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("agent_id", "section"),)


class Software(Base):
    """A program in one version, known once however many machines have it."""

    __tablename__ = "software"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    release: Mapped[str]
    kind: Mapped[str]

    __table_args__ = (UniqueConstraint("name", "release", "kind"),)


class Installation(Base):
    """A program on a machine."""

    __tablename__ = "installation"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    software_id: Mapped[int] = mapped_column(ForeignKey("software.id"), primary_key=True, index=True)


class Finding(Base):
    """A difference between ledger and device that a person settles. One open per device and field."""

    __tablename__ = "finding"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    field: Mapped[Field] = mapped_column(words(Field))
    declared: Mapped[str]
    observed: Mapped[str]
    state: Mapped[FindingState] = mapped_column(words(FindingState), index=True)
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str]

    asset: Mapped[Asset] = relationship(lazy="raise")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(
            "uq_finding_open",
            "asset_id",
            "field",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    def close(self, state: FindingState, now: datetime, by: str) -> None:
        """Settle it. Raises FindingClosed when that has happened before."""
        if self.state is not FindingState.OPEN:
            raise FindingClosed
        self.state, self.closed_at, self.closed_by = state, now, by
