"""Masters: categories, models, locations."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from kitto.assets import actions, queries
from kitto.base.i18n import N_
from kitto.identity.rules import Permission
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
HERE = "/settings/masters"


class CategoryForm(BaseModel):
    code: str
    name_ja: str
    name_en: str
    tag_prefix: str
    needs_serial: bool = False
    needs_kitting: bool = False


class ModelForm(BaseModel):
    category_code: str
    maker: str
    name: str
    number: str = ""


@router.get(HERE)
def show(request: Request, work: ReadDep) -> HTMLResponse:
    """All masters on one page."""
    work.allow(Permission.SEE)
    return render(
        request,
        "assets/masters.html",
        categories=queries.categories(work),
        models=queries.models(work),
        locations=queries.locations(work),
    )


@router.post(HERE + "/categories")
def make_category(request: Request, work: WorkDep, form: Annotated[CategoryForm, Form()]) -> Response:
    """Enter a kind of device."""
    actions.make_category(
        work,
        code=form.code.strip().lower(),
        name_ja=form.name_ja.strip(),
        name_en=form.name_en.strip(),
        tag_prefix=form.tag_prefix.strip().upper(),
        needs_serial=form.needs_serial,
        needs_kitting=form.needs_kitting,
    )
    return redirect(request, HERE, N_("Saved."))


@router.post(HERE + "/models")
def make_model(request: Request, work: WorkDep, form: Annotated[ModelForm, Form()]) -> Response:
    """Enter a product."""
    actions.make_model(
        work,
        category_code=form.category_code,
        maker=form.maker.strip(),
        name=form.name.strip(),
        number=form.number.strip(),
    )
    return redirect(request, HERE, N_("Saved."))


@router.post(HERE + "/locations")
def make_location(
    request: Request,
    work: WorkDep,
    code: Annotated[str, Form(max_length=32)],
    name: Annotated[str, Form(max_length=200)],
) -> Response:
    """Enter a place."""
    actions.make_location(work, code=code.strip(), name=name.strip())
    return redirect(request, HERE, N_("Saved."))
