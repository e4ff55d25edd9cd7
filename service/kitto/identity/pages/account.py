"""Pages of the own account."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import BaseModel, SecretStr

from kitto.base.i18n import LOCALES, N_, translate
from kitto.base.paper.codes import qr_in_bulk, svg
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity import actions, queries
from kitto.identity.adapters import codes
from kitto.identity.adapters.browser import caller_of, give_cookie, ledger_of, whole_page
from kitto.identity.models import Account
from kitto.identity.rules import ROLE_SAYS, SCOPE_SAYS, Permission
from kitto.identity.rules.limits import PASSWORD_LEAST
from kitto.identity.rules.refusals import PeopleOnly
from kitto.identity.rules.zones import zones
from kitto.web.bodies import MaybeNumber, Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

router = APIRouter(prefix="/account", route_class=Door, include_in_schema=False)
open_way("settings", "/account", N_("My account"), permission=Permission.OWN_ACCOUNT, rank=90)

LANGUAGES = {"ja": "日本語", "en": "English"}


class PresentForm(BaseModel):
    """The present password, and the code if there is a code app."""

    present: SecretStr
    code: str = ""

    def confirm(self, request: Request, work: Work) -> actions.Confirmed:
        # the right first, then the slow comparison, before this work touches the database
        work.allow(Permission.OWN_ACCOUNT)
        present = Secret(self.present.get_secret_value())
        return actions.confirm(ledger_of(request), work.actor, present, self.code, caller_of(request))


class PasswordForm(PresentForm):
    password: SecretStr


@router.get("")
def show_account(request: Request, work: ReadDep) -> HTMLResponse:
    """The own account: rights, language, password, code app, sign-ins."""
    account = _own(work)
    return render(
        request,
        "identity/account.html",
        account=account,
        roles=account.roles,
        role_says=ROLE_SAYS,
        scope_says=SCOPE_SAYS,
        sign_ins=queries.sign_ins(work, account.id),
        session_id=work.actor.session_id,
        languages=[(key, LANGUAGES[key]) for key in LOCALES],
        zones=[(name, name) for name in zones()],
    )


@router.post("")
def prefer(
    request: Request,
    work: WorkDep,
    locale: Annotated[str, Form(max_length=10)],
    time_zone: Annotated[str, Form(max_length=64)],
    version: Annotated[MaybeNumber, Form()] = None,
) -> Response:
    """Choose language and time zone."""
    actions.prefer(work, locale=locale, time_zone=time_zone, version=version)
    # the frame of the page speaks the language too
    return whole_page(request, redirect(request, "/account", N_("Saved.")))


@router.get("/password")
def ask_password(request: Request, work: ReadDep) -> HTMLResponse:
    """The form for another password."""
    account = _own(work)
    return render(request, "identity/password.html", has_code=account.has_code, least=PASSWORD_LEAST)


@router.post("/password")
def change_password(request: Request, form: Annotated[PasswordForm, Form()], work: WorkDep) -> Response:
    """Change the password; every other sign-in ends."""
    confirmed = form.confirm(request, work)
    password = Secret(form.password.get_secret_value())
    secret = actions.change_password(work, confirmed=confirmed, password=password, caller=caller_of(request))
    return _go_on(request, secret, N_("The password is changed. You are signed out everywhere else."))


@router.get("/code")
def ask_code(request: Request, work: ReadDep) -> HTMLResponse:
    """The form that begins to set up, or ends, a code app."""
    account = _own(work)
    return render(request, "identity/code.html", has_code=account.has_code)


@router.post("/code")
def begin_code(request: Request, form: Annotated[PresentForm, Form()], work: WorkDep) -> Response:
    """Begin to set up a code app."""
    actions.begin_code(work, confirmed=form.confirm(request, work))
    return redirect(request, "/account/code/confirm")


@router.get("/code/confirm")
def show_code(request: Request, work: ReadDep) -> HTMLResponse:
    """The picture to scan, and the field for the first code."""
    seed = actions.pending_code(work)
    address = codes.address(seed, queries.own_account(work).name)
    title = translate(work.locale, N_("QR code for the code app"))
    return render(
        request,
        "identity/code_confirm.html",
        seed=seed.reveal(),
        picture=_sized(svg(qr_in_bulk(address), title=title)),
    )


@router.post("/code/confirm")
def finish_code(request: Request, work: WorkDep, code: Annotated[str, Form(max_length=20)]) -> Response:
    """Switch the code app on."""
    secret = actions.finish_code(work, code=code, caller=caller_of(request))
    return _go_on(request, secret, N_("The code app is set up. You are signed out everywhere else."))


@router.post("/code/remove")
def remove_code(request: Request, form: Annotated[PresentForm, Form()], work: WorkDep) -> Response:
    """Switch the code app off."""
    confirmed = form.confirm(request, work)
    secret = actions.remove_code(work, confirmed=confirmed, caller=caller_of(request))
    return _go_on(request, secret, N_("The code app is removed. You are signed out everywhere else."))


@router.post("/sign-ins/end-others")
def sign_out_elsewhere(request: Request, work: WorkDep) -> Response:
    """Sign out everywhere else."""
    ended = actions.sign_out_elsewhere(work)
    return redirect(request, "/account", N_("Other sign-ins ended: {n}."), n=ended)


@router.post("/sign-ins/{sign_in_id}/end")
def end_sign_in(request: Request, sign_in_id: Number, work: WorkDep) -> Response:
    """End one of the own sign-ins."""
    actions.end_one_sign_in(work, sign_in_id)
    return redirect(request, "/account", N_("The sign-in is ended."))


def _own(work: Work) -> Account:
    work.allow(Permission.OWN_ACCOUNT)
    if work.actor.kind != "account":
        raise PeopleOnly
    return queries.own_account(work)


def _sized(drawn: str) -> Markup:
    # the drawing has no size of its own, and a style would be against the content security policy
    return Markup(drawn.replace("<svg ", '<svg width="240" height="240" ', 1))  # noqa: S704 -- escaped where it is drawn


def _go_on(request: Request, secret: Secret, says: str) -> Response:
    """Go on with the new cookie; the form tokens of the old one are worthless, so the page is whole."""
    response = whole_page(request, redirect(request, "/account", says))
    give_cookie(response, secret)
    return response
