"""Lists of devices: filtered, searched, paged, counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import contains_eager

from kitto.assets.models import Asset, Category, Custody, Model
from kitto.assets.queries.find import within_reach
from kitto.assets.queries.search import matches
from kitto.assets.rules import Condition, HolderKind, Ownership, State
from kitto.base.paging import Page, page
from kitto.base.work import Work

COUNT_UP_TO = 1000
Rows: TypeAlias = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class AssetFilter:
    """What a list shows. Empty means everything."""

    q: str = ""
    states: tuple[State, ...] = ()
    category: str = ""
    model_id: int | None = None
    department_id: int | None = None
    project_id: int | None = None
    location_id: int | None = None
    condition: Condition | None = None
    ownership: Ownership | None = None
    holder: tuple[HolderKind, int] | None = None
    overdue_on: date | None = None
    only: tuple[int, ...] | None = None


@dataclass(frozen=True)
class AssetLine:
    """One line of a list."""

    asset: Asset
    holder_kind: HolderKind | None
    holder_id: int | None
    holder_name: str | None
    due_on: date | None
    held_since: datetime | None


def listed(work: Work, chosen: AssetFilter, *, cursor: str | None = None, limit: int = 50) -> Page[AssetLine]:
    """A page of devices, newest first."""
    found = page(
        work,
        _lines(work, chosen),
        by=(Asset.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row[0].id,),
        cursor=cursor,
        limit=limit,
        descending=True,
        scalars=False,
    )
    return Page([_line(row) for row in found.items], found.next)


def every(work: Work, chosen: AssetFilter) -> Iterator[AssetLine]:
    """All devices of the filter, streamed, for exports."""
    statement = _lines(work, chosen).order_by(Asset.id)
    for row in work.session.execute(statement.execution_options(yield_per=500)):
        yield _line(row)


def count_of(work: Work, chosen: AssetFilter) -> tuple[int, bool]:
    """How many there are, counted up to COUNT_UP_TO; True if there are more."""
    inner = _narrowed(work, select(Asset.id), chosen).limit(COUNT_UP_TO + 1).subquery()
    number = work.session.scalar(select(func.count()).select_from(inner)) or 0
    return min(number, COUNT_UP_TO), number > COUNT_UP_TO


def listed_and_counted(
    work: Work, chosen: AssetFilter, *, cursor: str | None = None, limit: int = 50
) -> tuple[Page[AssetLine], tuple[int, bool]]:
    """Both. The first page of a search counts what it found, since looking for words is what costs."""
    if cursor or not chosen.q.strip():
        return listed(work, chosen, cursor=cursor, limit=limit), count_of(work, chosen)
    newest = _narrowed(work, select(Asset.id), chosen).order_by(Asset.id.desc()).limit(COUNT_UP_TO + 1)
    found = work.session.scalars(newest).all()
    shown = listed(work, AssetFilter(only=tuple(found[: limit + 1])), limit=limit)
    return shown, (min(len(found), COUNT_UP_TO), len(found) > COUNT_UP_TO)


def counts_by_state(work: Work) -> dict[State, int]:
    rows = work.session.execute(
        select(Asset.state, func.count()).where(within_reach(work)).group_by(Asset.state)
    )
    return {State(state): number for state, number in rows}


def _lines(work: Work, chosen: AssetFilter) -> Rows:
    statement = (
        select(
            Asset,
            Custody.holder_kind,
            Custody.holder_id,
            Custody.holder_name,
            Custody.due_on,
            Custody.started_at,
        )
        .join(Asset.model)
        .join(Model.category)
        .options(contains_eager(Asset.model).contains_eager(Model.category))
        .outerjoin(Custody, and_(Custody.asset_id == Asset.id, Custody.ended_at.is_(None)))
    )
    return _narrowed(work, statement, chosen)


def _narrowed(work: Work, statement: Rows, chosen: AssetFilter) -> Rows:
    for condition in _conditions(work, chosen):
        statement = statement.where(condition)
    return statement


def _conditions(work: Work, chosen: AssetFilter) -> Iterator[ColumnElement[bool]]:
    yield within_reach(work)
    simple = (
        (Asset.model_id, chosen.model_id),
        (Asset.department_id, chosen.department_id),
        (Asset.project_id, chosen.project_id),
        (Asset.location_id, chosen.location_id),
        (Asset.condition, chosen.condition),
        (Asset.ownership, chosen.ownership),
    )
    for column, value in simple:
        if value is not None:
            yield column == value
    if chosen.states:
        yield Asset.state.in_(chosen.states)
    if chosen.category:
        yield Asset.model_id.in_(select(Model.id).join(Category).where(Category.code == chosen.category))
    if chosen.holder is not None:
        kind, number = chosen.holder
        yield Asset.id.in_(
            select(Custody.asset_id).where(
                Custody.holder_kind == kind, Custody.holder_id == number, Custody.ended_at.is_(None)
            )
        )
    if chosen.overdue_on is not None:
        yield Asset.id.in_(
            select(Custody.asset_id).where(Custody.ended_at.is_(None), Custody.due_on < chosen.overdue_on)
        )
    if chosen.only is not None:
        yield Asset.id.in_(chosen.only)
    if chosen.q.strip():
        yield matches(work, chosen.q)


def _line(row: Any) -> AssetLine:
    return AssetLine(
        asset=row[0],
        holder_kind=row[1],
        holder_id=row[2],
        holder_name=row[3],
        due_on=row[4],
        held_since=row[5],
    )
