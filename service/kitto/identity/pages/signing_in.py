"""Pages of signing in and out, and of setting a password with a link."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from kitto.base.i18n import N_
from kitto.base.seal import Secret
from kitto.identity import actions, queries
from kitto.identity.adapters.browser import (
    caller_of,
    cookie_of,
    give_cookie,
    ledger_of,
    take_cookie,
    whole_page,
)
from kitto.identity.rules.limits import PASSWORD_LEAST
from kitto.identity.rules.links import SET_PASSWORD
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
Password = Annotated[str, Form(max_length=1000)]
Token = Annotated[str, Form(max_length=100)]
Next = Annotated[str, Query(max_length=2000)]
AT_WORK = "somebody who is not signed in yet"


@router.get("/sign-in")
def show_sign_in(request: Request, work: ReadDep, next: Next = "/") -> Response:  # noqa: A002 -- as the address says
    """The sign-in form; whoever is signed in goes on."""
    work.allow_everyone(AT_WORK)
    if work.actor.kind == "account":
        return redirect(request, safe(next))
    return render(request, "identity/sign_in.html", next=safe(next))


@router.post("/sign-in")
def sign_in(
    request: Request,
    work: WorkDep,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Password = "",
    code: Annotated[str, Form(max_length=20)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 -- as the field says
) -> Response:
    """Sign in, and go where one wanted to go."""
    work.allow_everyone(AT_WORK)
    work.unrecorded("the sign-in is recorded in its own work")
    made = actions.sign_in(
        ledger_of(request),
        name=name,
        password=Secret(password),
        code=code,
        caller=caller_of(request),
        old=cookie_of(request),
    )
    response = whole_page(request, redirect(request, safe(next)))
    give_cookie(response, made.secret)
    return response


@router.post("/sign-out")
def sign_out(request: Request, work: WorkDep) -> Response:
    """End this browser's sign-in."""
    secret = cookie_of(request)
    if secret is None:
        work.allow_everyone(AT_WORK)
    else:
        actions.sign_out(work, secret)
    response = whole_page(request, redirect(request, "/sign-in", N_("You are signed out.")))
    take_cookie(response)
    # not "storage": scans that still wait for the network lie there
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.get(SET_PASSWORD + "/{link}")
def show_set_password(request: Request, link: str, work: ReadDep) -> HTMLResponse:
    """The form that a link for a new password opens."""
    work.allow_everyone("the link is the right")
    found = queries.link_by(work, Secret(link))
    account = queries.account(work, found.account_id)
    return render(
        request,
        "identity/set_password.html",
        action=f"{SET_PASSWORD}/{link}",
        name=account.name,
        least=PASSWORD_LEAST,
    )


@router.post(SET_PASSWORD + "/{link}")
def set_password(request: Request, link: str, password: Password, work: WorkDep) -> Response:
    """Set the password; the person signs in with it next, with the code if there is a code app."""
    actions.set_first_password(work, link=Secret(link), password=Secret(password))
    response = redirect(request, "/sign-in", N_("The password is set. Sign in with it."))
    return whole_page(request, response)


def safe(wanted: str) -> str:
    """An address of ours; anything that could lead elsewhere becomes the start page."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and wanted.isprintable() and "\\" not in wanted else "/"
