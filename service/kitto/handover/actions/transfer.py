"""Devices change hands: several at once, with their seats, in one transaction, with one paper."""

from collections.abc import Sequence

from kitto.assets import actions as assets
from kitto.assets import queries as ledger
from kitto.assets.models import Asset
from kitto.assets.queries import Holder
from kitto.assets.rules import AssetTag, HolderKind, TagUnreadable, normalised
from kitto.base.work import Work
from kitto.handover.actions.papers import write_down
from kitto.handover.models import Handover, HandoverLine
from kitto.handover.rules import (
    Given,
    HolderChanged,
    Kind,
    NothingScanned,
    Returned,
    Terms,
    TwiceInOne,
)
from kitto.identity.rules import Permission
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.models import Seat
from kitto.licences.rules import Metric


def hand_over(work: Work, holder: Holder, given: Sequence[Given], terms: Terms) -> Handover:
    """Put devices and licence seats into someone's hands: all of it or nothing.

    Refuses what any device or pool refuses, naming it; a device with a `custody_id` is transferred
    from that very custody. Seats the holder or device has already are left as they are.
    """
    work.allow(Permission.HAND_OVER)
    if not given and not terms.pool_ids:
        raise NothingScanned
    # One order for everybody, so that two desks cannot wait for each other.
    wanted = sorted(_distinct([one.tag for one in given]).items())
    by_tag = {tag: given[position] for tag, position in wanted}
    moved = [_give(work, holder, tag, one, terms) for tag, one in by_tag.items()]
    seats = [seat for pool_id in sorted(set(terms.pool_ids)) for seat in _grant(work, pool_id, holder, moved)]
    scanned = sorted(moved, key=lambda asset: wanted_position(wanted, asset))
    return write_down(work, Kind.RECEIPT, holder, [_line(asset) for asset in scanned], seats, terms)


def take_back(work: Work, returned: Sequence[Returned], *, note: str = "") -> list[Handover]:
    """Take devices back, with their accessories and condition; one paper for each holder."""
    work.allow(Permission.TAKE_BACK)
    if not returned:
        raise NothingScanned
    wanted = sorted(_distinct([one.tag for one in returned]).items())
    lines: dict[tuple[HolderKind, int], list[HandoverLine]] = {}
    seats: dict[tuple[HolderKind, int], list[Seat]] = {}
    holders: dict[tuple[HolderKind, int], Holder] = {}
    for tag, position in wanted:
        one = returned[position]
        asset = ledger.locked(work, tag)
        custody = ledger.custody_of(work, asset.id)
        theirs = list(positions.seats_of(work, HolderKind.ASSET, [asset.id]))
        assets.take_back(work, tag=tag, condition=one.condition, missing=list(one.missing))
        if custody is None:
            continue  # lost and found again: nobody answered for it, so nobody gets a paper
        key = (custody.holder_kind, custody.holder_id)
        holders[key] = Holder(custody.holder_kind, custody.holder_id, custody.holder_name)
        lines.setdefault(key, []).append(_line(asset, one))
        seats.setdefault(key, []).extend(theirs)
    terms = Terms(note=note)
    return [
        write_down(work, Kind.RETURN, holders[key], lines[key], seats[key], terms) for key in sorted(lines)
    ]


def wanted_position(wanted: Sequence[tuple[str, int]], asset: Asset) -> int:
    """Where in the order of scanning a device stood."""
    return next((position for tag, position in wanted if tag == asset.tag), len(wanted))


def _distinct(tags: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, raw in enumerate(tags):
        tag = _canonical(raw)
        if tag in found:
            raise TwiceInOne(tag=tag)
        found[tag] = position
    return found


def _canonical(raw: str) -> str:
    try:
        return str(AssetTag.parse(normalised(raw)))
    except TagUnreadable:
        return raw  # the ledger says what is wrong with it


def _give(work: Work, holder: Holder, tag: str, one: Given, terms: Terms) -> Asset:
    if one.custody_id is None:
        custody = assets.hand_over(work, tag=tag, holder=holder, due_on=terms.due_on, purpose=terms.purpose)
    else:
        asset = ledger.locked(work, tag)
        current = ledger.custody_of(work, asset.id)
        if current is None or current.id != one.custody_id:
            raise HolderChanged(tag=asset.name, name=current.holder_name if current else "–")
        custody = assets.transfer(work, tag=tag, holder=holder, due_on=terms.due_on, purpose=terms.purpose)
    return ledger.by_id(work, custody.asset_id)


def _grant(work: Work, pool_id: int, holder: Holder, moved: Sequence[Asset]) -> list[Seat]:
    pool = positions.pool(work, pool_id)
    if pool.metric is Metric.USER:
        takers = [holder]
    else:
        takers = [Holder(HolderKind.ASSET, asset.id, asset.name) for asset in moved]
    kind = takers[0].kind if takers else HolderKind.ASSET
    have = {
        seat.holder_id
        for seat in positions.seats_of(work, kind, [taker.id for taker in takers])
        if seat.pool_id == pool.id
    }
    return [licences.grant_seat(work, pool.id, taker) for taker in takers if taker.id not in have]


def _line(asset: Asset, one: Returned | None = None) -> HandoverLine:
    model = asset.model
    return HandoverLine(
        asset_id=asset.id,
        tag=asset.name,
        model=f"{model.maker} {model.name}".strip()[:300],
        serial=(asset.serial or "")[:128],
        accessories=list(asset.accessories),
        missing=list(one.missing) if one else [],
        condition=one.condition if one else asset.condition,
    )
