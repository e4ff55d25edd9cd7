"""Many rows by one statement arrive as they were given, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, select
from sqlalchemy.exc import IntegrityError

from kitto.base.bulk import insert_many
from kitto.base.db import Database, Id, Text, UTCDateTime

TABLE = Table(
    "bulk_trial",
    MetaData(),
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("at", UTCDateTime, nullable=True),
    Column("text", Text),
)
NASTY = ('"\\"\'', "\\N\\.\t\n", "日本語 🎌 {},[]", "\x01\x1f\x7f", "", "{'a': null}")


def row(number: int, text: str) -> dict[str, Any]:
    at = datetime(2026, 11, 25, 9, 0, 0, number, UTC) if number % 2 else None
    return {"id": number, "at": at, "text": text}


def test_rows_arrive_as_they_were_given_and_all_or_none(database: Database) -> None:
    TABLE.create(database.write)
    rows = [row(number, text) for number, text in enumerate(NASTY * 200)]
    with database.write.begin() as connection:
        insert_many(connection, TABLE, [])
        insert_many(connection, TABLE, rows)
    with pytest.raises(IntegrityError), database.write.begin() as connection:
        insert_many(connection, TABLE, [row(9999, "new"), row(7, "there already")])
    with database.read.begin() as connection:
        assert [dict(found) for found in connection.execute(select(TABLE)).mappings()] == rows
