"""The pages of labels in a real browser: nothing wrong on any of them, and a print without a mouse."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from kitto.base.paper.proof import Calibration
from kitto.base.work import Actor, Ledger
from kitto.labels import actions, printing
from kitto.labels.rules import PrintOrder
from tests.browser.judge import Judge, served
from tests.make import make_pc
from tests.stage import played_by

PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"
pytestmark = [pytest.mark.browser]


@pytest.fixture
def site(app: FastAPI, cast: dict[str, Actor], ledger: Ledger, sato: Actor) -> Iterator[str]:
    """A house with a print, a printer, and devices that wait."""
    played_by(app, {**cast, **{locale: replace(sato, locale=locale) for locale in ("ja", "en")}})
    printed = make_pc(ledger)
    printing.print_now(ledger, sato, PrintOrder(tags=(printed.name,), template="5167"))
    with ledger.begin(sato) as work:
        actions.keep_printer(work, name="2F 複合機", calibration=Calibration(dx=0.5))
    for _ in range(3):
        make_pc(ledger)
    with served(app) as address:
        yield address


def as_sato(page: Page, locale: str = "en") -> Page:
    """sato, who reads this language."""
    page.set_default_timeout(30_000)  # a page of PDF pictures on a busy machine
    page.set_extra_http_headers({"Authorization": f"Bearer {locale}"})
    return page


@pytest.mark.parametrize(("width", "scheme", "locale"), [(1280, "light", "ja"), (390, "dark", "en")])
def test_nothing_is_wrong_on_any_page_of_labels(
    page_at: Judge,
    nothing_wrong: Callable[[Page], None],
    site: str,
    width: int,
    scheme: str,
    locale: str,
) -> None:
    page = as_sato(page_at(width, scheme, locale), locale)
    for name, path in (
        ("labels", "/labels"),
        ("print", "/labels/1"),
        ("scan", "/labels/scan"),
        ("printers", "/labels/printers"),
    ):
        page.goto(site + path)
        nothing_wrong(page)
        assert page.locator("html").get_attribute("lang") == locale
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"labels-{name}-{width}-{scheme}-{locale}.png", full_page=True)
    stranger = page_at(width, scheme, locale)
    stranger.goto(f"{site}/T/PC9999999")
    nothing_wrong(stranger)


def test_labels_are_printed_and_scanned_back_by_keys_alone(page_at: Judge, site: str) -> None:
    page = as_sato(page_at(locale="en"))
    page.goto(f"{site}/labels")
    page.locator("#f-template").focus()
    page.keyboard.type("HISAGO ELM033")
    page.locator("#f-skip").fill("2")
    page.keyboard.press("Tab")
    expect(page.locator("#sheet img")).to_have_attribute("src", re.compile("skip=2&count=3"))
    page.get_by_role("button", name="Make labels").press("Enter")
    expect(page.get_by_text("3 labels are ready, every code read back.")).to_be_visible()
    tag = page.locator("a.tag").first.inner_text()
    page.goto(f"{site}/labels/scan")
    page.keyboard.type(tag)
    page.keyboard.press("Enter")
    expect(page.locator(".scanned.ok")).to_contain_text(tag)
