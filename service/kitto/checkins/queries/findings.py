"""Differences between ledger and device."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import Page, page
from kitto.base.work import Work
from kitto.checkins.models import Finding
from kitto.checkins.rules.states import FindingState


def of_device(work: Work, asset_id: int, state: FindingState) -> Sequence[Finding]:
    """The findings of one device in one state."""
    return work.session.scalars(
        select(Finding).where(Finding.asset_id == asset_id, Finding.state == state)
    ).all()


def by_id(work: Work, finding_id: int) -> Finding:
    """One finding with its device. Refuses with not_found."""
    found = work.session.scalar(
        select(Finding)
        .join(Asset, Asset.id == Finding.asset_id)
        .where(Finding.id == finding_id, within_reach(work))
        .options(joinedload(Finding.asset))
    )
    if found is None:
        raise NotFound(thing=Words(N_("finding")), key=str(finding_id))
    return found


def listed(
    work: Work,
    *,
    state: FindingState = FindingState.OPEN,
    tag: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Finding]:
    """A page of findings, the newest first, with their devices."""
    statement = (
        select(Finding)
        .join(Asset, Asset.id == Finding.asset_id)
        .where(Finding.state == state, within_reach(work))
        .options(joinedload(Finding.asset))
    )
    if tag:
        statement = statement.where(Asset.tag == tag)
    return page(
        work,
        statement,
        by=(Finding.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda finding: (finding.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )
