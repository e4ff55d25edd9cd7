"""The secrets of a device: which there are, and one shown once to whom may see it."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from kitto.assets import queries as assets
from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.secrets import show_secret
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.hooks import panel
from kitto.web.render import render
from kitto.web.replays import once

router = APIRouter(route_class=Door, include_in_schema=False)
Name = Annotated[str, Field(max_length=64)]


@panel("asset", "secrets", title=N_("Secrets"), template="kitting/secrets.html", order=35)
def fill_secrets(work: Work, subject_id: int) -> dict[str, Any] | None:
    """Names of a device's secrets, never the secrets."""
    found = queries.secrets_of(work, subject_id)
    return {"secrets": found, "tag": assets.by_id(work, subject_id).name} if found else None


@router.get("/kitting/secrets/{tag}/{name}")
def ask_secret(request: Request, work: ReadDep, tag: str, name: Name) -> HTMLResponse:
    """Ask before a secret is shown."""
    work.allow(Permission.REVEAL_SECRETS)
    asset = assets.by_tag(work, tag)
    return render(request, "kitting/secret.html", tag=asset.name, name=name, secret="")


@router.post("/kitting/secrets/{tag}/{name}")
def show(request: Request, work: WorkDep, tag: str, name: Name) -> HTMLResponse:
    """The secret, once. It is never kept for a repeated command, nor by a browser."""
    secret = show_secret(work, tag=tag, name=name)
    return once(render(request, "kitting/secret.html", tag=tag, name=name, secret=secret.reveal()))
