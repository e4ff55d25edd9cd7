"""The desk in a real browser, by the keys of a scanner alone."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Page, expect

from kitto.assets.rules import State
from kitto.base.paper import codes
from kitto.base.work import Ledger
from kitto.handover import jobs
from kitto.handover.rules import Command
from tests.browser.judge import Judge, served
from tests.browser.office import opened, sign_in
from tests.make import make_pc, make_person

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with pytest.MonkeyPatch.context() as patch, opened(tmp_path_factory.mktemp("data"), patch) as app:
        yield app


@pytest.fixture(scope="module")
def site(console: FastAPI) -> Iterator[str]:
    with served(console) as address:
        yield address


@pytest.fixture
def ledger(console: FastAPI) -> Ledger:
    found: Ledger = console.state.house.ledger
    return found


@pytest.fixture(scope="module")
def staff(console: FastAPI) -> None:
    """Five people with badges of their own."""
    names = ("田島 実", "佐野 花子", "𠮷田 葛", "髙山 大輔", "Anna Weber")
    for n, name in enumerate(names, 1):
        make_person(console.state.house.ledger, f"DESK-{n}", name=name, badge=f"BADGE000{n}")


@pytest.fixture(params=["ja", "en"])
def desk(request: pytest.FixtureRequest, page_at: Judge, site: str, staff: None) -> Page:
    page = page_at(locale=request.param)
    sign_in(page.context, site, request.param)
    page.goto(f"{site}/desk")
    return page


def scan(page: Page, text: str) -> None:
    """What a scanner does: the keys, then Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_badge_devices_done_and_the_next_one_without_a_mouse(
    desk: Page,
    ledger: Ledger,
    page_at: Judge,
) -> None:
    first, second = make_pc(ledger, State.READY), make_pc(ledger, State.READY)
    scan(desk, "BADGE0001")
    expect(desk.locator("#session")).to_contain_text("田島 実")
    for pc in (first, second):
        scan(desk, str(pc.tag))
    expect(desk.locator("#session .scanned.ok b", has_text=str(second.tag)).first).to_be_visible()
    expect(desk.locator("#session")).to_contain_text(str(first.tag))
    desk.reload()
    expect(desk.locator("#session .scanned.ok")).to_have_count(2)
    assert page_at.complaints(desk) == []
    desk.screenshot(path=PICTURES / "desk-scanned.png", full_page=True)
    scan(desk, "DONE")
    desk.wait_for_url("**/desk/done/*")
    expect(desk.locator("#papers")).to_contain_text("田島 実")
    jobs._make(ledger, int(desk.url.rpartition("/")[2]))
    paper = desk.locator("#papers a[href$='document.pdf']")
    expect(paper).to_be_visible()
    assert page_at.complaints(desk) == []
    desk.screenshot(path=PICTURES / "desk-done.png", full_page=True)
    answer = desk.request.get(desk.url.partition("/desk")[0] + str(paper.get_attribute("href")))
    assert answer.body().startswith(b"%PDF")
    scan(desk, "BADGE0002")
    desk.wait_for_url("**/desk")
    expect(desk.locator("#session")).to_contain_text("佐野 花子")
    scan(desk, "CANCEL")
    expect(desk.locator("#session")).not_to_contain_text("佐野 花子")


def test_a_line_in_the_way_is_mended_by_keys(desk: Page, ledger: Ledger, page_at: Judge) -> None:
    pc = make_pc(ledger, State.READY)
    for text in ("BADGE0003", str(pc.tag), "DONE"):
        scan(desk, text)
    desk.wait_for_url("**/desk/done/*")
    for text in ("BADGE0004", str(pc.tag)):
        scan(desk, text)
        desk.wait_for_url("**/desk")
    expect(desk.locator("#session .scanned.no").first).to_contain_text("𠮷田 葛")
    scan(desk, "https://elsewhere.example/42")
    scan(desk, "DONE")
    expect(desk.locator("#session li", has_text="DONE")).to_have_count(1)
    desk.screenshot(path=PICTURES / "desk-in-the-way.png", full_page=True)
    scan(desk, "UNDO")
    expect(desk.locator("#session .scanned.no b", has_text="elsewhere")).to_have_count(0)
    scan(desk, "FIX")
    expect(desk.locator("#session .scanned.ok", has_text=str(pc.tag)).first).to_be_visible()
    assert page_at.complaints(desk) == []
    scan(desk, "DONE")
    desk.wait_for_url("**/desk/done/*")
    expect(desk.locator("#papers")).to_contain_text("髙山 大輔")


def test_take_back_by_keys(desk: Page, ledger: Ledger, page_at: Judge) -> None:
    pc = make_pc(ledger, State.READY)
    for text in ("BADGE0005", str(pc.tag), "DONE"):
        scan(desk, text)
    desk.wait_for_url("**/desk/done/*")
    scan(desk, "KITTO-TAKEBACK")
    desk.wait_for_url("**/desk")
    for text in (str(pc.tag), "BROKEN"):
        scan(desk, text)
    expect(desk.locator("#session .scanned.ok", has_text="Anna Weber").first).to_be_visible()
    desk.locator("#session .does summary").first.press("Enter")
    assert page_at.complaints(desk) == []
    desk.screenshot(path=PICTURES / "desk-take-back.png", full_page=True)
    desk.locator("#sink").focus()
    scan(desk, "DONE")
    desk.wait_for_url("**/desk/done/*")
    expect(desk.locator("#papers")).to_contain_text("B-")


def test_the_command_sheet_shows_codes_that_scan(desk: Page, page_at: Judge) -> None:
    desk.goto(desk.url.removesuffix("/desk") + "/desk/commands")
    expect(desk.locator("ul.codes svg").first).to_be_visible()
    assert page_at.complaints(desk) == []
    picture = Image.open(BytesIO(desk.screenshot(path=PICTURES / "desk-commands.png", full_page=True)))
    read = codes.decode(picture.resize((picture.width * 2, picture.height * 2)))
    assert {f"KITTO-{word}" for word in (*Command, "NEXT")} <= set(read)
