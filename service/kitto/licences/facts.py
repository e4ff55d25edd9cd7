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
class _ReservationFact(Fact):
    about = ("pool", "pool_id")

    pool_id: int
    pool: str
    quantity: int
    for_kind: str
    for_id: int

    def second_subject(self) -> tuple[str, str]:
        return self.for_kind, str(self.for_id)


@dataclass(frozen=True, kw_only=True)
class SeatsReserved(_ReservationFact):
    """Seats are kept for something that has no holder yet."""

    kind = "licences.seats_reserved"
    says = N_("{quantity} × {pool} were reserved.")


@dataclass(frozen=True, kw_only=True)
class ReservationEnded(_ReservationFact):
    """Reserved seats are not needed any more and free again."""

    kind = "licences.reservation_ended"
    says = N_("{quantity} × {pool} are reserved no longer.")


@dataclass(frozen=True, kw_only=True)
class SeatsReservedOverCap(Fact):
    """More seats are given and reserved than owned; the pool's policy let it happen."""

    kind = "licences.seats_reserved_over_cap"
    says = N_("{pool} is over its limit: {used} given and {reserved} reserved, {cap} owned.")
    about = ("pool", "pool_id")
    flagged = True

    pool_id: int
    pool: str
    used: int
    reserved: int
    cap: int


@dataclass(frozen=True, kw_only=True)
class SeatsWithoutPool(Fact):
    """Seats are wanted whose pools are not valid today; the policy of one of them let it happen."""

    kind = "licences.seats_without_pool"
    says = N_("{quantity} seats of {title} are wanted, and no pool of it is valid today.")
    about = ("pool", "pool_id")
    flagged = True

    pool_id: int
    title: str
    quantity: int
    for_kind: str
    for_id: int

    def second_subject(self) -> tuple[str, str]:
        return self.for_kind, str(self.for_id)


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


@dataclass(frozen=True, kw_only=True)
class _LineFact(Fact):
    about = ("phone_line", "line_id")

    line_id: int
    number: str


@dataclass(frozen=True, kw_only=True)
class LineOpened(_LineFact):
    """A line was entered."""

    kind = "licences.line_opened"
    says = N_("The line {number} of {carrier} was entered.")

    carrier: str


@dataclass(frozen=True, kw_only=True)
class LineChanged(_LineFact):
    """A line changed; `changes` says what."""

    kind = "licences.line_changed"
    says = N_("The line {number} was changed.")


@dataclass(frozen=True, kw_only=True)
class LineSuspended(_LineFact):
    """A line was suspended."""

    kind = "licences.line_suspended"
    says = N_("The line {number} was suspended.")


@dataclass(frozen=True, kw_only=True)
class LineResumed(_LineFact):
    """A line is in service again."""

    kind = "licences.line_resumed"
    says = N_("The line {number} is in service again.")


@dataclass(frozen=True, kw_only=True)
class LineEnded(_LineFact):
    """A line has ended."""

    kind = "licences.line_ended"
    says = N_("The line {number} has ended.")


@dataclass(frozen=True, kw_only=True)
class _SimFact(Fact):
    about = ("sim", "sim_id")
    also = ("asset", "asset_id")

    sim_id: int
    iccid: str
    number: str = ""
    asset_id: int | None = None
    tag: str = ""


@dataclass(frozen=True, kw_only=True)
class SimAdded(_SimFact):
    """A SIM was entered."""

    kind = "licences.sim_added"
    says = N_("The SIM {iccid} was entered.")


@dataclass(frozen=True, kw_only=True)
class SimConnected(_SimFact):
    """A SIM got another line, or none; `changes` says which."""

    kind = "licences.sim_connected"
    says = N_("The SIM {iccid} belongs to the line {number} now.")


@dataclass(frozen=True, kw_only=True)
class SimPutIn(_SimFact):
    """A SIM went into a device."""

    kind = "licences.sim_put_in"
    says = N_("The SIM {iccid} ({number}) was put into {tag}.")


@dataclass(frozen=True, kw_only=True)
class SimTakenOut(_SimFact):
    """A SIM came out of a device."""

    kind = "licences.sim_taken_out"
    says = N_("The SIM {iccid} ({number}) was taken out of {tag}.")


@dataclass(frozen=True, kw_only=True)
class SimSwapped(_SimFact):
    """A new SIM took the place of an old one: its line, and its device if it was in one."""

    kind = "licences.sim_swapped"
    says = N_("The SIM {old_iccid} of {number} was replaced by {iccid}.")

    old_sim_id: int
    old_iccid: str


@dataclass(frozen=True, kw_only=True)
class SimRetired(_SimFact):
    """A SIM is used no more."""

    kind = "licences.sim_retired"
    says = N_("The SIM {iccid} was retired.")
