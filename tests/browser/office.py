"""A small office in a running Kitto, and a way to every page of its console."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from playwright.sync_api import BrowserContext
from starlette.routing import Match

from kitto.assets import actions as assets
from kitto.assets.queries import find_holder
from kitto.assets.rules import HolderKind, State
from kitto.base import settings as settings_module
from kitto.base.db import Base
from kitto.base.engine import migrate_jobs
from kitto.base.seal import Secret
from kitto.base.work import Ledger
from kitto.identity import actions as identity
from kitto.licences import actions as licences
from kitto.licences.rules import Metric, Policy, PoolDetails, TitleDetails
from kitto.main import KNOWN, House, create_app
from kitto.people import actions as people
from kitto.people.rules import DepartmentDetails, PersonDetails, ProjectDetails
from kitto.web import pages as web_pages
from tests.make import KITTO, make_category, make_model, make_pc

PASSWORD = "a calm bench at 9 in Shinjuku"
NAMES = (
    ("田中 実", "タナカ ミノル"),
    ("佐藤 花子", "サトウ ハナコ"),
    ("𠮷野 葛", "ヨシノ カズラ"),
    ("髙橋 大輔", "タカハシ ダイスケ"),
    ("Anna Schmidt", ""),
    ("渡邊 さくら", "ワタナベ サクラ"),
)


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
    fill(house.ledger)
    yield create_app(house, works=False)
    settings_module.settings.cache_clear()


def fill(ledger: Ledger) -> None:
    """Two administrators, one for each language, and something on every list."""
    for locale in ("ja", "en"):
        with ledger.begin(KITTO) as work:
            made, _ = identity.create_first_administrator(
                work, name=f"admin-{locale}", display_name="佐藤 花子", password=Secret(PASSWORD)
            )
            made.locale = locale
    with ledger.begin(KITTO) as work:
        today = work.now.date()
        dev = people.open_department(work, DepartmentDetails(code="DEV", name="開発部"))
        people.open_department(work, DepartmentDetails(code="DEV1", name="開発一課", parent_id=dev.id))
        project = people.open_project(
            work, ProjectDetails(code="P-2026", name="新宿拠点の入替", starts_on=today)
        )
        staff = [
            people.join(
                work,
                PersonDetails(
                    number=f"E{n:04}", name=name, kana=kana, department_id=dev.id, badge=f"BADGE{n:04}"
                ),
            )
            for n, (name, kana) in enumerate(NAMES, 1)
        ]
        for person in staff[:3]:
            people.assign(work, project_id=project.id, person_id=person.id, starts_on=today)
        make_model(work)
        make_category(work, "printer", needs_kitting=False)
    _lend(ledger, [person.id for person in staff])
    with ledger.begin(KITTO) as work:
        for name, cap, policy in (
            ("Office", 5, Policy.HARD),
            ("CAD", 2, Policy.WARN),
            ("Editor", 0, Policy.COUNT),
        ):
            title = licences.add_title(work, TitleDetails(name=name, publisher="Contoso"))
            pool = licences.open_pool(
                work,
                PoolDetails(
                    title_id=title.id,
                    name=f"{name} 2026",
                    metric=Metric.USER,
                    cap=cap,
                    policy=policy,
                    ends_on=today + timedelta(days=40),
                ),
            )
            for person in staff[:2]:
                licences.grant_seat(work, pool.id, find_holder(work, HolderKind.PERSON, person.id))


def _lend(ledger: Ledger, people_ids: list[int]) -> None:
    for state in (State.RECEIVED, State.IN_STOCK, State.IN_STOCK, State.KITTING, *[State.READY] * 5):
        made = make_pc(ledger, state)
        if state is State.READY:
            with ledger.begin(KITTO) as work:
                tag, now = str(made.tag), work.now.date()
                holder = find_holder(work, HolderKind.PERSON, people_ids[made.id % len(people_ids)])
                assets.hand_over(work, tag=tag, holder=holder, due_on=now + timedelta(days=made.id))
    with ledger.begin(KITTO) as work:
        printer = make_model(work, "printer", "imageRUNNER C3326")
        assets.register(work, model_id=printer.id, serial="QPX31007")


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
