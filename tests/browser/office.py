"""A small office in a running Kitto, and a way to every page of its console."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from playwright.sync_api import BrowserContext
from starlette.routing import Match

from kitto.assets import queries as assets
from kitto.base import settings as settings_module
from kitto.base.db import Base
from kitto.base.engine import migrate_jobs
from kitto.base.i18n import LOCALES
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.cli import office
from kitto.identity import actions as identity
from kitto.identity.doors import person_actor
from kitto.identity.rules.trust import TrustWish
from kitto.main import KNOWN, House, create_app
from kitto.runs import actions as runs
from kitto.runs.rules import wire
from kitto.runs.rules.states import Locks
from kitto.web import pages as web_pages
from tests.make import KITTO

_TRUST = TrustWish(
    name="GitHub example/pcs",
    issuer="https://token.actions.githubusercontent.com",
    audience="https://kitto.example.jp",
    pins={"repository_id": ["4711"], "ref": ["refs/heads/main", "refs/heads/release"]},
    permissions=["see", "kit"],
)
PASSWORD = "a calm bench at 9 in Shinjuku"


@contextmanager
def opened(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """A house with a filled SQLite ledger; it serves no jobs."""
    patch.setenv("KITTO_DATA", str(folder))
    patch.setenv("KITTO_LOG_LEVEL", "error")
    patch.setenv("KITTO_ORGANISATION", "株式会社きっと")
    patch.delenv("KITTO_DATABASE_URL", raising=False)
    settings_module.settings.cache_clear()
    house = House(settings_module.settings())
    Base.metadata.create_all(house.database.write)
    migrate_jobs(house.database)
    fill(house)
    yield create_app(house, works=False)
    settings_module.settings.cache_clear()


def fill(house: House) -> None:
    """The believable office, and an administrator for each language."""
    office.fill(house, PASSWORD)
    for locale in LOCALES:
        with house.ledger.begin(KITTO) as work:
            made, _ = identity.create_first_administrator(
                work, name=f"admin-{locale}", display_name="情シス 花子", password=Secret(PASSWORD)
            )
            made.locale = locale
    with house.ledger.begin(person_actor(made)) as work:
        identity.trust_ci(work, _TRUST)
        tag = assets.listed(work, assets.AssetFilter()).items[-1].asset.name
        report(work, tag)


def report(work: Work, tag: str) -> None:
    """A play from CI on one device of the office and one host that is none, with a failure."""
    at = work.now
    hosts = [wire.Host(tag, tag), wire.Host("elsewhere")]
    source = wire.Source(system="GitHub", project="example/pcs", ref="refs/heads/main", job="kit")
    opening = wire.Opening("01KAYQ3W5X8ZJ6N0V4T2M9B7RC", at, "site.yml", hosts, source=source)
    runs.open_run(work, opening, Locks.TRY)
    said = [("task", "", "", "時刻の設定"), ("result", tag, "changed", "時刻の設定")]
    said += [("result", "elsewhere", "failed", "時刻の設定")]
    events = [
        wire.Event(seq, at, kind, host=host, status=status, task=task)  # type: ignore[arg-type]
        for seq, (kind, host, status, task) in enumerate(said, start=1)
    ]
    runs.add_events(work, opening.id, events)


def sign_in(context: BrowserContext, site: str, locale: str) -> None:
    """As a person does it: through the form."""
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.locator("[name=name]").fill(f"admin-{locale}")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("#content form [type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.close()


def pages(context: BrowserContext, site: str) -> dict[str, str]:
    """One address for every kind of page that can be reached by links, by the route that serves it."""
    found: dict[str, str] = {}
    waiting = ["/", "/legend", "/account", "/find?q=PC", "/nowhere"]
    seen = set(waiting)
    while waiting:
        path = waiting.pop(0)
        route = _route(path)
        if route in found:
            continue
        answer = context.request.get(site + path, headers={"Accept": "text/html"})
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        if answer.status >= 500:
            route = f"broken {path}"
        found[route] = path
        for link in re.findall(r'(?:href|hx-get)="(/[^"#]*)', answer.text()):
            target = link.replace("&amp;", "&")
            if target not in seen and not target.startswith(("/static/", "/api/")):
                seen.add(target)
                waiting.append(target)
    return found


def page_routes() -> list[APIRoute]:
    """Every page that some room opens."""
    return [
        route
        for module in (web_pages, *KNOWN["pages"])
        for router in vars(module).values()
        if isinstance(router, APIRouter)
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in route.methods
    ]


def _route(path: str) -> str:
    scope = {"type": "http", "method": "GET", "path": path.partition("?")[0], "root_path": "", "headers": []}
    for route in page_routes():
        if route.matches(scope)[0] is Match.FULL:
            return route.path
    return path if path == "/nowhere" else f"missing {path}"
