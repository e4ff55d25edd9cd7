"""Which devices the hosts of an inventory are."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.assets.rules import AssetTag, TagUnreadable, normalised
from kitto.assets.rules.life import TERMINAL
from kitto.base.work import Work
from kitto.runs.rules.wire import Host

_BATCH = 500


def assets_of(work: Work, hosts: Sequence[Host]) -> dict[str, Asset]:
    """The device of each host, by the tag it carries, else by its own name read as a tag, else by the
    one live device with that host name. Hosts that are no device of ours, or out of reach, are left out.
    """
    tags = {host.name: _tag(host.tag or host.name) for host in hosts}
    by_tag = {asset.name: asset for asset in _all(work, filter(None, tags.values()), by_tag=True)}
    found = {name: by_tag[tag] for name, tag in tags.items() if tag in by_tag}
    rest = [host.name for host in hosts if host.name not in found and not host.tag]
    named: dict[str, list[Asset]] = {}
    for asset in _all(work, rest, by_tag=False):
        if asset.state not in TERMINAL:
            named.setdefault(str(asset.hostname), []).append(asset)
    return found | {name: few[0] for name, few in named.items() if len(few) == 1}


def _all(work: Work, names: Iterable[str], *, by_tag: bool) -> list[Asset]:
    column = Asset.tag if by_tag else Asset.hostname
    wanted = list(dict.fromkeys(names))
    rows: list[Asset] = []
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        rows += work.session.scalars(select(Asset).where(column.in_(part), within_reach(work)))
    return rows


def _tag(text: str) -> str | None:
    try:
        return str(AssetTag.parse(normalised(text)))
    except TagUnreadable:
        return None
