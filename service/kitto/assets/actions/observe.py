"""Noting what devices say of themselves, beside the ledger and never over it."""

from typing import Any

from kitto.assets.facts import AssetObserved
from kitto.assets.models import Asset, Observed
from kitto.assets.rules import normalised
from kitto.base.work import Work
from kitto.identity.rules import Permission


def observe(work: Work, *, asset: Asset, source: str, serial: str, data: dict[str, Any]) -> Observed:
    """Keep the newest word of one source on one device. `data` holds plain facts, no secrets.

    A fact is recorded at the first word, and when serial number or its fit changes; not each time.
    """
    work.allow(Permission.OBSERVE)
    fits = bool(asset.serial) and normalised(serial) == normalised(asset.serial or "")
    row = work.session.get(Observed, (asset.id, source))
    news = row is None or row.serial != serial or row.serial_fits != fits
    if row is None:
        row = Observed(asset_id=asset.id, source=source, at=work.now, serial="", serial_fits=False, data={})
        work.session.add(row)
    row.at, row.serial, row.serial_fits, row.data = work.now, serial, fits, data
    fact = AssetObserved(
        asset_id=asset.id, tag=asset.name, source=source, serial=serial[:128], serial_fits=fits
    )
    work.session.flush()  # those who react read the row
    if news:
        work.record(fact)
    else:
        work.unrecorded("the same device said the same again")
        work.tell(fact)
    return row
