"""Orders: asking for devices, approving, binding devices by scans, and how far each one is."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from kitto.assets import queries as assets
from kitto.base.errors import InvalidInput
from kitto.base.i18n import N_, translate
from kitto.base.spreadsheet import Cell, Encoding
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.actions.checks import unfit
from kitto.kitting.actions.order_lift import OPEN_ORDERS
from kitto.kitting.models import KitOrder
from kitto.kitting.pages import schema_form
from kitto.kitting.pages.parameters import Filled, filled
from kitto.kitting.pages.start import offered
from kitto.kitting.queries import seats, tickets
from kitto.kitting.rules.orders import ORDER_WORDS, OrderState
from kitto.kitting.rules.states import BEFORE_WORK, KIT_WORDS, OPEN, KitState
from kitto.people import queries as people
from kitto.web.bodies import Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import csv_answer
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
open_way("kitting", "/kitting/orders", N_("Orders"), permission=Permission.SEE, rank=30)
Reason = Annotated[str, Form(max_length=500)]
MOST_ROWS = 1000
SHARES = (
    (N_("ready"), "good", (KitState.READY, KitState.HANDED_OVER)),
    (N_("in work"), "info", (KitState.QUEUED, KitState.RUNNING, KitState.VERIFYING)),
    (N_("waiting"), "warn", (KitState.WAITING, KitState.HELD)),
    (N_("failed"), "bad", (KitState.FAILED,)),
)


@router.get("/kitting/orders")
def show_orders(
    request: Request,
    work: ReadDep,
    state: str = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Orders, newest first, each with how far it is."""
    work.allow(Permission.SEE)
    found = queries.orders(work, states=_states(state), cursor=cursor)
    progress = queries.progress(work, [one.id for one in found.items])
    return render(
        request,
        "kitting/orders.html",
        found=found,
        state=state,
        states=list(OrderState),
        shares={order_id: _shares(counts) for order_id, counts in progress.items()},
        projects=_project_names(work),
    )


@router.get("/kitting/orders.csv")
def export_orders(work: ReadDep, state: str = "", encoding: Encoding = Encoding.UTF8) -> Response:
    """What the list shows, as a file."""
    work.allow(Permission.SEE)
    rows = queries.orders(work, states=_states(state), limit=MOST_ROWS).items
    progress = queries.progress(work, [one.id for one in rows])
    projects = _project_names(work)
    says = (N_("Order"), N_("State"), N_("Profile"), N_("Project"), N_("Needed on"), N_("Devices"))
    head = [translate(work.locale, name) for name in (*says, N_("Ready"), N_("Ordered by"), N_("Asked at"))]
    cells: list[list[Cell]] = [
        [
            one.id,
            translate(work.locale, ORDER_WORDS[one.state]),
            f"{one.profile.name} v{one.profile.number}",
            projects.get(one.project_id or 0, ""),
            one.needed_on.isoformat() if one.needed_on else "",
            one.quantity,
            sum(progress[one.id].get(state, 0) for state in SHARES[0][2]),
            one.asked_by,
            f"{one.asked_at.astimezone(work.actor.zone):%Y-%m-%d %H:%M}",
        ]
        for one in rows
    ]
    return csv_answer("orders.csv", head, cells, encoding)


def _states(state: str) -> tuple[OrderState, ...]:
    return (OrderState(state),) if state in set(OrderState) else ()


def _shares(counts: dict[KitState, int]) -> list[tuple[str, int, str]]:
    return [(says, sum(counts.get(one, 0) for one in states), tone) for says, tone, states in SHARES]


def _project_names(work: Work) -> dict[int, str]:
    return {one.id: f"{one.code} {one.name}" for one in people.project_choices(work)}


@router.get("/kitting/orders/new")
def show_new_order(request: Request, work: ReadDep, profile: str = "") -> HTMLResponse:
    """The form of a new order."""
    work.allow(Permission.KIT)
    return _form(request, work, FormData(), filled(offered(work), profile, None, work.locale))


def _form(
    request: Request, work: Work, typed: FormData, form: Filled | None, status: int = 200
) -> HTMLResponse:
    answer = render(
        request,
        "kitting/order_new.html",
        status_code=status,
        typed=typed,
        form=form,
        profiles=offered(work),
        projects=people.project_choices(work),
        pick_at="/kitting/orders/new",
    )
    answer.headers["HX-Push-Url"] = "false"
    return answer


@router.post("/kitting/orders")
async def ask_order(request: Request, work: WorkDep) -> Response:
    """Order; with "add" or "remove" the form comes back with a row more or less."""
    given = await request.form()

    def act() -> Response:
        work.allow(Permission.KIT)
        form = filled(offered(work), str(given.get("profile", "")), given, work.locale)
        if form is not None and form.is_open:
            return _form(request, work, given, form, 422 if form.wrong else 200)
        asked = actions.ask_order(
            work,
            profile=str(given.get("profile", "")),
            quantity=_number(given, "quantity") or 0,
            project_id=_number(given, "project_id"),
            parameters=form.values if form else {},
            needed_on=_day(given, "needed_on"),
            needs_approval="needs_approval" in given,
            note=str(given.get("note", "")),
        )
        return redirect(request, f"/kitting/orders/{asked.id}", N_("Order #{n} was made."), n=asked.id)

    return await run_in_threadpool(act)


def _number(form: FormData, name: str) -> int | None:
    text = str(form.get(name, "")).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004 -- fits 64 bits
        raise InvalidInput(field=name, reason="12")
    return int(text)


def _day(form: FormData, name: str) -> date | None:
    text = str(form.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as wrong:
        raise InvalidInput(field=name, reason="2026-11-23") from wrong


@router.get("/kitting/orders/{order_id:int}")
def show_order(request: Request, work: ReadDep, order_id: Number) -> HTMLResponse:
    """One order with its kits."""
    work.allow(Permission.SEE)
    order = queries.order(work, order_id)
    found = tickets.tickets(work, tickets.BoardFilter(order_id=order_id, ended_too=True))
    me = f"{work.actor.kind}:{work.actor.id}"
    schema = order.profile.definition.get("parameters", {})
    return render(
        request,
        "kitting/order.html",
        order=order,
        parameters=schema_form.said(schema, order.parameters, work.locale),
        kits=found,
        shares=_shares(queries.progress(work, [order_id])[order_id]),
        project=people.project(work, order.project_id) if order.project_id else None,
        seats=seats.seats_of_order(work, order),
        free=sum(1 for one in found if not one.tag and one.state in OPEN),
        startable=[one.id for one in found if one.state is KitState.REGISTERED],
        asked_by_me=order.asked_as == me,
        open_states=OPEN,
        unfit=_unfit(work, order),
        liftable=_liftable(work, order, found),
    )


def _unfit(work: Work, order: KitOrder) -> str:
    """Why none of its kits can start, where one still could."""
    work.allow(Permission.SEE)
    refusal = unfit(work, order.profile, order) if order.state in OPEN_ORDERS else None
    return refusal.sentence(work.locale) if refusal is not None else ""


def _liftable(work: Work, order: KitOrder, found: Sequence[tickets.Ticket]) -> int:
    """The number of a newer version that kits of it can be lifted to; 0 if there is none."""
    work.allow(Permission.SEE)
    newest = queries.newest_number(work, order.profile.profile_id)
    is_open = order.state in OPEN_ORDERS and any(one.state in BEFORE_WORK for one in found)
    return newest if is_open and newest != order.profile.number else 0


@router.get("/kitting/orders/{order_id:int}/kits.csv")
def export_kits(work: ReadDep, order_id: Number, encoding: Encoding = Encoding.UTF8) -> Response:
    """The kits of an order as a file."""
    work.allow(Permission.SEE)
    queries.order(work, order_id)
    found = tickets.tickets(work, tickets.BoardFilter(order_id=order_id, ended_too=True))
    says = (N_("Kit"), N_("Tag"), N_("Model"), N_("State"), N_("Step"), N_("Reason"), N_("Since"))
    language = "ja" if work.locale == "ja" else "en"
    cells: list[list[Cell]] = [
        [
            one.id,
            one.tag,
            one.model,
            translate(work.locale, KIT_WORDS[one.state]),
            f"{one.position}/{one.steps} {one.title.get(language, '')}".strip(),
            translate(work.locale, one.reason),
            f"{one.since.astimezone(work.actor.zone):%Y-%m-%d %H:%M}",
        ]
        for one in found
    ]
    return csv_answer(f"order-{order_id}.csv", [translate(work.locale, one) for one in says], cells, encoding)


@router.post("/kitting/orders/{order_id:int}/approve")
def approve(request: Request, work: WorkDep, order_id: Number) -> Response:
    """Approve an order."""
    actions.approve_order(work, order_id=order_id)
    return redirect(request, f"/kitting/orders/{order_id}", N_("Approved."))


@router.get("/kitting/orders/{order_id:int}/reject")
def ask_reject(request: Request, work: ReadDep, order_id: Number) -> HTMLResponse:
    """Ask why an order is not approved."""
    work.allow(Permission.APPROVE)
    return render(request, "kitting/order_why.html", order=queries.order(work, order_id), what="reject")


@router.get("/kitting/orders/{order_id:int}/cancel")
def ask_cancel(request: Request, work: ReadDep, order_id: Number) -> HTMLResponse:
    """Ask why an order is cancelled."""
    work.allow(Permission.KIT)
    return render(request, "kitting/order_why.html", order=queries.order(work, order_id), what="cancel")


@router.post("/kitting/orders/{order_id:int}/reject")
def reject(request: Request, work: WorkDep, order_id: Number, reason: Reason) -> Response:
    """Do not approve an order."""
    actions.reject_order(work, order_id=order_id, reason=reason)
    return redirect(request, f"/kitting/orders/{order_id}", N_("Not approved. Its kits are cancelled."))


@router.post("/kitting/orders/{order_id:int}/cancel")
def cancel(request: Request, work: WorkDep, order_id: Number, reason: Reason) -> Response:
    """Cancel an order."""
    actions.cancel_order(work, order_id=order_id, reason=reason)
    return redirect(
        request, f"/kitting/orders/{order_id}", N_("Cancelled. Devices that are ready stay ready.")
    )


@router.post("/kitting/orders/{order_id:int}/start")
def start_all(request: Request, work: WorkDep, order_id: Number) -> Response:
    """Start every kit of an order whose device is accepted."""
    work.allow(Permission.KIT)
    kits = queries.kits_of_order(work, order_id)
    ids = [kit.id for kit in kits if kit.state is KitState.REGISTERED]
    refused = actions.many(work, ids, lambda work, kit_id: actions.start_bound(work, kit_id=kit_id))
    work.unrecorded("each kit that was started is recorded")
    says, tone = N_("{n} kits started."), "good"
    if refused:
        says, tone = N_("{n} kits started, {m} not: {why}"), "warn"
    return redirect(
        request,
        f"/kitting/orders/{order_id}",
        says,
        tone=tone,
        n=len(ids) - len(refused),
        m=len(refused),
        why=next(iter(refused.values()), ""),
    )


@router.get("/kitting/orders/{order_id:int}/devices/scan")
def show_binding(request: Request, work: ReadDep, order_id: Number) -> HTMLResponse:
    """Scan devices into an order."""
    work.allow(Permission.KIT)
    order = queries.order(work, order_id)
    return render(
        request, "kitting/order_bind.html", order=order, free=queries.free_places(work, order_id), rows=[]
    )


@router.post("/kitting/orders/{order_id:int}/devices/scan")
def bind(
    request: Request,
    work: WorkDep,
    order_id: Number,
    scanned: Annotated[str, Form(max_length=4096)],
    wait: Annotated[str, Form()] = "",
) -> Response:
    """Take a scanned device for the next free place; its kit starts unless `wait` is ticked."""
    work.allow(Permission.KIT)
    asset = assets.resolve_scan(work, scanned)
    before = queries.open_kit_of(work, asset.id)
    known = before is not None and before.order_id == order_id
    kit = actions.bind_device(work, order_id=order_id, tag=asset.name, start=not wait)
    work.session.flush()  # the free places are counted next
    order = queries.order(work, order_id)
    row: dict[str, Any] = {"tag": asset.name, "kit": kit, "known": known}
    return render(
        request, "kitting/order_bind.html", order=order, free=queries.free_places(work, order_id), rows=[row]
    )
