"""The database: naming, column types, and the engines for SQLite and PostgreSQL."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase

from kitto.base.i18n import Told

Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")
BUSY_MS = 30_000
# Shorter than a restart of PostgreSQL takes.
REST_SECONDS = 0.25


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"naive instant {value!r}"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables. Constraint names follow one convention so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime,
        date: Date,
        dict[str, Any]: Json,
        list[str]: Json,
        list[Any]: Json,
    }


def words(enum: type[Any]) -> Enum:
    """Column type for an enum kept as text by value; the table in rules.py is its guard."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [str(member.value) for member in members],
    )


class Sentence(TypeDecorator[str]):
    """A sentence that is said again in each reader's language (`Told`); what people wrote stays as it is."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if isinstance(value, Told):
            return json.dumps(value.parts(), ensure_ascii=False)
        # Nobody's own words are taken for parts of a sentence.
        return f" {value}" if value and value.startswith(_TOLD) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return Told.of(json.loads(value)) if value and value.startswith(_TOLD) else value


_TOLD: Final = '{"code": '
Text = String


class Database:
    """The engines of one database: `write` opens transactions that lock first, `read` cannot write."""

    def __init__(self, url: str, *, synchronous: str = "NORMAL", pool_size: int = 10) -> None:
        self.url = url
        # Works that the web side may have open at a time; the rest of the pool is for the jobs.
        self.readers, self.writers = pool_size, max(1, pool_size // 2)
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.writers = 1
            path = Path(str(make_url(url).database))
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.write = _sqlite(url, synchronous, begin="BEGIN IMMEDIATE", pool_size=1)
            self.read = _sqlite(url, synchronous, begin="BEGIN", pool_size=pool_size + 4, read_only=True)
            self.engine_of_jobs = _sqlite(url, synchronous, begin=None, pool_size=5)
        else:
            self.write = create_engine(
                url, pool_size=pool_size, max_overflow=pool_size, pool_use_lifo=True, pool_timeout=30
            )
            _look_after_a_rest(self.write)
            # All questions of a reading see one moment, as they do on SQLite: a kit and its steps agree.
            self.read = self.write.execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )
            self.engine_of_jobs = create_engine(
                url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True
            )

    def close(self) -> None:
        for engine in (self.write, self.read, self.engine_of_jobs):
            engine.dispose()


def _look_after_a_rest(engine: Engine) -> None:
    """Ask a connection that has rested whether it still lives, and get another one if not.

    `pool_pre_ping` asks each time: twice in each request, which took as long as a scan's own questions.
    """

    @event.listens_for(engine, "checkin")
    def rests(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def looks(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("rests_since", monotonic()) < REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as dead:
            raise DisconnectionError from dead


def _sqlite(
    url: str, synchronous: str, *, begin: str | None, pool_size: int, read_only: bool = False
) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,  # the one used last knows its pages still
        pool_timeout=BUSY_MS / 1000,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The engine of the jobs wants the driver's own IMMEDIATE mode; ours send BEGIN themselves,
        # because the driver would begin only before the first write and lose updates.
        connection.isolation_level = "IMMEDIATE" if begin is None else None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-16000")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    if begin is not None:

        @event.listens_for(engine, "begin")
        def start(connection: Any) -> None:
            connection.exec_driver_sql(begin)

    return engine
