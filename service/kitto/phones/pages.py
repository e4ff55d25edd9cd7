"""Pages of codes and profiles for phones, and the door where a phone fetches its profile."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import BaseModel

from kitto.base.i18n import N_, Words
from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.base.work import Work, system_actor
from kitto.identity.adapters.browser import ledger_of
from kitto.identity.rules import Permission
from kitto.phones import actions, queries
from kitto.phones.adapters.apk import read_apk
from kitto.phones.adapters.browser import never_kept
from kitto.phones.adapters.proof import Proved, drawn
from kitto.phones.adapters.signing import certificates
from kitto.phones.rules.android import Component, OwnerCode, belongs, read_extras, signature_checksum
from kitto.phones.rules.apple import MEDIA_TYPE, RESTRICTIONS, AppleProfile, Restriction, WebClip
from kitto.phones.rules.refusals import ApkUnreadable
from kitto.phones.rules.wifi import SECURITIES, Security, Wifi
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import file_answer
from kitto.web.nav import open_way
from kitto.web.render import render

router = APIRouter(route_class=Door, include_in_schema=False)
Token = Annotated[str, Path(max_length=100)]

open_way("kitting", "/phones", N_("Phones"), permission=Permission.KIT, rank=60)


class WifiForm(BaseModel):
    """A network as the forms ask for it."""

    ssid: str = ""
    security: Security = Security.WPA
    password: str = ""
    hidden: bool = False

    def wifi(self) -> Wifi:
        """The network, checked."""
        return Wifi(
            ssid=self.ssid, security=self.security, password=Secret(self.password), hidden=self.hidden
        )


class OwnerForm(WifiForm):
    """What the code for a fully managed Android phone needs; with the APK the checksum is computed."""

    component: str = ""
    url: str = ""
    checksum: str = ""
    apk: Any = None
    locale: str = "ja_JP"
    time_zone: str = "Asia/Tokyo"
    drop_system_apps: bool = False
    skip_encryption: bool = False
    mobile_data: bool = False
    extras: str = ""
    tag: str = ""

    def code(self) -> OwnerCode:
        """The code, checked against the APK if there is one."""
        component = Component.parse(self.component)
        return OwnerCode(
            component=component,
            url=self.url.strip(),
            checksum=self._checksum(component),
            wifi=self.wifi() if self.ssid else None,
            locale=self.locale.strip(),
            time_zone=self.time_zone.strip(),
            keep_system_apps=not self.drop_system_apps,
            skip_encryption=self.skip_encryption,
            mobile_data=self.mobile_data,
            extras=read_extras(self.extras),
        )

    def _checksum(self, component: Component) -> str:
        file = getattr(self.apk, "file", None)
        if file is None or not getattr(self.apk, "filename", ""):
            return self.checksum.strip()
        if (self.apk.size or 0) > settings().upload_limit:
            raise ApkUnreadable(
                reason=Words(N_("it is too large to send; run `kitto phone apk` where it lies instead."))
            )
        apk = read_apk(file)
        belongs(component, apk.manifest.package, apk.manifest.receivers)
        return signature_checksum(apk.digest)


class ProfileForm(WifiForm):
    """What a profile for an iPhone says."""

    identifier: str = ""
    name: str = ""
    certificates: str = ""
    clip_label: str = ""
    clip_url: str = ""
    restrictions: list[Restriction] = []
    tag: str = ""

    def profile(self) -> AppleProfile:
        """The profile, checked."""
        return AppleProfile(
            identifier=self.identifier.strip(),
            name=self.name.strip(),
            organisation=settings().organisation,
            wifi=self.wifi() if self.ssid else None,
            certificates=certificates(self.certificates),
            web_clips=(WebClip(label=self.clip_label, url=self.clip_url.strip()),) if self.clip_url else (),
            restrictions=tuple(self.restrictions),
        )


@router.get("/phones")
def show_owner_form(request: Request, work: ReadDep) -> HTMLResponse:
    """The form of the code for a fully managed Android phone."""
    work.allow(Permission.KIT)
    return render(request, "phones/owner.html", securities=SECURITIES)


@router.post("/phones")
def show_owner_code(request: Request, work: WorkDep, form: Annotated[OwnerForm, Form()]) -> HTMLResponse:
    """The code, in this answer only."""
    never_kept(request)
    work.allow(Permission.KIT)
    made = actions.show_owner_code(work, form.code(), tag=form.tag)
    return _code(request, made, N_("Make an Android phone fully managed"), "/phones", form.ssid)


@router.get("/phones/wifi")
def show_wifi_form(request: Request, work: ReadDep) -> HTMLResponse:
    """The form of the code that joins a network."""
    work.allow(Permission.KIT)
    return render(request, "phones/wifi.html", securities=SECURITIES)


@router.post("/phones/wifi")
def show_wifi_code(request: Request, work: WorkDep, form: Annotated[WifiForm, Form()]) -> HTMLResponse:
    """The code, in this answer only."""
    never_kept(request)
    work.allow(Permission.KIT)
    made = actions.show_wifi_code(work, form.wifi())
    return _code(request, made, N_("Join the Wi-Fi"), "/phones/wifi", form.ssid)


@router.get("/phones/iphone")
def show_profile_form(request: Request, work: ReadDep) -> HTMLResponse:
    """The form of a profile."""
    work.allow(Permission.KIT)
    return render(request, "phones/iphone.html", securities=SECURITIES, restrictions=RESTRICTIONS)


@router.post("/phones/iphone")
def make_profile(request: Request, work: WorkDep, form: Annotated[ProfileForm, Form()]) -> HTMLResponse:
    """Sign a profile; the answer holds the code of its one-time link."""
    never_kept(request)
    work.allow(Permission.KIT)
    link, secret = actions.make_profile(work, form.profile(), tag=form.tag)
    address = actions.address_of(secret)
    made = actions.code_of_link(address)
    return render(
        request,
        "phones/link.html",
        picture=_sized(made, request),
        address=address,
        until=link.expires_at,
        name=link.name,
    )


@router.get("/p/{token}")
def show_link(request: Request, work: ReadDep, token: Token) -> HTMLResponse:
    """What the phone sees first; a preview of the link fetches nothing."""
    work.allow_everyone("the link itself is the right; it is given out once")
    link = queries.link(work, Secret(token))
    return render(
        request, "phones/fetch.html", name=link.name, token=token, organisation=settings().organisation
    )


@router.get("/p/{token}/profile.mobileconfig")
def fetch_profile(request: Request, work: ReadDep, token: Token) -> Response:
    """Give a profile out, once. A GET, because that is how an iPhone takes profiles."""
    work.allow_everyone("the link itself is the right; it is given out once")
    queries.link(work, Secret(token))
    with ledger_of(request).begin(system_actor("phones")) as own:
        name, content = actions.fetch_profile(own, Secret(token))
    return file_answer(content, MEDIA_TYPE, f"{name}.mobileconfig")


def _code(request: Request, made: Proved, title: str, back: str, ssid: str) -> HTMLResponse:
    return render(
        request,
        "phones/code.html",
        picture=_sized(made, request),
        title=title,
        back=back,
        ssid=ssid,
        made=made,
    )


def _sized(made: Proved, request: Request) -> Markup:
    work: Work = request.state.work
    return drawn(made, work.locale)
