"""Every page of the console: nothing wrong, light and dark, wide and narrow, in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import LOCALES, Judge, served
from tests.browser.office import opened, page_routes, pages, sign_in

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"
WIDTHS = {1280: 800, 390: 844}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with pytest.MonkeyPatch.context() as patch, opened(tmp_path_factory.mktemp("data"), patch) as app:
        yield app


@pytest.fixture(scope="module")
def site(console: FastAPI) -> Iterator[str]:
    with served(console) as address:
        yield address


@pytest.fixture
def signed_in(browser: Browser, site: str, locale: str) -> Iterator[BrowserContext]:
    context = browser.new_context(locale=LOCALES[locale], reduced_motion="reduce")
    sign_in(context, site, locale)
    yield context
    context.close()


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_nothing_is_wrong_on_any_page(
    signed_in: BrowserContext, site: str, locale: str, page_at: Judge
) -> None:
    page = page_at.watch(signed_in.new_page())
    found = pages(signed_in, site)
    assert [path for path in found if path.startswith(("missing", "broken"))] == []
    wrong: list[str] = []
    for route, path in found.items():
        for width, height in WIDTHS.items():
            for scheme in ("light", "dark"):
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                if (width, scheme) in {(1280, "light"), (390, "light")}:
                    page.goto(site + path)
                if (width, scheme) in {(1280, "light"), (390, "dark")}:
                    wrong += page_at.complaints(page)
                name = re.sub(r"[^a-z0-9]+", "-", route.lower()).strip("-") or "today"
                page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}-{locale}.png", full_page=True)
    assert wrong == []


def test_every_page_without_parts_in_its_address_can_be_reached(browser: Browser, site: str) -> None:
    context = browser.new_context(locale=LOCALES["en"])
    sign_in(context, site, "en")
    reached = set(pages(context, site))
    context.close()
    listed = {route.path for route in page_routes() if "{" not in route.path}
    assert sorted(path for path in listed - reached - {"/sign-in"} if "." not in path) == []
