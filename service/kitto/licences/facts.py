"""What can happen to licences and their seats."""

from dataclasses import dataclass

from kitto.assets.rules import HolderKind
from kitto.base.facts import Fact
from kitto.base.i18n import N_
from kitto.licences.rules import FreedWhy, Policy


@dataclass(frozen=True, kw_only=True)
class TitleAdded(Fact):
    """A software title was added."""

    kind = "licences.title_added"
    says = N_("Software {name} was added.")
    about = ("software_title", "title_id")

    title_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class PoolOpened(Fact):
    """A pool of seats was opened."""

    kind = "licences.pool_opened"
    says = N_("{pool} was opened with {cap} seats.")
    about = ("pool", "pool_id")

    pool_id: int
    pool: str
    cap: int
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class PoolChanged(Fact):
    """A pool changed; `changes` says what."""

    kind = "licences.pool_changed"
    says = N_("{pool} was changed.")
    about = ("pool", "pool_id")

    pool_id: int
    pool: str


@dataclass(frozen=True, kw_only=True)
class _SeatFact(Fact):
    about = ("pool", "pool_id")

    pool_id: int
    pool: str
    seat_id: int
    holder_kind: HolderKind
    holder_id: int
    holder: str
    quantity: int

    def second_subject(self) -> tuple[str, str]:
        return self.holder_kind.value, str(self.holder_id)


@dataclass(frozen=True, kw_only=True)
class SeatGranted(_SeatFact):
    """Seats were given to a person or a device."""

    kind = "licences.seat_granted"
    says = N_("{holder} was given {quantity} × {pool}.")


@dataclass(frozen=True, kw_only=True)
class SeatFreed(_SeatFact):
    """Seats came back."""

    kind = "licences.seat_freed"
    says = N_("{quantity} × {pool} came back from {holder}.")

    why: FreedWhy


@dataclass(frozen=True, kw_only=True)
class SeatsOverCap(Fact):
    """More seats are given than owned; the pool's policy let it happen."""

    kind = "licences.seats_over_cap"
    says = N_("{pool} is over its limit: {used} given, {cap} owned.")
    about = ("pool", "pool_id")
    flagged = True

    pool_id: int
    pool: str
    used: int
    cap: int
