"""Entering categories, models and locations."""

from sqlalchemy import select

from kitto.assets.facts import MasterMade
from kitto.assets.models import Category, Location, Model
from kitto.assets.queries import category, must_be_there
from kitto.base.errors import AlreadyThere
from kitto.base.work import Work
from kitto.identity.rules import Permission


def make_category(
    work: Work,
    *,
    code: str,
    name_ja: str,
    name_en: str,
    tag_prefix: str,
    tag_width: int = 6,
    needs_serial: bool = True,
    needs_kitting: bool = False,
) -> Category:
    """Enter a kind of device. Refuses a code that is there already."""
    work.allow(Permission.MANAGE_MASTERS)
    if work.session.scalar(select(Category.id).where(Category.code == code)):
        raise AlreadyThere
    made = work.add(
        Category(
            code=code,
            name_ja=name_ja,
            name_en=name_en,
            tag_prefix=tag_prefix,
            tag_width=tag_width,
            needs_serial=needs_serial,
            needs_kitting=needs_kitting,
        )
    )
    work.record(MasterMade(master_id=made.id, master="category", name=code))
    return made


def make_model(work: Work, *, category_code: str, maker: str, name: str, number: str = "") -> Model:
    """Enter a product. Refuses one that is there already."""
    work.allow(Permission.EDIT_ASSETS)
    kind = category(work, category_code)
    there = select(Model.id).where(Model.maker == maker, Model.name == name, Model.number == number)
    if work.session.scalar(there):
        raise AlreadyThere
    made = work.add(Model(category_id=kind.id, category=kind, maker=maker, name=name, number=number))
    work.record(MasterMade(master_id=made.id, master="model", name=f"{maker} {name}".strip()))
    return made


def make_location(work: Work, *, code: str, name: str, parent_id: int | None = None) -> Location:
    """Enter a place. Refuses a code that is there already."""
    work.allow(Permission.MANAGE_MASTERS)
    if work.session.scalar(select(Location.id).where(Location.code == code)):
        raise AlreadyThere
    must_be_there(work, location_id=parent_id)
    made = work.add(Location(code=code, name=name, parent_id=parent_id))
    work.record(MasterMade(master_id=made.id, master="location", name=name))
    return made
