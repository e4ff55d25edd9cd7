"""Searching devices by any part of their text, one and two Japanese characters included."""

import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, func, select, text

from kitto.assets.models import Asset, AssetText
from kitto.base.work import Work

TRIGRAM = 3


def folded(words: str) -> str:
    """The form in which text is searched: NFKC, lower case, katakana as hiragana, no hyphens."""
    plain = unicodedata.normalize("NFKC", words).lower().replace("-", "")
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in plain)


def matches(work: Work, words: str) -> ColumnElement[bool]:
    """True for devices whose text holds every one of the words; the texts are walked through once."""
    parts = [part[:64] for part in folded(words).split()[:8]]
    is_sqlite = work.session.get_bind().dialect.name == "sqlite"
    holds = _on_sqlite(parts) if is_sqlite else [AssetText.text.like(_like(p), escape="\\") for p in parts]
    return Asset.id.in_(select(AssetText.asset_id).where(*holds))


def _on_sqlite(parts: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    # FTS5's trigrams count bytes in SQLite before 3.41 for LIKE, but MATCH of three
    # characters or more is right in all versions.
    long = ['"' + part.replace('"', '""') + '"' for part in parts if len(part) >= TRIGRAM]
    if long:
        hits = text("SELECT rowid FROM asset_text_fts WHERE asset_text_fts MATCH :parts")
        known = hits.bindparams(parts=" AND ".join(long)).columns(AssetText.asset_id)
        yield AssetText.asset_id.in_(known)
    # instr compares bytes and is several times faster than LIKE over the narrow table.
    yield from (func.instr(AssetText.text, part) > 0 for part in parts if len(part) < TRIGRAM)


def _like(part: str) -> str:
    return "%" + part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
