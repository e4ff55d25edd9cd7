"""Lifting an order to the newest published version of its profile; what changes is shown first."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.actions.order_lift import OrderLift
from kitto.kitting.actions.profiles import spec_of_version
from kitto.kitting.models import KitOrder
from kitto.kitting.pages.parameters import Filled, filled
from kitto.web.bodies import Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
WHAT: Final = {
    "added": (N_("new"), "good"),
    "changed": (N_("other than before"), "warn"),
    "left_out": (N_("left out"), "bad"),
}


@router.get("/kitting/orders/{order_id:int}/lift")
def show_lift(request: Request, work: ReadDep, order_id: Number) -> HTMLResponse:
    """What lifting an order would change, and the parameters it would go on with."""
    work.allow(Permission.KIT)
    asked, plan = queries.order(work, order_id), actions.plan_order_lift(work, order_id)
    spec = spec_of_version(queries.version(work, asked.profile.name, plan.after))
    form = filled([spec], spec.name, None, work.locale, begin=plan.parameters)
    return _form(request, work, asked, plan, form)


def _form(
    request: Request, work: Work, asked: KitOrder, plan: OrderLift, form: Filled | None, status: int = 200
) -> HTMLResponse:
    work.allow(Permission.KIT)
    versions = (queries.version(work, asked.profile.name, number) for number in (plan.before, plan.after))
    titles = {
        step.key: step.title.to(work.locale) for one in versions for _, step in spec_of_version(one).all_steps
    }
    me = f"{work.actor.kind}:{work.actor.id}"
    answer = render(
        request,
        "kitting/order_lift.html",
        status_code=status,
        order=asked,
        plan=plan,
        form=form,
        steps=[(titles[key], key, *WHAT[what]) for what in WHAT for key in getattr(plan, what)],
        asked_by_me=asked.asked_as == me,
    )
    answer.headers["HX-Push-Url"] = "false"
    return answer


@router.post("/kitting/orders/{order_id:int}/lift")
async def lift(
    request: Request, work: WorkDep, order_id: Number, to: Annotated[int, Query()] = 0
) -> Response:
    """Lift the order; with "add" or "remove" the form comes back with a row more or less."""
    given = await request.form()

    def act() -> Response:
        work.allow(Permission.KIT)
        asked, plan = queries.order(work, order_id), actions.plan_order_lift(work, order_id)
        spec = spec_of_version(queries.version(work, asked.profile.name, plan.after))
        form = filled([spec], spec.name, given, work.locale)
        if form is not None and form.is_open:
            return _form(request, work, asked, plan, form, 422 if form.wrong else 200)
        values = form.values if form else None
        actions.lift_order(work, order_id=order_id, to=to or None, parameters=values)
        return redirect(
            request,
            f"/kitting/orders/{order_id}",
            N_("{n} kits were lifted to v{number}."),
            n=plan.kits,
            number=plan.after,
        )

    return await run_in_threadpool(act)
