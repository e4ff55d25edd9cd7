"""JSON doors of the ledger: categories, models, locations."""

from typing import Annotated

from fastapi import APIRouter, Query

from kitto.assets import actions, queries
from kitto.assets.api.bodies import CategoryIn, CategoryOut, LocationIn, LocationOut, ModelIn, ModelOut
from kitto.identity.rules import Permission
from kitto.web.bodies import RESPONSES
from kitto.web.doors import Door, ReadDep, WorkDep

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["masters"], responses=RESPONSES)


@router.get("/categories")
def list_categories(work: ReadDep) -> list[CategoryOut]:
    work.allow(Permission.SEE)
    return [CategoryOut.model_validate(item, from_attributes=True) for item in queries.categories(work)]


@router.post("/categories", status_code=201)
def make_category(work: WorkDep, body: CategoryIn) -> CategoryOut:
    """Enter a kind of device."""
    made = actions.make_category(work, **body.model_dump())
    return CategoryOut.model_validate(made, from_attributes=True)


@router.get("/models")
def list_models(work: ReadDep, category: Annotated[str, Query(max_length=32)] = "") -> list[ModelOut]:
    work.allow(Permission.SEE)
    return [
        ModelOut(
            id=item.id, category=item.category.code, maker=item.maker, name=item.name, number=item.number
        )
        for item in queries.models(work, category)
    ]


@router.post("/models", status_code=201)
def make_model(work: WorkDep, body: ModelIn) -> ModelOut:
    """Enter a product."""
    made = actions.make_model(
        work, category_code=body.category, maker=body.maker, name=body.name, number=body.number
    )
    return ModelOut(id=made.id, **body.model_dump())


@router.get("/locations")
def list_locations(work: ReadDep) -> list[LocationOut]:
    work.allow(Permission.SEE)
    return [LocationOut.model_validate(item, from_attributes=True) for item in queries.locations(work)]


@router.post("/locations", status_code=201)
def make_location(work: WorkDep, body: LocationIn) -> LocationOut:
    """Enter a place."""
    made = actions.make_location(work, **body.model_dump())
    return LocationOut.model_validate(made, from_attributes=True)
