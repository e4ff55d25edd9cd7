"""A step that the database cut off is done again; what was refused for good is not."""

from threading import Timer

import pytest
from sqlalchemy import Connection, create_engine, text

from kitto.base.db import Database
from kitto.base.errors import Busy, NotFound
from kitto.base.i18n import Words
from kitto.base.jobs import patiently
from kitto.base.takeover import Takeover, _key
from kitto.base.work import translated
from tests.counterparts.postgres import PostgresServer


def test_what_was_cut_off_is_done_again_and_what_was_refused_is_not() -> None:
    tries: list[str] = []

    def step(what: str) -> str:
        tries.append(what)
        if what == "nothing":
            raise NotFound(thing=Words("kit"), key="1")
        if len(tries) < 3:
            raise Busy
        return "done"

    assert (patiently(step, "kit"), tries) == ("done", ["kit"] * 3)
    tries.clear()
    with pytest.raises(NotFound):
        patiently(step, "nothing")
    assert tries == ["nothing"]


def test_a_connection_that_broke_is_called_busy(postgres: PostgresServer) -> None:
    engine = create_engine(postgres.url("template1"))
    with engine.connect() as ours:
        number = ours.scalar(text("SELECT pg_backend_pid()"))
        _end(postgres, number)
        with pytest.raises(Busy), translated():
            ours.execute(text("SELECT 1"))
    engine.dispose()


def _end(postgres: PostgresServer, number: int | None) -> None:
    other = create_engine(postgres.url("postgres"))
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:number, 10000)"), {"number": number})
    other.dispose()


def test_a_worker_waits_for_the_lock_of_a_namesake_that_was_killed(postgres: PostgresServer) -> None:
    """Until PostgreSQL has seen its line break, a killed worker still holds its name."""
    database = Database(postgres.url("postgres"))
    dead = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT").connect()
    _hold(dead)
    number = dead.scalar(text("SELECT pg_backend_pid()"))
    takeover = Takeover(database, "namesake")
    Timer(0.5, _end, (postgres, number)).start()
    takeover.claim()
    assert not _free(database)
    takeover.stop()
    database.close()


def _hold(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key("namesake")})


def _free(database: Database) -> bool:
    with database.write.begin() as connection:
        return bool(
            connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _key("namesake")})
        )
