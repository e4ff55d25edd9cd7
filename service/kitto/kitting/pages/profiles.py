"""Profiles: what kits can be started with."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from kitto.base.i18n import N_
from kitto.identity.rules import Permission
from kitto.kitting import actions, offer, queries
from kitto.kitting.looks import KIND_WORDS
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
open_way("kitting", "/kitting/profiles", N_("Profiles"), permission=Permission.SEE, rank=50)


@router.get("/kitting/profiles")
def show_profiles(request: Request, work: ReadDep) -> HTMLResponse:
    """What kits can be started with."""
    work.allow(Permission.SEE)
    key = queries.newest_key(work)
    return render(
        request,
        "kitting/profiles.html",
        profiles=offer.offered(work),
        kinds=KIND_WORDS,
        public_key=key.public if key else "",
    )


@router.post("/kitting/key")
def make_key(request: Request, work: WorkDep) -> Response:
    """Make Kitto's SSH key, so that new machines can let it in."""
    actions.make_key(work)
    return redirect(request, "/kitting/profiles", N_("Done."))
