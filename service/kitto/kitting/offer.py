"""The profiles that can be chosen: those written here, and those of the recipe folders."""

from dataclasses import dataclass

from kitto.base.work import Work
from kitto.kitting import queries
from kitto.kitting.adapters import recipes
from kitto.kitting.models import KitProfileVersion
from kitto.kitting.rules.inheritance import resolved
from kitto.kitting.rules.profiles import ProfileSpec
from kitto.kitting.rules.refusals import ProfileBroken, ProfileUnknown


@dataclass(frozen=True)
class Offered:
    """A profile that can be chosen: whole, or why it cannot be used; its newest frozen version if any."""

    name: str
    spec: ProfileSpec | None
    trouble: ProfileBroken | None
    newest: KitProfileVersion | None
    is_written_here: bool


def written(work: Work, name: str) -> ProfileSpec:
    """A profile as it is written: here, else in the recipe folder of its name. Refuses profile_unknown."""
    row = queries.profile_row(work, name)
    if row is not None and row.source is not None:
        return recipes.from_plain(name, row.source)
    return recipes.written(name)


def spec_of(work: Work, name: str) -> ProfileSpec:
    """A profile with all it extends, as it is now. Refuses unknown, retired and broken ones."""
    row = queries.profile_row(work, name)
    if row is not None and row.retired_at is not None:
        raise ProfileUnknown(name=name[:64])
    return resolved(name, lambda one: written(work, one))


def offered(work: Work) -> list[Offered]:
    """Every profile that is not retired, by name; broken ones say what is wrong."""
    rows = queries.profile_rows(work)
    names = sorted({*recipes.names(), *(name for name, row in rows.items() if row.source is not None)})
    newest = {version.name: version for version in queries.newest_versions(work)}
    found = []
    for name in names:
        row = rows.get(name)
        if row is not None and row.retired_at is not None:
            continue
        spec, trouble = None, None
        try:
            spec = resolved(name, lambda one: written(work, one))
        except ProfileBroken as broken:
            trouble = broken
        except ProfileUnknown as unknown:
            trouble = ProfileBroken(name=name, reason=str(unknown))
        here = row is not None and row.source is not None
        found.append(Offered(name, spec, trouble, newest.get(name), here))
    return found
