"""The stage: both databases, the cast, and a client that speaks to the real doors."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kitto.base import settings as settings_module
from kitto.base.db import Database
from kitto.base.schema import upgrade
from kitto.base.seal import make_key
from kitto.base.settings import Settings
from kitto.base.work import Actor, Grant, Ledger
from kitto.identity.rules import RIGHTS, Permission, Role
from kitto.main import House, create_app
from tests.counterparts.postgres import PostgresServer, postgres_server
from tests.prepare import missing

pytest_plugins = ["tests.browser.judge"]

DATABASES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Everything that touches the database runs on both, unless it asks for one by a marker."""
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", DATABASES, scope="session")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One private PostgreSQL for each test process, with a template that holds the schema."""
    lacking = missing("postgresql")
    if lacking:
        pytest.skip(f"no PostgreSQL here: {lacking}")
    with postgres_server() as server:
        server.create_database("template_kitto")
        _lay(Database(server.url("template_kitto")))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "kitto.sqlite3"
    _lay(Database(f"sqlite:///{path}"))
    return path


def _lay(database: Database) -> None:
    upgrade(database)
    if database.is_sqlite:
        with database.write.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        raw = database.write.raw_connection()
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()
    database.close()


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of its own for this test."""
    if database_kind == "sqlite":
        path = tmp_path / "kitto.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"t_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**9}"
    server.create_database(name, template="template_kitto")
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def own_settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings as a person would set them: through the environment."""
    monkeypatch.setenv("KITTO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KITTO_DATABASE_URL", database_url)
    monkeypatch.setenv("KITTO_ALLOW_LOOPBACK_TARGETS", "true")
    monkeypatch.setenv("KITTO_LOG_LEVEL", "error")
    # What stays loaded would outlive the test; those that are about it say so.
    monkeypatch.setenv("KITTO_ANSIBLE_WARM_MINUTES", "0")
    settings_module.settings.cache_clear()
    made = settings_module.settings()
    made.data.mkdir(mode=0o700)
    make_key(made.data)
    yield made
    settings_module.settings.cache_clear()


@pytest.fixture
def house(own_settings: Settings) -> Iterator[House]:
    made = House(own_settings)
    yield made
    made.close(patience=5)


@pytest.fixture
def database(house: House) -> Database:
    return house.database


@pytest.fixture
def ledger(house: House) -> Ledger:
    return house.ledger


@pytest.fixture
def app(house: House) -> FastAPI:
    """The app without its jobs; `working_app` serves them too."""
    return create_app(house, works=False)


@pytest.fixture
def working_app(house: House) -> FastAPI:
    return create_app(house, works=True)


@pytest.fixture
def client(app: FastAPI, cast: dict[str, Actor]) -> Iterator[TestClient]:
    """A client; `client.headers["Authorization"] = "Bearer sato"` speaks as sato.

    Only who stands outside the door is played; the doors, works and the database are real.
    """
    from tests.stage import played_by  # uses the fixtures' types

    played_by(app, cast)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def over_http(app: FastAPI, cast: dict[str, Actor]) -> Iterator[httpx2.Client]:
    """A client with sixty connections to a real server on loopback."""
    from tests.browser.judge import served  # uses the fixtures of this file
    from tests.stage import played_by  # uses the fixtures' types

    played_by(app, cast)
    limits = httpx2.Limits(max_connections=60, max_keepalive_connections=60)
    with served(app) as address, httpx2.Client(base_url=address, timeout=120, limits=limits) as made:
        yield made


def _person(name: str, shown: str, *roles: Role, number: int) -> Actor:
    grants = tuple(Grant(RIGHTS[role]) for role in roles)
    return Actor(kind="account", id=str(number), name=shown, grants=grants, locale="en")


@pytest.fixture
def sato() -> Actor:
    """A technician."""
    return _person("sato", "佐藤 花子", Role.TECHNICIAN, number=1)


@pytest.fixture
def suzuki() -> Actor:
    """An asset manager who approves."""
    return _person("suzuki", "鈴木 一郎", Role.ASSET_MANAGER, number=2)


@pytest.fixture
def tanaka() -> Actor:
    """A project member who may look."""
    return _person("tanaka", "田中 実", Role.VIEWER, number=3)


@pytest.fixture
def guest() -> Actor:
    """Signed in, and may do nothing."""
    return Actor(kind="account", id="4", name="guest", grants=(), locale="en")


@pytest.fixture
def admin() -> Actor:
    """An administrator."""
    return Actor(kind="account", id="5", name="管理 者", grants=(Grant(frozenset(Permission)),), locale="en")


@pytest.fixture
def cast(sato: Actor, suzuki: Actor, tanaka: Actor, guest: Actor, admin: Actor) -> dict[str, Actor]:
    """Everybody by name; with `-ja`, the same person reading Japanese."""
    read = {"sato": sato, "suzuki": suzuki, "tanaka": tanaka, "guest": guest, "admin": admin}
    return read | {f"{name}-ja": replace(actor, locale="ja") for name, actor in read.items()}
