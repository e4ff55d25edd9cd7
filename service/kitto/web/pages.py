"""The house's own pages: what states look like, and how a person likes the console."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from kitto.base.i18n import N_
from kitto.web.chips import legend
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.problems import came_from
from kitto.web.render import KEYS, LOCALE, THEME, redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
_YEAR = 365 * 24 * 3600


@router.get("/legend")
def show_legend(request: Request, work: ReadDep) -> HTMLResponse:
    """Every state with its word, shape and colour, and the keys."""
    work.allow_everyone("the meaning of the signs is no secret")
    return render(request, "web/legend.html", kinds=legend())


@router.post("/preferences")
def prefer(
    request: Request,
    work: WorkDep,
    theme: Annotated[Literal["auto", "light", "dark"] | None, Form()] = None,
    keys: Annotated[Literal["on", "off"] | None, Form()] = None,
    locale: Annotated[Literal["ja", "en"] | None, Form()] = None,
) -> Response:
    """Keep a choice of looks in this browser; a person's own language is kept with the account."""
    work.allow_everyone("looks of one's own browser")
    response = redirect(request, came_from(request), N_("Done."))
    for name, value in ((THEME, theme), (KEYS, keys), (LOCALE, locale)):
        if value:
            secure = request.url.scheme == "https"
            response.set_cookie(name, value, max_age=_YEAR, samesite="lax", httponly=True, secure=secure)
    return response
