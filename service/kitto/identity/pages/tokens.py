"""Pages of tokens."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from kitto.base.i18n import N_
from kitto.identity import actions, queries
from kitto.identity.rules import PERMISSION_SAYS, SCOPE_SAYS, Permission, ScopeKind
from kitto.identity.rules.limits import QUOTA_LEAST, QUOTA_MOST, QUOTA_USUAL, TOKEN_LONGEST
from kitto.identity.rules.refusals import RolesUnfit
from kitto.web import chips
from kitto.web.bodies import Empty, MaybeNumber, Number
from kitto.web.chips import Chip
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.render import redirect, render
from kitto.web.replays import once

PATH = "/settings/tokens"
router = APIRouter(prefix=PATH, route_class=Door, include_in_schema=False)
open_way("settings", PATH, N_("Tokens"), permission=Permission.MANAGE_TOKENS, rank=75)
chips.register(
    "identity.token",
    {
        "live": Chip(N_("Valid"), "good", "check"),
        "expired": Chip(N_("Expired"), "plain", "dash"),
        "revoked": Chip(N_("Revoked"), "bad", "cross"),
    },
)


class TokenForm(BaseModel):
    """What the form of a new token sends; the last day counts in the maker's time zone."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    permissions: list[Permission] = Field(min_length=1)
    last_day: Annotated[date, Field(lt=date(3000, 1, 1))]
    quota: int = Field(default=QUOTA_USUAL, ge=QUOTA_LEAST, le=QUOTA_MOST)
    scope_kind: Annotated[ScopeKind | None, Empty] = None
    scope_id: str = Field(default="", max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")

    def scope(self) -> tuple[str, str] | None:
        key = self.scope_id.strip()
        if (self.scope_kind is None) != (not key):
            raise RolesUnfit
        return (self.scope_kind.value, key) if self.scope_kind else None


@router.get("")
def show_tokens(
    request: Request, work: ReadDep, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> HTMLResponse:
    """The tokens, newest first."""
    found = queries.tokens(work, cursor=cursor)
    return render(request, "identity/tokens.html", found=found, permission_says=PERMISSION_SAYS)


@router.get("/new")
def ask_token(request: Request, work: ReadDep) -> HTMLResponse:
    """The form for a new token: only the rights that its maker has."""
    work.allow(Permission.MANAGE_TOKENS)
    today = work.now.astimezone(work.actor.zone).date()
    return render(
        request,
        "identity/token_new.html",
        offered=[
            (permission.value, PERMISSION_SAYS[permission])
            for permission in Permission
            if permission is not Permission.OWN_ACCOUNT and work.actor.may(permission)
        ],
        scope_says=SCOPE_SAYS,
        quota=QUOTA_USUAL,
        last_day=today + timedelta(days=90),
        longest=TOKEN_LONGEST.days,
    )


@router.post("/new")
def make_token(request: Request, form: Annotated[TokenForm, Form()], work: WorkDep) -> HTMLResponse:
    """Make a token and show its secret, once."""
    wish = actions.TokenWish(
        name=form.name,
        permissions=form.permissions,
        expires_at=datetime.combine(form.last_day + timedelta(days=1), time(), work.actor.zone),
        quota=form.quota,
        scope=form.scope(),
    )
    token, secret = actions.make_token(work, wish)
    return once(render(request, "identity/token_made.html", token=token, secret=secret.reveal()))


@router.get("/{token_id}/revoke")
def ask_revoke(request: Request, token_id: Number, work: ReadDep) -> HTMLResponse:
    """Ask before a token is revoked."""
    work.allow(Permission.MANAGE_TOKENS)
    return render(request, "identity/token_revoke.html", token=queries.token(work, token_id))


@router.post("/{token_id}/revoke")
def revoke_token(
    request: Request, token_id: Number, work: WorkDep, version: Annotated[MaybeNumber, Form()] = None
) -> Response:
    """Make a token worthless at once."""
    token = actions.revoke_token(work, token_id, version=version)
    return redirect(request, PATH, N_("The token {name} is revoked."), name=token.name)
