"""JSON doors of tokens."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from kitto.identity import actions, queries
from kitto.identity.adapters.browser import ShownOnce
from kitto.identity.api.bodies import TokenIn, TokenMadeOut, TokenOut, TokensOut, scope
from kitto.identity.rules import Permission
from kitto.web.bodies import RESPONSES, Number
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

PATH = "/api/v1/tokens"
router = APIRouter(prefix=PATH, route_class=Door, tags=["tokens"], responses=RESPONSES)


@router.get("")
def list_tokens(
    work: ReadDep,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> TokensOut:
    """Tokens, newest first."""
    found = queries.tokens(work, cursor=cursor, limit=limit)
    return TokensOut(items=[TokenOut.of(token, work.now) for token in found.items], next=found.next)


@router.post("", status_code=201, response_model=TokenMadeOut)
def make_token(body: TokenIn, work: WorkDep) -> Response:
    """Make a token that can do no more than its maker. The secret is shown in this answer only."""
    wish = actions.TokenWish(
        name=body.name,
        permissions=body.permissions,
        expires_at=_aware(body.expires_at),
        quota=body.quota,
        scope=scope(body.scope_kind, body.scope_id),
    )
    token, secret = actions.make_token(work, wish)
    made = TokenMadeOut(token=TokenOut.of(token, work.now), secret=secret.reveal())
    return ShownOnce(made, location=f"{PATH}/{token.id}")


@router.get("/{token_id}")
def show_token(token_id: Number, work: ReadDep, response: Response) -> TokenOut:
    """One token, without its secret."""
    work.allow(Permission.MANAGE_TOKENS)
    token = queries.token(work, token_id)
    etag(response, token.version)
    return TokenOut.of(token, work.now)


@router.delete("/{token_id}", status_code=204)
def revoke_token(token_id: Number, work: WorkDep, version: VersionDep) -> None:
    """Make a token worthless at once."""
    actions.revoke_token(work, token_id, version=version)


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
