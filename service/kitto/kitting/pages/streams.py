"""Pages that follow what happens: short looks at the ledger, sent as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from kitto.base.errors import Refusal
from kitto.base.work import Actor, Work
from kitto.web.doors import Doorkeeper

STREAM_SECONDS: Final = 600
LOOK_SECONDS: Final = 0.4
BREATH: Final = 40  # looks without news until a comment keeps proxies from closing the line
Look = Callable[[Work], tuple[list[str], bool]]
"""What is new since the last look, as messages, and whether that was the end."""


def message(event: str, data: str = "", number: str = "") -> str:
    """One server-sent event. `event` empty: the unnamed one."""
    head = (f"id: {number}\n" if number else "") + (f"event: {event}\n" if event else "")
    return f"{head}data: {data}\n\n"


def follow(request: Request, actor: Actor, look: Look) -> StreamingResponse:
    """An answer that goes on until `look` says it is over; the browser comes back if it is cut."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, actor, look), media_type="text/event-stream", headers=headers)


async def _events(request: Request, actor: Actor, look: Look) -> AsyncIterator[str]:
    keeper: Doorkeeper = request.app.state.doorkeeper
    yield ": \n\n"
    for number in range(1, int(STREAM_SECONDS / LOOK_SECONDS)):
        if await request.is_disconnected():
            return
        try:
            async with keeper.gates.reading():
                news, over = await run_in_threadpool(_looked, keeper, actor, look)
        except Refusal:
            return
        for said in news:
            yield said
        if over:
            return
        if not news and number % BREATH == 0:
            yield ": \n\n"
        await asyncio.sleep(LOOK_SECONDS)


def _looked(keeper: Doorkeeper, actor: Actor, look: Look) -> tuple[list[str], bool]:
    with keeper.ledger.read(actor) as work:
        return look(work)
