"""Pages of first connections: make a file, see how far it has come, decide on a changed key."""

import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from kitto.assets import queries as assets
from kitto.base.i18n import N_, translate
from kitto.base.paper import codes
from kitto.base.work import Work
from kitto.bootstrap import actions, queries
from kitto.bootstrap.rules.instructions import HOW
from kitto.bootstrap.rules.states import KIND_WORDS, TOKEN_WORDS, ArtifactKind, ReturnState, TokenState
from kitto.identity.rules import Permission
from kitto.web.bodies import MaybeNumber, Number
from kitto.web.chips import Chip, register
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.hooks import Waiting, panel, waits
from kitto.web.render import redirect, render
from kitto.web.replays import once

router = APIRouter(route_class=Door, include_in_schema=False)
Version = Annotated[MaybeNumber, Form()]
SHOWN = 5
register(
    "bootstrap.token",
    {
        TokenState.OPEN: Chip(TOKEN_WORDS[TokenState.OPEN], "info", "ring"),
        TokenState.CALLED: Chip(TOKEN_WORDS[TokenState.CALLED], "warn", "half"),
        TokenState.FINISHED: Chip(TOKEN_WORDS[TokenState.FINISHED], "good", "check"),
        TokenState.EXPIRED: Chip(TOKEN_WORDS[TokenState.EXPIRED], "plain", "dash"),
        TokenState.REVOKED: Chip(TOKEN_WORDS[TokenState.REVOKED], "plain", "cross"),
        TokenState.LOCKED: Chip(TOKEN_WORDS[TokenState.LOCKED], "bad", "triangle"),
    },
)


@router.get("/devices/{tag}/first-connection")
def choose(request: Request, work: ReadDep, tag: str) -> HTMLResponse:
    """Which kind of file, and for how long."""
    work.allow(Permission.KIT)
    asset = assets.by_tag(work, tag)
    return render(request, "bootstrap/choose.html", asset=asset, kinds=KIND_WORDS)


@router.post("/devices/{tag}/first-connection")
def make(
    request: Request,
    work: WorkDep,
    tag: str,
    kind: Annotated[ArtifactKind, Form()],
    hours: Annotated[int, Form(ge=1, le=720)] = 72,
) -> HTMLResponse:
    """The file is on this page once; a redirect would have to keep it somewhere."""
    token, made = actions.make_artifact(work, tag=tag, kind=kind, lifetime=timedelta(hours=hours))
    address = f"data:{made.media_type.partition(';')[0]};base64,{base64.b64encode(made.content).decode()}"
    code = Markup(codes.svg(codes.qr(made.typed), title=made.name)) if made.typed else ""  # noqa: S704 -- drawn by us
    made_once = render(
        request,
        "bootstrap/made.html",
        asset=token.asset,
        token=token,
        made=made,
        address=address,
        code=code,
        kind=KIND_WORDS[kind],
        how=HOW[kind],
    )
    return once(made_once)


@router.post("/first-connections/{token_id}/revoke")
def revoke(request: Request, work: WorkDep, token_id: Number, version: Version = None) -> Response:
    token = actions.revoke_artifact(work, token_id=token_id, version=version)
    return redirect(request, f"/devices/{token.asset.name}", N_("No machine can use the file any more."))


@router.post("/first-connections/keys/{return_id}/accept")
def accept_key(request: Request, work: WorkDep, return_id: Number, version: Version = None) -> Response:
    found = actions.accept_key(work, return_id=return_id, version=version)
    return redirect(request, f"/devices/{found.token.asset.name}", N_("The new key is believed from now on."))


@router.post("/first-connections/keys/{return_id}/reject")
def reject_key(request: Request, work: WorkDep, return_id: Number, version: Version = None) -> Response:
    found = actions.reject_key(work, return_id=return_id, version=version)
    return redirect(request, f"/devices/{found.token.asset.name}", N_("The new key is not believed."))


@router.post("/devices/{tag}/first-password")
def show_password(request: Request, work: WorkDep, tag: str) -> HTMLResponse:
    """The password is on this page once."""
    password = actions.show_password(work, tag=tag)
    asset = assets.by_tag(work, tag)
    return once(render(request, "bootstrap/password.html", asset=asset, password=password))


@panel("asset", "bootstrap", title=N_("First connection"), template="bootstrap/panel.html", order=28)
def fill_panel(work: Work, subject_id: int) -> Mapping[str, Any] | None:
    """The files of a device with their state, and keys that wait for a decision."""
    found = queries.tokens(work, queries.TokenFilter(asset_id=subject_id), limit=SHOWN).items
    if not found and not work.actor.may(Permission.KIT):
        return None
    password = queries.password_of(work, subject_id)
    return {
        "asset": assets.by_id(work, subject_id),
        "tokens": [(token, token.state(work.now)) for token in found],
        "waiting": [one for token in found for one in token.returns if one.state is ReturnState.WAITING],
        "kinds": KIND_WORDS,
        "password": password if password is not None and password.password_shown_at is None else None,
    }


@waits("bootstrap", title=N_("Machines that show another key"), order=62)
def keys_that_wait(work: Work) -> Sequence[Waiting]:
    """Changed keys that a person must decide on."""
    if not work.actor.may(Permission.EDIT_ASSETS):
        return []
    return [
        Waiting(
            sentence=translate(
                work.locale,
                N_("{tag} shows a key that Kitto does not know"),
                tag=one.token.asset.name,
            ),
            link=f"/devices/{one.token.asset.name}",
            button=translate(work.locale, N_("Compare")),
            since=one.said_at,
            tone="bad",
            subject=one.token.asset.name,
        )
        for one in queries.keys_that_wait(work)
    ]
