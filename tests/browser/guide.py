"""`python -m tests.browser.guide [docs/guide]`: the pictures of the user guide, in both languages.

A believable office is filled, a day at the desk is played in a real browser, and each page that the guide
speaks of is taken as it looks then.
"""

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from kitto.assets import queries as assets
from kitto.assets.rules import State
from kitto.base import clock
from kitto.base.i18n import LOCALES
from kitto.base.work import Ledger
from kitto.handover import jobs as papers
from kitto.health import actions as health
from kitto.health import queries as probes
from kitto.health.jobs import WATCH
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, Measured, Unit
from kitto.identity.rules import Permission
from tests.browser import judge
from tests.browser.office import opened, sign_in
from tests.make import KITTO

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "guide"
WIDTH, HEIGHT, COLOURS = 1100, 720, 64  # small files: a page has few colours


@dataclass(frozen=True)
class Photographer:
    """Goes through the console in one language and takes pictures."""

    page: Page
    site: str
    ledger: Ledger
    folder: Path

    def take(self, name: str, path: str = "") -> None:
        if path:
            self.page.goto(self.site + path)
        self.page.wait_for_load_state()  # a page with a live log is never idle
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        shot.quantize(COLOURS).save(self.folder / f"{name}.png", optimize=True)

    def scan(self, text: str, shows: str) -> None:
        """What a scanner does: the keys, then Enter; waits until the page shows what it must."""
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.locator("#session", has_text=shows).wait_for()

    def tags(self, state: State) -> list[str]:
        with self.ledger.read(KITTO) as work:
            work.allow(Permission.SEE)
            chosen = assets.AssetFilter(states=(state,), category="pc")
            return [line.asset.name for line in assets.listed(work, chosen, limit=20).items]

    def first(self, path: str, links_to: str) -> str:
        """The address of the first link of this kind on a page."""
        self.page.goto(self.site + path)
        links = self.page.locator(f"#content a[href^='{links_to}']")
        found = [link.get_attribute("href") or "" for link in links.all()]
        return next(path for path in found if path.removeprefix(links_to).isdigit())


def a_day(take: Photographer) -> None:
    """Every picture of the guide, in the order of the guide."""
    take.take("today", "/")
    take.take("receive", take.first("/receipts", "/receipts/"))
    take.take("device", f"/devices/{take.tags(State.IN_USE)[0]}")
    take.take("labels", "/labels")
    take.take("kit-board", "/kitting")
    take.take("kit", take.first("/kitting", "/kitting/"))
    _at_the_desk(take)
    take.take("licences", "/licences")
    take.take("health", "/health/probes")
    take.take("problems", "/health")
    take.take("journal", "/journal")
    take.take("settings", "/settings/accounts")


def _at_the_desk(take: Photographer) -> None:
    take.page.goto(f"{take.site}/desk")
    given, back = take.tags(State.READY)[0], take.tags(State.IN_USE)[-1]
    take.scan("BADGE-E0401", "中村")
    take.scan(given, given)
    take.take("desk")
    take.page.keyboard.type("DONE")
    take.page.keyboard.press("Enter")
    take.page.wait_for_url("**/desk/done/*")
    papers._make(take.ledger, int(take.page.url.rpartition("/")[2]))
    take.page.locator("#papers a[href$='document.pdf']").wait_for()
    take.take("handed-over")
    take.page.goto(f"{take.site}/desk")
    take.page.keyboard.type("TAKEBACK")
    take.page.keyboard.press("Enter")
    take.scan(back, back)
    take.take("return")
    take.page.keyboard.type("CANCEL")
    take.page.keyboard.press("Enter")


def watched(ledger: Ledger) -> None:
    """The seeded probes have been at work: one printer is well, one switch fell silent."""
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        rows = probes.probes(work, probes.ProbeFilter(), limit=5).items
        for row in rows:
            row.enabled = True
        work.unrecorded("the office is only looked at")
        found = [row.id for row in rows]
    well, silent = found[0], found[-1]
    toner = Measured("supply", 62.0, Unit.PERCENT, "1.1", "")
    for minute in range(8, 1, -1):
        with ledger.begin(WATCH) as work:
            work.now = clock.now() - timedelta(minutes=minute)
            health.record_answers(
                work,
                {
                    well: Answer(Sign.ANSWERED, Reason.ANSWERED, readings=(toner,)),
                    silent: Answer(Sign.SILENT, Reason.NO_ANSWER),
                },
            )


@contextmanager
def office(folder: Path) -> Iterator[tuple[FastAPI, str]]:
    with pytest.MonkeyPatch.context() as patch, opened(folder, patch) as app, judge.served(app) as site:
        yield app, site


def renew(folder: Path, say: Callable[[str], object]) -> None:
    """Every picture anew; each language has an office of its own, so that both show the same day."""
    for locale in LOCALES:
        own = folder / locale
        own.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as data, office(Path(data)) as (app, site):
            watched(app.state.house.ledger)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=judge.CHROMIUM, args=judge.QUIET)
                context = browser.new_context(
                    viewport={"width": WIDTH, "height": HEIGHT},
                    locale=judge.LOCALES[locale],
                    reduced_motion="reduce",
                )
                context.set_default_timeout(60_000)
                page = context.new_page()
                taking = Photographer(page, site, app.state.house.ledger, own)
                taking.take("sign-in", "/sign-in")
                sign_in(context, site, locale)
                a_day(taking)
                browser.close()
        say(f"{own}: {len(list(own.glob('*.png')))} pictures\n")


def main(words: list[str]) -> int:
    if not judge.CHROMIUM.exists():
        sys.stderr.write("No pictures: Debian's package chromium is missing.\n")
        return 1
    renew(Path(words[0]) if words else FOLDER, sys.stderr.write)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
