"""Everything that reads licences: positions, pools, seats."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from kitto.assets.rules import HolderKind
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import USUAL, Page, page
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences.models import Pool, Seat, SeatReservation, SoftwareTitle
from kitto.licences.rules import Metric, Policy, name_key
from kitto.people import queries as people
from kitto.people.rules import search_terms

BIGGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class PoolFilter:
    """What a list of pools shows; empty fields do not limit."""

    q: str = ""
    metric: Metric | None = None
    short: bool = False
    valid: bool = False


def pool(work: Work, pool_id: int) -> Pool:
    """One pool with its title. Refuses NotFound."""
    work.allow(Permission.SEE)
    wanted = pool_id if 0 < pool_id <= BIGGEST else 0
    found = work.session.scalar(select(Pool).options(joinedload(Pool.title)).where(Pool.id == wanted))
    if found is None:
        raise NotFound(thing=Words(N_("licence pool")), key=pool_id)
    return found


def pools(work: Work, wanted: PoolFilter, *, cursor: str | None = None, limit: int = USUAL) -> Page[Pool]:
    """A page of pools by title and name."""
    work.allow(Permission.SEE)
    statement = select(Pool).options(joinedload(Pool.title))
    statement = statement.where(*(Pool.search.contains(t, autoescape=True) for t in search_terms(wanted.q)))
    if wanted.metric is not None:
        statement = statement.where(Pool.metric == wanted.metric)
    if wanted.short:
        statement = statement.where(Pool.policy != Policy.COUNT, Pool.used + Pool.reserved >= Pool.cap)
    if wanted.valid:
        day = people.today(work)
        statement = statement.where(
            or_(Pool.starts_on.is_(None), Pool.starts_on <= day),
            or_(Pool.ends_on.is_(None), Pool.ends_on >= day),
        )
    return page(
        work,
        statement,
        by=(Pool.sort_key.expression, Pool.id.expression),
        key=lambda row: (row.sort_key, row.id),
        cursor=cursor,
        limit=limit,
    )


def pool_choices(work: Work, metric: Metric | None = None) -> Sequence[Pool]:
    """Pools that are valid today, by title, for a choice in a form."""
    return pools(work, PoolFilter(metric=metric, valid=True), limit=1000).items


def over_cap(work: Work) -> Sequence[Pool]:
    """Pools with more seats given and reserved than owned."""
    work.allow(Permission.SEE)
    statement = select(Pool).options(joinedload(Pool.title))
    statement = statement.where(Pool.policy != Policy.COUNT, Pool.used + Pool.reserved > Pool.cap)
    return work.session.scalars(statement.order_by(Pool.sort_key, Pool.id)).all()


def ending(work: Work, until: date) -> Sequence[Pool]:
    """Pools whose term ends from today to `until`, the first first."""
    work.allow(Permission.SEE)
    statement = select(Pool).options(joinedload(Pool.title))
    statement = statement.where(Pool.ends_on >= people.today(work), Pool.ends_on <= until)
    return work.session.scalars(statement.order_by(Pool.ends_on, Pool.id)).all()


def titles(work: Work) -> Sequence[SoftwareTitle]:
    """All titles by name."""
    work.allow(Permission.SEE)
    return work.session.scalars(select(SoftwareTitle).order_by(SoftwareTitle.name_key)).all()


def title(work: Work, title_id: int) -> SoftwareTitle:
    """One title. Refuses NotFound."""
    work.allow(Permission.SEE)
    found = work.session.get(SoftwareTitle, title_id if 0 < title_id <= BIGGEST else 0)
    if found is None:
        raise NotFound(thing=Words(N_("software title")), key=title_id)
    return found


def title_by_name(work: Work, name: str) -> SoftwareTitle | None:
    """The title with this name, however it was typed."""
    work.allow(Permission.SEE)
    return work.session.scalar(select(SoftwareTitle).where(SoftwareTitle.name_key == name_key(name)))


def seats(
    work: Work, pool_id: int, *, freed: bool = False, cursor: str | None = None, limit: int = USUAL
) -> Page[Seat]:
    """A page of a pool's seats, the newest first: the given ones, or with `freed` all ever given."""
    work.allow(Permission.SEE)
    statement = select(Seat).where(Seat.pool_id == pool_id)
    if not freed:
        statement = statement.where(Seat.freed_at.is_(None))
    return page(
        work,
        statement,
        by=(Seat.id.expression,),
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def seat(work: Work, seat_id: int) -> Seat:
    """One seat with its pool. Refuses NotFound."""
    work.allow(Permission.SEE)
    wanted = seat_id if 0 < seat_id <= BIGGEST else 0
    statement = select(Seat).options(joinedload(Seat.pool).joinedload(Pool.title))
    found = work.session.scalar(statement.where(Seat.id == wanted))
    if found is None:
        raise NotFound(thing=Words(N_("seat")), key=seat_id)
    return found


def seats_of(work: Work, kind: HolderKind, holder_ids: Sequence[int]) -> Sequence[Seat]:
    """The seats given to these holders now, with their pools."""
    work.allow(Permission.SEE)
    if not holder_ids:
        return []
    return work.session.scalars(
        select(Seat)
        .options(joinedload(Seat.pool).joinedload(Pool.title))
        .where(Seat.freed_at.is_(None), Seat.holder_kind == kind, Seat.holder_id.in_(holder_ids))
        .order_by(Seat.pool_id, Seat.id)
    ).all()


def pools_of_titles(work: Work, names: Sequence[str], metric: Metric) -> Sequence[Pool]:
    """The pools of these titles that are valid today, held until the work ends.

    Everybody takes them by number, so that nobody waits for somebody who waits.
    """
    work.allow(Permission.SEE)
    day = people.today(work)
    found = work.session.scalars(
        select(Pool)
        .join(SoftwareTitle)
        .options(joinedload(Pool.title))
        .where(
            SoftwareTitle.name_key.in_({name_key(name) for name in names}),
            Pool.metric == metric,
            or_(Pool.starts_on.is_(None), Pool.starts_on <= day),
            or_(Pool.ends_on.is_(None), Pool.ends_on >= day),
        )
        .order_by(Pool.id)
        .with_for_update(of=Pool)
        .execution_options(populate_existing=True)
    )
    return found.all()


def pools_of_title(work: Work, name: str, metric: Metric) -> Sequence[Pool]:
    """The pools of this title, whether valid or not, newest first."""
    work.allow(Permission.SEE)
    statement = select(Pool).join(SoftwareTitle).where(SoftwareTitle.name_key == name_key(name))
    return work.session.scalars(statement.where(Pool.metric == metric).order_by(Pool.id.desc())).all()


def reservations(work: Work, for_kind: str, for_ids: Sequence[int]) -> Sequence[SeatReservation]:
    """What is reserved for these, with the pools."""
    work.allow(Permission.SEE)
    if not for_ids:
        return []
    return work.session.scalars(
        select(SeatReservation)
        .options(joinedload(SeatReservation.pool).joinedload(Pool.title))
        .where(SeatReservation.for_kind == for_kind, SeatReservation.for_id.in_(for_ids))
        .order_by(SeatReservation.pool_id, SeatReservation.id)
    ).all()


def reserved_in(work: Work, pool_id: int, for_kind: str) -> Sequence[int]:
    """For which of this kind seats of a pool are reserved."""
    work.allow(Permission.SEE)
    statement = select(SeatReservation.for_id)
    return work.session.scalars(
        statement.where(SeatReservation.pool_id == pool_id, SeatReservation.for_kind == for_kind)
    ).all()
