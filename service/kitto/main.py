"""Wires the rooms together; nothing is decided here."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from types import ModuleType

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool

from kitto import __version__
from kitto.base.capacity import at_once
from kitto.base.db import Database
from kitto.base.engine import DurableEngine
from kitto.base.seal import make_key
from kitto.base.settings import Settings
from kitto.base.work import Ledger
from kitto.web import description, operations, problems
from kitto.web import pages as web_pages
from kitto.web.armour import Armour
from kitto.web.doors import Doorkeeper
from kitto.web.static import Shelf

ROOMS = (
    "identity",
    "people",
    "assets",
    "licences",
    "phones",
    "bootstrap",
    "handover",
    "kitting",
    "health",
    "checkins",
    "labels",
    "runs",
    "audit",
)
DOORS = ("api", "pages", "doors")
PARTS = ("models", "facts", "reactions", "jobs", "search_index", *DOORS)
DESCRIPTION = "The ledger, the kitting bench and the health watch. Every command takes an `Idempotency-Key`."


def parts(name: str) -> list[ModuleType]:
    """The modules of this name, of every room that has one, lowest room first."""
    found = []
    for room in ROOMS:
        module = f"kitto.{room}.{name}"
        try:
            found.append(import_module(module))
        except ModuleNotFoundError as missing:
            if missing.name != module:
                raise
    return found


# Importing them is what makes tables, reactions, jobs and pages known.
KNOWN = {name: parts(name) for name in PARTS}


class House:
    """One running Kitto: its settings, database, ledger and engine."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_key(settings.data)
        self.database = Database(
            settings.url(), synchronous=settings.sqlite_synchronous, pool_size=settings.pool_size
        )
        queues = tuple(name.strip() for name in settings.queues.split(",") if name.strip())
        self.engine = DurableEngine(
            self.database,
            worker_name=settings.worker_name,
            queues=queues,
            kits=at_once(settings.kit_concurrency),
        )
        self.ledger = Ledger(self.database, self.engine.outbox)

    def start_work(self) -> None:
        """Serve queues and schedules in this process."""
        self.engine.launch(self.ledger)

    def close(self, patience: float = 20) -> None:
        """Take no more work, let running steps end, close the database. Idempotent."""
        self.engine.stop(patience)
        self.engine.close()
        self.database.close()


def create_app(house: House, *, works: bool | None = None) -> FastAPI:
    """The web side of a house. `works`: also serve jobs here (default: as the role says)."""
    from kitto.identity.doors import identify  # the app is made after the rooms are known

    app = FastAPI(
        title="Kitto",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_life(house, works=house.settings.role == "all" if works is None else works),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.house = house
    app.state.ready = False
    app.state.at_end = []
    app.state.doorkeeper = Doorkeeper(house.ledger, lambda request: identify(house.ledger, request))
    problems.install(app)
    description.install(app)
    app.add_middleware(Armour)
    app.mount("/static", Shelf())
    _open(app, web_pages.router, operations.router)
    for name in DOORS:
        for module in KNOWN[name]:
            _open(app, *_routers(module))
            opened: Callable[[FastAPI], None] | None = getattr(module, "opened", None)
            if name == "doors" and opened is not None:
                opened(app)
    return app


def _open(app: FastAPI, *routers: APIRouter) -> None:
    # Our routers say everything themselves. `include_router` would build each of their routes a second
    # time when the first request passes it: seconds of a cold start, and their memory twice.
    for router in routers:
        app.router.routes.extend(router.routes)


def _life(house: House, *, works: bool) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if works:
            await run_in_threadpool(house.start_work)
        app.state.ready = True
        try:
            yield
        finally:
            app.state.ready = False
            for last in app.state.at_end:
                await last()
            await run_in_threadpool(house.close)

    return lifespan


def _routers(module: ModuleType) -> list[APIRouter]:
    return [value for value in vars(module).values() if isinstance(value, APIRouter)]
