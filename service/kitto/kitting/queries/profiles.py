"""Profiles as they are written, resolved, and frozen; and orders."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import lazyload

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import Page, page
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting.models import Kit, KitOrder, KitProfile, KitProfileVersion, RecipeCheck
from kitto.kitting.rules.orders import OrderState
from kitto.kitting.rules.states import KitState

MOST_VERSIONS = 50


def profile_row(work: Work, name: str) -> KitProfile | None:
    return work.session.scalar(select(KitProfile).where(KitProfile.name == name))


def profile_rows(work: Work) -> dict[str, KitProfile]:
    """The profiles that are known by a row, by name."""
    return {row.name: row for row in work.session.scalars(select(KitProfile))}


def newest_versions(work: Work) -> Sequence[KitProfileVersion]:
    """The newest frozen version of each profile."""
    last = select(func.max(KitProfileVersion.id)).group_by(KitProfileVersion.profile_id)
    return work.session.scalars(select(KitProfileVersion).where(KitProfileVersion.id.in_(last))).all()


def version(work: Work, name: str, number: int) -> KitProfileVersion:
    """One frozen version. Refuses with not_found."""
    found = work.session.scalar(
        select(KitProfileVersion).where(KitProfileVersion.name == name, KitProfileVersion.number == number)
    )
    if found is None:
        raise NotFound(thing=Words(N_("version")), key=f"{name} v{number}"[:80])
    return found


def versions(work: Work, name: str) -> Sequence[KitProfileVersion]:
    """All frozen versions of a profile, newest first."""
    statement = select(KitProfileVersion).where(KitProfileVersion.name == name)
    return work.session.scalars(statement.order_by(KitProfileVersion.number.desc())).all()


def newest_number(work: Work, profile_id: int) -> int:
    """The number of the newest frozen version of a profile; 0 if there is none."""
    newest = select(func.max(KitProfileVersion.number)).where(KitProfileVersion.profile_id == profile_id)
    return work.session.scalar(newest) or 0


def check_of(work: Work, content: str) -> RecipeCheck | None:
    """What was found in the recipe of this content, if somebody looked."""
    return work.session.scalar(select(RecipeCheck).where(RecipeCheck.content == content))


def check(work: Work, check_id: int) -> RecipeCheck:
    """One check of a recipe. Refuses with not_found."""
    work.allow(Permission.SEE)
    found = work.session.get(RecipeCheck, check_id)
    if found is None:
        raise NotFound(thing=Words(N_("recipe check")), key=str(check_id))
    return found


def versions_with(work: Work, recipe: str, content: str) -> Sequence[KitProfileVersion]:
    """The frozen versions that use this content of the recipe, newest first."""
    work.allow(Permission.SEE)
    path = KitProfileVersion.recipes[recipe].as_string()
    statement = select(KitProfileVersion).where(path == content).order_by(KitProfileVersion.id.desc())
    return work.session.scalars(statement.limit(MOST_VERSIONS)).all()


def is_used(work: Work, recipe: str, content: str) -> bool:
    """Whether some frozen version uses this content of the recipe."""
    path = KitProfileVersion.recipes[recipe].as_string()
    return work.session.scalar(select(KitProfileVersion.id).where(path == content).limit(1)) is not None


def carriers(
    work: Work, name: str, *, number: int | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Kit]:
    """Which devices carry which version: the newest kit that made each ready. By tag."""
    statement = _carriers(work, name)
    if number is not None:
        statement = statement.where(KitProfileVersion.number == number)
    return page(
        work,
        statement,
        by=(Kit.tag, Kit.id),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row.tag, row.id),
        cursor=cursor,
        limit=limit,
    )


def carried(work: Work, name: str) -> Sequence[Kit]:
    """The same, all of them."""
    return work.session.scalars(_carriers(work, name).order_by(Kit.tag, Kit.id)).all()


def _carriers(work: Work, name: str) -> Select[Kit]:
    ended = Kit.ready_at.is_not(None) & Kit.asset_id.is_not(None)
    newest = select(func.max(Kit.id)).where(ended).group_by(Kit.asset_id)
    return (
        select(Kit)
        .options(lazyload(Kit.steps))
        .join(KitProfileVersion, KitProfileVersion.id == Kit.profile_id)
        .join(Asset, Asset.id == Kit.asset_id)
        .where(Kit.id.in_(newest), KitProfileVersion.name == name, within_reach(work))
    )


def order(work: Work, order_id: int) -> KitOrder:
    """One order. Refuses with not_found."""
    found = work.session.get(KitOrder, order_id)
    if found is None:
        raise NotFound(thing=Words(N_("order")), key=str(order_id))
    return found


def order_locked(work: Work, order_id: int) -> KitOrder:
    """The same, held until the work ends."""
    found = work.session.scalar(select(KitOrder).where(KitOrder.id == order_id).with_for_update(of=KitOrder))
    if found is None:
        raise NotFound(thing=Words(N_("order")), key=str(order_id))
    return found


def orders(
    work: Work, *, states: tuple[OrderState, ...] = (), cursor: str | None = None, limit: int = 50
) -> Page[KitOrder]:
    """A page of orders, newest first."""
    statement = select(KitOrder)
    if states:
        statement = statement.where(KitOrder.state.in_(states))
    return page(
        work,
        statement,
        by=(KitOrder.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def progress(work: Work, order_ids: Sequence[int]) -> dict[int, dict[KitState, int]]:
    """How many kits of each order are in which state."""
    rows = work.session.execute(
        select(Kit.order_id, Kit.state, func.count())
        .where(Kit.order_id.in_(order_ids))
        .group_by(Kit.order_id, Kit.state)
    )
    found: dict[int, dict[KitState, int]] = {order_id: {} for order_id in order_ids}
    for order_id, state, number in rows:
        if order_id is not None:
            found[order_id][KitState(state)] = number
    return found


def free_places(work: Work, order_id: int) -> int:
    """How many devices an order still needs."""
    free = (Kit.order_id == order_id) & Kit.asset_id.is_(None) & Kit.is_open
    return work.session.scalar(select(func.count()).select_from(Kit).where(free)) or 0
