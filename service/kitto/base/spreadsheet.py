"""Tables as CSV files that Excel opens as they are meant, and that cannot carry a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from kitto.base.errors import Refusal
from kitto.base.i18n import N_

# What a spreadsheet would run as a formula; a plain signed number such as -001 is none.
_FORMULA: Final = re.compile(r"\s*[=@\t\r]|\s*[+\-](?![\d\s.,()-]*\Z)")
_BOM: Final = "\ufeff"
_SHOWN: Final = 5

Cell = str | int | date | None


class Encoding(StrEnum):
    """How the file is written: UTF-8 with a mark that Excel knows, or what Japanese Excel saves."""

    UTF8 = "utf-8"
    CP932 = "cp932"


class NotInCp932(Refusal):
    code = "cp932_cannot_hold"
    status = 422
    says = N_("The file was not made: CP932 cannot hold {signs}. Choose UTF-8 instead.")


def csv_file(head: Sequence[str], rows: Iterable[Sequence[Cell]], encoding: Encoding) -> bytes:
    """The table as a file with CRLF lines. Refuses NotInCp932 and names what it cannot hold."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    if encoding is Encoding.UTF8:
        return (_BOM + text.getvalue()).encode("utf-8")
    try:
        return text.getvalue().encode("cp932")
    except UnicodeEncodeError as wrong:
        raise NotInCp932(signs=_foreign(text.getvalue())) from wrong


def guarded(text: str) -> str:
    """Text that a spreadsheet takes as text; an apostrophe stands before what it would run."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: Cell) -> str | int:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return guarded(value) if isinstance(value, str) else value


def _foreign(text: str) -> str:
    found = dict.fromkeys(sign for sign in text if not _fits(sign))
    shown = " ".join(list(found)[:_SHOWN])
    return f"{shown} …" if len(found) > _SHOWN else shown


def _fits(sign: str) -> bool:
    try:
        sign.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
