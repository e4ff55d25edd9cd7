"""Everything people and machines can do with labels."""

from datetime import datetime

from sqlalchemy import select

from kitto.assets import queries as assets
from kitto.assets.rules import AssetTag, TagUnreadable, normalised, read_scan
from kitto.base.paper.proof import Calibration
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.labels.facts import LabelPrinted, LabelsPrinted, LabelVerified, PrinterKept
from kitto.labels.models import DeviceLabel, LabelPrint, LabelPrinter
from kitto.labels.queries import label_of, who
from kitto.labels.rules import Drawn, WrongLabel, check_calibration, label_scanned

_BATCH = 500


def print_labels(work: Work, drawn: Drawn) -> LabelPrint:
    """Enter a finished print: it is in the history, and its devices wait for a label no more."""
    work.allow(Permission.PRINT_LABELS)
    devices = drawn.plan.devices
    for device in devices:
        work.allow(Permission.PRINT_LABELS, device.scopes)
    made = work.add(
        LabelPrint(
            made_at=work.now,
            made_by=who(work),
            made_by_name=work.actor.name,
            template=drawn.plan.template.id,
            count=len(devices),
            pages=drawn.pages,
            skipped=drawn.plan.order.skip,
            sha256=drawn.sha256,
            tags=[str(device.tag) for device in devices],
            warnings=drawn.warnings,
        )
    )
    _note_printed(work, [device.asset_id for device in devices], made)
    work.record(LabelsPrinted(print_id=made.id, count=made.count, template=made.template, sha256=made.sha256))
    for device in devices:
        work.record(LabelPrinted(asset_id=device.asset_id, tag=str(device.tag), print_id=made.id))
    return made


def scan_back(work: Work, scanned: str, *, tag: str = "") -> DeviceLabel:
    """Confirm that a label sticks and reads. `tag`: the device it must be on, if that is known.

    Refuses a scan without a tag, an unknown tag, and a label that names another device.
    """
    work.allow(Permission.PRINT_LABELS)
    found = label_scanned(read_scan(scanned))
    if tag and _canonical(tag) != str(found):
        raise WrongLabel(scanned=str(found), tag=tag[:64])
    asset = assets.by_tag(work, str(found))
    work.allow(Permission.PRINT_LABELS, asset.scopes)
    label = _label(work, asset.id)
    label.verified_at = work.now
    label.wanted_since = None
    work.record(LabelVerified(asset_id=asset.id, tag=asset.name))
    return label


def want_label(work: Work, asset_id: int) -> None:
    """Put a device on the list of those that wait for a label; called by reactions. Idempotent."""
    label = _label(work, asset_id)
    if label.wanted_since is None and label.printed_at is None:
        label.wanted_since = work.now


def keep_printer(work: Work, *, name: str, calibration: Calibration) -> LabelPrinter:
    """Remember how a printer misses; a known name is set anew."""
    work.allow(Permission.PRINT_LABELS)
    check_calibration(calibration)
    found = work.session.scalar(select(LabelPrinter).where(LabelPrinter.name == name))
    before = found.calibration if found else None
    if found is None:
        found = LabelPrinter(name=name)
        found.keep(calibration)
        work.add(found)
    else:
        found.keep(calibration)
    work.record(
        PrinterKept(printer_id=found.id, name=name, changes={"offsets": (_said(before), _said(calibration))})
    )
    return found


def _note_printed(work: Work, asset_ids: list[int], made: LabelPrint) -> None:
    known: dict[int, DeviceLabel] = {}
    for start in range(0, len(asset_ids), _BATCH):
        some = asset_ids[start : start + _BATCH]
        rows = work.session.scalars(select(DeviceLabel).where(DeviceLabel.asset_id.in_(some)))
        known.update({row.asset_id: row for row in rows})
    for asset_id in asset_ids:
        label = known.get(asset_id) or _new(work, asset_id)
        label.wanted_since, label.printed_at, label.print_id = None, made.made_at, made.id


def _label(work: Work, asset_id: int) -> DeviceLabel:
    return label_of(work, asset_id) or _new(work, asset_id)


def _new(work: Work, asset_id: int, since: datetime | None = None) -> DeviceLabel:
    label = DeviceLabel(
        asset_id=asset_id, wanted_since=since, printed_at=None, print_id=None, verified_at=None
    )
    work.session.add(label)
    return label


def _canonical(tag: str) -> str:
    try:
        return str(AssetTag.parse(normalised(tag)))
    except TagUnreadable:
        return tag


def _said(calibration: Calibration | None) -> str | None:
    if calibration is None:
        return None
    return (
        f"{calibration.dx:+g}, {calibration.dy:+g} mm; × {calibration.scale_x:g}, × {calibration.scale_y:g}"
    )
