"""Starting a kit: the profile's own form, and every kit there was."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from kitto.assets import queries as assets
from kitto.assets.rules import State
from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, offer, queries
from kitto.kitting.actions.settle import seconds
from kitto.kitting.pages.parameters import Filled, filled
from kitto.kitting.rules.profiles import ProfileSpec
from kitto.kitting.rules.states import KitState
from kitto.web.bodies import Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
open_way("kitting", "/kitting/kits", N_("All kits"), permission=Permission.SEE, rank=40)


@router.get("/kitting/kits")
def show_kits(
    request: Request,
    work: ReadDep,
    state: str = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Every kit there was."""
    work.allow(Permission.SEE)
    states = (KitState(state),) if state in set(KitState) else ()
    found = queries.kits(work, queries.KitFilter(states=states), cursor=cursor)
    return render(
        request, "kitting/kits.html", found=found, state=state, states=list(KitState), seconds=seconds
    )


def offered(work: Work) -> list[ProfileSpec]:
    """The profiles that can be chosen."""
    return [one.spec for one in offer.offered(work) if one.spec is not None]


@router.get("/kitting/new")
def show_new(request: Request, work: ReadDep, tag: str = "", profile: str = "") -> HTMLResponse:
    """The form that starts a kit."""
    work.allow(Permission.KIT)
    return _form(request, work, {"tag": tag}, filled(offered(work), profile, None, work.locale))


def _form(
    request: Request, work: Work, typed: dict[str, Any], form: Filled | None, status: int = 200
) -> HTMLResponse:
    ready = assets.listed(work, assets.AssetFilter(states=(State.IN_STOCK,)), limit=200).items
    answer = render(
        request,
        "kitting/new.html",
        status_code=status,
        tag=typed["tag"],
        profiles=offered(work),
        form=form,
        devices=[line.asset for line in ready if line.asset.model.category.needs_kitting],
    )
    answer.headers["HX-Push-Url"] = "false"
    return answer


@router.post("/kitting")
async def start(request: Request, work: WorkDep) -> Response:
    """Start a kit; with "add" or "remove" the form comes back with a row more or less."""
    given = await request.form()

    def act() -> Response:
        work.allow(Permission.KIT)
        tag = str(given.get("tag", ""))
        form = filled(offered(work), str(given.get("profile", "")), given, work.locale)
        if form is not None and form.is_open:
            return _form(request, work, {"tag": tag}, form, 422 if form.wrong else 200)
        profile = form.spec.name if form else str(given.get("profile", ""))
        kit = actions.start_kit(work, tag=tag, profile=profile, parameters=form.values if form else {})
        return redirect(request, f"/kitting/{kit.id}", N_("Kit #{number} has started."), number=kit.id)

    return await run_in_threadpool(act)


@router.post("/kitting/{kit_id:int}/start")
def start_bound(request: Request, work: WorkDep, kit_id: Number) -> Response:
    """Start a kit of an order on its device."""
    actions.start_bound(work, kit_id=kit_id)
    return redirect(request, f"/kitting/{kit_id}", N_("Kit #{number} has started."), number=kit_id)
