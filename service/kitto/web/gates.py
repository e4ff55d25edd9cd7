"""How many works may be open at a time: callers wait here, where waiting costs no thread.

A work spans several calls into the thread pool. If more works were open than there are connections,
the waiting ones would hold the threads that the others need to finish, and nobody would go on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from kitto.base.db import Database
from kitto.base.errors import Busy

PATIENCE = 30.0


class Gates:
    """A gate for works that read and one for works that write, each as wide as the database allows."""

    def __init__(self, database: Database) -> None:
        self._widths = (database.readers, database.writers)
        self._gates: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[asyncio.Semaphore, asyncio.Semaphore]
        ] = WeakKeyDictionary()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        async with _through(self._of_this_loop()[0]):
            yield

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        async with _through(self._of_this_loop()[1]):
            yield

    def _of_this_loop(self) -> tuple[asyncio.Semaphore, asyncio.Semaphore]:
        loop = asyncio.get_running_loop()
        if loop not in self._gates:
            reading, writing = self._widths
            self._gates[loop] = (asyncio.Semaphore(reading), asyncio.Semaphore(writing))
        return self._gates[loop]


@asynccontextmanager
async def _through(gate: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            await gate.acquire()
    except TimeoutError as late:
        raise Busy from late
    try:
        yield
    finally:
        gate.release()
