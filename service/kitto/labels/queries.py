"""Everything that reads labels."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.assets.rules import AssetTag, ScanUnreadable, read_scan
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import Page, page
from kitto.base.paper import templates
from kitto.base.paper.templates import Catalogue
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.labels.models import DeviceLabel, LabelPrint, LabelPrinter
from kitto.labels.rules import (
    SHOWN,
    Device,
    DevicesUnknown,
    House,
    Plan,
    PrintOrder,
    check_calibration,
    check_size,
)

_BATCH = 500  # names in one statement; SQLite takes 32,766, but plans grow with them


def catalogue() -> Catalogue:
    """Every label template of this installation."""
    own = settings()
    return templates.load(own.label_templates or own.shipped("label_templates"))


def store() -> Path:
    """Where finished labels lie."""
    return settings().data / "labels"


def house() -> House:
    own = settings()
    return House.of(label_host=own.label_host, public_url=own.public_url(), organisation=own.organisation)


def plan(work: Work, order: PrintOrder) -> Plan:
    """Look up all that drawing needs. Refuses unknown devices and templates, too many, too far off."""
    work.allow(Permission.PRINT_LABELS)
    check_size(order.tags)
    calibration = printer(work, order.printer).calibration if order.printer else order.calibration
    check_calibration(calibration)
    shelf = catalogue()
    template = shelf.find(order.template)
    found = devices(work, order.tags)
    for device in found:
        work.allow(Permission.PRINT_LABELS, device.scopes)
    return Plan(template, tuple(shelf), tuple(found), house(), calibration, order)


def devices(work: Work, tags: Sequence[str]) -> list[Device]:
    """The devices with these tags in this order, however they are written; each once."""
    wanted = dict.fromkeys(_tag_in(text) or text for text in tags)
    known = [tag for tag in wanted if isinstance(tag, AssetTag)]
    found: dict[str, Device] = {}
    for start in range(0, len(known), _BATCH):
        names = [str(tag) for tag in known[start : start + _BATCH]]
        rows = work.session.scalars(select(Asset).where(Asset.tag.in_(names), within_reach(work)))
        found.update({str(asset.tag): _device(asset) for asset in rows})
    missing = [str(tag) for tag in wanted if str(tag) not in found]
    if missing:
        more = ["…"] if len(missing) > SHOWN else []
        raise DevicesUnknown(tags=", ".join([*(tag[:64] for tag in missing[:SHOWN]), *more]))
    return [found[str(tag)] for tag in wanted]


def _tag_in(text: str) -> AssetTag | None:
    try:
        tags = read_scan(text).tags
    except ScanUnreadable:
        return None
    return tags[0] if tags else None


def _device(asset: Asset) -> Device:
    return Device(
        asset_id=asset.id,
        tag=AssetTag.parse(asset.name),
        model=f"{asset.model.maker} {asset.model.name}".strip(),
        serial=asset.serial or "",
        scopes=tuple(asset.scopes),
    )


def prints(work: Work, *, cursor: str | None = None, limit: int = 50) -> Page[LabelPrint]:
    """Prints, newest first. Who may print in some places only sees their own."""
    statement = select(LabelPrint)
    if work.actor.scopes_of(Permission.PRINT_LABELS) is not None:
        statement = statement.where(LabelPrint.made_by == who(work))
    return page(
        work,
        statement,
        by=(LabelPrint.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def print_by_id(work: Work, print_id: int) -> LabelPrint:
    """One print, if the actor may see it. Refuses with not_found."""
    found = work.session.get(LabelPrint, print_id)
    scoped = work.actor.scopes_of(Permission.PRINT_LABELS) is not None
    if found is None or (scoped and found.made_by != who(work)):
        raise NotFound(thing=Words(N_("print")), key=str(print_id))
    return found


def who(work: Work) -> str:
    return f"{work.actor.kind}:{work.actor.id}"


def wanted(work: Work, limit: int = 200) -> Sequence[Asset]:
    """Devices that wait for their label, longest first."""
    return work.session.scalars(
        select(Asset)
        .join(DeviceLabel, DeviceLabel.asset_id == Asset.id)
        .where(DeviceLabel.wanted_since.is_not(None), within_reach(work))
        .order_by(DeviceLabel.wanted_since, Asset.id)
        .limit(limit)
    ).all()


def wanted_count(work: Work) -> int:
    return (
        work.session.scalar(
            select(func.count())
            .select_from(DeviceLabel)
            .join(Asset, Asset.id == DeviceLabel.asset_id)
            .where(DeviceLabel.wanted_since.is_not(None), within_reach(work))
        )
        or 0
    )


def usual_template(work: Work) -> str:
    """The template this actor printed on last; else the first sheet there is."""
    last = work.session.scalar(
        select(LabelPrint.template)
        .where(LabelPrint.made_by == who(work))
        .order_by(LabelPrint.id.desc())
        .limit(1)
    )
    known = [template.id for template in catalogue()]
    return last if last in known else known[0]


def label_of(work: Work, asset_id: int) -> DeviceLabel | None:
    return work.session.get(DeviceLabel, asset_id)


def printers(work: Work) -> Sequence[LabelPrinter]:
    return work.session.scalars(select(LabelPrinter).order_by(LabelPrinter.name)).all()


def printer(work: Work, name: str) -> LabelPrinter:
    """The printer of this name. Refuses with not_found."""
    found = work.session.scalar(select(LabelPrinter).where(LabelPrinter.name == name))
    if found is None:
        raise NotFound(thing=Words(N_("printer")), key=name[:64])
    return found


def tagged(work: Work, asset_id: int) -> str | None:
    """The tag of a device; None before it has one."""
    return work.session.scalar(select(Asset.tag).where(Asset.id == asset_id, within_reach(work)))
