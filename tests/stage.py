"""Putting the cast before the doors, and many clients at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from fastapi import FastAPI, Request

from kitto.base.work import Actor
from kitto.web.doors import Doorkeeper

Answer = TypeVar("Answer")
NOBODY = Actor(kind="nobody", id="", name="")


def played_by(app: FastAPI, cast: dict[str, Actor]) -> None:
    """Let `Authorization: Bearer <name>` be that member of the cast."""

    def identify(request: Request) -> Actor:
        name = request.headers.get("authorization", "").removeprefix("Bearer ")
        return cast.get(name, NOBODY)

    app.state.doorkeeper = Doorkeeper(app.state.house.ledger, identify)


def at_once(number: int, do: Callable[[int], Answer]) -> Sequence[Answer]:
    """Let `number` threads start the same thing at the same moment; their answers in order."""
    start = Barrier(number)

    def one(index: int) -> Answer:
        start.wait()
        return do(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))
