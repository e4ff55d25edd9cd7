"""The form that says how a device is reached."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field, SecretStr

from kitto.assets import actions, queries
from kitto.assets.rules import WAY_WORDS, WAYS, fingerprint
from kitto.assets.rules.ways import SSH, WINRM
from kitto.base.i18n import N_
from kitto.base.seal import Secret
from kitto.identity.rules import Permission
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)

USUAL_PORT = {SSH: 22, WINRM: 5986}
Kind = Annotated[str, Query(pattern="^(ssh|winrm)$")]


class ReachForm(BaseModel):
    """The form as it is sent."""

    kind: str = Field(default=SSH, pattern="^(ssh|winrm)$")
    address: str = Field(max_length=64)
    port: int = Field(default=22, ge=1, le=65535)
    account: str = Field(default="kitto", max_length=64)
    host_key: str = Field(default="", max_length=8000)
    way: str = Field(default="", max_length=16)
    password: SecretStr = Field(default=SecretStr(""), max_length=256)


@router.get("/devices/{tag}/endpoint")
def show_endpoint(request: Request, work: ReadDep, tag: str, kind: Kind = "") -> HTMLResponse:
    """The form that says how a device is reached; without a kind, the one that is known."""
    work.allow(Permission.EDIT_ASSETS)
    asset = queries.by_tag(work, tag)
    known = {one.kind: one for one in queries.endpoints(work, asset.id)}
    chosen = kind or (WINRM if WINRM in known and SSH not in known else SSH)
    endpoint = known.get(chosen)
    return render(
        request,
        "assets/endpoint.html",
        asset=asset,
        kind=chosen,
        endpoint=endpoint,
        ways=[(way.value, WAY_WORDS[way]) for way in WAYS[chosen]],
        usual_port=USUAL_PORT[chosen],
        fingerprint=fingerprint(endpoint.host_key) if endpoint else "",
    )


@router.post("/devices/{tag}/endpoint")
def set_endpoint(request: Request, work: WorkDep, tag: str, form: Annotated[ReachForm, Form()]) -> Response:
    """Say how a device is reached, and the key or certificate it must show."""
    password = form.password.get_secret_value()
    actions.set_endpoint(
        work,
        tag=tag,
        kind=form.kind,
        address=form.address,
        port=form.port,
        account=form.account.strip(),
        host_key=form.host_key.strip(),
        way=form.way,
        password=Secret(password) if password else None,
    )
    return redirect(request, f"/devices/{tag}", N_("Saved."))
