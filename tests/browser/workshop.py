"""A bench full of kits before a real browser; its jobs are moved on by the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import BrowserContext

from kitto.base import settings as settings_module
from kitto.base.db import Base
from kitto.base.engine import migrate_jobs
from kitto.base.i18n import LOCALES
from kitto.base.seal import Secret
from kitto.base.work import Ledger
from kitto.identity import actions as identity
from kitto.main import House, create_app
from tests.browser.judge import served
from tests.browser.office import PASSWORD, sign_in
from tests.kitting.shop import shop_profile
from tests.make import KITTO


class Workshop:
    """An address, the ledger behind it, and signed-in readers of each language."""

    def __init__(self, app: FastAPI, house: House, site: str) -> None:
        self.app, self.house, self.site = app, house, site

    @property
    def ledger(self) -> Ledger:
        return self.house.ledger

    def enter(self, context: BrowserContext, locale: str = "en") -> None:
        sign_in(context, self.site, locale)


@contextmanager
def opened_workshop(
    folder: Path, patch: pytest.MonkeyPatch, url: str = "", *, works: bool = False
) -> Iterator[Workshop]:
    """A house with an empty ledger (SQLite, if no other database is named) and the shop's recipe.

    `works`: its jobs are done by the house itself, not moved on by the test.
    """
    shop_profile(folder / "recipes")
    patch.setenv("KITTO_DATA", str(folder / "data"))
    patch.setenv("KITTO_PLAYBOOKS", str(folder / "recipes"))
    patch.setenv("KITTO_LOG_LEVEL", "error")
    patch.delenv("KITTO_DATABASE_URL", raising=False)
    if url:
        patch.setenv("KITTO_DATABASE_URL", url)
    settings_module.settings.cache_clear()
    house = House(settings_module.settings())
    Base.metadata.create_all(house.database.write)
    migrate_jobs(house.database)
    for locale in LOCALES:
        with house.ledger.begin(KITTO) as work:
            made, _ = identity.create_first_administrator(
                work, name=f"admin-{locale}", display_name="情シス 花子", password=Secret(PASSWORD)
            )
            made.locale = locale
    app = create_app(house, works=works)
    with served(app) as site:
        yield Workshop(app, house, site)
    settings_module.settings.cache_clear()
