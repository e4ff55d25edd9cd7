"""JSON doors for people and programs: files for fresh machines, keys that wait, the SSH authorities."""

import base64
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.assets import queries as assets
from kitto.base.work import Work
from kitto.bootstrap import actions, queries
from kitto.bootstrap.adapters import certificates
from kitto.bootstrap.models import BootstrapReturn, BootstrapToken, SshCertificate
from kitto.bootstrap.rules.authorities import AuthorityKind
from kitto.bootstrap.rules.states import ArtifactKind, ReturnState, TokenState, Transport
from kitto.identity.adapters.browser import ShownOnce
from kitto.identity.rules import Permission
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

PATH = "/api/v1/bootstrap"
router = APIRouter(prefix=PATH, route_class=Door, tags=["bootstrap"], responses=RESPONSES)
authorities = APIRouter(prefix="/api/v1/ssh-ca", route_class=Door, tags=["bootstrap"], responses=RESPONSES)

Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=1000)]


class ReturnOut(BaseModel):
    """What a machine said when it called."""

    id: int
    version: int
    state: ReturnState
    transport: Transport
    address: str
    port: int
    source: str = Field(description="Where the call came from: a hint, no identity.")
    hostname: str
    system: str
    fingerprint: str
    agent: str
    closed: list[str]
    said_at: datetime


class ArtifactOut(BaseModel):
    """A file that was made for a machine, without its token."""

    id: int
    version: int
    tag: str = Field(examples=["PC-000042-C"])
    kind: ArtifactKind
    state: TokenState
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    finished_at: datetime | None
    wrong_serials: list[str]
    returns: list[ReturnOut]

    @classmethod
    def of(cls, work: Work, token: BootstrapToken) -> "ArtifactOut":
        names = ("id", "version", "kind", "made_by", "made_at", "expires_at", "used_at", "finished_at")
        return cls(
            **{name: getattr(token, name) for name in names},
            tag=token.asset.name,
            state=token.state(work.now),
            wrong_serials=token.wrong_serials,
            returns=[_return(one) for one in token.returns],
        )


class ArtifactsOut(BaseModel):
    items: list[ArtifactOut]
    next: str | None


class ArtifactIn(Strict):
    tag: Short = Field(examples=["PC-000042-C"])
    kind: ArtifactKind = Field(examples=["linux_script"])
    hours: int = Field(default=72, ge=1, le=720)


class ArtifactMadeOut(BaseModel):
    """The file itself, base64. It holds a one-time token: it is in this answer only."""

    artifact: ArtifactOut
    name: str
    media_type: str
    content: str
    typed: str = Field(description="A line to type on the machine instead; empty where there is none.")


class PasswordOut(BaseModel):
    account: str
    password: str


class CertificateOut(BaseModel):
    """A certificate that Kitto's authority signed; `serial` is the number in it."""

    id: int
    serial: int
    name: str
    asset_id: int
    signed_at: datetime
    valid_until: datetime
    revoked_at: datetime | None


class CertificatesOut(BaseModel):
    items: list[CertificateOut]
    next: str | None


class AuthorityOut(BaseModel):
    kind: AuthorityKind
    public_key: str


class RevokeIn(Strict):
    kind: AuthorityKind = AuthorityKind.USER
    serial: Number = Field(examples=[42])
    reason: Short = Field(default="", examples=["The run was not ours."])


class RevokedOut(BaseModel):
    certificates: int


@router.get("/artifacts")
def list_artifacts(
    work: ReadDep, tag: Short | None = None, cursor: Cursor = None, limit: Limit = 50
) -> ArtifactsOut:
    """Files that were made for fresh machines, newest first."""
    work.allow(Permission.SEE)
    chosen = queries.TokenFilter(asset_id=assets.by_tag(work, tag).id if tag else None)
    found = queries.tokens(work, chosen, cursor=cursor, limit=limit)
    return ArtifactsOut(items=[ArtifactOut.of(work, token) for token in found.items], next=found.next)


@router.post("/artifacts", status_code=201, response_model=ArtifactMadeOut)
def make_artifact(body: ArtifactIn, work: WorkDep) -> Response:
    """Make the file for one machine; it is shown in this answer only."""
    token, made = actions.make_artifact(
        work, tag=body.tag, kind=body.kind, lifetime=timedelta(hours=body.hours)
    )
    shown = ArtifactMadeOut(
        artifact=ArtifactOut.of(work, token),
        name=made.name,
        media_type=made.media_type,
        content=base64.b64encode(made.content).decode(),
        typed=made.typed,
    )
    return ShownOnce(shown, location=f"{PATH}/artifacts/{token.id}")


@router.get("/artifacts/{token_id}")
def show_artifact(token_id: Number, work: ReadDep, response: Response) -> ArtifactOut:
    """One file, without its content."""
    work.allow(Permission.SEE)
    token = queries.token(work, token_id)
    etag(response, token.version)
    return ArtifactOut.of(work, token)


@router.delete("/artifacts/{token_id}")
def revoke_artifact(token_id: Number, work: WorkDep, version: VersionDep) -> ArtifactOut:
    """Let no machine use this file any more."""
    return ArtifactOut.of(work, actions.revoke_artifact(work, token_id=token_id, version=version))


@router.post("/keys/{return_id}/accept")
def accept_key(return_id: Number, work: WorkDep) -> ReturnOut:
    """Believe the new key of a device."""
    return _return(actions.accept_key(work, return_id=return_id))


@router.post("/keys/{return_id}/reject")
def reject_key(return_id: Number, work: WorkDep) -> ReturnOut:
    """Do not believe the new key; its file works no more."""
    return _return(actions.reject_key(work, return_id=return_id))


@router.post("/passwords/{tag}", status_code=201, response_model=PasswordOut)
def show_password(tag: str, work: WorkDep) -> Response:
    """The password that the machine made for itself, once."""
    password = actions.show_password(work, tag=tag)
    return ShownOnce(PasswordOut(account="kitto", password=password.reveal()))


@authorities.post("/revocations")
def revoke_certificates(body: RevokeIn, work: WorkDep) -> RevokedOut:
    """Take back every certificate of a number."""
    count = actions.revoke_certificates(work, kind=body.kind, serial=body.serial, reason=body.reason)
    return RevokedOut(certificates=count)


@authorities.post("/{kind}")
def show_authority(kind: AuthorityKind, work: WorkDep) -> AuthorityOut:
    """The public key of an authority, made when there is none yet."""
    return AuthorityOut(kind=kind, public_key=actions.make_authority(work, kind).public)


@authorities.get("/{kind}/certificates")
def list_certificates(
    kind: AuthorityKind, work: ReadDep, cursor: Cursor = None, limit: Limit = 50
) -> CertificatesOut:
    """What an authority has signed, newest first."""
    work.allow(Permission.SEE)
    found = queries.certificates(work, kind, cursor=cursor, limit=limit)
    return CertificatesOut(items=[_certificate(row) for row in found.items], next=found.next)


@authorities.get("/{kind}/krl", response_class=Response)
def revocation_list(kind: AuthorityKind, work: ReadDep) -> Response:
    """What sshd reads as RevokedKeys, or ssh as RevokedHostKeys."""
    work.allow(Permission.SEE)
    authority = queries.known_authority(work, kind)
    listed = certificates.revocation_list(authority.public, queries.revoked_serials(work, authority.id))
    return Response(listed, media_type="application/octet-stream")


def _return(row: BootstrapReturn) -> ReturnOut:
    return ReturnOut(**{name: getattr(row, name) for name in ReturnOut.model_fields})


def _certificate(row: SshCertificate) -> CertificateOut:
    return CertificateOut(**{name: getattr(row, name) for name in CertificateOut.model_fields})
