"""Windows on logs that may be long: always a span of one attempt's numbers, never the whole."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.work import Work
from kitto.kitting.models import KitAttempt, KitStep, PlayLine

BAD: Final = ("failed", "unreachable")
LARGEST_WINDOW: Final = 1000


def attempts(work: Work, kit_id: int) -> Sequence[tuple[KitAttempt, KitStep]]:
    """The attempts of a kit that wrote anything or may still, oldest first, each with its step."""
    rows = work.session.execute(
        select(KitAttempt, KitStep)
        .join(KitStep, KitStep.id == KitAttempt.step_id)
        .where(KitStep.kit_id == kit_id)
        .order_by(KitAttempt.id)
    )
    return [(row[0], row[1]) for row in rows]


def attempt_of(work: Work, kit_id: int, attempt_id: int) -> tuple[KitAttempt, KitStep]:
    """One attempt of a kit with its step. Refuses with not_found."""
    row = work.session.execute(
        select(KitAttempt, KitStep)
        .join(KitStep, KitStep.id == KitAttempt.step_id)
        .where(KitStep.kit_id == kit_id, KitAttempt.id == attempt_id)
    ).first()
    if row is None:
        raise NotFound(thing=Words(N_("attempt")), key=str(attempt_id))
    return row[0], row[1]


def window(work: Work, attempt_id: int, first: int, size: int) -> Sequence[PlayLine]:
    """The lines numbered from `first` on, `size` numbers long; numbers are counted from 1 without gaps."""
    size = min(size, LARGEST_WINDOW)
    return work.session.scalars(
        select(PlayLine)
        .where(PlayLine.attempt_id == attempt_id, PlayLine.seq >= first, PlayLine.seq < first + size)
        .order_by(PlayLine.seq)
    ).all()


def line(work: Work, attempt_id: int, seq: int) -> PlayLine:
    """One line with all it holds. Refuses with not_found."""
    found = work.session.get(PlayLine, (attempt_id, seq))
    if found is None:
        raise NotFound(thing=Words(N_("line of the log")), key=str(seq))
    return found


def found_line(work: Work, attempt_id: int, text: str, start: int, *, back: bool) -> tuple[int | None, int]:
    """The next line after (or before) a number that holds the text, from the other end if there is none.

    With how many lines hold it. Without text: lines that failed.
    """
    beyond = PlayLine.seq < start if back else PlayLine.seq > start
    nearest = func.max(PlayLine.seq) if back else func.min(PlayLine.seq)
    # one walk through the lines answers all three
    ahead, around, many = work.session.execute(
        select(nearest.filter(beyond), nearest, func.count()).where(
            PlayLine.attempt_id == attempt_id, _holds(work, text)
        )
    ).one()
    return ahead or around, many


def _holds(work: Work, text: str) -> ColumnElement[bool]:
    if not text:
        return PlayLine.status.in_(BAD)
    columns = (PlayLine.text, PlayLine.task, PlayLine.detail)
    # SQLite's LIKE passes over the case of ASCII as its lower() does, without a copy of each line.
    if work.session.get_bind().dialect.name == "sqlite":
        return or_(*(one.contains(text, autoescape=True) for one in columns))
    return or_(*(one.icontains(text, autoescape=True) for one in columns))


def last_words(work: Work, attempt_id: int, size: int = 8) -> Sequence[PlayLine]:
    """The last lines of an attempt, in order."""
    rows = work.session.scalars(
        select(PlayLine).where(PlayLine.attempt_id == attempt_id).order_by(PlayLine.seq.desc()).limit(size)
    ).all()
    return rows[::-1]
