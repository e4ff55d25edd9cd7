"""The devices as Ansible hosts: filtered here, read as plain columns, without any secret."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from kitto.assets.models import Asset, Category, Endpoint, Location, Model
from kitto.assets.queries.find import within_reach
from kitto.assets.rules import State
from kitto.base.ids import digest
from kitto.base.journal import JournalHead
from kitto.base.paging import Page, page
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitProfileVersion
from kitto.kitting.rules.states import KitState
from kitto.people.models import Department, Project

_COLUMNS: Final = {
    "tag": Asset.tag,
    "state": Asset.state,
    "category": Category.code,
    "maker": Model.maker,
    "model": Model.name,
    "serial": Asset.serial,
    "hostname": Asset.hostname,
    "department": Department.code,
    "department_name": Department.name,
    "project": Project.code,
    "project_name": Project.name,
    "site": Location.code,
    "site_name": Location.name,
    "profile": KitProfileVersion.name,
    "profile_version": KitProfileVersion.number,
    "platform": KitProfileVersion.definition["platform"].as_string(),
}
_KITTED: Final = aliased(Kit, name="kitted")
# How Ansible talks to each kind of endpoint; a device is listed by the first one it has.
_WAYS: Final[Mapping[str, str]] = {"ssh": "ssh", "psrp": "psrp", "winrm": "winrm"}


@dataclass(frozen=True)
class InventoryFilter:
    """Which devices an inventory lists. Empty means all that have a tag."""

    state: tuple[State, ...] = ()
    category: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    tag_prefix: str = ""
    needs_rekit: bool | None = None


class Host(msgspec.Struct):
    """A device as a host: its name, and variables that are no secret."""

    name: str
    vars: dict[str, Any]


def hosts(work: Work, chosen: InventoryFilter, *, cursor: str | None, limit: int) -> Page[Host]:
    """A page of hosts in the order of the ledger; the same ledger gives the same bytes."""
    found = page(
        work,
        _statement(work, chosen),
        by=(Asset.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row[0],),
        cursor=cursor,
        limit=limit,
        scalars=False,
    )
    reached = _reached(work, [row[0] for row in found.items])
    return Page([_host(row, reached.get(row[0])) for row in found.items], found.next)


def mark(work: Work, chosen: InventoryFilter, cursor: str | None, limit: int) -> tuple[str, int]:
    """What was asked by whom, and how far the journal is: the same pair means the same answer."""
    reach = work.actor.scopes_of("see")
    narrowed = work.actor.settings.get("inventory")
    asked = [sorted(reach) if reach is not None else None, narrowed, cursor, limit]
    asked += [getattr(chosen, item.name) for item in fields(chosen)]
    seq = work.session.scalar(select(JournalHead.seq)) or 0
    return digest(msgspec.json.encode(asked, order="deterministic").decode()), seq


def _statement(work: Work, chosen: InventoryFilter) -> Select[*tuple[Any, ...]]:
    last = (
        select(func.max(Kit.id).label("id"))
        .where(Kit.state.in_((KitState.READY, KitState.HANDED_OVER)))
        .group_by(Kit.asset_id)
        .subquery("last")
    )
    statement = (
        select(Asset.id, _is_behind().label("behind"), *(c.label(n) for n, c in _COLUMNS.items()))
        .join(Model, Model.id == Asset.model_id)
        .join(Category, Category.id == Model.category_id)
        .outerjoin(Department, Department.id == Asset.department_id)
        .outerjoin(Project, Project.id == Asset.project_id)
        .outerjoin(Location, Location.id == Asset.location_id)
        .outerjoin(_KITTED, and_(_KITTED.asset_id == Asset.id, _KITTED.id.in_(select(last.c.id))))
        .outerjoin(KitProfileVersion, KitProfileVersion.id == _KITTED.profile_id)
        .where(Asset.tag.is_not(None), within_reach(work))
    )
    for condition in _conditions(chosen):
        statement = statement.where(condition)
    return statement


def _is_behind() -> ColumnElement[bool]:
    newer = aliased(KitProfileVersion)
    return (
        select(func.max(newer.number)).where(newer.name == KitProfileVersion.name).scalar_subquery()
        > KitProfileVersion.number
    )


def _conditions(chosen: InventoryFilter) -> Iterator[ColumnElement[bool]]:
    if chosen.state:
        yield Asset.state.in_(chosen.state)
    for name in ("category", "site", "project", "department", "platform", "profile"):
        wanted: Sequence[str] = getattr(chosen, name)
        if wanted:
            yield _COLUMNS[name].in_(wanted)
    if chosen.tag_prefix:
        yield Asset.tag.startswith(chosen.tag_prefix, autoescape=True)
    if chosen.needs_rekit is not None:
        yield func.coalesce(_is_behind(), False).is_(chosen.needs_rekit)


def _reached(work: Work, ids: Sequence[int]) -> dict[int, Any]:
    if not ids:
        return {}
    # The page lies between its first and its last number, which spares a long list of them.
    rows = work.session.execute(
        select(
            Endpoint.asset_id,
            Endpoint.kind,
            Endpoint.address,
            Endpoint.port,
            Endpoint.account,
            Endpoint.host_key,
        ).where(Endpoint.asset_id.between(ids[0], ids[-1]), Endpoint.kind.in_(_WAYS))
    ).all()
    order = {kind: place for place, kind in enumerate(_WAYS)}
    return {row.asset_id: row for row in sorted(rows, key=lambda row: -order[row.kind])}


def _host(row: Any, endpoint: Any) -> Host:
    values = {f"kitto_{name}": value for name, value in row._mapping.items() if name in _COLUMNS}  # noqa: SLF001 -- the public name of it
    found = {name: value for name, value in values.items() if value is not None}
    found["kitto_needs_rekit"] = bool(row.behind)
    if endpoint is not None:
        found |= {
            "ansible_host": endpoint.address,
            "ansible_port": endpoint.port,
            "ansible_connection": _WAYS[endpoint.kind],
        }
        if endpoint.account:
            found["ansible_user"] = endpoint.account
        if endpoint.host_key:
            found["kitto_host_key"] = endpoint.host_key
    return Host(row.tag, found)
