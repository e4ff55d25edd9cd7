"""The journal as a file: CSV for people, JSON lines for whoever wants to check the chain."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from kitto.base.journal import FactRow
from kitto.base.spreadsheet import guarded

HEAD = ("seq", "at", "actor", "actor_kind", "kind", "subject_kind", "subject_id", "flagged", "data", "hash")


def csv_lines(batches: Iterable[list[FactRow]]) -> Iterator[bytes]:
    """UTF-8 with a mark that Excel knows; no cell can carry a formula."""
    yield b"\xef\xbb\xbf" + _csv([HEAD])
    for rows in batches:
        yield _csv(
            (
                str(row.seq),
                row.at.isoformat(),
                guarded(row.actor_name),
                row.actor_kind,
                row.kind,
                row.subject_kind,
                guarded(row.subject_id),
                "!" if row.flagged else "",
                row.body,
                row.hash,
            )
            for row in rows
        )


def json_lines(batches: Iterable[list[FactRow]]) -> Iterator[bytes]:
    """One fact a line, with all that its hash is made of: `body` is the exact text that was hashed."""
    for rows in batches:
        yield "".join(_json(row) + "\n" for row in rows).encode()


def _json(row: FactRow) -> str:
    shown = {
        "seq": row.seq,
        "at": row.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actor_kind": row.actor_kind,
        "actor_id": row.actor_id,
        "actor_name": row.actor_name,
        "request_id": row.request_id,
        "kind": row.kind,
        "subject_kind": row.subject_kind,
        "subject_id": row.subject_id,
        "also_kind": row.also_kind,
        "also_id": row.also_id,
        "flagged": row.flagged,
        "body": row.body,
        "prev_hash": row.prev_hash,
        "hash": row.hash,
    }
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def _csv(rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
