"""The doors for fresh machines: plain JSON, no session. The one-time token is the only key."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response

from kitto.base.errors import Refusal
from kitto.base.work import Ledger
from kitto.bootstrap import actions
from kitto.bootstrap.rules import wire
from kitto.bootstrap.rules.refusals import MessageUnreadable

log = structlog.get_logger()
router = APIRouter(prefix="/bootstrap/v1", include_in_schema=False)
LATER: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
QUIET: Final = {"Cache-Control": "no-store"}
Answerer = Callable[[Ledger, bytes, str], Response]


def spoken(answer: Answerer) -> Any:
    """Read a small body, answer in a thread, and tell refusals as a code and a sentence."""

    async def through(request: Request) -> Response:
        source = request.client.host if request.client else ""
        ledger: Ledger = request.app.state.house.ledger
        try:
            body = await _body(request)
            return await run_in_threadpool(answer, ledger, body, source)
        except Refusal as refusal:
            log.info("bootstrap.refused", code=refusal.code, path=request.url.path)
            headers = QUIET | ({"Retry-After": "30"} if refusal.status in LATER else {})
            return JSONResponse(
                {"code": refusal.code, "detail": str(refusal)}, refusal.status, headers=headers
            )

    through.__name__, through.__doc__ = answer.__name__, answer.__doc__
    return through


async def _body(request: Request) -> bytes:
    found = b""
    try:
        async for part in request.stream():
            found += part
            if len(found) > wire.MOST_BYTES:
                raise MessageUnreadable(reason=f"more than {wire.MOST_BYTES} bytes")
    except ClientDisconnect as gone:
        raise MessageUnreadable(reason="it ends too early") from gone
    return found


@router.post("/hello", response_model=None)
@spoken
def hello(ledger: Ledger, body: bytes, source: str) -> Response:
    """The first call of a machine."""
    welcome = actions.hello(ledger, message=wire.parse(body, wire.Hello), source=source)
    return Response(wire.packed(welcome), media_type="application/json", headers=QUIET)


@router.post("/agent", response_model=None)
@spoken
def agent(ledger: Ledger, body: bytes, source: str) -> Response:
    """The endpoint agent, for a machine that has called."""
    path = actions.agent(ledger, message=wire.parse(body, wire.Machine), source=source)
    return FileResponse(path, media_type="application/octet-stream", headers=QUIET)


@router.post("/done", response_model=None)
@spoken
def done(ledger: Ledger, body: bytes, source: str) -> Response:
    """The last call of a machine."""
    actions.done(ledger, message=wire.parse(body, wire.Done), source=source)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/script", response_model=None)
@spoken
def script(ledger: Ledger, body: bytes, source: str) -> Response:
    """The script, for a machine into which one line was typed; the token is never part of an address."""
    text = parse_qs(body.decode("ascii", "replace")).get("token", [""])[0]
    found = actions.script(ledger, text=text[:128], source=source)
    return Response(found.content, media_type=found.media_type, headers=QUIET)
