"""The bar: nine places in one order; rooms open the ways into them."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from kitto.base.i18n import N_


class Viewer(Protocol):
    """What the bar asks of whoever looks."""

    def may(self, permission: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Way:
    """A page that can be reached from the bar."""

    href: str
    says: str
    permission: str
    rank: int


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the bar. `key` follows `g` on the keyboard."""

    name: str
    says: str
    icon: str
    key: str
    ways: list[Way] = field(default_factory=list)


PLACES: Final = (
    Place("today", N_("Today"), "today", "t"),
    Place("devices", N_("Devices"), "devices", "d"),
    Place("kitting", N_("Kitting"), "kitting", "k"),
    Place("desk", N_("Desk"), "desk", "h"),
    Place("health", N_("Health"), "health", "w"),
    Place("licences", N_("Licences"), "licences", "l"),
    Place("people", N_("People and projects"), "people", "p"),
    Place("journal", N_("Journal"), "journal", "j"),
    Place("settings", N_("Settings"), "settings", "s"),
)
_BY_NAME: Final = {place.name: place for place in PLACES}


def open_way(place: str, href: str, says: str, *, permission: str = "", rank: int = 50) -> None:
    """Lead from a place to a page; the lowest rank is the place's own page. Idempotent."""
    ways = _BY_NAME[place].ways
    if all(way.href != href for way in ways):
        ways.append(Way(href, says, permission, rank))
        ways.sort(key=lambda way: (way.rank, way.href))


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as this viewer sees it now."""

    place: Place
    ways: tuple[Way, ...]
    active: bool
    way: Way | None

    @property
    def href(self) -> str:
        return self.ways[0].href


def bar(viewer: Viewer | None, path: str) -> list[Entry]:
    """The places this viewer may enter; the longest matching address is the present one."""
    if viewer is None:
        return []
    seen = {
        place.name: tuple(way for way in place.ways if not way.permission or viewer.may(way.permission))
        for place in PLACES
    }
    here = _present([way for ways in seen.values() for way in ways], path)
    return [
        Entry(place, ways, active=here in ways, way=here if here in ways else None)
        for place in PLACES
        if (ways := seen[place.name])
    ]


def _present(ways: list[Way], path: str) -> Way | None:
    fits = [way for way in ways if path == way.href or (way.href != "/" and path.startswith(way.href + "/"))]
    return max(fits, key=lambda way: len(way.href), default=None)
