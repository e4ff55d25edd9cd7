"""Seats of an order's kits: reserved when it is made, one for each; given back when they come to nothing."""

from collections.abc import Sequence

from kitto.base.work import Work
from kitto.kitting.models import Kit, KitOrder
from kitto.kitting.queries.seats import KEPT_FOR, titles_of
from kitto.licences import actions as licences
from kitto.licences import queries as positions


def reserve_seats(work: Work, asked: KitOrder, kits: Sequence[Kit]) -> None:
    """Reserve a seat of each title that these kits will want. A part of ordering, which has asked.

    Refuses seats_short, and no_pool_valid for a title of which nothing can be given today.
    """
    reserve_titles(work, asked, kits, titles_of(asked.profile.definition))


def reserve_titles(work: Work, asked: KitOrder, kits: Sequence[Kit], titles: Sequence[str]) -> None:
    """The same for these titles only. A part of ordering and lifting, which have asked."""
    ids = [kit.id for kit in kits]
    licences.reserve_seats(work, titles, for_kind=KEPT_FOR, for_ids=ids, cause=("kit_order", asked.id))


def give_seats_back(work: Work, kit: Kit) -> None:
    """What is still reserved for the kit is free again. Idempotent; a part of its end, which has asked."""
    licences.give_reservations_back(work, positions.reservations(work, KEPT_FOR, [kit.id]))
