"""Searching devices by any part of their text, one and two Japanese characters included."""

import unicodedata

from sqlalchemy import ColumnElement, and_, func, select, text

from kitto.assets.models import Asset, AssetText
from kitto.base.work import Work

TRIGRAM = 3


def folded(words: str) -> str:
    """The form in which text is searched: NFKC, lower case, katakana as hiragana, no hyphens."""
    plain = unicodedata.normalize("NFKC", words).lower().replace("-", "")
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in plain)


def matches(work: Work, words: str) -> ColumnElement[bool]:
    """True for devices whose text holds every one of the words."""
    parts = folded(words).split()[:8]
    return and_(*(_holds(work, part[:64]) for part in parts))


def _holds(work: Work, part: str) -> ColumnElement[bool]:
    dialect = work.session.get_bind().dialect.name
    if dialect == "sqlite" and len(part) >= TRIGRAM:
        # FTS5's trigrams count bytes in SQLite before 3.41 for LIKE, but MATCH of three
        # characters or more is right in all versions.
        quoted = '"' + part.replace('"', '""') + '"'
        hits = text("SELECT rowid FROM asset_text_fts WHERE asset_text_fts MATCH :part")
        return Asset.id.in_(hits.bindparams(part=quoted).columns(AssetText.asset_id))
    if dialect == "sqlite":
        # instr compares bytes and is several times faster than LIKE over the narrow table.
        return Asset.id.in_(select(AssetText.asset_id).where(func.instr(AssetText.text, part) > 0))
    pattern = "%" + part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return Asset.id.in_(select(AssetText.asset_id).where(AssetText.text.like(pattern, escape="\\")))
