"""Pages of accounts, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from kitto.base.i18n import N_
from kitto.base.seal import Secret
from kitto.identity import actions, queries
from kitto.identity.actions import RoleIn
from kitto.identity.models import Account
from kitto.identity.rules import ROLE_SAYS, SCOPE_SAYS, Permission, Role, ScopeKind
from kitto.identity.rules.links import link_address
from kitto.identity.rules.refusals import RolesUnfit
from kitto.web import chips
from kitto.web.bodies import Empty, MaybeNumber, Number
from kitto.web.chips import Chip
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.panels import panels_of
from kitto.web.render import redirect, render
from kitto.web.replays import once

PATH = "/settings/accounts"
router = APIRouter(prefix=PATH, route_class=Door, include_in_schema=False)
open_way("settings", PATH, N_("Accounts"), permission=Permission.MANAGE_USERS, rank=70)
chips.register(
    "identity.account",
    {"active": Chip(N_("May sign in"), "good", "check"), "inactive": Chip(N_("Shut out"), "plain", "dash")},
)
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class RolesForm(BaseModel):
    """The roles that stay ticked, and one more in a scope if wanted."""

    roles: list[str] = []
    more_role: Annotated[Role | None, Empty] = None
    more_kind: Annotated[ScopeKind | None, Empty] = None
    more_id: str = Field(default="", max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")
    version: MaybeNumber = None

    def wishes(self) -> list[RoleIn]:
        found = [role_of(text) for text in self.roles]
        if self.more_role is not None:
            if self.more_kind is None or not self.more_id.strip():
                raise RolesUnfit
            found.append(RoleIn(self.more_role, (self.more_kind.value, self.more_id.strip())))
        return found


class AccountForm(RolesForm):
    name: Line
    display_name: Line
    person_id: MaybeNumber = None


class DetailsForm(BaseModel):
    display_name: Line
    person_id: MaybeNumber = None
    version: MaybeNumber = None


@router.get("")
def show_accounts(
    request: Request,
    work: ReadDep,
    q: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Who may sign in."""
    found = queries.accounts(work, text=q, cursor=cursor)
    return render(request, "identity/accounts.html", found=found, q=q, role_says=ROLE_SAYS)


@router.get("/new")
def ask_account(request: Request, work: ReadDep) -> HTMLResponse:
    """The form for a new account."""
    work.allow(Permission.MANAGE_USERS)
    return render(request, "identity/account_new.html", role_says=ROLE_SAYS, scope_says=SCOPE_SAYS)


@router.post("/new")
def make_account(request: Request, form: Annotated[AccountForm, Form()], work: WorkDep) -> Response:
    """Make an account and show the link for its password, once."""
    account, link = actions.make_account(
        work,
        name=form.name,
        display_name=form.display_name,
        roles=form.wishes(),
        person_id=form.person_id,
    )
    return _show_link(request, account, link)


@router.get("/{account_id}")
def show_account(request: Request, account_id: Number, work: ReadDep) -> HTMLResponse:
    """One account: roles, state, sign-ins."""
    work.allow(Permission.MANAGE_USERS)
    account = queries.account(work, account_id)
    return render(
        request,
        "identity/account_one.html",
        account=account,
        held=[RoleIn(grant.role, grant.scope) for grant in account.roles],
        sign_ins=queries.sign_ins(work, account.id),
        role_says=ROLE_SAYS,
        scope_says=SCOPE_SAYS,
        is_self=queries.maker_id(work) == account.id,
        panels=panels_of("account", work, account.id),
    )


@router.post("/{account_id}")
def change_account(
    request: Request, account_id: Number, form: Annotated[DetailsForm, Form()], work: WorkDep
) -> Response:
    """Change how an account is shown."""
    actions.change_account(
        work, account_id, display_name=form.display_name, person_id=form.person_id, version=form.version
    )
    return redirect(request, f"{PATH}/{account_id}", N_("Saved."))


@router.post("/{account_id}/roles")
def change_roles(
    request: Request, account_id: Number, form: Annotated[RolesForm, Form()], work: WorkDep
) -> Response:
    """Replace the roles."""
    actions.change_roles(work, account_id, roles=form.wishes(), version=form.version)
    return redirect(request, f"{PATH}/{account_id}", N_("Saved. The sign-ins of this account are ended."))


@router.get("/{account_id}/deactivate")
def ask_deactivate(request: Request, account_id: Number, work: ReadDep) -> HTMLResponse:
    """Ask before an account is shut out."""
    work.allow(Permission.MANAGE_USERS)
    return render(request, "identity/account_deactivate.html", account=queries.account(work, account_id))


@router.post("/{account_id}/deactivate")
def deactivate(
    request: Request, account_id: Number, work: WorkDep, version: Annotated[MaybeNumber, Form()] = None
) -> Response:
    """Shut an account out at once."""
    account = actions.deactivate(work, account_id, version=version)
    return redirect(request, f"{PATH}/{account_id}", N_("{name} is shut out."), name=account.display_name)


@router.post("/{account_id}/reactivate")
def reactivate(
    request: Request, account_id: Number, work: WorkDep, version: Annotated[MaybeNumber, Form()] = None
) -> Response:
    """Let an account in again."""
    account = actions.reactivate(work, account_id, version=version)
    return redirect(
        request, f"{PATH}/{account_id}", N_("{name} may sign in again."), name=account.display_name
    )


@router.post("/{account_id}/password-link")
def make_link(request: Request, account_id: Number, work: WorkDep) -> Response:
    """Make a link for a new password and show it, once."""
    link = actions.make_password_link(work, account_id)
    return _show_link(request, queries.account(work, account_id), link)


@router.post("/{account_id}/code/remove")
def take_code_away(request: Request, account_id: Number, work: WorkDep) -> Response:
    """Remove a lost code app."""
    actions.take_code_away(work, account_id)
    return redirect(request, f"{PATH}/{account_id}", N_("The code app of this account is removed."))


@router.post("/{account_id}/sign-ins/end")
def sign_out_account(request: Request, account_id: Number, work: WorkDep) -> Response:
    """End every sign-in of an account."""
    ended = actions.sign_out_account(work, account_id)
    return redirect(request, f"{PATH}/{account_id}", N_("Sign-ins ended: {n}."), n=ended)


def role_of(text: str) -> RoleIn:
    """`technician`, or `technician@department:7`, as `RoleIn` writes itself. Raises RolesUnfit."""
    role, _, scope = text.partition("@")
    kind, _, key = scope.partition(":")
    try:
        return RoleIn(Role(role), (ScopeKind(kind).value, key) if scope else None)
    except ValueError as unknown:
        raise RolesUnfit from unknown


def _show_link(request: Request, account: Account, link: Secret) -> Response:
    return once(render(request, "identity/link.html", account=account, link=link_address(link)))
