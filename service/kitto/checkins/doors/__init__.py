"""The doors of the agents: enrol, check in, send sections, take leave. Nothing else speaks HMAC1."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from kitto.base.errors import Refusal
from kitto.base.settings import settings
from kitto.checkins import actions
from kitto.checkins.actions import Enrolled, Heard, Reply, SignedBeat
from kitto.checkins.doors.gate import Caller, Gate, agent_actor, body_of, now_ms
from kitto.checkins.rules import wire
from kitto.checkins.rules.refusals import AgentGone, AgentQuarantined, NotSigned
from kitto.web.doors import Doorkeeper

log = structlog.get_logger()
RETRY_SECONDS: Final = "30"
PATH: Final = "/agent/v1"
Endpoint = Callable[[Request], Awaitable[Response]]

_NOTHING_CHANGED: Final = Response(status_code=HTTPStatus.NO_CONTENT)
_REFUSED: Final[dict[Heard, type[Refusal]]] = {
    Heard.STALE: NotSigned,
    Heard.REPLAYED: NotSigned,
    Heard.GONE: AgentGone,
    Heard.QUARANTINED: AgentQuarantined,
}


def gate_of(request: Request) -> Gate:
    """The gate of this process, made when the first agent knocks."""
    state = request.app.state
    gate: Gate | None = getattr(state, "agent_gate", None)
    if gate is None:
        keeper: Doorkeeper = state.doorkeeper
        gate = state.agent_gate = Gate(keeper.ledger)
    return gate


def spoken(endpoint: Endpoint) -> Endpoint:
    """Answer refusals as agents read them: a code, a sentence, and our time to set their clock by."""

    @wraps(endpoint)
    async def through(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            log.info("checkins.refused", code=refusal.code, path=request.url.path)
            content: dict[str, object] = {"code": refusal.code, "detail": str(refusal)}
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                content["now"] = now_ms()
            later = refusal.status == HTTPStatus.SERVICE_UNAVAILABLE
            headers = {"Retry-After": RETRY_SECONDS} if later else None
            return JSONResponse(content, refusal.status, headers)

    return through


@spoken
async def enrol(request: Request) -> Response:
    """A token and who the machine is; answered with its credential, once."""
    message = wire.parse(await body_of(request, wire.ENROLMENT_MOST), wire.Enrolment)
    gate, address = gate_of(request), _address(request)

    def take_in() -> Enrolled:
        with gate.ledger.begin(agent_actor("new", wire.clean(message.machine.hostname, 64))) as work:
            return actions.enrol(work, message=message, address=address)

    made = await asyncio.to_thread(take_in)
    return JSONResponse(
        {
            "id": made.device,
            "secret": made.secret.reveal(),
            "state": made.state,
            "now": now_ms(),
            "next": settings().checkin_seconds,
        },
        HTTPStatus.CREATED,
    )


@spoken
async def check_in(request: Request) -> Response:
    """204 when nothing changed; else which sections are wanted."""
    body = await body_of(request, wire.BEAT_MOST)
    gate = gate_of(request)
    caller = await gate.caller(request, body)
    beat = wire.parse(body, wire.Beat)
    reply = await gate.beats.put(_signed(caller, request, beat))
    if reply.heard is Heard.STALE:
        caller = await gate.caller(request, body, fresh=True)
        reply = await gate.beats.put(_signed(caller, request, beat))
    if reply.heard is not Heard.TAKEN:
        raise _REFUSED[reply.heard]
    return _answer(reply)


def _signed(caller: Caller, request: Request, beat: wire.Beat) -> SignedBeat:
    return SignedBeat(
        caller.agent_id, caller.counter, _address(request), beat, caller.made_at, caller.by_next
    )


def _answer(reply: Reply) -> Response:
    if not reply.want and reply.secret is None:
        return _NOTHING_CHANGED
    content: dict[str, object] = {"want": reply.want, "next": settings().checkin_seconds}
    if reply.secret is not None:
        content["secret"] = reply.secret.reveal()
    return JSONResponse(content)


@spoken
async def sections(request: Request) -> Response:
    """The sections that were asked for, packed with gzip."""
    body = await body_of(request, wire.WIRE_MOST)
    gate = gate_of(request)
    caller = await gate.caller(request, body, fresh=True)

    def take_in() -> None:
        report = wire.parse(wire.inflate(body), wire.Sections)
        with gate.ledger.begin(caller.actor) as work:
            actions.record_sections(work, agent_id=caller.agent_id, counter=caller.counter, report=report)

    async with await gate.turn():
        await asyncio.to_thread(take_in)
    return JSONResponse({"next": settings().checkin_seconds})


@spoken
async def bye(request: Request) -> Response:
    """The agent is being uninstalled."""
    body = await body_of(request, wire.BEAT_MOST)
    gate = gate_of(request)
    caller = await gate.caller(request, body, fresh=True)

    def leave() -> None:
        with gate.ledger.begin(caller.actor) as work:
            actions.take_leave(work, agent_id=caller.agent_id)

    await asyncio.to_thread(leave)
    return _NOTHING_CHANGED


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


_DOORS: Final = [
    Route(f"/{name}", endpoint, methods=["POST"])
    for name, endpoint in (("enrol", enrol), ("checkin", check_in), ("sections", sections), ("bye", bye))
]


def opened(app: FastAPI) -> None:
    """Open the doors, and let every check-in that was taken in be committed before the end.

    They stand before all other routes: looking through those costs more than the whole check-in.
    """
    app.router.routes.insert(0, Mount(PATH, routes=_DOORS))

    async def flush() -> None:
        gate: Gate | None = getattr(app.state, "agent_gate", None)
        if gate is not None:
            await gate.beats.flush()

    app.state.at_end.append(flush)
