"""The frame of the pages in a real browser: it can be read, reached by keys, and changed in place."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.judge import Judge

PAGES = ("/", "/devices", "/kitting", "/desk", "/ask", "/outside", "/nowhere")
# a scanner's speed, whatever else this machine does
BURST = """keys => keys.forEach((key) => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""
Look = Callable[[Page], None]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wrong_on_any_page(
    page_at: Judge, nothing_wrong: Look, sample_site: str, width: int, scheme: str
) -> None:
    page = page_at(width, scheme)
    for path in PAGES:
        page.goto(sample_site + path)
        nothing_wrong(page)


def test_the_first_tab_leads_past_the_bar(page_at: Judge, sample_site: str) -> None:
    page = page_at()
    page.goto(f"{sample_site}/devices")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#content') !== null")


def test_everything_can_be_reached_by_keys(page_at: Judge, sample_site: str) -> None:
    page = page_at(locale="en")
    page.goto(sample_site)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert {
        "Devices",
        "Receive",
        "Retire …",
        "serial",
        "note",
        "model",
        "spare",
        "Save",
        "Confirm",
    } <= reached


def test_keys_lead_to_places_and_to_the_search_field(page_at: Judge, sample_site: str) -> None:
    page = page_at()
    page.goto(sample_site)
    page.keyboard.press("g")
    page.keyboard.press("d", delay=150)
    page.wait_for_url("**/devices")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("j")
    expect(page.locator("#find")).to_have_value("j")


def test_the_palette_finds_a_page(page_at: Judge, sample_site: str) -> None:
    page = page_at()
    page.goto(sample_site)
    page.keyboard.press("Control+k")
    page.keyboard.type("devi")
    page.keyboard.press("Enter")
    page.wait_for_url("**/devices")


def test_the_key_help_opens_and_closes(page_at: Judge, nothing_wrong: Look, sample_site: str) -> None:
    page = page_at()
    page.goto(sample_site)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    nothing_wrong(page)
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_scan_anywhere_goes_to_the_thing_scanned(page_at: Judge, sample_site: str) -> None:
    page = page_at()
    page.goto(f"{sample_site}/devices")
    page.evaluate(BURST, [*"gd0000171?/", "Enter"])
    page.wait_for_url("**/find?q=gd0000171*")


def test_a_filter_changes_the_list_and_the_address(page_at: Judge, sample_site: str) -> None:
    page = page_at()
    page.goto(f"{sample_site}/devices")
    page.get_by_role("searchbox").nth(1).fill("000042")
    expect(page.locator("#rows tr")).to_have_count(1)
    assert page.url.endswith("/devices?q=000042")
    page.go_back()
    expect(page.locator("#rows tr")).to_have_count(51)


def test_more_rows_come_when_the_end_is_seen(page_at: Judge, sample_site: str) -> None:
    page = page_at()
    page.goto(f"{sample_site}/devices")
    expect(page.locator("#rows tr")).to_have_count(51)
    page.locator("#rows-more").scroll_into_view_if_needed()
    expect(page.locator("#rows tr")).to_have_count(101)


def test_chosen_columns_stay_chosen(page_at: Judge, sample_site: str) -> None:
    page = page_at(locale="en")
    page.goto(f"{sample_site}/devices")
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Holder").uncheck()
    expect(page.get_by_role("columnheader", name="Holder")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("columnheader", name="Holder")).to_be_hidden()


def test_a_wrong_entry_is_shown_at_its_field(page_at: Judge, nothing_wrong: Look, sample_site: str) -> None:
    page = page_at(locale="en")
    page.goto(sample_site)
    page.get_by_label("Serial number").fill("abc")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#problems [role=alert]")).to_contain_text(
        "Serial number needs at least 4 characters."
    )
    expect(page.get_by_label("Serial number")).to_be_focused()
    expect(page.get_by_label("Serial number")).to_have_attribute("aria-invalid", "true")
    nothing_wrong(page)
    assert page.url.rstrip("/") == sample_site


def test_a_refusal_is_said_in_place_and_what_was_typed_stays(page_at: Judge, sample_site: str) -> None:
    page = page_at(locale="ja")
    page.goto(sample_site)
    page.get_by_label("Serial number").fill("LATE")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#problems")).to_contain_text("PC「LATE」は見つかりません。")
    expect(page.get_by_label("Serial number")).to_have_value("LATE")


def test_what_was_done_is_said_once_on_the_next_page(page_at: Judge, sample_site: str) -> None:
    page = page_at(locale="en")
    page.goto(sample_site)
    page.get_by_label("Serial number").fill("8XK2J44")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/devices")
    expect(page.locator(".toast")).to_have_text("Done.")
    expect(page.locator(".bar [aria-current]")).to_have_text("Devices")
    assert page.title() == "Devices · Kitto"
    page.reload()
    expect(page.locator(".toast")).to_have_count(0)


def test_a_question_opens_in_a_dialog_and_problems_are_said_inside(
    page_at: Judge, nothing_wrong: Look, sample_site: str
) -> None:
    page = page_at(locale="en")
    page.goto(sample_site)
    page.get_by_role("link", name="Retire …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    nothing_wrong(page)
    dialog.get_by_label("Reason").fill("x")
    dialog.get_by_role("button", name="Retire").click()
    expect(dialog.locator(".problems")).to_contain_text("needs at least 4 characters")
    dialog.get_by_text("Cancel").click()
    expect(dialog).to_be_hidden()


def test_the_log_follows_finds_and_jumps(page_at: Judge, sample_site: str) -> None:
    page = page_at(locale="en")
    page.goto(f"{sample_site}/kitting")
    expect(page.locator(".log > div")).to_have_count(24)
    page.get_by_label("Search in the log").fill("streamed line 1")
    expect(page.locator(".log .hit")).to_have_count(11)
    page.get_by_role("button", name="Jump to the failure").click()
    expect(page.locator(".log .now")).to_contain_text("fatal")


def test_every_form_works_without_script(page_at: Judge, sample_site: str) -> None:
    page = page_at(locale="en")
    context = page.context.browser.new_context(java_script_enabled=False, locale="en-US")  # type: ignore[union-attr]
    plain = context.new_page()
    plain.goto(sample_site)
    plain.get_by_label("Serial number").fill("8XK2J44")
    plain.get_by_role("button", name="Save").click()
    assert plain.url.endswith("/devices")
    expect(plain.locator(".toast")).to_have_text("Done.")
    plain.locator("#rows-more a").click()
    assert "cursor=50" in plain.url
    plain.goto(sample_site)
    plain.get_by_label("Serial number").fill("LATE")
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_role("alert")).to_contain_text("LATE")
    context.close()
