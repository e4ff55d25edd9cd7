"""Host names: reserved when a kit is ordered or begun, given back when it is cancelled, never given twice."""

from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kitto.base.work import Work
from kitto.kitting.models import Kit, KitHostname
from kitto.kitting.rules.refusals import NamesUsedUp

MOST: Final = 100_000


def reserve_name(work: Work, kit: Kit) -> None:
    """Reserve the next free name of the profile's pattern. A part of ordering and starting, which have asked.

    Whoever reserves the same name at the same moment waits for us, then finds it taken and goes on. Refuses
    names_used_up.
    """
    pattern = kit.profile.definition.get("hostname", "")
    if not pattern:
        return
    begins = pattern.partition("{")[0].lower()
    taken = set(
        work.session.scalars(
            select(KitHostname.name).where(KitHostname.name.startswith(begins, autoescape=True))
        )
    )
    for number in range(1, MOST):
        name = pattern.format(n=number).lower()
        if name not in taken and _take(work, kit, name):
            kit.hostname = name
            return
    raise NamesUsedUp(pattern=pattern)


def _take(work: Work, kit: Kit, name: str) -> bool:
    insert = postgresql.insert if work.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    given = {"name": name, "kit_id": kit.id, "reserved_at": work.now}
    statement = insert(KitHostname).values(given).on_conflict_do_nothing().returning(KitHostname.id)
    return work.session.scalar(statement) is not None


def give_name_back(work: Work, kit: Kit) -> None:
    """The kit needs its name no longer. Idempotent; a part of cancelling, which has asked."""
    work.session.execute(delete(KitHostname).where(KitHostname.kit_id == kit.id))
    kit.hostname = ""


def hand_name_on(work: Work, before: Kit, kit: Kit) -> None:
    """A device that is kitted again keeps its name. A part of choosing the device, which has asked."""
    if not before.hostname or before.profile.definition["hostname"] != kit.profile.definition.get("hostname"):
        return
    give_name_back(work, kit)
    work.session.execute(update(KitHostname).where(KitHostname.kit_id == before.id).values(kit_id=kit.id))
    kit.hostname, before.hostname = before.hostname, ""
