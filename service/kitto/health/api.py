"""JSON doors of the watch."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, SecretStr

from kitto.assets import queries as assets
from kitto.base.seal import Secret
from kitto.health import actions, queries
from kitto.health.actions import CredentialSpec, ProbeChanges
from kitto.health.adapters.pins import fingerprint
from kitto.health.models import Probe, ProbeCredential, Problem, ReadingLast
from kitto.health.rules.probes import LONGEST_INTERVAL, SHORTEST_INTERVAL, CredentialKind, ProbeKind
from kitto.health.rules.states import HealthState, Reason
from kitto.health.rules.values import Exactness, Unit
from kitto.health.rules.watches import Check
from kitto.identity.rules import Permission
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["health"], responses=RESPONSES)
Key = Annotated[int, Path(ge=1, le=2**53)]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=SHORTEST_INTERVAL, le=LONGEST_INTERVAL)]
SecretText = Annotated[SecretStr, Field(min_length=1, max_length=20_000)]


class ProbeIn(Strict):
    tag: Short = Field(examples=["PC-000042-C"])
    kind: ProbeKind
    address: Short = Field(examples=["192.0.2.7"])
    port: Port | None = None
    credential_id: Number | None = None
    interval_seconds: Seconds | None = None
    host_key: str = Field(default="", max_length=4000, examples=["ssh-ed25519 AAAA…"])
    platform: Short = Field(default="", examples=["cisco_ios"])


class ProbeChange(Strict):
    """Fields that are left out stay as they are."""

    address: Short | None = Field(default=None, examples=["192.0.2.7"])
    port: Port | None = None
    credential_id: Number | None = None
    interval_seconds: Seconds | None = None
    enabled: bool | None = None
    host_key: str | None = Field(default=None, max_length=4000)
    platform: Short | None = None


class IdentityOut(BaseModel):
    """Who the device says it is."""

    kind: str
    vendor: str
    model: str
    serial: str
    serial_from: str
    version: str
    name: str
    location: str
    mac: str


class OpinionOut(BaseModel):
    """What another SNMP stack heard."""

    answered: bool
    objects: list[tuple[str, str]]
    trouble: str


class ProbeOut(BaseModel):
    """A probe and where it stands."""

    id: int
    version: int
    tag: str | None
    asset_id: int
    kind: ProbeKind
    address: str
    port: int
    platform: str
    interval_seconds: int
    enabled: bool
    credential_id: int | None
    host_key: str = Field(description="Fingerprint of the pinned host key or certificate.")
    shown_key: str = Field(description="Fingerprint of a key that was shown and is not pinned.")
    state: HealthState
    since: datetime | None
    reason: Reason
    detail: str
    answered_at: datetime | None
    polled_at: datetime | None
    due_at: datetime
    latency_ms: float | None
    uptime_seconds: float | None
    identity: IdentityOut | None
    opinion: OpinionOut | None


class ProbesOut(BaseModel):
    items: list[ProbeOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class ReadingOut(BaseModel):
    """The last value of a reading; without a value where the device only says "some" or nothing."""

    name: str = Field(examples=["supply"])
    instance: str
    label: str = Field(examples=["Black toner"])
    value: float | None
    unit: Unit
    exactness: Exactness
    at: datetime


class PointOut(BaseModel):
    at: datetime
    value: float


class AssetHealthOut(BaseModel):
    """All probes of a device with their readings."""

    probes: list[ProbeOut]
    readings: dict[int, list[ReadingOut]] = Field(description="By number of the probe.")


class ProblemOut(BaseModel):
    id: int
    tag: str | None
    asset_id: int | None
    check: Check
    instance: str
    label: str
    detail: str
    value: float | None
    opened_at: datetime
    closed_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    note: str


class ProblemsOut(BaseModel):
    items: list[ProblemOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class AcknowledgeIn(Strict):
    note: str = Field(default="", max_length=255, examples=["予備のトナーを手配済み"])


class PinIn(Strict):
    fingerprint: Short = Field(examples=["SHA256:…"], description="As compared on the device itself.")


class CredentialIn(Strict):
    """`secret` is the community, password or private key. Secrets are sealed and never shown again."""

    name: Short = Field(examples=["switches, read only"])
    kind: CredentialKind
    account: Short = ""
    secret: SecretText = Field(examples=["only-for-reading"])
    privacy: SecretText | None = Field(default=None, description="Privacy password of an SNMP user.")
    snmp_version: Short = "2c"
    hash: Short = "sha1"
    cipher: Short = "aes128"

    def spec(self) -> CredentialSpec:
        given: dict[str, Any] = self.model_dump(exclude={"secret", "privacy"})
        privacy = Secret(self.privacy.get_secret_value()) if self.privacy else None
        return CredentialSpec(secret=Secret(self.secret.get_secret_value()), privacy=privacy, **given)


class CredentialOut(BaseModel):
    id: int
    version: int
    name: str
    kind: CredentialKind
    account: str
    snmp_version: str
    hash: str
    cipher: str
    changed_at: datetime


def shown(probe: Probe) -> ProbeOut:
    """A probe as the API shows it."""
    health = probe.health
    own = ("id", "version", "asset_id", "kind", "address", "port", "platform", "interval_seconds", "enabled")
    state = ("state", "since", "reason", "detail", "answered_at", "polled_at", "due_at", "latency_ms")
    return ProbeOut(
        **{name: getattr(probe, name) for name in (*own, "credential_id")},
        **{name: getattr(health, name) for name in (*state, "uptime_seconds", "identity", "opinion")},
        tag=probe.asset.tag,
        host_key=fingerprint(probe.host_key),
        shown_key=fingerprint(health.shown_key),
    )


def _reading(row: ReadingLast) -> ReadingOut:
    return ReadingOut.model_validate(row, from_attributes=True)


def _problem(row: Problem) -> ProblemOut:
    names = set(ProblemOut.model_fields) - {"tag"}
    return ProblemOut(
        **{name: getattr(row, name) for name in names}, tag=row.asset.tag if row.asset else None
    )


def _credential(row: ProbeCredential) -> CredentialOut:
    return CredentialOut.model_validate(row, from_attributes=True)


def _answer(work: WorkDep, response: Response, probe: Probe) -> ProbeOut:
    work.session.flush()  # the answer carries the new version
    etag(response, probe.version)
    return shown(probe)


@router.get("/health/probes")
def list_probes(
    work: ReadDep,
    state: HealthState | None = None,
    kind: ProbeKind | None = None,
    q: Annotated[str, Query(max_length=200, description="Tag, host name or start of an address.")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ProbesOut:
    """Probes and where they stand."""
    work.allow(Permission.SEE)
    wanted = queries.ProbeFilter(state=state, kind=kind, q=q)
    found = queries.probes(work, wanted, cursor=cursor, limit=limit)
    return ProbesOut(items=[shown(probe) for probe in found.items], next=found.next)


@router.post("/health/probes", status_code=201)
def add_probe(work: WorkDep, response: Response, body: ProbeIn) -> ProbeOut:
    """Watch a device; it is asked within a minute."""
    probe = actions.add_probe(work, **body.model_dump())
    response.headers["Location"] = f"/api/v1/health/probes/{probe.id}"
    return _answer(work, response, probe)


@router.get("/health/probes/{probe_id}")
def read_probe(work: ReadDep, response: Response, probe_id: Key) -> ProbeOut:
    """One probe."""
    work.allow(Permission.SEE)
    return _answer(work, response, queries.probe(work, probe_id))


@router.patch("/health/probes/{probe_id}")
def change_probe(
    work: WorkDep, response: Response, probe_id: Key, version: VersionDep, body: ProbeChange
) -> ProbeOut:
    """Change fields of a probe; those left out stay."""
    changes = ProbeChanges(**body.model_dump())
    probe = actions.change_probe(work, probe_id=probe_id, changes=changes, version=version)
    return _answer(work, response, probe)


@router.delete("/health/probes/{probe_id}", status_code=204)
def remove_probe(work: WorkDep, probe_id: Key, version: VersionDep) -> None:
    """Stop watching; the readings go with the probe."""
    actions.remove_probe(work, probe_id=probe_id, version=version)


@router.post("/health/probes/{probe_id}/poll", status_code=202)
def poll_now(work: WorkDep, response: Response, probe_id: Key) -> ProbeOut:
    """Ask out of turn; look again in a few seconds."""
    return _answer(work, response, actions.poll_now(work, probe_id=probe_id))


@router.post("/health/probes/{probe_id}/pin")
def pin_host_key(work: WorkDep, response: Response, probe_id: Key, body: PinIn) -> ProbeOut:
    """Trust the host key or certificate that was shown, after comparing its fingerprint on the device."""
    probe = actions.pin_host_key(work, probe_id=probe_id, shown=body.fingerprint)
    return _answer(work, response, probe)


@router.post("/health/probes/{probe_id}/second-opinion", status_code=202)
def ask_second_opinion(work: WorkDep, response: Response, probe_id: Key) -> ProbeOut:
    """Have another SNMP stack ask the device; read `opinion` in a few seconds."""
    return _answer(work, response, actions.ask_second_opinion(work, probe_id=probe_id))


@router.get("/health/probes/{probe_id}/readings")
def list_readings(work: ReadDep, probe_id: Key) -> list[ReadingOut]:
    """The last value of everything that was read."""
    work.allow(Permission.SEE)
    queries.probe(work, probe_id)
    return [_reading(row) for row in queries.readings(work, probe_id)]


@router.get("/health/probes/{probe_id}/readings/{name}")
def read_series(
    work: ReadDep,
    probe_id: Key,
    name: Annotated[str, Path(max_length=64)],
    instance: Annotated[str, Query(max_length=200)] = "",
    hours: Annotated[int, Query(ge=1, le=168)] = 48,
) -> list[PointOut]:
    """The history of one reading, oldest first: changes, and one value each quarter of an hour."""
    work.allow(Permission.SEE)
    queries.probe(work, probe_id)
    found = queries.series(work, probe_id, name, instance, since=work.now - timedelta(hours=hours))
    return [PointOut(at=at, value=value) for at, value in found]


@router.get("/assets/{tag}/health")
def read_asset_health(work: ReadDep, tag: str) -> AssetHealthOut:
    """How a device is: its probes and what they read."""
    work.allow(Permission.SEE)
    probes = queries.probes_of(work, assets.by_tag(work, tag).id)
    return AssetHealthOut(
        probes=[shown(probe) for probe in probes],
        readings={probe.id: [_reading(row) for row in queries.readings(work, probe.id)] for probe in probes},
    )


@router.get("/health/problems")
def list_problems(
    work: ReadDep,
    check: Check | None = None,
    *,
    closed: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ProblemsOut:
    """What needs a person, newest first; with `closed` what is over."""
    work.allow(Permission.SEE)
    wanted = queries.ProblemFilter(check=check, is_open=not closed)
    found = queries.problems(work, wanted, cursor=cursor, limit=limit)
    return ProblemsOut(items=[_problem(row) for row in found.items], next=found.next)


@router.post("/health/problems/{problem_id}/acknowledge")
def acknowledge(work: WorkDep, problem_id: Key, body: AcknowledgeIn) -> ProblemOut:
    """Say that somebody knows and cares; the first one stays."""
    return _problem(actions.acknowledge(work, problem_id=problem_id, note=body.note))


@router.get("/health/credentials")
def list_credentials(work: ReadDep) -> list[CredentialOut]:
    """Credentials without their secrets."""
    work.allow(Permission.MANAGE_PROBES)
    return [_credential(row) for row in queries.credentials(work)]


@router.post("/health/credentials", status_code=201)
def add_credential(work: WorkDep, response: Response, body: CredentialIn) -> CredentialOut:
    """Enter a credential."""
    row = actions.set_credential(work, body.spec())
    etag(response, row.version)
    return _credential(row)


@router.put("/health/credentials/{credential_id}")
def replace_credential(
    work: WorkDep, response: Response, credential_id: Key, version: VersionDep, body: CredentialIn
) -> CredentialOut:
    """Replace a credential; its probes use the new one from the next poll on."""
    row = actions.set_credential(work, body.spec(), credential_id=credential_id, version=version)
    work.session.flush()  # the answer carries the new version
    etag(response, row.version)
    return _credential(row)


@router.delete("/health/credentials/{credential_id}", status_code=204)
def remove_credential(work: WorkDep, credential_id: Key, version: VersionDep) -> None:
    """Remove a credential that no probe uses."""
    actions.remove_credential(work, credential_id=credential_id, version=version)
