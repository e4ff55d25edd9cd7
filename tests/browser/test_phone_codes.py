"""A phone's code on the bench: Enter shows it, Enter confirms it, the Wi-Fi password is typed once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kitto.kitting.models import Kit
from kitto.kitting.rules.states import StepState
from kitto.phones.rules.wifi import read_joining
from tests.browser.judge import LOCALES, Judge
from tests.browser.workshop import Workshop, opened_workshop
from tests.phones.test_codes import read_back
from tests.phones.test_steps import at_step, state_of

pytestmark = pytest.mark.browser
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
PASSWORD = "bench-password-7"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch, opened_workshop(folder, patch) as made:
        shutil.copytree(PLAYBOOKS / "android-phone", folder / "recipes" / "android-phone")
        yield made


@pytest.fixture
def page(browser: Browser, shop: Workshop, page_at: Judge) -> Page:
    context = browser.new_context(locale=LOCALES["en"], reduced_motion="reduce")
    shop.enter(context)
    return page_at.watch(context.new_page())


def shown(page: Page) -> dict[str, str]:
    return read_joining(read_back(page.locator(".code-shown").inner_html()))


def confirms(page: Page, shop: Workshop, kit: Kit) -> None:
    expect(page.locator("#sink")).to_be_focused()
    page.wait_for_timeout(700)  # a person looks; a second Enter of a scanner would come at once
    page.keyboard.type("0")
    expect(page.locator("[data-point]:checked")).to_have_count(1)
    page.wait_for_timeout(700)
    page.keyboard.press("Enter")
    expect(page.locator(".scanned.ok")).to_contain_text("Confirmed")
    assert state_of(shop.ledger, kit, "wifi") is StepState.SUCCEEDED


def test_a_bench_of_phones_types_its_password_once(
    page: Page, shop: Workshop, nothing_wrong: Callable[[Page], None]
) -> None:
    first, second = (at_step(shop.ledger, "android-phone", "wifi", wifi_ssid="bench-net") for _ in range(2))
    page.goto(f"{shop.site}/kitting/bench")
    page.keyboard.type(first.tag)
    page.keyboard.press("Enter")
    expect(page.locator(".in-hand h2")).to_contain_text("Join the Wi-Fi")
    nothing_wrong(page)
    page.wait_for_timeout(700)
    page.keyboard.press("Enter")
    expect(page.locator("[data-kept]")).to_be_focused()
    page.keyboard.type("short")
    page.keyboard.press("Enter")
    expect(page.locator("#problems")).to_contain_text("8 to 63")
    page.locator("[data-kept]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".code-shown svg")).to_be_visible()
    expect(page.locator("#problems")).to_be_empty()
    assert shown(page) == {"T": "WPA", "S": "bench-net", "P": PASSWORD}
    nothing_wrong(page)
    confirms(page, shop, first)
    page.wait_for_timeout(700)
    page.keyboard.type(second.tag)
    page.keyboard.press("Enter")
    expect(page.locator(".in-hand .tag")).to_contain_text(second.tag)
    expect(page.locator("[data-kept]")).to_have_value(PASSWORD)
    page.wait_for_timeout(700)
    page.keyboard.press("Enter")
    expect(page.locator(".code-shown svg")).to_be_visible()
    assert shown(page)["P"] == PASSWORD
    assert PASSWORD not in page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    confirms(page, shop, second)
    page.goto(f"{shop.site}/kitting/bench?kit={second.id}")
    expect(page.locator(".code-shown")).to_have_count(0)
