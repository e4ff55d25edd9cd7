"""Connections: when they are looked at, and what one reading sees."""

import pytest
from sqlalchemy import Engine, func, select, text

from kitto.assets.models import Asset
from kitto.base import db
from kitto.base.db import Database
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from tests.counterparts.postgres import postgres_server
from tests.make import KITTO, make_pc


def pid(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_that_died_while_it_rested_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "REST_SECONDS", 0.0)
    with postgres_server() as server:
        database = Database(server.url())
        first = pid(database.write)
        assert pid(database.read) == first  # the last one used is used again
        server.restart("immediate")
        assert pid(database.write) != first
        database.close()


def test_a_connection_used_a_moment_ago_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "REST_SECONDS", 60.0)
    with postgres_server() as server:
        database = Database(server.url())
        pid(database.write)
        asked: list[object] = []
        monkeypatch.setattr(database.write.dialect, "do_ping", asked.append)
        pid(database.write)
        assert asked == []
        monkeypatch.setattr(db, "REST_SECONDS", 0.0)
        pid(database.write)
        assert len(asked) == 1
        database.close()


def test_all_questions_of_a_reading_see_one_moment(ledger: Ledger) -> None:
    count = select(func.count()).select_from(Asset)
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        before = work.session.scalar(count)
        make_pc(ledger)
        assert work.session.scalar(count) == before
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        assert work.session.scalar(count) == (before or 0) + 1
