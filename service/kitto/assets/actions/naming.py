"""Giving devices their numbers and names; used by the actions, not by the doors."""

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kitto.assets.models import Asset, AssetText, Category, Identifier, TagCounter
from kitto.assets.queries import custody_of
from kitto.assets.queries.search import folded
from kitto.assets.rules import (
    AssetTag,
    EidWrong,
    IdentifierKind,
    ImeisKnown,
    ImeiWrong,
    SerialIsPlaceholder,
    eid_is_valid,
    imei_is_valid,
    is_placeholder_serial,
    normalised,
)
from kitto.assets.rules.names import MOST_IMEIS
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.work import Work


class IdentifierTaken(Refusal):
    code = "assets.identifier_taken"
    says = N_("Nothing was changed: {identifier} already belongs to {tag}. Look there first.")


def allocate_tag(work: Work, category: Category) -> AssetTag:
    """The next tag of a category, from a counter raised in this very transaction: no gaps by races."""
    insert = sqlite.insert if _is_sqlite(work) else postgresql.insert
    work.session.execute(
        insert(TagCounter).values(prefix=category.tag_prefix, last=0).on_conflict_do_nothing()
    )
    number = work.session.scalar(
        update(TagCounter)
        .where(TagCounter.prefix == category.tag_prefix)
        .values(last=TagCounter.last + 1)
        .returning(TagCounter.last)
    )
    return AssetTag.number(category.tag_prefix, int(number or 0), category.tag_width)


def name(work: Work, asset: Asset, kind: IdentifierKind, raw: str) -> Identifier:
    """Let a device be known by an identifier.

    Refuses junk serials, wrong IMEIs and EIDs, a third IMEI, and what another device is known by.
    """
    norm = normalised(raw)
    _check(kind, raw)
    owner = work.session.scalar(
        select(Asset)
        .join(Identifier, Identifier.asset_id == Asset.id)
        .where(Identifier.kind == kind, Identifier.norm == norm, Identifier.ended_at.is_(None))
    )
    if owner is not None:
        raise IdentifierTaken(identifier=raw[:64], tag=owner.name)
    if kind is IdentifierKind.IMEI and _count(work, asset, kind) >= MOST_IMEIS:
        raise ImeisKnown(tag=asset.name, most=MOST_IMEIS)
    return work.add(
        Identifier(asset_id=asset.id, kind=kind, raw=raw.strip(), norm=norm, since=work.now, ended_at=None)
    )


def _check(kind: IdentifierKind, raw: str) -> None:
    if kind is IdentifierKind.SERIAL and is_placeholder_serial(raw):
        raise SerialIsPlaceholder(serial=raw[:64])
    if kind is IdentifierKind.IMEI and not imei_is_valid(raw):
        raise ImeiWrong(imei=raw[:64])
    if kind is IdentifierKind.EID and not eid_is_valid(raw):
        raise EidWrong(eid=raw[:64])


def _count(work: Work, asset: Asset, kind: IdentifierKind) -> int:
    statement = select(func.count()).where(
        Identifier.asset_id == asset.id, Identifier.kind == kind, Identifier.ended_at.is_(None)
    )
    return work.session.scalar(statement) or 0


def index_text(work: Work, asset: Asset) -> None:
    """Renew the text that the search looks through."""
    known = work.session.scalars(
        select(Identifier.raw).where(Identifier.asset_id == asset.id, Identifier.ended_at.is_(None))
    )
    custody = custody_of(work, asset.id)
    parts = [
        asset.tag or "",
        asset.model.maker,
        asset.model.name,
        asset.model.number,
        asset.hostname or "",
        asset.order_no,
        custody.holder_name if custody else "",
        asset.note,
        *known,
    ]
    found = folded(" ".join(part for part in parts if part))[:4000]
    row = work.session.get(AssetText, asset.id)
    if row is None:
        work.session.add(AssetText(asset_id=asset.id, text=found))
    elif row.text != found:
        row.text = found


def _is_sqlite(work: Work) -> bool:
    return work.session.get_bind().dialect.name == "sqlite"
