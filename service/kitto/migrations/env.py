"""How Alembic meets our tables; the connection is given by base/schema.py."""

from typing import Any

from alembic import context

import kitto.main  # noqa: F401 -- every room's tables
from kitto.base.db import Base
from kitto.base.schema import ENGINE_TABLES


def ours(name: str | None, kind: str, _parents: Any) -> bool:
    """True for what Alembic shall look at."""
    if kind == "table":
        return name not in ENGINE_TABLES and not (name or "").startswith("asset_text_fts")
    if kind == "index":
        return name != "ix_asset_text_trgm"
    return True


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_name=ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
