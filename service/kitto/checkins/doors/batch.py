"""Group commit: many callers, one transaction, and nobody is answered before it is committed."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from kitto.checkins.rules.refusals import DoorFull

Item = TypeVar("Item")
Answer = TypeVar("Answer")
MOST_AT_ONCE = 128
MOST_WAITING = 2_000


class Batch(Generic[Item, Answer]):
    """Collects what arrives while one transaction is written and writes it in the next.

    `write` runs in a thread and commits before it returns, one answer per item. When it fails for
    several items each is written alone, so that one bad item does not fail the others.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Sequence[Answer]],
        *,
        most_at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._write = write
        self._most_at_once = most_at_once
        self._most_waiting = most_waiting
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Answer:
        """Wait until the item is committed. Raises DoorFull when too many wait already."""
        if len(self._waiting) >= self._most_waiting:
            raise DoorFull
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._work())
        return await answer

    async def flush(self) -> None:
        """Wait until everything that was put is written."""
        while self._writer is not None and not self._writer.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(self._writer)

    async def _work(self) -> None:
        while self._waiting:
            size = min(len(self._waiting), self._most_at_once)
            await self._commit([self._waiting.popleft() for _ in range(size)])

    async def _commit(self, taken: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        items = [item for item, _ in taken]
        try:
            answers = await asyncio.to_thread(self._write, items)
        except Exception as trouble:  # noqa: BLE001 -- whatever it is belongs to the callers
            if len(taken) == 1:
                _fail(taken[0][1], trouble)
                return
            for one in taken:
                await self._commit([one])
            return
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():  # the caller may have gone away
                future.set_result(answer)


def _fail(future: asyncio.Future[Answer], trouble: Exception) -> None:
    if not future.done():
        future.set_exception(trouble)
