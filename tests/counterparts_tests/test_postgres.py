"""The private PostgreSQL: clones, crashes, and leaves nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow

from tests.counterparts.postgres import PostgresServer, postgres_server
from tests.prepare import missing

pytestmark = pytest.mark.skipif(bool(missing("postgresql")), reason=missing("postgresql"))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as made:
        made.create_database("template_trial")
        with connected(made, "template_trial") as connection:
            connection.execute("CREATE TABLE asset (tag text PRIMARY KEY)")
            connection.execute("INSERT INTO asset VALUES ('資産-1')")
        yield made


def connected(server: PostgresServer, database: str) -> psycopg.Connection[TupleRow]:
    return psycopg.connect(server.url(database), autocommit=True)


def test_a_clone_has_everything_and_shares_nothing(server: PostgresServer) -> None:
    one = server.create_database(template="template_trial")
    other = server.create_database(template="template_trial")
    with connected(server, one) as connection:
        connection.execute("INSERT INTO asset VALUES ('only here')")
        assert connection.execute("SELECT count(*) FROM asset").fetchone() == (2,)
    with connected(server, other) as connection:
        assert connection.execute("SELECT tag FROM asset").fetchall() == [("資産-1",)]


def test_text_sorts_by_code_point_and_time_is_utc(server: PostgresServer) -> None:
    with connected(server, "postgres") as connection:
        told = [connection.execute(f"SHOW {name}").fetchone() for name in ("server_encoding", "timezone")]
        assert told == [("UTF8",), ("UTC",)]
        assert connection.execute("SELECT 'B' < 'a'").fetchone() == (True,)


def test_a_database_goes_even_when_somebody_is_connected(server: PostgresServer) -> None:
    name = server.create_database()
    with connected(server, name) as connection:
        server.drop_database(name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_a_crash_breaks_connections_and_keeps_what_was_committed(server: PostgresServer) -> None:
    name = server.create_database(template="template_trial")
    port = server.port
    with connected(server, name) as connection:
        connection.execute("INSERT INTO asset VALUES ('committed')")

        server.restart("immediate")

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert server.port == port
    with connected(server, name) as connection:
        assert connection.execute("SELECT count(*) FROM asset").fetchone() == (2,)


def test_nobody_gets_in_without_the_password(server: PostgresServer) -> None:
    password = server.url().split(":")[2].split("@")[0]

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace(password, "guess"))


def test_a_durable_server_syncs_and_leaves_nothing() -> None:
    with postgres_server(durable=True) as server, connected(server, "postgres") as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        (where,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    assert where
    assert not Path(where).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
