"""Keyboard scanners: fast, with the Japanese input method on, and over a broken network."""

import re

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.judge import Judge

pytestmark = pytest.mark.browser


def type_under_ime(page: Page, text: str, full_width: str) -> None:
    """What a scanner's keys do while an input method composes (keyCode 229, key Process)."""
    wire: CDPSession = page.context.new_cdp_session(page)
    for index, letter in enumerate(text):
        code = f"Digit{letter}" if letter.isdigit() else "Minus" if letter == "-" else f"Key{letter.upper()}"
        wire.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "code": code, "key": "Process"},
        )
        wire.send(
            "Input.imeSetComposition",
            {"text": full_width[: index + 1], "selectionStart": index + 1, "selectionEnd": index + 1},
        )
        wire.send("Input.dispatchKeyEvent", {"type": "keyUp", "code": code, "key": letter})


@pytest.fixture
def desk(page_at: Judge, sample_site: str) -> Page:
    page = page_at()
    page.goto(f"{sample_site}/desk")
    return page


def shown(page: Page) -> list[str]:
    return page.locator("#scans b").all_text_contents()


@pytest.mark.parametrize("suffix", ["Enter", "Tab"])
def test_a_scan_ends_with_enter_or_tab_and_the_next_one_can_follow(desk: Page, suffix: str) -> None:
    for tag in (f"PC0000{suffix}1", f"PC0000{suffix}2"):
        desk.keyboard.type(tag)
        desk.keyboard.press(suffix)
    expect(desk.locator("#scans li")).to_have_count(2)
    assert shown(desk) == [f"PC0000{suffix}2", f"PC0000{suffix}1"]
    expect(desk.locator("#sink")).to_be_focused()


def test_scans_come_even_when_the_focus_is_elsewhere(desk: Page) -> None:
    desk.get_by_role("button", name="Done").focus()
    desk.keyboard.type("PC0000588")
    desk.keyboard.press("Enter")
    expect(desk.locator("#scans b")).to_have_text("PC0000588")


def test_a_scan_under_the_input_method_is_read_from_the_keys(desk: Page) -> None:
    type_under_ime(desk, "PC-0000696", "ｐｃー００００６９６")
    expect(desk.locator(".ime")).to_be_visible()
    desk.keyboard.press("Enter")
    expect(desk.locator("#scans b")).to_have_text("PC-0000696")
    expect(desk.locator("#sink")).to_have_value("")


def test_a_refused_scan_is_a_red_row_and_the_next_is_taken(desk: Page) -> None:
    desk.keyboard.type("NO000001")
    desk.keyboard.press("Enter")
    desk.keyboard.type("PC0000777")
    desk.keyboard.press("Enter")
    expect(desk.locator("#scans li")).to_have_count(2)
    expect(desk.locator("#scans li.no")).to_contain_text("NO000001")


def test_no_scan_is_lost_while_the_network_is_away(desk: Page, page_at: Judge) -> None:
    page_at.cut_off = True
    desk.route("**/desk/scan", lambda route: route.abort())
    for tag in ("PC0000811", "PC0000822", "PC0000833"):
        desk.keyboard.type(tag)
        desk.keyboard.press("Enter")
    expect(desk.locator(".waiting")).to_contain_text("3")
    desk.unroute("**/desk/scan")
    desk.reload()
    expect(desk.locator("#scans li")).to_have_count(3)
    assert shown(desk) == ["PC0000833", "PC0000822", "PC0000811"]


def test_an_answer_lost_on_the_way_does_not_take_the_scan_twice(desk: Page, page_at: Judge) -> None:
    page_at.cut_off = True
    keys: list[str] = []

    def lose_first(route: object) -> None:
        request = route.request  # type: ignore[attr-defined]
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    desk.route("**/desk/scan", lose_first)
    desk.keyboard.type("PC0000899")
    desk.keyboard.press("Enter")
    expect(desk.locator("#scans li")).to_have_count(1)
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_a_scanning_page_is_large_enough_for_fingers(desk: Page) -> None:
    for button in desk.locator("#content button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    size = desk.evaluate("getComputedStyle(document.body).fontSize")
    assert re.fullmatch(r"1[6-9]px", size)
