"""Pages of the watch: what needs a person, probes, credentials; the panel on a device's page."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field, SecretStr

from kitto.assets import queries as assets
from kitto.base.i18n import N_, translate
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.health import actions, queries
from kitto.health.actions import CredentialSpec, ProbeChanges
from kitto.health.adapters.network_cli import BY_NAME
from kitto.health.adapters.pins import fingerprint
from kitto.health.models import Probe
from kitto.health.rules.probes import CIPHERS, HASHES, CredentialKind, ProbeKind
from kitto.health.rules.sparkline import points
from kitto.health.rules.states import HealthState
from kitto.health.rules.watches import Check
from kitto.health.rules.wording import (
    CHECK_SAYS,
    CREDENTIAL_SAYS,
    DEVICE_SAYS,
    PRINTER_SAYS,
    PROBE_SAYS,
    READING_SAYS,
    REASON_SAYS,
    STATE_LOOKS,
    STATE_SAYS,
)
from kitto.identity.rules import Permission
from kitto.web.bodies import Empty, MaybeNumber
from kitto.web.chips import register
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.hooks import Waiting, panel, waits
from kitto.web.nav import open_way
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
Key = Annotated[int, Path(ge=1, le=2**53)]
Cursor = Annotated[str | None, Query(max_length=500)]
MaybePort = Annotated[Annotated[int, Field(ge=1, le=65535)] | None, Empty]
MaybeCheck = Annotated[Check | None, Empty]
MaybeState = Annotated[HealthState | None, Empty]

register("health.state", STATE_LOOKS)
open_way("health", "/health", N_("Problems"), permission=Permission.SEE, rank=10)
open_way("health", "/health/probes", N_("Probes"), permission=Permission.SEE, rank=20)
open_way("health", "/health/credentials", N_("Credentials"), permission=Permission.MANAGE_PROBES, rank=30)


class ProbeForm(BaseModel):
    """What the form of a new probe sends."""

    tag: str = Field(max_length=200)
    kind: ProbeKind = ProbeKind.SNMP
    address: str = Field(max_length=200)
    port: MaybePort = None
    credential_id: MaybeNumber = None
    interval_seconds: MaybeNumber = None
    host_key: str = Field(default="", max_length=4000)
    platform: str = Field(default="", max_length=40)


class ChangeForm(BaseModel):
    """What the form of a probe sends."""

    address: str = Field(max_length=200)
    credential_id: MaybeNumber = None
    interval_seconds: MaybeNumber = None
    enabled: bool = False
    version: Annotated[int, Field(ge=1, le=2**31)]


class PinForm(BaseModel):
    fingerprint: str = Field(max_length=200)


class NoteForm(BaseModel):
    note: str = Field(default="", max_length=255)


class VersionForm(BaseModel):
    version: Annotated[int, Field(ge=1, le=2**31)]


class CredentialForm(BaseModel):
    """What the form of a credential sends."""

    name: str = Field(max_length=200)
    kind: CredentialKind = CredentialKind.COMMUNITY
    account: str = Field(default="", max_length=200)
    secret: SecretStr = Field(max_length=20_000)
    privacy: SecretStr = Field(default=SecretStr(""), max_length=200)
    snmp_version: str = Field(default="2c", max_length=4)
    hash: str = Field(default="sha1", max_length=10)
    cipher: str = Field(default="aes128", max_length=10)

    def spec(self) -> CredentialSpec:
        given: dict[str, Any] = self.model_dump(exclude={"secret", "privacy"})
        privacy = self.privacy.get_secret_value()
        secret = Secret(self.secret.get_secret_value().replace("\r\n", "\n"))
        return CredentialSpec(secret=secret, privacy=Secret(privacy) if privacy else None, **given)


@router.get("/health")
def show_problems(
    request: Request, work: ReadDep, check: MaybeCheck = None, only: str = "", cursor: Cursor = None
) -> HTMLResponse:
    """What needs a person."""
    work.allow(Permission.SEE)
    wanted = queries.ProblemFilter(check=check, is_open=only != "over")
    return render(
        request,
        "health/problems.html",
        found=queries.problems(work, wanted, cursor=cursor),
        wanted=wanted,
        counts=queries.counts(work),
        checks=CHECK_SAYS,
        states=STATE_SAYS,
    )


@router.get("/health/problems/{problem_id}/acknowledge")
def ask_note(request: Request, work: ReadDep, problem_id: Key) -> HTMLResponse:
    """The form of an acknowledgement."""
    work.allow(Permission.WATCH)
    problem = queries.problem(work, problem_id)
    return render(request, "health/acknowledge.html", problem=problem, checks=CHECK_SAYS)


@router.post("/health/problems/{problem_id}/acknowledge")
def acknowledge(
    request: Request, work: WorkDep, problem_id: Key, form: Annotated[NoteForm, Form()]
) -> Response:
    actions.acknowledge(work, problem_id=problem_id, note=form.note)
    return redirect(request, "/health", N_("The problem is acknowledged."))


@router.get("/health/probes")
def show_probes(
    request: Request,
    work: ReadDep,
    q: Annotated[str, Query(max_length=200)] = "",
    state: MaybeState = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Who is asked how, and where each stands."""
    work.allow(Permission.SEE)
    wanted = queries.ProbeFilter(q=q, state=state)
    return render(
        request,
        "health/probes.html",
        found=queries.probes(work, wanted, cursor=cursor),
        wanted=wanted,
        states=STATE_SAYS,
        kinds=PROBE_SAYS,
    )


@router.get("/health/probes/new")
def new_probe(
    request: Request, work: ReadDep, tag: Annotated[str, Query(max_length=200)] = ""
) -> HTMLResponse:
    """The empty form."""
    work.allow(Permission.MANAGE_PROBES)
    return render(
        request,
        "health/probe_form.html",
        tag=tag,
        kinds=PROBE_SAYS,
        credentials=queries.credentials(work),
        platforms=sorted(BY_NAME),
    )


@router.post("/health/probes")
def add_probe(request: Request, work: WorkDep, form: Annotated[ProbeForm, Form()]) -> Response:
    given: dict[str, Any] = form.model_dump()
    probe = actions.add_probe(work, **given)
    return redirect(
        request, f"/health/probes/{probe.id}", N_("{tag} is watched from now on."), tag=probe.asset.name
    )


@router.get("/health/probes/{probe_id}")
def show_probe(request: Request, work: ReadDep, probe_id: Key) -> HTMLResponse:
    """One probe: where it stands, what it read, how it is set."""
    work.allow(Permission.SEE)
    probe = queries.probe(work, probe_id)
    may_change = work.actor.may(Permission.MANAGE_PROBES)
    return render(
        request,
        "health/probe.html",
        credentials=queries.credentials(work) if may_change else [],
        **_seen(work, probe),
    )


@router.get("/health/probes/{probe_id}/readings/{name}")
def show_series(
    request: Request,
    work: ReadDep,
    probe_id: Key,
    name: Annotated[str, Path(max_length=64)],
    instance: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """The history of one reading, as a line and as numbers."""
    work.allow(Permission.SEE)
    probe = queries.probe(work, probe_id)
    rows = [r for r in queries.readings(work, probe_id) if (r.name, r.instance) == (name, instance)]
    series = queries.series(work, probe_id, name, instance)
    return render(
        request,
        "health/series.html",
        probe=probe,
        row=rows[0] if rows else None,
        title=READING_SAYS.get(name, name),
        series=series[::-1],
        line=points(series, 640, 120),
    )


@router.post("/health/probes/{probe_id}")
def change_probe(
    request: Request, work: WorkDep, probe_id: Key, form: Annotated[ChangeForm, Form()]
) -> Response:
    changes = ProbeChanges(**form.model_dump(exclude={"version"}))
    probe = actions.change_probe(work, probe_id=probe_id, changes=changes, version=form.version)
    return redirect(request, f"/health/probes/{probe.id}", N_("The probe was changed."))


@router.post("/health/probes/{probe_id}/poll")
def poll_now(request: Request, work: WorkDep, probe_id: Key) -> Response:
    probe = actions.poll_now(work, probe_id=probe_id)
    return redirect(request, f"/health/probes/{probe.id}", N_("It is being asked; reload in a few seconds."))


@router.post("/health/probes/{probe_id}/second-opinion")
def ask_second_opinion(request: Request, work: WorkDep, probe_id: Key) -> Response:
    probe = actions.ask_second_opinion(work, probe_id=probe_id)
    return redirect(request, f"/health/probes/{probe.id}", N_("It is being asked; reload in a few seconds."))


@router.post("/health/probes/{probe_id}/pin")
def pin(request: Request, work: WorkDep, probe_id: Key, form: Annotated[PinForm, Form()]) -> Response:
    probe = actions.pin_host_key(work, probe_id=probe_id, shown=form.fingerprint)
    return redirect(request, f"/health/probes/{probe.id}", N_("It is pinned."))


@router.get("/health/probes/{probe_id}/remove")
def ask_removal(request: Request, work: ReadDep, probe_id: Key) -> HTMLResponse:
    """Names what will go."""
    work.allow(Permission.MANAGE_PROBES)
    return render(request, "health/remove.html", probe=queries.probe(work, probe_id), kinds=PROBE_SAYS)


@router.post("/health/probes/{probe_id}/remove")
def remove_probe(
    request: Request, work: WorkDep, probe_id: Key, form: Annotated[VersionForm, Form()]
) -> Response:
    actions.remove_probe(work, probe_id=probe_id, version=form.version)
    return redirect(request, "/health/probes", N_("The probe was removed."))


@router.get("/health/credentials")
def show_credentials(request: Request, work: ReadDep) -> HTMLResponse:
    """Credentials without their secrets."""
    work.allow(Permission.MANAGE_PROBES)
    return render(
        request, "health/credentials.html", credentials=queries.credentials(work), kinds=CREDENTIAL_SAYS
    )


@router.get("/health/credentials/new")
def new_credential(request: Request, work: ReadDep) -> HTMLResponse:
    """The empty form."""
    work.allow(Permission.MANAGE_PROBES)
    return render(
        request, "health/credential_form.html", kinds=CREDENTIAL_SAYS, hashes=HASHES, ciphers=CIPHERS
    )


@router.post("/health/credentials")
def add_credential(request: Request, work: WorkDep, form: Annotated[CredentialForm, Form()]) -> Response:
    row = actions.set_credential(work, form.spec())
    return redirect(request, "/health/credentials", N_("“{name}” is kept, sealed."), name=row.name)


@router.post("/health/credentials/{credential_id}/remove")
def remove_credential(request: Request, work: WorkDep, credential_id: Key) -> Response:
    actions.remove_credential(work, credential_id=credential_id)
    return redirect(request, "/health/credentials", N_("The credential was removed."))


def _seen(work: Work, probe: Probe) -> dict[str, Any]:
    series = queries.all_series(work, probe.id)
    return {
        "probe": probe,
        "known": probe.health.known,
        "readings": queries.readings(work, probe.id),
        "lines": {key: points(values) for key, values in series.items()},
        "pinned": fingerprint(probe.host_key),
        "shown": fingerprint(probe.health.shown_key),
        "reasons": REASON_SAYS,
        "names": READING_SAYS,
        "printer": PRINTER_SAYS,
        "kinds": PROBE_SAYS,
        "devices": DEVICE_SAYS,
    }


@panel("asset", "health", title=N_("Health"), template="health/panel.html", order=40)
def fill_panel(work: Work, subject_id: int) -> Mapping[str, Any] | None:
    """How a device is, by all its probes; an offer to watch it where there is none."""
    probes = queries.probes_of(work, subject_id)
    may_add = work.actor.may(Permission.MANAGE_PROBES)
    if not probes and not may_add:
        return None
    return {"asset": assets.by_id(work, subject_id), "seen": [_seen(work, probe) for probe in probes]}


@waits("health.problems", title=N_("Problems"), order=40)
def waiting_problems(work: Work) -> Sequence[Waiting]:
    """What nobody has acknowledged yet."""
    if not work.actor.may(Permission.WATCH):
        return []
    found = queries.problems(work, queries.ProblemFilter(), limit=20).items
    return [
        Waiting(
            sentence=" ".join(
                part
                for part in (
                    row.asset.name if row.asset else "",
                    translate(work.locale, CHECK_SAYS[row.check]),
                    row.label,
                )
                if part
            ),
            link=f"/health/probes/{row.probe_id}" if row.probe_id else "/health",
            button=translate(work.locale, N_("Look")),
            since=row.opened_at,
            tone="bad" if row.check is Check.REACH else "warn",
            subject=row.asset.name if row.asset else "",
        )
        for row in found
        if row.acknowledged_at is None
    ]
