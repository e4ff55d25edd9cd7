"""The index of the search text: trigrams on SQLite and on PostgreSQL, kept by the database itself."""

from typing import Final

from sqlalchemy import DDL, event

from kitto.assets.models import AssetText

STATEMENTS: Final = {
    "sqlite": (
        (
            "CREATE VIRTUAL TABLE IF NOT EXISTS asset_text_fts USING fts5("
            "text, content='asset_text', content_rowid='asset_id', tokenize='trigram')"
        ),
        (
            "CREATE TRIGGER IF NOT EXISTS asset_text_added AFTER INSERT ON asset_text BEGIN "
            "INSERT INTO asset_text_fts(rowid, text) VALUES (new.asset_id, new.text); END"
        ),
        (
            "CREATE TRIGGER IF NOT EXISTS asset_text_gone AFTER DELETE ON asset_text BEGIN "
            "INSERT INTO asset_text_fts(asset_text_fts, rowid, text) "
            "VALUES ('delete', old.asset_id, old.text); END"
        ),
        (
            "CREATE TRIGGER IF NOT EXISTS asset_text_changed AFTER UPDATE ON asset_text BEGIN "
            "INSERT INTO asset_text_fts(asset_text_fts, rowid, text) "
            "VALUES ('delete', old.asset_id, old.text); "
            "INSERT INTO asset_text_fts(rowid, text) VALUES (new.asset_id, new.text); END"
        ),
    ),
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX IF NOT EXISTS ix_asset_text_trgm ON asset_text USING gin (text gin_trgm_ops)",
    ),
}

for _dialect, _statements in STATEMENTS.items():
    for _statement in _statements:
        # "%%" because DDL fills in "%"; there is none today, and a new one would not pass unseen.
        _ddl = DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped
        event.listen(AssetText.__table__, "after_create", _ddl)
