"""The pages of check-ins in a real browser: nothing wrong on any of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from kitto.assets import actions as assets
from kitto.assets.actions.edit import Changes
from kitto.base.work import Actor, Ledger
from tests.browser.judge import Judge, served
from tests.checkins.conftest import IssueToken
from tests.checkins.machines import Machine
from tests.make import KITTO, make_pc
from tests.stage import played_by

PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"
pytestmark = [pytest.mark.browser]
REPORTED = {
    "cpu": {"model": "Intel(R) Core(TM) Ultra 7 165U", "sockets": 1, "cores": 12, "threads": 14},
    "memory": {"total_mb": 31_800, "installed_mb": 32_768, "modules": []},
    "disks": [{"name": "nvme0n1", "model": "KIOXIA KXG8AZNV512G", "serial": "X1", "size_mb": 488_386}],
    "encryption": {"system_disk": "on", "volumes": [{"name": "root", "kind": "LUKS2"}]},
    "network": [{"name": "eth0", "mac": "a4:4c:c8:11:22:33", "kind": "ethernet", "bus": "onboard"}],
}


@pytest.fixture
def site(app: FastAPI, cast: dict[str, Actor], ledger: Ledger, issue: IssueToken) -> Iterator[str]:
    """A laptop that differs from its ledger, a stranger that may be it, and a cloned machine."""
    japanese = {f"{name}-ja": replace(actor, locale="ja") for name, actor in cast.items()}
    played_by(app, cast | japanese)
    pc = make_pc(ledger, serial="8XK2QZ3")
    tag = str(pc.tag)
    with ledger.begin(KITTO) as work:
        assets.change_asset(work, tag=tag, changes=Changes(hostname="PC-000777"), version=None)
    with served(app) as address, httpx2.Client(base_url=address) as client:
        laptop = Machine(client, serial="8XK2QZ3", hostname=tag)
        laptop.sections |= REPORTED
        stranger = Machine(client, serial="0", hostname=tag)
        cloned = Machine(client, serial="CLONE0001", hostname="研修室-03")
        for one, token in ((laptop, issue(tag=tag)), (stranger, issue()), (cloned, issue())):
            assert one.enrol(token).status_code == 201
            assert one.check_in().status_code == 200
            assert one.report().status_code == 200
            assert one.check_in(s=None).status_code == 204
        cloned.check_in(m="ffffffff")
        yield address


@pytest.mark.parametrize(
    ("width", "scheme", "locale"), [(1280, "light", "ja"), (390, "dark", "en"), (390, "light", "ja")]
)
def test_nothing_is_wrong_on_any_page_of_check_ins(
    page_at: Judge,
    nothing_wrong: Callable[[Page], None],
    site: str,
    width: int,
    scheme: str,
    locale: str,
) -> None:
    page = page_at(width, scheme, locale)
    who = "suzuki-ja" if locale == "ja" else "suzuki"
    page.set_extra_http_headers({"Authorization": f"Bearer {who}"})
    page.set_default_timeout(30_000)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.goto(f"{site}/agents")
    device = page.locator("#rows a.tag").first.get_attribute("href") or ""
    for name, path in (
        ("agents", "/agents"),
        ("agent", "/agents/1"),
        ("agent-pending", "/agents/2"),
        ("agent-quarantined", "/agents/3"),
        ("revoke", "/agents/1/revoke"),
        ("tokens", "/agents/tokens"),
        ("findings", "/findings"),
        ("device", device),
    ):
        page.goto(site + path)
        expect(page.locator("h1")).to_be_visible()
        nothing_wrong(page)
        page.screenshot(path=PICTURES / f"checkins-{name}-{width}-{scheme}-{locale}.png", full_page=True)


def test_a_difference_is_accepted_by_keys_alone(page_at: Judge, site: str) -> None:
    page = page_at(locale="en")
    page.set_default_timeout(30_000)
    page.set_extra_http_headers({"Authorization": "Bearer sato"})
    page.goto(f"{site}/findings")
    page.get_by_role("button", name="Accept").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing differs")).to_be_visible()
