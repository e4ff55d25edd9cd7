"""Seats for a device: those reserved for its kit become its own; made sure of by the step, given back."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from kitto.assets.queries import Holder
from kitto.assets.rules import HolderKind
from kitto.base.errors import Refusal
from kitto.base.i18n import N_, Told
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting.actions.chain import prove
from kitto.kitting.actions.manage import UNDOES
from kitto.kitting.models import Kit, KitEvidence, KitStep
from kitto.kitting.queries.seats import KEPT_FOR
from kitto.kitting.rules.states import WaitFor
from kitto.kitting.rules.verdicts import Done, Verdict, Waits
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.models import SeatReservation
from kitto.licences.rules import Metric, name_key

SEAT_TAKEN = "seat_taken"
"""Kind of the evidence that a seat was taken for the kit's device."""
SHORT = N_("There is no free seat of {titles}. Free one or buy more; the kit goes on by itself.")


def licence(work: Work, kit: Kit, step: KitStep) -> Verdict:
    """Done when the device has a seat of every title: those of the step, else those of the profile."""
    titles = list(step.with_.get("titles", ())) or list(kit.profile.definition.get("licences", ()))
    lacking = reserve(work, kit, titles)
    if lacking:
        return Waits(
            WaitFor.LICENCE, reason=Told(SHORT, {"titles": ", ".join(lacking)}, code="licence_short")
        )
    return Done("seats", {"titles": titles})


def reserve(work: Work, kit: Kit, titles: Iterable[str]) -> list[str]:
    """A seat of each title for the kit's device, one that is reserved for it first. Idempotent.

    Returns the titles of which there is none. A part of choosing the device and of the step.
    """
    held = {
        name_key(seat.pool.title.name) for seat in positions.seats_of(work, HolderKind.ASSET, [kit.device])
    }
    kept = {name_key(one.pool.title.name): one for one in positions.reservations(work, KEPT_FOR, [kit.id])}
    lacking = []
    for title in titles:
        mine = kept.get(name_key(title))
        if name_key(title) in held:
            licences.give_reservations_back(work, [mine] if mine else [])
        elif not (mine and _take_up(work, kit, title, mine)) and not _take(work, kit, title):
            lacking.append(title)
    return lacking


def give_titles_back(work: Work, kit: Kit, titles: Iterable[str]) -> None:
    """Seats of these titles, reserved for the kit or taken by it, are free. A part of lifting its order."""
    gone = {name_key(title) for title in titles}
    kept = [
        one
        for one in positions.reservations(work, KEPT_FOR, [kit.id])
        if name_key(one.pool.title.name) in gone
    ]
    licences.give_reservations_back(work, kept)
    licences.give_seats_back(
        work, [row.data["seat"] for row in _taken(work, kit) if name_key(row.data["title"]) in gone]
    )


def _take_up(work: Work, kit: Kit, title: str, mine: SeatReservation) -> bool:
    try:
        seat = licences.take_up(work, mine, Holder(HolderKind.ASSET, kit.device, kit.tag))
    except Refusal:
        # The term of its pool is over: another pool may have one.
        licences.give_reservations_back(work, [mine])
        return False
    prove(work, kit, None, SEAT_TAKEN, {"seat": seat.id, "title": title, "pool": mine.pool.label})
    return True


def _take(work: Work, kit: Kit, title: str) -> bool:
    if not work.actor.may(Permission.GRANT_SEATS):
        return False
    holder = Holder(HolderKind.ASSET, kit.device, kit.tag)
    for pool in positions.pool_choices(work, Metric.DEVICE):
        if name_key(pool.title.name) != name_key(title):
            continue
        try:
            seat = licences.grant_seat(work, pool.id, holder)
        except Refusal:
            continue
        prove(work, kit, None, SEAT_TAKEN, {"seat": seat.id, "title": title, "pool": pool.label})
        return True
    return False


def _give_back(work: Work, kit: Kit) -> None:
    """Free the seats that this kit took, and no others."""
    licences.give_seats_back(work, [row.data["seat"] for row in _taken(work, kit)])


def _taken(work: Work, kit: Kit) -> Sequence[KitEvidence]:
    statement = select(KitEvidence).where(KitEvidence.kit_id == kit.id, KitEvidence.kind == SEAT_TAKEN)
    return work.session.scalars(statement).all()


UNDOES.append(_give_back)
