"""The doors: every route opens its work here, and no answer leaves before the commit."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from threading import RLock
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import compile_path, get_name

from kitto.base.errors import VersionMissing, VersionStale
from kitto.base.work import Actor, Ledger, Work, translated
from kitto.web.gates import Gates
from kitto.web.replays import Replays, fingerprint

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_building: Final = RLock()


@dataclass(frozen=True)
class Doorkeeper:
    """What the doors need from the house: the ledger, and who stands outside.

    `identify` takes the request (its form is read already if there is one) and returns the actor;
    it raises a refusal for a wrong token, an ended sign-in or a form that came from elsewhere.
    """

    ledger: Ledger
    identify: Callable[[Request], Actor]
    gates: "Gates" = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gates", Gates(self.ledger.database))


class Door(APIRoute):
    """Runs a route inside one work and commits before the response is handed on.

    A command with an `Idempotency-Key` keeps its answer in the same transaction, so a repeated
    command gets the same answer and happens once.

    A door is built when somebody first knocks: to build all 450 was a fifth of a cold start.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        self.path, self.endpoint, self.name = path, endpoint, given.get("name") or get_name(endpoint)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = set(given.get("methods") or ("GET",))
        self.include_in_schema = given.get("include_in_schema", True)
        self._given = given

    def __getattr__(self, name: str) -> Any:
        """What is not there yet: the rest of the route, which comes with its first use."""
        with _building:
            given = vars(self).pop("_given", None)
            if given is not None:
                super().__init__(self.path, self.endpoint, **given)
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(name) from None

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def through(request: Request) -> Response:
            keeper: Doorkeeper = request.app.state.doorkeeper
            writes = request.method not in SAFE
            if writes:
                await _read_body(request)
            async with keeper.gates.reading():
                actor = await run_in_threadpool(keeper.identify, request)
            request.state.actor = actor
            key = request.headers.get("idempotency-key") if writes else None
            replays = Replays(keeper.ledger, actor, key, await fingerprint(request) if key else "")
            async with keeper.gates.writing() if writes else keeper.gates.reading():
                known = await run_in_threadpool(replays.find) if key else None
                if known is not None:
                    return known
                return await _inside(request, keeper.ledger.open(actor, writes=writes), handler, replays)

        return through


async def _inside(request: Request, work: Work, handler: Handler, replays: Replays) -> Response:
    request.state.work = work
    try:
        with translated():
            response = await handler(request)
            # Each turn through the thread pool costs 0.1 ms, and on a busy machine a wait.
            await run_in_threadpool(_finish, work, replays, response)
    except BaseException as trouble:
        await run_in_threadpool(work.session.close)  # which undoes what is not finished
        # The same command may have been carried out by a twin that was a moment faster.
        known = await run_in_threadpool(replays.find) if isinstance(trouble, Exception) else None
        if known is not None:
            return known
        raise
    return response


def _finish(work: Work, replays: Replays, response: Response) -> None:
    if response.status_code < 400:  # noqa: PLR2004 -- anything else was refused and is undone
        work.finish(*replays.kept(work, response))
    work.session.close()


async def _read_body(request: Request) -> None:
    # Read before the transaction opens: a slow client must not hold the write lock.
    await request.body()
    if request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        await request.form()


# These do not wait for anything; a plain function would take a turn through the thread pool each.
async def open_work(request: Request) -> Work:
    work: Work = request.state.work
    return work


async def current_actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


async def if_match(value: Annotated[str | None, Header(alias="If-Match")] = None) -> int:
    """The version the caller saw; a change without it is refused with 428."""
    if value is None:
        raise VersionMissing
    text = value.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 -- fits 64 bits
        raise VersionStale
    return int(text)


WorkDep = Annotated[Work, Depends(open_work)]
ReadDep = Annotated[Work, Depends(open_work)]
ActorDep = Annotated[Actor, Depends(current_actor)]
VersionDep = Annotated[int, Depends(if_match)]


def etag(response: Response, version: int) -> None:
    response.headers["ETag"] = f'"{version}"'
