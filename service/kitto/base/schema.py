"""Bringing a database to the present schema, and telling whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from kitto.base.db import Database
from kitto.base.engine import migrate_jobs

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"

ENGINE_TABLES = frozenset(
    {
        "queues",
        "notifications",
        "streams",
        "workflow_status",
        "workflow_input",
        "workflow_output",
        "workflow_inputs",
        "workflow_outputs",
        "workflow_events",
        "workflow_events_history",
        "workflow_schedules",
        "operation_outputs",
        "application_versions",
        "dbos_migrations",
        "datasource_outputs",
        "dbos_datasource_migrations",
    }
)
"""Tables of the durable engine that stand beside ours on SQLite; migrations leave them alone."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; it runs on the given connection."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


def upgrade(database: Database, revision: str = "head") -> None:
    """Raise our tables, then the engine's. Idempotent; two processes at once wait for each other."""
    with database.write.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7739125)")
        command.upgrade(config(connection), revision)
    migrate_jobs(database)


def present_revision(database: Database) -> str | None:
    with database.read.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()
