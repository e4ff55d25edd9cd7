"""Tables of the watch: who is asked how, where each stands, what was read, what needs a person."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.assets.models import Asset
from kitto.base.db import Base, Id, Json, words
from kitto.health.rules.probes import CredentialKind, ProbeKind
from kitto.health.rules.states import HealthState, Reason, Standing
from kitto.health.rules.timing import next_due
from kitto.health.rules.values import DeviceKind, Exactness, Identity, Unit
from kitto.health.rules.watches import Check


class ProbeCredential(Base):
    """What opens devices' ears; the secret itself is sealed, the rest may be shown."""

    __tablename__ = "probe_credential"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[CredentialKind] = mapped_column(words(CredentialKind))
    account: Mapped[str]
    snmp_version: Mapped[str]
    hash: Mapped[str]
    cipher: Mapped[str]
    sealed: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}


class Probe(Base):
    """One way of asking one device."""

    __tablename__ = "probe"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
    kind: Mapped[ProbeKind] = mapped_column(words(ProbeKind))
    address: Mapped[str]
    port: Mapped[int]
    platform: Mapped[str]
    interval_seconds: Mapped[int]
    enabled: Mapped[bool]
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("probe_credential.id"), index=True)
    host_key: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]

    asset: Mapped[Asset] = relationship(lazy="joined", innerjoin=True)
    credential: Mapped[ProbeCredential | None] = relationship(lazy="joined")
    health: Mapped["Health"] = relationship(
        back_populates="probe", lazy="joined", innerjoin=True, cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (UniqueConstraint("asset_id", "kind", "port"),)

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=self.interval_seconds)


class Health(Base):
    """Where a probe stands; written after each poll, so it is narrow and has no history."""

    __tablename__ = "health"

    probe_id: Mapped[int] = mapped_column(ForeignKey("probe.id"), primary_key=True)
    state: Mapped[HealthState] = mapped_column(words(HealthState))
    since: Mapped[datetime | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    goods: Mapped[int]
    evidence_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    reason: Mapped[Reason] = mapped_column(words(Reason))
    detail: Mapped[str] = mapped_column(Text)
    polled_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    latency_ms: Mapped[float | None]
    uptime_seconds: Mapped[float | None]
    uptime_at: Mapped[datetime | None]
    engine_boots: Mapped[int | None]
    readings_at: Mapped[datetime | None]
    identity_at: Mapped[datetime | None]
    identity: Mapped[dict[str, Any] | None] = mapped_column(Json)
    shown_key: Mapped[str] = mapped_column(Text)
    opinion: Mapped[dict[str, Any] | None] = mapped_column(Json)
    opinion_at: Mapped[datetime | None]

    probe: Mapped[Probe] = relationship(back_populates="health", lazy="raise")
    __table_args__ = (Index("ix_health_due", "due_at", "probe_id"), Index("ix_health_state", "state"))

    @classmethod
    def fresh(cls, now: datetime) -> "Health":
        """Nothing known yet, due at once."""
        return cls(
            state=HealthState.UNKNOWN,
            failures=0,
            goods=0,
            reason=Reason.NOT_YET_POLLED,
            detail="",
            due_at=now,
            shown_key="",
        )

    @property
    def standing(self) -> Standing:
        return Standing(
            self.state,
            self.since,
            self.failures,
            self.failing_since,
            self.goods,
            self.evidence_at,
            self.answered_at,
            self.reason,
        )

    def stand(self, standing: Standing, probe: Probe, now: datetime) -> None:
        """Take over what a poll was judged to mean, and when to ask again."""
        self.state, self.since = standing.state, standing.since
        self.failures, self.failing_since = standing.failures, standing.failing_since
        self.goods, self.evidence_at = standing.goods, standing.evidence_at
        self.answered_at, self.reason = standing.answered_at, standing.reason
        self.polled_at, self.claimed_until = now, None
        self.due_at = next_due(standing, probe.id, probe.interval, now)

    @property
    def known(self) -> Identity | None:
        """Who the device said it is, last time."""
        if self.identity is None:
            return None
        return Identity(**{**self.identity, "kind": DeviceKind(self.identity["kind"])})

    def learn(self, identity: Identity, now: datetime) -> None:
        self.identity, self.identity_at = asdict(identity), now


class ReadingLast(Base):
    """The last value of each reading, and the last one that went into its history."""

    __tablename__ = "reading_last"

    probe_id: Mapped[int] = mapped_column(ForeignKey("probe.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    value: Mapped[float | None]
    unit: Mapped[Unit] = mapped_column(words(Unit))
    exactness: Mapped[Exactness] = mapped_column(words(Exactness))
    at: Mapped[datetime]
    kept: Mapped[float | None]
    kept_at: Mapped[datetime | None]


class ReadingKept(Base):
    """The history of a reading: a row when it changed enough, or after a quarter of an hour."""

    __tablename__ = "reading"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    probe_id: Mapped[int] = mapped_column(ForeignKey("probe.id"))
    name: Mapped[str]
    instance: Mapped[str]
    value: Mapped[float]
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_reading_series", "probe_id", "name", "instance", "at"),
        Index("ix_reading_at", "at"),
    )


class Problem(Base):
    """Something that needs a person. One open row per key, however often it is seen."""

    __tablename__ = "problem"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str]
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    probe_id: Mapped[int | None] = mapped_column(index=True)
    check: Mapped[Check] = mapped_column("check_", words(Check))
    instance: Mapped[str]
    label: Mapped[str]
    detail: Mapped[str] = mapped_column(Text)
    value: Mapped[float | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str]
    note: Mapped[str] = mapped_column(Text)

    asset: Mapped[Asset | None] = relationship(lazy="joined")
    __table_args__ = (
        Index(
            "uq_problem_open",
            "key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_problem_opened", "opened_at", "id"),
    )


def problem_key(probe_id: int | None, check: Check, instance: str = "") -> str:
    """What makes two sightings one problem."""
    return f"{probe_id or '-'}:{check.value}:{instance}"
