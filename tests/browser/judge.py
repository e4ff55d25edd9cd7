"""A real browser before real pages, and a judge of what it sees."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

from tests.web.sample import sample_app

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOCALES = {"ja": "ja-JP", "en": "en-US"}


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app on a free port of loopback; its address."""
    ready = Event()

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[object] | None = None) -> None:
            await super().startup(sockets)  # type: ignore[arg-type]
            ready.set()

    server = Announced(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", ws="none"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    assert ready.wait(30), "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


# One at a time and no longer than its file needs it: while it lives, its event loop holds this thread.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        pytest.skip("no chromium here; Debian's package chromium has it")
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    made = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield made
    made.close()


@dataclass
class Judge:
    """Opens pages and remembers every complaint of the browser."""

    browser: Browser
    heard: list[str] = field(default_factory=list)
    opened: list[Page] = field(default_factory=list)
    measured: bool = False
    cut_off: bool = False  # the test breaks the network on purpose

    def __call__(
        self, width: int = 1280, scheme: str = "light", locale: str = "ja", height: int = 800
    ) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=LOCALES[locale],
            reduced_motion="reduce",
        )
        page = self.watch(context.new_page())
        self.opened.append(page)
        return page

    def watch(self, page: Page) -> Page:
        """Remember what the browser says about this page, too; whoever opened it closes it."""
        page.set_default_timeout(10_000)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        return page

    def complaints(self, page: Page) -> list[str]:
        """What axe-core finds, and whether the page is wider than the screen."""
        self.measured = True
        found = Axe().run(page, options={"preload": False, "runOnly": {"type": "tag", "values": RULES}})
        told = [
            f"{page.url}: {item['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
            for item in found.response["violations"]
            for node in item["nodes"]
        ]
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return told if over <= 0 else [*told, f"{page.url} is {over} px wider than the screen"]

    def _note(self, message: ConsoleMessage) -> None:
        # a refusal is an answer with its status; the browser tells of it as if a file were missing
        refused = message.text.startswith("Failed to load resource") and "status of 4" in message.text
        # axe measures with styles of its own, which the page rightly forbids
        axe = self.measured and message.text.startswith("Applying inline style")
        lost = message.text.startswith("htmx: htmx:error: Failed to fetch")
        cut = self.cut_off and (lost or message.text.endswith("net::ERR_FAILED"))
        if message.type in {"error", "warning"} and not (refused or axe or cut):
            self.heard.append(message.text)


@pytest.fixture
def page_at(browser: Browser) -> Iterator[Judge]:
    """`page_at(width, scheme, locale)` opens a page; nothing may be wrong on any at the end."""
    judge = Judge(browser)
    yield judge
    for page in judge.opened:
        page.context.close()
    assert judge.heard == []


@pytest.fixture
def nothing_wrong(page_at: Judge) -> Callable[[Page], None]:
    """axe-core finds nothing, and nothing is wider than the screen."""

    def look(page: Page) -> None:
        assert page_at.complaints(page) == []

    return look


@pytest.fixture(scope="session")
def sample_site() -> Iterator[str]:
    """The address of the sample app."""
    with served(sample_app()) as address:
        yield address
