"""Makers of things that tests need; plain functions, real actions."""

from itertools import count
from typing import Any

from kitto.assets import actions as assets
from kitto.assets.models import Asset, Category, Model
from kitto.assets.queries import categories, models
from kitto.assets.rules import State, Step
from kitto.base.work import Actor, Grant, Ledger, Work
from kitto.identity.rules import Permission
from kitto.people import actions as people
from kitto.people.models import Person
from kitto.people.rules import PersonDetails

KITTO = Actor(kind="system", id="maker", name="maker", grants=(Grant(frozenset(Permission)),), locale="en")
OTHER = Actor(kind="system", id="other", name="other", grants=(Grant(frozenset(Permission)),), locale="en")
_serials = count(1)


def make_category(work: Work, code: str = "pc", **wanted: object) -> Category:
    found = [item for item in categories(work) if item.code == code]
    if found:
        return found[0]
    given = {"name_ja": "PC", "name_en": "PC", "tag_prefix": code.upper()[:2], "needs_kitting": True}
    return assets.make_category(work, code=code, **(given | wanted))  # type: ignore[arg-type]


def make_model(work: Work, code: str = "pc", name: str = "Latitude 7450") -> Model:
    make_category(work, code)
    found = [item for item in models(work, code) if item.name == name]
    return found[0] if found else assets.make_model(work, category_code=code, maker="Dell", name=name)


def make_pc(
    ledger: Ledger, state: State = State.IN_STOCK, *, serial: str = "", code: str = "pc", **given: int
) -> Asset:
    """A device in a state that needs no holder: received, in_stock, kitting or ready."""
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        model = make_model(work, code)
        asset = assets.register(
            work, model_id=model.id, serial=serial or f"SER{next(_serials):07d}X", **given
        )
    tag = str(asset.tag)
    if state is not State.RECEIVED:
        with ledger.begin(OTHER) as work:
            asset = assets.accept(work, tag=tag)
    for step, after in (
        (Step.START_KITTING, (State.KITTING, State.READY)),
        (Step.FINISH_KITTING, (State.READY,)),
    ):
        if state in after:
            with ledger.begin(KITTO) as work:
                asset = assets.take_step(work, tag=tag, step=step)
    return asset


def make_person(ledger: Ledger, number: str = "", name: str = "田中 実", **given: Any) -> Person:
    with ledger.begin(KITTO) as work:
        details = PersonDetails(number=number or f"P{next(_serials):05d}", name=name, **given)
        return people.join(work, details)
