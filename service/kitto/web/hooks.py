"""Where upper rooms add to pages of lower ones: panels, and what waits for a person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kitto.base.work import Work

Fill = Callable[[Work, int], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    """A part that another room shows on a page: its template gets what `fill` returns.

    `fill(work, subject_id)` returns None where there is nothing to show. `title` is a msgid.
    """

    page: str
    name: str
    title: str
    template: str
    order: int
    fill: Fill


@dataclass(frozen=True)
class Waiting:
    """One line of Today: a sentence, where it leads, and the one button that moves it on."""

    sentence: str
    link: str
    button: str
    since: datetime
    tone: str = "notice"
    subject: str = ""


WaitingProvider = Callable[[Work], Sequence[Waiting]]

Finder = Callable[[Work, str], str | None]

_finders: dict[str, tuple[int, Finder]] = {}
_panels: dict[str, dict[str, Panel]] = {}
_waiting: dict[str, tuple[int, str, WaitingProvider]] = {}


def panel(page: str, name: str, *, title: str, template: str, order: int) -> Callable[[Fill], Fill]:
    """Register a panel for a page such as "asset" or "person". The last one of a name wins."""

    def register(fill: Fill) -> Fill:
        _panels.setdefault(page, {})[name] = Panel(page, name, title, template, order, fill)
        return fill

    return register


def panels(page: str) -> list[Panel]:
    """The panels of a page, in order."""
    return sorted(_panels.get(page, {}).values(), key=lambda item: (item.order, item.name))


def filled(page: str, work: Work, subject_id: int) -> list[tuple[Panel, Mapping[str, Any]]]:
    """The panels of a page that have something to show, with their values."""
    found = ((item, item.fill(work, subject_id)) for item in panels(page))
    return [(item, values) for item, values in found if values is not None]


def waits(name: str, *, title: str, order: int) -> Callable[[WaitingProvider], WaitingProvider]:
    """Register who tells Today what waits for a person now. `title` is the group's msgid."""

    def register(provider: WaitingProvider) -> WaitingProvider:
        _waiting[name] = (order, title, provider)
        return provider

    return register


def waiting(work: Work) -> list[tuple[str, Sequence[Waiting]]]:
    """All that waits, grouped, in order; empty groups are left out."""
    groups = sorted(_waiting.values(), key=lambda item: item[0])
    found = ((title, provider(work)) for _, title, provider in groups)
    return [(title, items) for title, items in found if items]


def finds(name: str, *, order: int) -> Callable[[Finder], Finder]:
    """Register who knows the page of what was scanned or typed at the top: its address, or None."""

    def register(finder: Finder) -> Finder:
        _finders[name] = (order, finder)
        return finder

    return register


def page_of(work: Work, text: str) -> str | None:
    """The page of the first room that knows this text as one of its things."""
    for _, finder in sorted(_finders.values(), key=lambda item: item[0]):
        found = finder(work, text)
        if found is not None:
            return found
    return None
