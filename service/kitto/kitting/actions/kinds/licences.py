"""Seats for a device: taken when it is chosen, made sure of by the step, given back on cancelling."""

from collections.abc import Iterable

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
from kitto.kitting.rules.states import WaitFor
from kitto.kitting.rules.verdicts import Done, Verdict, Waits
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.models import Seat
from kitto.licences.rules import Metric, name_key

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
    """Take a seat of each title for the kit's device; returns the titles of which there is none. Idempotent.

    A part of choosing the device and of the step, which have asked.
    """
    held = {
        name_key(seat.pool.title.name) for seat in positions.seats_of(work, HolderKind.ASSET, [kit.device])
    }
    return [title for title in titles if name_key(title) not in held and not _take(work, kit, title)]


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
        prove(work, kit, None, "seat_taken", {"seat": seat.id, "title": title, "pool": pool.label})
        return True
    return False


def _give_back(work: Work, kit: Kit) -> None:
    """Free the seats that this kit took, and no others."""
    rows = work.session.scalars(
        select(KitEvidence).where(KitEvidence.kit_id == kit.id, KitEvidence.kind == "seat_taken")
    ).all()
    for row in rows:
        seat = work.session.get(Seat, row.data["seat"])
        if seat is not None and seat.freed_at is None and work.actor.may(Permission.GRANT_SEATS):
            licences.free_seat(work, seat.id)


UNDOES.append(_give_back)
