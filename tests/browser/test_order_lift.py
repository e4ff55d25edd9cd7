"""An order whose recipe was found wrong, what lifting it changes, and the check that found it: every look."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kitto.kitting import actions, queries
from kitto.kitting.actions.checks import note_check
from kitto.kitting.adapters.publishing import Report
from kitto.kitting.adapters.publishing.findings import found
from tests.browser.judge import LOCALES, Judge
from tests.browser.workshop import Workshop, opened_workshop
from tests.kitting.shop import started
from tests.make import KITTO

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"
ASKED = ("ansible-core 2.19.14", "ansible-lint 25.9.0")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch, opened_workshop(folder, patch) as made:
        with made.ledger.begin(KITTO) as work:
            first = actions.publish_recipe(work, name="shop")
            order = actions.ask_order(work, profile="shop", quantity=3).id
        started(made.ledger, order=order)
        with made.ledger.begin(KITTO) as work:
            wrong = (found("syntax", "base.yml", 12, "couldn't resolve module/action 'no_such_thing'"),)
            report = Report(content=first.recipes["shop"], findings=wrong, asked=ASKED)
            note_check(work, recipe="shop", report=report, asked_ansible=True)
        path = folder / "recipes" / "shop" / "profile.yml"
        text = path.read_text(encoding="utf-8").replace("key: look,", "key: seen,")
        path.write_text(text.replace("[owner]", "[owner, colour]"), encoding="utf-8")
        with made.ledger.begin(KITTO) as work:
            actions.publish_recipe(work, name="shop")
            assert queries.order(work, order).profile.number == 1
        yield made


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_nothing_is_wrong_on_the_pages_of_lifting(
    browser: Browser, shop: Workshop, page_at: Judge, locale: str
) -> None:
    wrong: list[str] = []
    with browser.new_context(locale=LOCALES[locale], reduced_motion="reduce") as context:
        shop.enter(context, locale)
        page = page_at.watch(context.new_page())
        for name, path in (
            ("order-unfit", "/kitting/orders/1"),
            ("order-lift", "/kitting/orders/1/lift"),
            ("profile-checks", "/kitting/profiles/shop"),
            ("recipe-check", "/kitting/checks/1"),
        ):
            for width, height in ((1280, 800), (390, 844)):
                for scheme in ("light", "dark"):
                    page.set_viewport_size({"width": width, "height": height})
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # two words
                    page.goto(shop.site + path)
                    wrong += page_at.complaints(page)
                    page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}-{locale}.png", full_page=True)
    assert wrong == []
