"""JSON doors of codes and profiles for phones."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr

from kitto.base.paper.codes import svg
from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.identity.adapters.browser import ShownOnce
from kitto.identity.rules import Permission
from kitto.phones import actions
from kitto.phones.adapters.browser import never_kept
from kitto.phones.adapters.proof import Proved
from kitto.phones.adapters.signing import certificates
from kitto.phones.rules.android import Component, OwnerCode
from kitto.phones.rules.apple import AppleProfile, Mail, Restriction, WebClip
from kitto.phones.rules.wifi import Security, Wifi
from kitto.web.bodies import RESPONSES, Short, Strict
from kitto.web.doors import Door, WorkDep

router = APIRouter(route_class=Door, tags=["phones"], responses=RESPONSES)
Long = Annotated[str, Field(max_length=20_000)]


class WifiIn(Strict):
    ssid: Short = Field(examples=["bench"])
    security: Security = Security.WPA
    password: SecretStr = SecretStr("")
    hidden: bool = False

    def value(self) -> Wifi:
        """The network, checked."""
        password = Secret(self.password.get_secret_value())
        return Wifi(ssid=self.ssid, security=self.security, password=password, hidden=self.hidden)


class OwnerCodeIn(Strict):
    """What the code says; `checksum` comes from `kitto phone apk`."""

    component: Short = Field(examples=["com.example.dpc/.AdminReceiver"])
    url: Annotated[str, Field(max_length=1000)] = Field(examples=["https://example.jp/dpc.apk"])
    checksum: Short = Field(examples=["I5YvS0O5hXY46mb01BlRjq4oJJGs2kuUcHvVkAPEXlg"])
    wifi: WifiIn | None = None
    locale: Short = "ja_JP"
    time_zone: Short = "Asia/Tokyo"
    keep_system_apps: bool = True
    skip_encryption: bool = False
    mobile_data: bool = False
    extras: dict[str, Any] = Field(default_factory=dict)
    tag: Short = ""


class WebClipIn(Strict):
    label: Short = Field(examples=["社内ポータル"])
    url: Annotated[str, Field(max_length=1000)] = Field(examples=["https://intra.example.jp/"])


class MailIn(Strict):
    address: Short = Field(examples=["tanaka@example.jp"])
    name: Short = ""
    incoming: Short = Field(examples=["imap.example.jp"])
    outgoing: Short = Field(examples=["smtp.example.jp"])


class ProfileIn(Strict):
    """A profile for iPhones; `certificates` is PEM text."""

    identifier: Short = Field(examples=["jp.example.phones"])
    name: Short = Field(examples=["社用 iPhone"])
    wifi: WifiIn | None = None
    certificates: Long = ""
    web_clips: list[WebClipIn] = Field(default_factory=list, max_length=20)
    mail: MailIn | None = None
    restrictions: list[Restriction] = Field(default_factory=list, max_length=10)
    tag: Short = ""


class CodeOut(BaseModel):
    """A code that has been read back; `svg` holds whatever the code says, so show it and keep it nowhere."""

    svg: str
    version: int
    size: int


class ProfileOut(BaseModel):
    """The address that gives the profile out once, and the code that leads to it."""

    url: str
    svg: str
    seconds: int


def _shown(made: Proved) -> CodeOut:
    return CodeOut(svg=svg(made.symbol, title="QR"), version=made.version, size=made.size)


@router.post("/api/v1/phones/owner-code", status_code=201, response_model=CodeOut)
def show_owner_code(request: Request, work: WorkDep, body: OwnerCodeIn) -> Response:
    """The code that makes a reset Android phone fully managed. Stored nowhere; takes no Idempotency-Key."""
    never_kept(request)
    given = body.model_dump(exclude={"component", "wifi", "tag"})
    code = OwnerCode(
        component=Component.parse(body.component), wifi=body.wifi.value() if body.wifi else None, **given
    )
    return ShownOnce(_shown(actions.show_owner_code(work, code, tag=body.tag)))


@router.post("/api/v1/phones/wifi-code", status_code=201, response_model=CodeOut)
def show_wifi_code(request: Request, work: WorkDep, body: WifiIn) -> Response:
    """The code that joins a Wi-Fi network. Stored nowhere; takes no Idempotency-Key."""
    never_kept(request)
    return ShownOnce(_shown(actions.show_wifi_code(work, body.value())))


@router.post("/api/v1/phones/profiles", status_code=201, response_model=ProfileOut)
def make_profile(request: Request, work: WorkDep, body: ProfileIn) -> Response:
    """Sign a profile for an iPhone and give the link that hands it out once. Takes no Idempotency-Key."""
    never_kept(request)
    work.allow(Permission.KIT)
    profile = AppleProfile(
        identifier=body.identifier,
        name=body.name,
        organisation=settings().organisation,
        wifi=body.wifi.value() if body.wifi else None,
        certificates=certificates(body.certificates),
        web_clips=tuple(WebClip(label=one.label, url=one.url) for one in body.web_clips),
        mail=Mail(**body.mail.model_dump()) if body.mail else None,
        restrictions=tuple(body.restrictions),
    )
    _, secret = actions.make_profile(work, profile, tag=body.tag)
    code = actions.code_of_link(actions.address_of(secret))
    out = ProfileOut(
        url=actions.address_of(secret),
        svg=svg(code.symbol, title="QR"),
        seconds=int(actions.FETCH_WITHIN.total_seconds()),
    )
    return ShownOnce(out)
