"""Every page of the console: nothing wrong, light and dark, wide and narrow, in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext

from tests.browser.judge import LOCALES, Judge, served
from tests.browser.keys import walk
from tests.browser.office import opened, page_routes, pages, sign_in

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"
WIDTHS = {1280: 800, 390: 844}
# every width and scheme is judged once; the frame's own tests judge all of them in each language
LOOKS = {"ja": ((1280, "light"), (390, "dark")), "en": ((1280, "dark"), (390, "light"))}


# The board asks for these itself: what has changed, and the tickets that did.
PARTS = {"/kitting/changes", "/kitting/tickets"}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with pytest.MonkeyPatch.context() as patch, opened(tmp_path_factory.mktemp("data"), patch) as app:
        yield app


@pytest.fixture(scope="module")
def site(console: FastAPI) -> Iterator[str]:
    with served(console) as address:
        yield address


@pytest.fixture(scope="module")
def members(browser: Browser, site: str) -> Iterator[dict[str, BrowserContext]]:
    """A signed-in reader of each language."""
    made = {
        locale: browser.new_context(locale=LOCALES[locale], reduced_motion="reduce") for locale in LOCALES
    }
    for locale, context in made.items():
        sign_in(context, site, locale)
    yield made
    for context in made.values():
        context.close()


@pytest.fixture(scope="module")
def found(members: dict[str, BrowserContext], site: str) -> dict[str, str]:
    """One address for every kind of page, by the route that serves it."""
    return pages(members["ja"], site)


def test_every_link_leads_somewhere(found: dict[str, str]) -> None:
    assert [path for path in found if path.startswith(("missing", "broken"))] == []


def test_every_page_without_parts_in_its_address_can_be_reached(found: dict[str, str]) -> None:
    listed = {route.path for route in page_routes() if "{" not in route.path and "." not in route.path}
    listed -= PARTS
    after_a_form = {"/sign-in", "/account/code/confirm"}
    assert sorted(listed - set(found) - after_a_form) == []


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("locale", "looks"), LOOKS.items())
def test_nothing_is_wrong_on_any_page(
    found: dict[str, str],
    members: dict[str, BrowserContext],
    site: str,
    page_at: Judge,
    locale: str,
    looks: tuple[tuple[int, str], ...],
) -> None:
    page = page_at.watch(members[locale].new_page())
    wrong: list[str] = []
    for route, path in found.items():
        name = re.sub(r"[^a-z0-9]+", "-", route.lower()).strip("-") or "today"
        for width, scheme in looks:
            page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(site + path)
            wrong += page_at.complaints(page)
            page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}-{locale}.png", full_page=True)
    page.close()
    assert wrong == []


@pytest.mark.timeout(1500)
def test_every_page_can_be_walked_without_a_mouse_in_japanese(
    found: dict[str, str], members: dict[str, BrowserContext], site: str, page_at: Judge
) -> None:
    page = page_at.watch(members["ja"].new_page())
    page.set_viewport_size({"width": 1280, "height": 800})
    wrong: list[str] = []
    for path in found.values():
        page.goto(site + path)
        wrong += walk(page)
    page.close()
    assert wrong == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_pictures_of_every_page_in_every_look(
    found: dict[str, str], members: dict[str, BrowserContext], site: str
) -> None:
    for locale, context in members.items():
        page = context.new_page()
        for route, path in found.items():
            name = re.sub(r"[^a-z0-9]+", "-", route.lower()).strip("-") or "today"
            page.goto(site + path)
            for width, height in WIDTHS.items():
                for scheme in ("light", "dark"):
                    page.set_viewport_size({"width": width, "height": height})
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}-{locale}.png", full_page=True)
        page.close()
