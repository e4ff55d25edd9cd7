"""Tables of licences: titles, pools, the seats given; lines, SIMs, and where these were."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.assets.models import Asset
from kitto.assets.rules import HolderKind
from kitto.base.db import Base, Id, words
from kitto.base.i18n import Words
from kitto.licences.rules import (
    LINE_STATES,
    LINE_STEPS,
    LINE_TABLE,
    SIM_STATES,
    SIM_STEPS,
    SIM_TABLE,
    FreedWhy,
    LineDetails,
    LineState,
    LineStep,
    LineStepRefused,
    Metric,
    Policy,
    PoolDetails,
    SimKind,
    SimState,
    SimStep,
    SimStepRefused,
    TitleDetails,
    name_key,
    written,
)
from kitto.people.rules import Presence, presence, search_key

_OPEN = text("freed_at IS NULL")
_INSIDE = text("ended_at IS NULL")
_LIVE = text("line_id IS NOT NULL AND state <> 'retired'")


class SoftwareTitle(Base):
    """A piece of software as it is bought; `search` makes its name unique however it is typed."""

    __tablename__ = "software_title"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    publisher: Mapped[str] = mapped_column(String(100), default="")
    name_key: Mapped[str] = mapped_column(String(200))

    __table_args__ = (UniqueConstraint("name_key"),)

    def note(self, details: TitleDetails) -> None:
        """Take over the details."""
        self.name = details.name
        self.publisher = details.publisher
        self.name_key = name_key(details.name)


class Pool(Base):
    """Seats bought together. `used` and `reserved` change only by the guarded statements in actions/."""

    __tablename__ = "pool"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title_id: Mapped[int] = mapped_column(ForeignKey("software_title.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    metric: Mapped[Metric] = mapped_column(words(Metric))
    cap: Mapped[int]
    policy: Mapped[Policy] = mapped_column(words(Policy))
    used: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0, server_default="0")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None] = mapped_column(index=True)
    reference: Mapped[str] = mapped_column(String(64), default="")
    search: Mapped[str] = mapped_column(String(600))
    sort_key: Mapped[str] = mapped_column(String(300))
    version: Mapped[int] = mapped_column()

    title: Mapped[SoftwareTitle] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("cap >= 0", name="cap_not_negative"),
        CheckConstraint("policy <> 'hard' OR used <= cap", name="hard_cap"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("policy <> 'hard' OR used + reserved <= cap", name="hard_cap_reserved"),
        Index("ix_pool_sort_key_id", "sort_key", "id"),
    )
    __mapper_args__ = {"version_id_col": version}

    def note(self, details: PoolDetails, title: SoftwareTitle) -> None:
        """Take over the details and renew the keys the pool is found and sorted by."""
        self.title = title
        self.title_id = title.id
        self.name = details.name
        self.metric = details.metric
        self.cap = details.cap
        self.policy = details.policy
        self.starts_on = details.starts_on
        self.ends_on = details.ends_on
        self.reference = details.reference
        keys = [search_key(word) for word in (title.name, title.publisher, details.name, details.reference)]
        self.search = "\n".join(keys)[:600]
        self.sort_key = f"{keys[0]} {keys[2]}"[:300]

    def details(self) -> PoolDetails:
        """What is known now, to be changed and given back."""
        return PoolDetails(
            title_id=self.title_id,
            name=self.name,
            metric=self.metric,
            cap=self.cap,
            policy=self.policy,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            reference=self.reference,
        )

    @property
    def label(self) -> str:
        """The pool as people name it: title and pool."""
        return self.title.name if self.name == self.title.name else f"{self.title.name} / {self.name}"

    @property
    def claimed(self) -> int:
        """Seats that are given or reserved."""
        return self.used + self.reserved

    @property
    def free(self) -> int | None:
        """Seats left; negative when over the limit, None when there is no limit."""
        return None if self.policy is Policy.COUNT else self.cap - self.claimed

    @property
    def is_over(self) -> bool:
        """More is given and reserved than owned."""
        return self.free is not None and self.free < 0

    def is_valid_on(self, day: date) -> bool:
        return presence(self.starts_on, self.ends_on, day) is Presence.ACTIVE


class Seat(Base):
    """Seats of a pool given to one holder; the database allows one open row per holder."""

    __tablename__ = "seat"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"))
    holder_kind: Mapped[HolderKind] = mapped_column(words(HolderKind))
    holder_id: Mapped[int] = mapped_column(Id)
    holder_name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(200))
    freed_at: Mapped[datetime | None]
    freed_by: Mapped[str | None] = mapped_column(String(200))
    freed_why: Mapped[FreedWhy | None] = mapped_column(words(FreedWhy))

    pool: Mapped[Pool] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(
            "uq_seat_open",
            "pool_id",
            "holder_kind",
            "holder_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_seat_pool_id_id", "pool_id", "id"),
        Index("ix_seat_holder", "holder_kind", "holder_id", "id"),
    )


class SeatReservation(Base):
    """A seat kept for something that has no holder yet, such as a kit whose device is not chosen.

    It ends as a seat, or is given back; `for_kind` and `for_id` name what it is kept for.
    """

    __tablename__ = "seat_reservation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"))
    for_kind: Mapped[str] = mapped_column(String(16))
    for_id: Mapped[int] = mapped_column(Id)
    reserved_at: Mapped[datetime]
    reserved_by: Mapped[str] = mapped_column(String(200))

    pool: Mapped[Pool] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("pool_id", "for_kind", "for_id"),
        Index("ix_seat_reservation_for", "for_kind", "for_id"),
    )


class PhoneLine(Base):
    """A contract for a phone number (回線), whatever SIM carries it. One that has not ended per number."""

    __tablename__ = "phone_line"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    number: Mapped[str] = mapped_column(String(20))
    carrier: Mapped[str] = mapped_column(String(64))
    plan: Mapped[str] = mapped_column(String(100))
    contract_no: Mapped[str] = mapped_column(String(64))
    state: Mapped[LineState] = mapped_column(words(LineState))
    ends_on: Mapped[date | None] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(String(500))
    search: Mapped[str] = mapped_column(String(900))

    __table_args__ = (
        Index(
            "uq_phone_line_number",
            "number",
            unique=True,
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
        Index("ix_phone_line_number_id", "number", "id"),
    )
    __mapper_args__ = {"version_id_col": version}

    def note_details(self, details: LineDetails) -> None:
        """Take over the details and renew what the line is found by."""
        for name, value in vars(details).items():
            setattr(self, name, value)
        known = (details.carrier, details.plan, details.contract_no, details.note)
        national = written(details.number).replace("-", "")
        self.search = "\n".join([details.number, national, *map(search_key, known)])[:900]

    def details(self) -> LineDetails:
        """What is known now, to be changed and given back."""
        return LineDetails(
            number=self.number,
            carrier=self.carrier,
            plan=self.plan,
            contract_no=self.contract_no,
            ends_on=self.ends_on,
            note=self.note,
        )

    def take(self, step: LineStep) -> LineState:
        """Take a step. Refuses LineStepRefused; returns the state before."""
        before, after = self.state, LINE_TABLE.get((self.state, step))
        if after is None:
            raise LineStepRefused(
                step=Words(LINE_STEPS[step]), number=self.written, state=Words(LINE_STATES[before])
            )
        self.state = after
        return before

    @property
    def written(self) -> str:
        """The number as people write it."""
        return written(self.number)


class Sim(Base):
    """A SIM card or an eSIM profile; one that is not retired per line."""

    __tablename__ = "sim"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    iccid: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[SimKind] = mapped_column(words(SimKind))
    state: Mapped[SimState] = mapped_column(words(SimState))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("phone_line.id"), index=True)
    added_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    line: Mapped[PhoneLine | None] = relationship(lazy="raise")

    __table_args__ = (
        Index("uq_sim_line", "line_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )
    __mapper_args__ = {"version_id_col": version}

    def take(self, step: SimStep) -> SimState:
        """Take a step. Refuses SimStepRefused; returns the state before."""
        before, after = self.state, SIM_TABLE.get((self.state, step))
        if after is None:
            raise SimStepRefused(
                step=Words(SIM_STEPS[step]), iccid=self.iccid, state=Words(SIM_STATES[before])
            )
        self.state = after
        return before


class SimPlacement(Base):
    """In which device a SIM was, from when to when. At most one is open per SIM."""

    __tablename__ = "sim_placement"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sim_id: Mapped[int] = mapped_column(ForeignKey("sim.id"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(200))

    sim: Mapped[Sim] = relationship(lazy="raise")
    asset: Mapped[Asset] = relationship(lazy="raise")

    __table_args__ = (
        Index("uq_sim_placement_open", "sim_id", unique=True, sqlite_where=_INSIDE, postgresql_where=_INSIDE),
        Index("ix_sim_placement_sim_id_id", "sim_id", "id"),
    )
