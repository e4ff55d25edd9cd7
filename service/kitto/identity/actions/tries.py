"""Tries to sign in, counted before they are made, so that parallel ones cannot slip through."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from kitto.base.ids import digest
from kitto.base.work import Work
from kitto.identity.models import TryCount
from kitto.identity.rules.limits import (
    FAILURE_WINDOW,
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ADDRESS,
    neighbourhood,
)


def key_of_account(name: str) -> str:
    """What a name is counted under; a digest, because people type passwords into the wrong field."""
    return "account:" + digest(name)


def key_of_address(address: str) -> str:
    return "address:" + digest(neighbourhood(address))


def key_of_machine(address: str) -> str:
    """Fresh machines are counted apart: their mistakes must not keep people of the same office out."""
    return "machine:" + digest(neighbourhood(address))


LIMITS = {
    "account": FAILURES_PER_ACCOUNT,
    "address": FAILURES_PER_ADDRESS,
    "machine": FAILURES_PER_ADDRESS,
}


def claim(work: Work, *keys: str) -> timedelta | None:
    """Count one try under each key. Returns how long to wait if a limit is passed, else None."""
    waits = [_count(work, key) for key in sorted(keys)]
    return max((wait for wait in waits if wait is not None), default=None)


def was_last(work: Work, key: str) -> bool:
    """The try just claimed was the last one allowed in its window."""
    row = work.session.get(TryCount, key, populate_existing=True)
    return row is not None and row.tries == _limit(key)


def give_back(work: Work, *, account_key: str, address_key: str) -> None:
    """The try succeeded: the account starts again, the address gets its one try back."""
    work.session.execute(delete(TryCount).where(TryCount.key == account_key))
    work.session.execute(
        update(TryCount)
        .where(TryCount.key == address_key, TryCount.tries > 0)
        .values(tries=TryCount.tries - 1)
    )


def _count(work: Work, key: str) -> timedelta | None:
    fresh = TryCount.since <= work.now - FAILURE_WINDOW
    # one statement, because a count that is read first and written later lets parallel tries pass
    statement = _insert(work)(TryCount).values(key=key, tries=1, since=work.now)
    counted = work.session.execute(
        statement.on_conflict_do_update(
            index_elements=[TryCount.key],
            set_={
                "tries": case((fresh, 1), else_=TryCount.tries + 1),
                "since": case((fresh, work.now), else_=TryCount.since),
            },
        ).returning(TryCount.tries, TryCount.since)
    ).one()
    return _wait(counted.since, work.now) if counted.tries > _limit(key) else None


def _insert(work: Work) -> Any:
    dialect = work.session.get_bind().dialect.name
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def _limit(key: str) -> int:
    return LIMITS[key.partition(":")[0]]


def _wait(since: datetime, now: datetime) -> timedelta:
    return max(since + FAILURE_WINDOW - now, timedelta(seconds=1))
