"""Keyset paging: a page is found by the last row of the one before, never by counting."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_

from kitto.base.errors import Refusal
from kitto.base.facts import plain
from kitto.base.i18n import N_
from kitto.base.work import Work

Item = TypeVar("Item")
MOST = 1000
USUAL = 50


class CursorUnreadable(Refusal):
    code = "cursor_unreadable"
    status = 400
    says = N_("The cursor cannot be read. Start again from the first page.")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some rows, and where the next ones start (None: there are no more)."""

    items: Sequence[Item]
    next: str | None


def page(
    work: Work,
    statement: Select[Any],
    *,
    by: tuple[ColumnElement[Any], ...],
    key: Callable[[Any], tuple[Any, ...]],
    cursor: str | None,
    limit: int = USUAL,
    descending: bool = False,
    scalars: bool = True,
) -> Page[Any]:
    """One page of a statement ordered by unique columns `by`; `key` takes them from a row."""
    limit = max(1, min(limit, MOST))
    if cursor:
        after = tuple_(*by)
        values = tuple_(*_decode(cursor, len(by)))
        statement = statement.where(after < values if descending else after > values)
    order = [column.desc() if descending else column.asc() for column in by]
    result = work.session.execute(statement.order_by(*order).limit(limit + 1))
    rows = list(result.scalars() if scalars else result)
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, _encode(key(rows[-1])) if more else None)


def _encode(values: tuple[Any, ...]) -> str:
    text = json.dumps(plain(list(values)), ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, length: int) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError) as wrong:
        raise CursorUnreadable from wrong
    if not isinstance(values, list) or len(values) != length:
        raise CursorUnreadable
    if not all(isinstance(value, str | int | float) for value in values):
        raise CursorUnreadable
    return values
