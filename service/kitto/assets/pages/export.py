"""The list as a file for Excel; cells carry no formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from fastapi.responses import StreamingResponse

from kitto.assets.pages.looks import CONDITIONS
from kitto.assets.queries import AssetLine
from kitto.assets.rules import STATE_WORDS
from kitto.base.i18n import N_, translate

COLUMNS: Final = (
    N_("Tag"),
    N_("State"),
    N_("Category"),
    N_("Maker"),
    N_("Model"),
    N_("Serial number"),
    N_("Holder"),
    N_("Due"),
    N_("Condition"),
    N_("Order number"),
    N_("Note"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(lines: Iterable[AssetLine], locale: str, encoding: str) -> StreamingResponse:
    """UTF-8 with a mark, or CP932 for older Excel (what it lacks is shown as 〓)."""
    wanted = "cp932" if encoding == "cp932" else "utf-8-sig"
    rows = _rows(lines, locale)
    # The rows are read while the transaction is open; the answer is small enough to be held.
    text = "".join(rows)
    body = text.encode("cp932", "replace") if wanted == "cp932" else text.encode("utf-8-sig")
    headers = {"Content-Disposition": 'attachment; filename="devices.csv"'}
    return StreamingResponse(iter([body]), media_type=f"text/csv; charset={wanted}", headers=headers)


def _rows(lines: Iterable[AssetLine], locale: str) -> Iterator[str]:
    yield _line([translate(locale, name) for name in COLUMNS])
    for line in lines:
        asset = line.asset
        yield _line(
            [
                asset.name,
                translate(locale, STATE_WORDS[asset.state]),
                asset.model.category.name(locale),
                asset.model.maker,
                asset.model.name,
                asset.serial or "",
                line.holder_name or "",
                line.due_on.isoformat() if line.due_on else "",
                translate(locale, CONDITIONS[asset.condition]),
                asset.order_no,
                asset.note,
            ]
        )


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell
