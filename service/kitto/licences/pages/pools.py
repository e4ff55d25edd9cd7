"""Pages of licences, and what they add to people, devices and Today."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from kitto.assets import queries as assets
from kitto.assets.queries import Holder
from kitto.assets.rules import HolderKind
from kitto.base.i18n import N_, translate
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences import actions, queries
from kitto.licences.rules import (
    FREED,
    HOLDS,
    METRICS,
    POLICIES,
    Metric,
    Policy,
    PoolDetails,
    TitleDetails,
)
from kitto.people import queries as people
from kitto.web.bodies import Empty, MaybeDay, MaybeNumber, Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.hooks import Waiting, panel, waits
from kitto.web.nav import open_way
from kitto.web.panels import panels_of
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
Cursor = Annotated[str | None, Query(max_length=500)]
MaybeMetric = Annotated[Metric | None, Empty]
ENDING_SOON = timedelta(days=60)

open_way("licences", "/licences", N_("Licences"), permission=Permission.SEE, rank=10)


class PoolForm(BaseModel):
    """What the form of a pool sends; a new title is named, not chosen."""

    title: str = ""
    publisher: str = ""
    name: str = ""
    metric: Metric = Metric.USER
    cap: int = 0
    policy: Policy = Policy.HARD
    starts_on: MaybeDay = None
    ends_on: MaybeDay = None
    reference: str = ""
    version: MaybeNumber = None

    def details(self, work: Work) -> PoolDetails:
        wanted = TitleDetails(name=self.title, publisher=self.publisher)
        known = queries.title_by_name(work, wanted.name)
        title = known or actions.add_title(work, wanted)
        values = self.model_dump(exclude={"title", "publisher", "version"})
        return PoolDetails(title_id=title.id, **values)


class GrantForm(BaseModel):
    """Whom a seat goes to: a badge, a staff number, or anything that names a device."""

    holder: str = ""
    quantity: int = 1


@router.get("/licences")
def show_pools(
    request: Request,
    work: ReadDep,
    q: Annotated[str, Query(max_length=200)] = "",
    metric: MaybeMetric = None,
    only: Annotated[str, Query(max_length=8)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """Positions: what is owned and what is given."""
    wanted = queries.PoolFilter(q=q, metric=metric, short=only == "short", valid=only == "valid")
    return render(
        request,
        "licences/pools.html",
        found=queries.pools(work, wanted, cursor=cursor),
        wanted=wanted,
        metrics=METRICS,
        day=people.today(work),
    )


@router.get("/licences/new")
def new_pool(request: Request, work: ReadDep) -> HTMLResponse:
    """The empty form."""
    work.allow(Permission.MANAGE_LICENCES)
    return _form(request, work, PoolForm(cap=1), "/licences", N_("Add licences"))


@router.post("/licences")
def open_pool(request: Request, work: WorkDep, form: Annotated[PoolForm, Form()]) -> Response:
    """Open a pool, and its title if it is new."""
    work.allow(Permission.MANAGE_LICENCES)
    pool = actions.open_pool(work, form.details(work))
    return redirect(request, f"/licences/{pool.id}", N_("{pool} is open."), pool=pool.label)


@router.get("/licences/{pool_id}")
def show_pool(
    request: Request, work: ReadDep, pool_id: Number, *, freed: bool = False, cursor: Cursor = None
) -> HTMLResponse:
    """One pool with its seats."""
    pool = queries.pool(work, pool_id)
    return render(
        request,
        "licences/pool.html",
        pool=pool,
        found=queries.seats(work, pool.id, freed=freed, cursor=cursor),
        freed=freed,
        metric=METRICS[pool.metric],
        policy=POLICIES[pool.policy],
        whys=FREED,
        panels=panels_of("pool", work, pool.id),
        day=people.today(work),
    )


@router.get("/licences/{pool_id}/edit")
def edit_pool(request: Request, work: ReadDep, pool_id: Number) -> HTMLResponse:
    """The form with what is known."""
    work.allow(Permission.MANAGE_LICENCES)
    pool = queries.pool(work, pool_id)
    title = {"title": pool.title.name, "publisher": pool.title.publisher}
    known = PoolForm(**{**vars(pool.details()), **title, "version": pool.version})
    return _form(request, work, known, f"/licences/{pool.id}", N_("Change licences"))


@router.post("/licences/{pool_id}")
def change_pool(
    request: Request, work: WorkDep, pool_id: Number, form: Annotated[PoolForm, Form()]
) -> Response:
    """Change a pool."""
    work.allow(Permission.MANAGE_LICENCES)
    pool = actions.change_pool(work, pool_id, form.details(work), version=form.version)
    return redirect(request, f"/licences/{pool.id}", N_("{pool} is changed."), pool=pool.label)


@router.post("/licences/{pool_id}/seats")
def grant_seat(
    request: Request, work: WorkDep, pool_id: Number, form: Annotated[GrantForm, Form()]
) -> Response:
    """Give a seat to whoever was scanned or typed."""
    work.allow(Permission.GRANT_SEATS)
    pool = queries.pool(work, pool_id)
    holder = _scanned_holder(work, HOLDS[pool.metric], form.holder)
    actions.grant_seat(work, pool.id, holder, quantity=form.quantity)
    return redirect(request, f"/licences/{pool.id}", N_("{name} has a seat now."), name=holder.name)


@router.get("/licence-seats/{seat_id}/free")
def ask_free(request: Request, work: ReadDep, seat_id: Number) -> HTMLResponse:
    """Asks before a seat is taken back."""
    work.allow(Permission.GRANT_SEATS)
    return render(request, "licences/free.html", seat=queries.seat(work, seat_id))


@router.post("/licence-seats/{seat_id}/free")
def free_seat(request: Request, work: WorkDep, seat_id: Number) -> Response:
    """Take a seat back."""
    seat = actions.free_seat(work, seat_id)
    says = N_("The seat of {name} is free.")
    return redirect(request, f"/licences/{seat.pool_id}", says, name=seat.holder_name)


def _scanned_holder(work: Work, kind: HolderKind, text: str) -> Holder:
    if kind is HolderKind.PERSON:
        return assets.find_holder(work, kind, people.person_by_badge(work, text).id)
    return assets.find_holder(work, kind, assets.resolve_scan(work, text).id)


def _form(request: Request, work: Work, known: PoolForm, action: str, title: str) -> HTMLResponse:
    return render(
        request,
        "licences/pool_form.html",
        known=known,
        action=action,
        title=title,
        titles=queries.titles(work),
        metrics=METRICS,
        policies=POLICIES,
    )


@panel("person", "licences", title=N_("Licences"), template="licences/held.html", order=30)
def held_by_person(work: Work, person_id: int) -> Mapping[str, Any] | None:
    """The seats a person has."""
    seats = queries.seats_of(work, HolderKind.PERSON, [person_id])
    return {"seats": seats} if seats else None


@panel("asset", "licences", title=N_("Licences"), template="licences/held.html", order=40)
def held_by_asset(work: Work, asset_id: int) -> Mapping[str, Any] | None:
    """The seats a device has."""
    seats = queries.seats_of(work, HolderKind.ASSET, [asset_id])
    return {"seats": seats} if seats else None


@waits("licences", title=N_("Licences"), order=60)
def waiting(work: Work) -> Sequence[Waiting]:
    """Pools over their limit, and terms that end soon."""
    if not work.actor.may(Permission.MANAGE_LICENCES):
        return []
    soon = queries.ending(work, people.today(work) + ENDING_SOON)
    return [
        *(
            Waiting(
                sentence=translate(
                    work.locale,
                    N_("{pool}: {used} given or reserved, {cap} owned"),
                    pool=pool.label,
                    used=pool.claimed,
                    cap=pool.cap,
                ),
                link=f"/licences/{pool.id}",
                button=translate(work.locale, N_("Look")),
                since=work.now,
                tone="bad",
                subject=pool.label,
            )
            for pool in queries.over_cap(work)
        ),
        *(
            Waiting(
                sentence=translate(
                    work.locale, N_("{pool} ends on {day}"), pool=pool.label, day=pool.ends_on
                ),
                link=f"/licences/{pool.id}",
                button=translate(work.locale, N_("Look")),
                since=work.now,
                tone="warn",
                subject=pool.label,
            )
            for pool in soon
        ),
    ]
