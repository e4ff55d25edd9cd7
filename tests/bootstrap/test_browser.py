"""The pages of first connections in a real browser: nothing wrong on any of them, and the file is kept."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Page, expect

from kitto.assets.models import Asset
from kitto.base.work import Actor, Ledger
from kitto.bootstrap import actions
from kitto.bootstrap.rules.refusals import KeyDiffers
from kitto.bootstrap.rules.states import ArtifactKind, Transport
from kitto.bootstrap.rules.wire import Hello
from tests.bootstrap.conftest import SERIAL, make, token_in
from tests.browser.judge import Judge, served
from tests.counterparts import keys
from tests.stage import played_by

PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"
pytestmark = [pytest.mark.browser]


@pytest.fixture
def site(app: FastAPI, cast: dict[str, Actor], ledger: Ledger, sato: Actor, pc: Asset) -> Iterator[str]:
    """A house with a file that waits, one that was used, and a key that a person must decide on."""
    played_by(app, {**cast, **{locale: replace(sato, locale=locale) for locale in ("ja", "en")}})
    used = token_in(make(ledger, str(pc.tag))[1])
    make(ledger, str(pc.tag), ArtifactKind.AUTOUNATTEND)
    for _ in range(2):
        message = Hello(used, SERIAL, Transport.SSH, keys.new_key_pair().public, address="192.0.2.10")
        try:
            actions.hello(ledger, message=message, source="192.0.2.77")
        except KeyDiffers:
            continue
    with served(app) as address:
        yield address


def as_sato(page: Page, locale: str = "en") -> Page:
    page.set_default_timeout(30_000)
    page.set_extra_http_headers({"Authorization": f"Bearer {locale}"})
    return page


@pytest.mark.parametrize(
    ("width", "scheme", "locale"),
    [(1280, "light", "ja"), (390, "dark", "ja"), (390, "light", "en"), (1280, "dark", "en")],
)
def test_nothing_is_wrong_on_any_page_of_first_connections(
    page_at: Judge,
    nothing_wrong: Callable[[Page], None],
    site: str,
    pc: Asset,
    width: int,
    scheme: str,
    locale: str,
) -> None:
    page = as_sato(page_at(width, scheme, locale), locale)
    PICTURES.mkdir(parents=True, exist_ok=True)

    def look(name: str) -> None:
        nothing_wrong(page)
        page.screenshot(path=PICTURES / f"bootstrap-{name}-{width}-{scheme}-{locale}.png", full_page=True)

    page.goto(f"{site}/devices/{pc.tag}")
    look("device")
    page.goto(f"{site}/devices/{pc.tag}/first-connection")
    look("choose")
    page.locator("[name=kind]").select_option("linux_script")
    page.locator("form button.main").click()
    expect(page.locator("a[download]")).to_be_visible()
    look("made")


def test_the_file_is_kept_and_the_code_types_what_the_page_shows(
    page_at: Judge, site: str, pc: Asset, tmp_path: Path
) -> None:
    page = as_sato(page_at(locale="en"))
    page.goto(f"{site}/devices/{pc.tag}/first-connection")
    page.locator("[name=kind]").select_option("cloud_init")
    page.get_by_role("button", name="Make a file").press("Enter")
    with page.expect_download() as kept:
        page.locator("a[download]").click()
    assert kept.value.suggested_filename == f"kitto-{pc.tag}-cidata.zip"
    kept.value.save_as(tmp_path / "kept.zip")
    assert set(zipfile.ZipFile(tmp_path / "kept.zip").namelist()) == {"user-data", "meta-data"}
    page.goto(f"{site}/devices/{pc.tag}/first-connection")
    page.locator("[name=kind]").select_option("linux_script")
    page.get_by_role("button", name="Make a file").press("Enter")
    page.locator("figure svg").screenshot(path=tmp_path / "code.png")
    (read,) = zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"))
    assert read.text == page.locator("code", has_text="curl").inner_text()
