"""Opening the house for one command; whoever runs it owns the data folder, so may do all."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from kitto.base import logs
from kitto.base.errors import Fault
from kitto.base.schema import newest_revision, present_revision
from kitto.base.settings import settings
from kitto.base.work import Actor, Grant, Work
from kitto.identity.rules import Permission
from kitto.main import House


def owner() -> Actor:
    """The person at the command line."""
    name = getpass.getuser()
    return Actor(
        kind="shell",
        id=name,
        name=f"{name} (kitto)",
        grants=(Grant(frozenset(Permission)),),
        locale="en",
        time_zone=settings().time_zone,
    )


@contextmanager
def opened(*, fresh: bool = True) -> Iterator[House]:
    """A house whose schema is as new as the program (`fresh`), closed at the end."""
    logs.set_up(settings())
    made = House(settings())
    try:
        if fresh and present_revision(made.database) != newest_revision():
            raise Fault("the database is not at this version's schema; run `kitto db upgrade`")
        yield made
    finally:
        made.close(patience=1)


@contextmanager
def working() -> Iterator[Work]:
    """A work that commits."""
    with opened() as house, house.ledger.begin(owner()) as work:
        yield work


@contextmanager
def looking() -> Iterator[Work]:
    """A work that reads."""
    with opened() as house, house.ledger.read(owner()) as work:
        yield work
