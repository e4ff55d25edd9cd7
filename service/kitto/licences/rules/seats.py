"""Seats: what a pool counts, what happens at its limit, and refusals."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kitto.assets.rules import HolderKind
from kitto.base.errors import InvalidInput, Refusal
from kitto.base.i18n import N_, Words
from kitto.people.rules import in_order, search_key, tidy


class Metric(StrEnum):
    """What one seat covers."""

    DEVICE = "device"
    USER = "user"


class Policy(StrEnum):
    """What happens when a pool is full: refuse, allow and flag, or only count."""

    HARD = "hard"
    WARN = "warn"
    COUNT = "count"


class FreedWhy(StrEnum):
    """Why seats came back."""

    BY_HAND = "by_hand"
    TAKEN_BACK = "taken_back"
    FOUND = "found"
    RETIRED = "retired"
    DISPOSED = "disposed"
    LEASE_RETURNED = "lease_returned"
    VOIDED = "voided"


FREED: Final = {
    FreedWhy.BY_HAND: N_("freed by hand"),
    FreedWhy.TAKEN_BACK: N_("device taken back"),
    FreedWhy.FOUND: N_("device found again"),
    FreedWhy.RETIRED: N_("device retired"),
    FreedWhy.DISPOSED: N_("device disposed of"),
    FreedWhy.LEASE_RETURNED: N_("device returned to the lessor"),
    FreedWhy.VOIDED: N_("device entry void"),
}
METRICS: Final = {Metric.DEVICE: N_("per device"), Metric.USER: N_("per user")}
POLICIES: Final = {
    Policy.HARD: N_("Refuse when full"),
    Policy.WARN: N_("Allow and flag when full"),
    Policy.COUNT: N_("Count only"),
}
HOLDS: Final = {Metric.DEVICE: HolderKind.ASSET, Metric.USER: HolderKind.PERSON}
LONGEST_NAME: Final = 100
LONGEST_REFERENCE: Final = 64
MOST_SEATS: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class TitleDetails:
    """What is known of a software title. Making one tidies and checks; raises InvalidInput."""

    name: str
    publisher: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _text("name", self.name, LONGEST_NAME, needed=True))
        object.__setattr__(self, "publisher", _text("publisher", self.publisher, LONGEST_NAME))


@dataclass(frozen=True, kw_only=True)
class PoolDetails:
    """What is known of a pool of seats. Making one tidies and checks; raises InvalidInput.

    `cap` is the number of seats owned; it is no limit under the policy `count`.
    """

    title_id: int
    name: str
    metric: Metric
    cap: int
    policy: Policy = Policy.HARD
    starts_on: date | None = None
    ends_on: date | None = None
    reference: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _text("name", self.name, LONGEST_NAME, needed=True))
        object.__setattr__(self, "reference", _text("reference", self.reference, LONGEST_REFERENCE))
        if not 0 <= self.cap <= MOST_SEATS:
            raise InvalidInput(
                field="cap", reason=Words(N_("Give a number from 0 to {most}."), {"most": MOST_SEATS})
            )
        in_order(self.starts_on, self.ends_on)


def _text(field: str, text: str, most: int, *, needed: bool = False) -> str:
    text = tidy(text)
    if needed and not text:
        raise InvalidInput(field=field, reason=Words(N_("Fill this in.")))
    if len(text) > most:
        raise InvalidInput(field=field, reason=Words(N_("Use at most {most} characters."), {"most": most}))
    return text


def name_key(name: str) -> str:
    """The name of a title as titles are compared; some signs unfold into many."""
    return search_key(name)[:200]


class SeatsUsedUp(Refusal):
    code = "licences.seats_used_up"
    says = N_(
        "No seat was granted: all {cap} seats of {pool} are given or reserved. "
        "Free one, or buy more and raise the limit."
    )


class SeatsShort(Refusal):
    code = "licences.seats_short"
    says = N_(
        "Nothing was reserved: {wanted} seats of {title} are wanted, and {free} are free. "
        "Ask for fewer, free some, or buy more and raise the limit."
    )


class NoPoolValid(Refusal):
    code = "licences.no_pool_valid"
    says = N_(
        "Nothing was reserved: {wanted} seats of {title} are wanted, and no pool of it for devices is valid"
        " today. Enter what was bought, or the new term, under Licences; or take the title out of the"
        " profile."
    )


class SeatHolderNotActive(Refusal):
    code = "licences.holder_not_active"
    says = N_("No seat was granted: {name} is not with us on {day}. Check the dates, or choose someone else.")


class SeatHeldAlready(Refusal):
    code = "licences.seat_held_already"
    says = N_("No seat was granted: {holder} has one of {pool} already.")


class SeatFreedAlready(Refusal):
    code = "licences.seat_freed_already"
    says = N_("Nothing was changed: this seat is free already. Reload and look.")


class HolderDoesNotFit(Refusal):
    code = "licences.holder_does_not_fit"
    status = 422
    says = N_("No seat was granted: {pool} counts {metric}. Choose a holder of that kind.")


class PoolNotValid(Refusal):
    code = "licences.pool_not_valid"
    says = N_("No seat was granted: {pool} is not valid on {day}. Renew it or choose another pool.")


class CapTooLow(Refusal):
    code = "licences.cap_too_low"
    says = N_(
        "Nothing was changed: {used} seats of {pool} are given or reserved. Free some first, or only flag."
    )


class MetricFixed(Refusal):
    code = "licences.metric_fixed"
    says = N_("Nothing was changed: seats of {pool} are given or reserved, so what it counts cannot change.")


class TitleTaken(Refusal):
    code = "licences.title_taken"
    says = N_("Nothing was changed: {name} is in the list already. Use that title.")
