"""The door where CI systems exchange their id-tokens (RFC 8693), and the doors of the rules of trust.

The exchange is no Door of one work: the keys of an issuer are asked for between two short works.
"""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

import structlog
from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from kitto.base import clock
from kitto.base.work import Ledger, system_actor
from kitto.identity import actions, queries
from kitto.identity.adapters import issuers
from kitto.identity.api.bodies import Line, scope
from kitto.identity.models import CiTrust
from kitto.identity.rules import Permission, ScopeKind
from kitto.identity.rules.limits import QUOTA_LEAST, QUOTA_MOST, QUOTA_USUAL
from kitto.identity.rules.refusals import IdTokenUntrusted
from kitto.identity.rules.trust import TOKEN_MOST, Proved, TrustWish, proved
from kitto.web.bodies import RESPONSES, Number, Strict
from kitto.web.doors import Door, Doorkeeper, ReadDep, VersionDep, WorkDep, etag

log = structlog.get_logger()
GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS: Final = "urn:ietf:params:oauth:token-type:access_token"
NEVER_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
PATH: Final = "/api/v1/ci-trust"
router = APIRouter(prefix="/api/v1/token", tags=["tokens"], responses=RESPONSES)
trust_router = APIRouter(prefix=PATH, route_class=Door, tags=["tokens"], responses=RESPONSES)
_DOOR: Final = system_actor("exchange")
_known: Final = issuers.Issuers()
Claim = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:/-]+$")]
Pinned = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ExchangeForm(Strict):
    """RFC 8693 §2.1; what else a client sends is refused, so that it is not believed to count."""

    grant_type: Literal["urn:ietf:params:oauth:grant-type:token-exchange"] = Field(examples=[GRANT])
    subject_token: str = Field(min_length=1, max_length=TOKEN_MOST, examples=["eyJhbGciOi…"])
    subject_token_type: Literal[
        "urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt"
    ] = Field(examples=["urn:ietf:params:oauth:token-type:id_token"])
    requested_token_type: Literal["", "urn:ietf:params:oauth:token-type:access_token"] = ""


class ExchangedOut(BaseModel):
    """RFC 8693 §2.2.1."""

    access_token: str = Field(examples=["kitto_…"])
    issued_token_type: str = Field(examples=[ACCESS])
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(examples=[600])
    scope: str = Field(examples=["kit see"])


@router.post("/exchange", response_model=ExchangedOut)
async def exchange(request: Request, form: Annotated[ExchangeForm, Form()]) -> Response:
    """Exchange the id-token of a CI job for a token of a few minutes. Each id-token is good for one."""
    keeper: Doorkeeper = request.app.state.doorkeeper
    found = issuers.read(form.subject_token)
    async with keeper.gates.reading():
        rules = await run_in_threadpool(_rules, keeper.ledger, found.issuer)
    known = await run_in_threadpool(_prove, found, rules)
    async with keeper.gates.writing():
        made = await run_in_threadpool(_give, keeper.ledger, known)
    return Response(made.model_dump_json(), media_type="application/json", headers=NEVER_KEPT)


def _rules(ledger: Ledger, issuer: str) -> list[tuple[str, str]]:
    with ledger.read(_DOOR) as work:
        work.allow_everyone("looks who is trusted, before any network is asked")
        rules = [(rule.audience, rule.jwks_url) for rule in queries.trusts_of(work, issuer)]
    if not rules:
        raise IdTokenUntrusted
    return rules


def _prove(found: issuers.Unproved, rules: list[tuple[str, str]]) -> Proved:
    now = clock.now()
    claims = _known.claims(found, rules[0][1], now)
    audiences = [audience for audience, _ in rules]
    return proved(claims, issuer=found.issuer, audiences=audiences, token=found.token, now=now)


def _give(ledger: Ledger, known: Proved) -> ExchangedOut:
    with ledger.begin(_DOOR) as work:
        token, secret = actions.exchange(work, known)
        return ExchangedOut(
            access_token=secret.reveal(),
            issued_token_type=ACCESS,
            token_type="Bearer",  # noqa: S106 -- the kind of a token
            expires_in=int((token.expires_at - work.now).total_seconds()),
            scope=" ".join(token.permissions),
        )


class TrustIn(Strict):
    """A rule: which id-tokens are believed, and what the tokens given for them may do."""

    name: Line = Field(examples=["GitHub example/pcs"])
    issuer: str = Field(max_length=500, examples=["https://token.actions.githubusercontent.com"])
    audience: str = Field(min_length=1, max_length=500, examples=["https://kitto.example.jp"])
    pins: dict[Claim, list[Pinned]] = Field(
        max_length=20, examples=[{"repository_id": ["4711"], "ref": ["refs/heads/main"]}]
    )
    permissions: list[Permission] = Field(min_length=1, max_length=50, examples=[["see", "kit"]])
    minutes: int = Field(default=10, ge=5, le=15, description="How long a token lives.")
    quota: int = Field(default=QUOTA_USUAL, ge=QUOTA_LEAST, le=QUOTA_MOST, description="Requests per minute.")
    scope_kind: ScopeKind | None = None
    scope_id: str | None = Field(default=None, min_length=1, max_length=64)
    tag_prefix: str = Field(default="", max_length=64, description="Only devices whose tag starts so.")
    categories: list[Pinned] = Field(default=[], max_length=50, description="Only devices of these, by code.")
    jwks_url: str = Field(default="", max_length=500, description="Empty: found by the issuer's discovery.")

    def wish(self) -> TrustWish:
        return TrustWish(
            name=self.name,
            issuer=self.issuer,
            audience=self.audience,
            pins=self.pins,
            permissions=[str(permission) for permission in self.permissions],
            minutes=self.minutes,
            quota=self.quota,
            scope=scope(self.scope_kind, self.scope_id),
            tag_prefix=self.tag_prefix,
            categories=self.categories,
            jwks_url=self.jwks_url,
        )


class TrustOut(TrustIn):
    id: int
    version: int
    account_id: int
    made_at: datetime
    ended_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, trust: CiTrust) -> Self:
        return cls.model_validate({name: getattr(trust, name) for name in cls.model_fields})


class TrustsOut(BaseModel):
    items: list[TrustOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


@trust_router.get("")
def list_trusts(
    work: ReadDep,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> TrustsOut:
    """Rules by which CI systems are trusted, newest first."""
    found = queries.ci_trusts(work, cursor=cursor, limit=limit)
    return TrustsOut(items=[TrustOut.of(trust) for trust in found.items], next=found.next)


@trust_router.post("", status_code=201)
def trust_ci(body: TrustIn, work: WorkDep, response: Response) -> TrustOut:
    """Trust a CI system, pinned to who may come."""
    trust = actions.trust_ci(work, body.wish())
    response.headers["Location"] = f"{PATH}/{trust.id}"
    etag(response, trust.version)
    return TrustOut.of(trust)


@trust_router.get("/{trust_id}")
def show_trust(trust_id: Number, work: ReadDep, response: Response) -> TrustOut:
    """One rule."""
    work.allow(Permission.MANAGE_TOKENS)
    trust = queries.ci_trust(work, trust_id)
    etag(response, trust.version)
    return TrustOut.of(trust)


@trust_router.put("/{trust_id}")
def change_trust(
    trust_id: Number, body: TrustIn, work: WorkDep, version: VersionDep, response: Response
) -> TrustOut:
    """Change a rule; tokens given before keep what they have until they end."""
    trust = actions.change_trust(work, trust_id, body.wish(), version=version)
    work.session.flush()  # the answer carries the new version
    etag(response, trust.version)
    return TrustOut.of(trust)


@trust_router.delete("/{trust_id}", status_code=204)
def end_trust(trust_id: Number, work: WorkDep, version: VersionDep) -> None:
    """Trust it no more; tokens that it gave end at once."""
    actions.end_trust(work, trust_id, version=version)
