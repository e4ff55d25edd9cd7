"""Who can answer for a device, and what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from kitto.assets.models import Asset, Custody
from kitto.assets.queries.find import by_id, within_reach
from kitto.assets.rules import HolderKind
from kitto.base.work import Work
from kitto.people import queries as people


@dataclass(frozen=True)
class Holder:
    """A person, project, department or device that can answer for a device, and from when to when."""

    kind: HolderKind
    id: int
    name: str
    since: date | None = None
    until: date | None = None

    def active_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def find_holder(work: Work, kind: HolderKind, holder_id: int) -> Holder:
    """Look a holder up. Refuses with not_found."""
    if kind is HolderKind.PERSON:
        person = people.person(work, holder_id)
        return Holder(kind, person.id, person.name, person.joins_on, person.leaves_on)
    if kind is HolderKind.PROJECT:
        project = people.project(work, holder_id)
        return Holder(kind, project.id, project.name, project.starts_on, project.ends_on)
    if kind is HolderKind.DEPARTMENT:
        department = people.department(work, holder_id)
        return Holder(kind, department.id, department.name, department.valid_from, department.valid_to)
    asset = by_id(work, holder_id)
    return Holder(kind, asset.id, asset.name)


def held_by(work: Work, kind: HolderKind, holder_id: int) -> Sequence[tuple[Asset, Custody]]:
    """The devices someone answers for now, oldest custody first."""
    rows = work.session.execute(
        select(Asset, Custody)
        .join(Custody, Custody.asset_id == Asset.id)
        .where(
            Custody.holder_kind == kind,
            Custody.holder_id == holder_id,
            Custody.ended_at.is_(None),
            within_reach(work),
        )
        .order_by(Custody.started_at)
    )
    return [(asset, custody) for asset, custody in rows]
