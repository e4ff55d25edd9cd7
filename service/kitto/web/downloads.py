"""Answers that a browser keeps as a file."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from fastapi.responses import Response, StreamingResponse

from kitto.base.spreadsheet import Cell, Encoding, csv_file


def csv_answer(
    name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], encoding: Encoding
) -> Response:
    """A table as a CSV file called `name`."""
    charset = "Shift_JIS" if encoding is Encoding.CP932 else "utf-8"
    return file_answer(csv_file(head, rows, encoding), f"text/csv; charset={charset}", name)


def file_answer(content: bytes, media_type: str, name: str, *, inline: bool = False) -> Response:
    """Content as a file; `inline` lets the browser show it."""
    way = "inline" if inline else "attachment"
    headers = {"Content-Disposition": f"{way}; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def file_once(content: bytes, media_type: str, name: str) -> Response:
    """A file that holds a secret. It is streamed, so that no answer kept for an Idempotency-Key holds it."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
    }
    return StreamingResponse(iter([content]), media_type=media_type, headers=headers)
