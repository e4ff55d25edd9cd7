"""Finding one device: by number, tag, identifier or scan."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from kitto.assets.models import Asset, Category, Custody, Endpoint, Identifier, Model, Observed
from kitto.assets.rules import AssetTag, IdentifierKind, Scan, TagUnreadable, normalised, read_scan
from kitto.base.errors import NotFound, Refusal
from kitto.base.i18n import N_, Words
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.identity.rules import Permission

DEVICE = Words(N_("device"))


class ScanUnknown(Refusal):
    code = "assets.scan_unknown"
    status = 404
    says = N_("“{text}” belongs to no device in the ledger. Search for it, or receive it as a new one.")


class ScanForeign(Refusal):
    code = "assets.scan_foreign"
    status = 404
    says = N_("This code leads to {host}, which is not ours, and names no device. Nothing was opened.")


def within_reach(work: Work) -> ColumnElement[bool]:
    """The rows that the actor's rights let them see; a token may be confined to some devices further."""
    return and_(*_narrowed(work), _in_scope(work))


def _narrowed(work: Work) -> Iterator[ColumnElement[bool]]:
    only = work.actor.settings.get("inventory") or {}
    if only.get("tag_prefix"):
        yield Asset.tag.startswith(only["tag_prefix"], autoescape=True)
    if only.get("categories"):
        of_these = select(Model.id).join(Category).where(Category.code.in_(only["categories"]))
        yield Asset.model_id.in_(of_these)


def _in_scope(work: Work) -> ColumnElement[bool]:
    scopes = work.actor.scopes_of(Permission.SEE)
    if scopes is None:
        return true()
    columns = {
        "department": Asset.department_id,
        "project": Asset.project_id,
        "site": Asset.location_id,
    }
    parts = [columns[kind] == int(number) for kind, number in scopes if kind in columns]
    return or_(*parts) if parts else ~true()


def _one(work: Work, statement: Select[Asset], key: str) -> Asset:
    found = work.session.scalar(statement.where(within_reach(work)))
    if found is None:
        raise NotFound(thing=DEVICE, key=key[:64])
    return found


def by_id(work: Work, asset_id: int) -> Asset:
    """The device with this number, if the actor may see it. Refuses with not_found."""
    return _one(work, select(Asset).where(Asset.id == asset_id), str(asset_id))


def by_tag(work: Work, tag: str) -> Asset:
    """The device with this tag, hyphens or not, full width or not. Refuses with not_found."""
    return _one(work, select(Asset).where(Asset.tag == _canonical(tag)), tag)


def locked(work: Work, tag: str) -> Asset:
    """The same, held until the work ends, so that two people cannot change it at once."""
    statement = select(Asset).where(Asset.tag == _canonical(tag)).with_for_update(of=Asset)
    return _one(work, statement, tag)


def locked_by_id(work: Work, asset_id: int) -> Asset:
    """The device with this number, held until the work ends."""
    return _one(work, select(Asset).where(Asset.id == asset_id).with_for_update(of=Asset), str(asset_id))


def _canonical(text: str) -> str:
    try:
        return str(AssetTag.parse(normalised(text)))
    except TagUnreadable as wrong:
        raise NotFound(thing=DEVICE, key=text[:64]) from wrong


def known_by(work: Work, kind: IdentifierKind, value: str) -> Asset | None:
    """The live device known by this identifier, or None."""
    return work.session.scalar(
        select(Asset)
        .join(Identifier, Identifier.asset_id == Asset.id)
        .where(
            Identifier.kind == kind,
            Identifier.norm == normalised(value),
            Identifier.ended_at.is_(None),
            within_reach(work),
        )
    )


def resolve_scan(work: Work, raw: str) -> Asset:
    """The device that a scan means: its tag, a former tag, serial, IMEI or other identifier.

    Refuses with scan_unreadable, scan_unknown, or scan_foreign for a link to a host not ours.
    """
    scan = read_scan(raw)
    for tag in scan.tags:
        found = work.session.scalar(select(Asset).where(Asset.tag == str(tag), within_reach(work)))
        if found is not None:
            return found
    found = _by_identifier(work, scan)
    if found is not None:
        return found
    if scan.host is not None and not _ours(scan.host):
        raise ScanForeign(host=scan.host[:64])
    raise ScanUnknown(text=scan.text[:64])


def _by_identifier(work: Work, scan: Scan) -> Asset | None:
    norms = [scan.norm, *(tag.compact for tag in scan.tags)]
    rows = work.session.execute(
        select(Asset, Identifier.ended_at)
        .join(Identifier, Identifier.asset_id == Asset.id)
        .where(Identifier.norm.in_(norms), within_reach(work))
        .limit(20)
    ).all()
    live = [asset for asset, ended in rows if ended is None]
    return live[0] if live else (rows[0][0] if rows else None)


def _ours(host: str) -> bool:
    own = settings()
    former = [name.strip().lower() for name in own.former_label_hosts.split(",") if name.strip()]
    public = own.public_url().partition("://")[2].split(":")[0].lower()
    return host in {own.label_host.lower(), public, *former}


def custody_of(work: Work, asset_id: int) -> Custody | None:
    """The open custody, or None."""
    return work.session.scalar(
        select(Custody).where(Custody.asset_id == asset_id, Custody.ended_at.is_(None))
    )


def history_of_custody(work: Work, asset_id: int) -> Sequence[Custody]:
    return work.session.scalars(
        select(Custody).where(Custody.asset_id == asset_id).order_by(Custody.started_at.desc())
    ).all()


def identifiers_of(work: Work, asset_id: int) -> Sequence[Identifier]:
    """Live ones first, then ended ones."""
    return work.session.scalars(
        select(Identifier)
        .where(Identifier.asset_id == asset_id)
        .order_by(Identifier.ended_at.is_not(None), Identifier.id)
    ).all()


def endpoint(work: Work, asset_id: int, kind: str) -> Endpoint | None:
    return work.session.scalar(select(Endpoint).where(Endpoint.asset_id == asset_id, Endpoint.kind == kind))


def endpoints(work: Work, asset_id: int) -> Sequence[Endpoint]:
    """All ways to reach a device, by kind."""
    return work.session.scalars(
        select(Endpoint).where(Endpoint.asset_id == asset_id).order_by(Endpoint.kind)
    ).all()


def observed(work: Work, asset_id: int) -> Sequence[Observed]:
    """What the device and those who looked at it said last, newest first."""
    return work.session.scalars(
        select(Observed).where(Observed.asset_id == asset_id).order_by(Observed.at.desc())
    ).all()


def seen_by(work: Work, asset_id: int, source: str) -> Observed | None:
    return work.session.get(Observed, (asset_id, source))
