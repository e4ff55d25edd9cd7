"""Categories, models and locations."""

from collections.abc import Sequence

from sqlalchemy import select

from kitto.assets.models import Category, Location, Model
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.work import Work
from kitto.people import queries as people


def categories(work: Work) -> Sequence[Category]:
    return work.session.scalars(select(Category).order_by(Category.id)).all()


def category(work: Work, code: str) -> Category:
    """The category with this code. Refuses with not_found."""
    found = work.session.scalar(select(Category).where(Category.code == code))
    if found is None:
        raise NotFound(thing=Words(N_("category")), key=code[:64])
    return found


def models(work: Work, category_code: str = "") -> Sequence[Model]:
    statement = select(Model).order_by(Model.maker, Model.name, Model.number)
    if category_code:
        statement = statement.join(Category).where(Category.code == category_code)
    return work.session.scalars(statement).all()


def model_by_id(work: Work, model_id: int) -> Model:
    """The model with this number. Refuses with not_found."""
    found = work.session.get(Model, model_id)
    if found is None:
        raise NotFound(thing=Words(N_("model")), key=str(model_id))
    return found


def locations(work: Work) -> Sequence[Location]:
    return work.session.scalars(select(Location).order_by(Location.code)).all()


def must_be_there(
    work: Work,
    *,
    department_id: int | None = None,
    project_id: int | None = None,
    location_id: int | None = None,
) -> None:
    """Refuses with not_found what a device would belong to and is not there."""
    if department_id is not None:
        people.department(work, department_id)
    if project_id is not None:
        people.project(work, project_id)
    if location_id is not None and work.session.get(Location, location_id) is None:
        raise NotFound(thing=Words(N_("location")), key=str(location_id))


def location_by_code(work: Work, code: str) -> Location:
    """The location with this code. Refuses with not_found."""
    found = work.session.scalar(select(Location).where(Location.code == code))
    if found is None:
        raise NotFound(thing=Words(N_("location")), key=code[:64])
    return found
