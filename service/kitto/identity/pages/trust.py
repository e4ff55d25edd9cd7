"""Pages of CI trust: which CI systems may exchange their id-tokens for tokens of ours."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity import actions, queries
from kitto.identity.models import CiTrust
from kitto.identity.rules import PERMISSION_SAYS, SCOPE_SAYS, Permission, ScopeKind
from kitto.identity.rules.limits import QUOTA_LEAST, QUOTA_MOST, QUOTA_USUAL
from kitto.identity.rules.refusals import RolesUnfit, TrustUnfit
from kitto.identity.rules.trust import MINUTES_LEAST, MINUTES_MOST, TrustWish
from kitto.web import chips
from kitto.web.bodies import Empty, MaybeNumber, Number
from kitto.web.chips import Chip
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

PATH: Final = "/settings/ci-trust"
router = APIRouter(prefix=PATH, route_class=Door, include_in_schema=False)
open_way("settings", PATH, N_("CI trust"), permission=Permission.MANAGE_TOKENS, rank=76)
chips.register(
    "identity.trust",
    {"live": Chip(N_("Trusted"), "good", "check"), "ended": Chip(N_("Ended"), "plain", "dash")},
)
# What is usually pinned, for each system; the reader fills in the values.
EXAMPLES: Final = {
    "GitHub": (
        "https://token.actions.githubusercontent.com",
        "repository_id = 123456\nref = refs/heads/main\nenvironment = kitting",
    ),
    "GitLab": ("https://gitlab.example.jp", "project_path = pso/kitting\nref_protected = true"),
    "Jenkins": ("https://jenkins.example.jp/oidc", "sub = https://jenkins.example.jp/job/kitting/"),
}
Shown = r"^[^\x00-\x1f\x7f]*$"


class TrustForm(BaseModel):
    """What the form sends. A line of `pins` is a claim and a value; more lines of a claim: any of them."""

    name: str = Field(min_length=1, max_length=200, pattern=Shown)
    issuer: str = Field(max_length=500, pattern=Shown)
    audience: str = Field(max_length=500, pattern=Shown)
    pins: str = Field(max_length=10_000)
    permissions: list[Permission] = Field(min_length=1)
    minutes: int = Field(default=10, ge=MINUTES_LEAST, le=MINUTES_MOST)
    quota: int = Field(default=QUOTA_USUAL, ge=QUOTA_LEAST, le=QUOTA_MOST)
    scope_kind: Annotated[ScopeKind | None, Empty] = None
    scope_id: str = Field(default="", max_length=64, pattern=Shown)
    tag_prefix: str = Field(default="", max_length=64, pattern=Shown)
    categories: str = Field(default="", max_length=1000, pattern=Shown)
    jwks_url: str = Field(default="", max_length=500, pattern=Shown)
    version: MaybeNumber = None

    def wish(self) -> TrustWish:
        key = self.scope_id.strip()
        if (self.scope_kind is None) != (not key):
            raise RolesUnfit
        return TrustWish(
            name=self.name,
            issuer=self.issuer.strip(),
            audience=self.audience.strip(),
            pins=_pins(self.pins),
            permissions=[str(permission) for permission in self.permissions],
            minutes=self.minutes,
            quota=self.quota,
            scope=(self.scope_kind.value, key) if self.scope_kind else None,
            tag_prefix=self.tag_prefix.strip(),
            categories=self.categories.replace("、", ",").replace(",", " ").split(),
            jwks_url=self.jwks_url.strip(),
        )


def _pins(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in filter(str.strip, text.splitlines()):
        claim, sign, value = (part.strip() for part in line.partition("="))
        if not (sign and claim and value):
            raise TrustUnfit(field=line.strip()[:64])
        found.setdefault(claim, []).append(value)
    return found


@router.get("")
def show_trusts(
    request: Request, work: ReadDep, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> HTMLResponse:
    """The rules by which CI systems are trusted, newest first."""
    found = queries.ci_trusts(work, cursor=cursor)
    return render(request, "identity/ci_trusts.html", found=found)


@router.get("/new")
def ask_trust(
    request: Request, work: ReadDep, system: Annotated[str, Query(max_length=32)] = "GitHub"
) -> HTMLResponse:
    """The form for a new rule, begun for one of the systems."""
    work.allow(Permission.MANAGE_TOKENS)
    issuer, pins = EXAMPLES.get(system, EXAMPLES["GitHub"])
    return _form(request, work, None, {"issuer": issuer, "pins": pins, "name": system})


@router.post("/new")
def trust_ci(request: Request, form: Annotated[TrustForm, Form()], work: WorkDep) -> Response:
    """Trust a CI system."""
    trust = actions.trust_ci(work, form.wish())
    return redirect(request, PATH, N_("{name} is trusted."), name=trust.name)


@router.get("/{trust_id}")
def edit_trust(request: Request, trust_id: Number, work: ReadDep) -> HTMLResponse:
    """One rule, to be read or changed."""
    work.allow(Permission.MANAGE_TOKENS)
    trust = queries.ci_trust(work, trust_id)
    pins = "\n".join(f"{claim} = {value}" for claim, values in trust.pins.items() for value in values)
    return _form(request, work, trust, {"issuer": trust.issuer, "pins": pins, "name": trust.name})


@router.post("/{trust_id}")
def change_trust(
    request: Request, trust_id: Number, form: Annotated[TrustForm, Form()], work: WorkDep
) -> Response:
    """Change a rule."""
    trust = actions.change_trust(work, trust_id, form.wish(), version=form.version)
    return redirect(request, PATH, N_("{name} was changed."), name=trust.name)


@router.get("/{trust_id}/end")
def ask_end(request: Request, trust_id: Number, work: ReadDep) -> HTMLResponse:
    """Ask before a rule is ended."""
    work.allow(Permission.MANAGE_TOKENS)
    return render(request, "identity/ci_trust_end.html", trust=queries.ci_trust(work, trust_id))


@router.post("/{trust_id}/end")
def end_trust(
    request: Request, trust_id: Number, work: WorkDep, version: Annotated[MaybeNumber, Form()] = None
) -> Response:
    """Trust it no more."""
    trust = actions.end_trust(work, trust_id, version=version)
    return redirect(request, PATH, N_("{name} is trusted no more."), name=trust.name)


def _form(request: Request, work: Work, trust: CiTrust | None, begun: dict[str, Any]) -> HTMLResponse:
    return render(
        request,
        "identity/ci_trust_form.html",
        trust=trust,
        begun=begun,
        systems=list(EXAMPLES),
        offered=[
            (permission.value, PERMISSION_SAYS[permission])
            for permission in Permission
            if permission is not Permission.OWN_ACCOUNT and work.actor.may(permission)
        ],
        chosen=trust.permissions if trust else ["see", "kit"],
        scope_says=SCOPE_SAYS,
        quota=trust.quota if trust else QUOTA_USUAL,
        minutes=trust.minutes if trust else 10,
    )
