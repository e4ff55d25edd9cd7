"""Everything that reads lines and SIMs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, contains_eager, joinedload, lazyload

from kitto.assets.models import Asset
from kitto.assets.rules import State
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import USUAL, Page, page
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences.models import PhoneLine, Sim, SimPlacement
from kitto.licences.rules import LineState, SimState, digits_term
from kitto.people import queries as people
from kitto.people.rules import search_terms

BIGGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class LineFilter:
    """What a list of lines shows; empty fields do not limit. `q` also finds by ICCID and tag."""

    q: str = ""
    state: LineState | None = None


@dataclass(frozen=True, kw_only=True)
class SimFilter:
    """What a list of SIMs shows; empty fields do not limit. `q` also finds by number and tag."""

    q: str = ""
    state: SimState | None = None


@dataclass(frozen=True)
class Whole:
    """A line with its SIM and the device this is in; or a SIM with its line. Any may be missing."""

    line: PhoneLine | None
    sim: Sim | None
    asset: Asset | None


def line(work: Work, line_id: int, *, held: bool = False) -> PhoneLine:
    """One line; `held` keeps it until the work ends. Refuses NotFound."""
    work.allow(Permission.SEE)
    statement = select(PhoneLine).where(PhoneLine.id == _fitting(line_id))
    found = work.session.scalar(statement.with_for_update() if held else statement)
    if found is None:
        raise NotFound(thing=Words(N_("line")), key=line_id)
    return found


def line_by_number(work: Work, number: str) -> PhoneLine | None:
    """The line of this number (E.164) that has not ended."""
    work.allow(Permission.SEE)
    return work.session.scalar(
        select(PhoneLine).where(PhoneLine.number == number, PhoneLine.state != LineState.ENDED)
    )


def sim(work: Work, sim_id: int, *, held: bool = False) -> Sim:
    """One SIM with its line; `held` keeps it until the work ends. Refuses NotFound."""
    work.allow(Permission.SEE)
    statement = select(Sim).options(joinedload(Sim.line)).where(Sim.id == _fitting(sim_id))
    found = work.session.scalar(
        statement.with_for_update(of=Sim).execution_options(populate_existing=True) if held else statement
    )
    if found is None:
        raise NotFound(thing=Words(N_("SIM")), key=sim_id)
    return found


def sim_by_iccid(work: Work, iccid: str) -> Sim | None:
    """The SIM with these digits."""
    work.allow(Permission.SEE)
    return work.session.scalar(select(Sim).options(joinedload(Sim.line)).where(Sim.iccid == iccid))


def sim_of_line(work: Work, line_id: int) -> Sim | None:
    """The SIM that carries a line now."""
    work.allow(Permission.SEE)
    statement = select(Sim).options(joinedload(Sim.line))
    return work.session.scalar(statement.where(Sim.line_id == line_id, Sim.state != SimState.RETIRED))


def placement_of(work: Work, sim_id: int) -> SimPlacement | None:
    """Where a SIM is now, with the device."""
    work.allow(Permission.SEE)
    statement = select(SimPlacement).options(joinedload(SimPlacement.asset))
    return work.session.scalar(
        statement.where(SimPlacement.sim_id == sim_id, SimPlacement.ended_at.is_(None))
    )


def placements(work: Work, sim_id: int) -> Sequence[SimPlacement]:
    """Where a SIM has been, the newest first."""
    work.allow(Permission.SEE)
    statement = select(SimPlacement).options(joinedload(SimPlacement.asset))
    return work.session.scalars(
        statement.where(SimPlacement.sim_id == sim_id).order_by(SimPlacement.id.desc()).limit(200)
    ).all()


def sims_in(work: Work, asset_id: int) -> Sequence[SimPlacement]:
    """The SIMs in a device now, with their lines."""
    work.allow(Permission.SEE)
    return work.session.scalars(
        select(SimPlacement)
        .options(joinedload(SimPlacement.sim).joinedload(Sim.line))
        .where(SimPlacement.asset_id == asset_id, SimPlacement.ended_at.is_(None))
        .order_by(SimPlacement.id)
    ).all()


def lines(work: Work, wanted: LineFilter, *, cursor: str | None = None, limit: int = USUAL) -> Page[Whole]:
    """A page of lines by number, each with its present SIM and device."""
    work.allow(Permission.SEE)
    inside = aliased(SimPlacement)
    statement = (
        select(PhoneLine, Sim, Asset)
        .select_from(PhoneLine)
        .outerjoin(Sim, (Sim.line_id == PhoneLine.id) & (Sim.state != SimState.RETIRED))
        .outerjoin(inside, (inside.sim_id == Sim.id) & inside.ended_at.is_(None))
        .outerjoin(Asset, Asset.id == inside.asset_id)
    )
    statement = _matching(statement, wanted.q)
    if wanted.state is not None:
        statement = statement.where(PhoneLine.state == wanted.state)
    return _wholes(work, statement, (PhoneLine.number, PhoneLine.id), cursor, limit)


def sims(work: Work, wanted: SimFilter, *, cursor: str | None = None, limit: int = USUAL) -> Page[Whole]:
    """A page of SIMs by ICCID, each with its line and device."""
    work.allow(Permission.SEE)
    inside = aliased(SimPlacement)
    statement = (
        select(PhoneLine, Sim, Asset)
        .select_from(Sim)
        .options(contains_eager(Sim.line))
        .outerjoin(PhoneLine, Sim.line_id == PhoneLine.id)
        .outerjoin(inside, (inside.sim_id == Sim.id) & inside.ended_at.is_(None))
        .outerjoin(Asset, Asset.id == inside.asset_id)
    )
    statement = _matching(statement, wanted.q)
    if wanted.state is not None:
        statement = statement.where(Sim.state == wanted.state)
    return _wholes(work, statement, (Sim.iccid, Sim.id), cursor, limit)


def lines_of_missing_devices(work: Work) -> Sequence[Whole]:
    """Lines in service whose SIM is in a device that is missing: somebody else may be using them."""
    work.allow(Permission.SEE)
    rows = work.session.execute(
        select(PhoneLine, Sim, Asset)
        .select_from(PhoneLine)
        .join(Sim, Sim.line_id == PhoneLine.id)
        .join(SimPlacement, (SimPlacement.sim_id == Sim.id) & SimPlacement.ended_at.is_(None))
        .join(Asset, Asset.id == SimPlacement.asset_id)
        .where(PhoneLine.state == LineState.ACTIVE, Asset.state == State.MISSING)
        .order_by(PhoneLine.number)
        .limit(100)
    )
    return [Whole(*row) for row in rows]


def lines_ending(work: Work, until: date) -> Sequence[PhoneLine]:
    """Lines whose contract ends from today to `until`, the first first."""
    work.allow(Permission.SEE)
    return work.session.scalars(
        select(PhoneLine)
        .where(
            PhoneLine.state != LineState.ENDED,
            PhoneLine.ends_on >= people.today(work),
            PhoneLine.ends_on <= until,
        )
        .order_by(PhoneLine.ends_on, PhoneLine.id)
        .limit(100)
    ).all()


def _matching(statement: Any, q: str) -> Any:
    for term in search_terms(" ".join(digits_term(word) for word in q.split())):
        statement = statement.where(
            or_(
                PhoneLine.search.contains(term, autoescape=True),
                Sim.iccid.contains(term, autoescape=True),
                Asset.tag.icontains(term, autoescape=True),
            )
        )
    return statement


def _wholes(
    work: Work,
    statement: Select[Any],
    by: tuple[InstrumentedAttribute[str], InstrumentedAttribute[int]],
    cursor: str | None,
    limit: int,
) -> Page[Whole]:
    columns: tuple[ColumnElement[str], ColumnElement[int]] = (by[0].expression, by[1].expression)
    place = 0 if by[0].class_ is PhoneLine else 1
    found = page(
        work,
        # a device's model is joined strictly, which would drop what is in no device
        statement.options(lazyload(Asset.model), lazyload(Asset.location)),
        by=columns,
        key=lambda row: (getattr(row[place], by[0].key), row[place].id),
        cursor=cursor,
        limit=limit,
        scalars=False,
    )
    return Page([Whole(*row) for row in found.items], found.next)


def _fitting(number: int) -> int:
    return number if 0 < number <= BIGGEST else 0
