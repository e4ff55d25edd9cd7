"""The pages of the watch in a real browser: nothing wrong on any of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from kitto.base import clock
from kitto.base.seal import Secret
from kitto.base.work import Actor, Ledger
from kitto.health import actions
from kitto.health.actions import CredentialSpec
from kitto.health.jobs import WATCH, poll_probes
from kitto.health.models import Probe
from kitto.health.rules.probes import CredentialKind, ProbeKind
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, Measured, Unit
from tests.browser.judge import Judge, served
from tests.counterparts.keys import new_key_pair
from tests.counterparts.snmp import snmp_device
from tests.counterparts.windows.pc import certificate_for
from tests.health.test_watch import make_probe
from tests.make import KITTO, make_pc
from tests.stage import played_by

PICTURES = Path(__file__).resolve().parents[2] / "var" / "pictures"
# The first page of a process compiles templates and catalogues; a busy machine takes its time.
COLD = 60_000
pytestmark = [pytest.mark.browser]


def watched_windows(ledger: Ledger) -> Probe:
    """A Windows PC whose certificate nobody has compared yet."""
    device = make_pc(ledger, code="printer")
    secret = CredentialSpec(
        name="windows", kind=CredentialKind.PASSWORD, secret=Secret("way-in"), account="kitto"
    )
    with ledger.begin(KITTO) as work:
        opener = actions.set_credential(work, secret)
    with ledger.begin(KITTO) as work:
        return actions.add_probe(
            work,
            tag=str(device.tag),
            kind=ProbeKind.WINRM,
            address="192.0.2.10",
            credential_id=opener.id,
        )


@pytest.fixture
def site(app: FastAPI, cast: dict[str, Actor], ledger: Ledger) -> Iterator[str]:
    """A printer with a history, a PC that is down, and one whose host key changed."""
    played_by(app, cast)
    with snmp_device("printer") as device:
        printer = make_pc(ledger, code="printer", serial="KWC35-0004711")
        probe = make_probe(ledger, printer, device.address, port=device.port)
        for number, level in enumerate((80.0, 74.0, 71.0, 50.0, 62.0)):
            with ledger.begin(WATCH) as work:
                work.now = clock.now() - timedelta(hours=10 - number)
                row = Measured("supply", level, Unit.PERCENT, "1.1", "")
                answer = Answer(Sign.ANSWERED, Reason.ANSWERED, readings=(row,))
                actions.record_answers(work, {probe.id: answer})
        # The browser's own event loop runs in this thread; the sweep brings another.
        with ThreadPoolExecutor(1) as beside:
            beside.submit(poll_probes, ledger, [probe.id], in_full=True).result()
    down = make_probe(ledger, make_pc(ledger, code="printer"), "192.0.2.8")
    changed = make_probe(ledger, make_pc(ledger, code="printer"), "192.0.2.9")
    key = Answer(Sign.DENIED, Reason.HOST_KEY_CHANGED, detected_key=new_key_pair().public)
    windows = watched_windows(ledger)
    shown = Answer(Sign.DENIED, Reason.HOST_KEY_UNKNOWN, detected_key=certificate_for("192.0.2.10"))
    for minute in range(5, 1, -1):
        with ledger.begin(WATCH) as work:
            work.now = clock.now() - timedelta(minutes=minute)
            silent = Answer(Sign.SILENT, Reason.NO_ANSWER)
            actions.record_answers(work, {down.id: silent, changed.id: key, windows.id: shown})
    with served(app) as address:
        yield address


@pytest.mark.parametrize(
    ("width", "scheme", "locale"), [(1280, "light", "ja"), (390, "dark", "en"), (390, "light", "ja")]
)
def test_nothing_is_wrong_on_any_page_of_the_watch(
    page_at: Judge,
    nothing_wrong: Callable[[Page], None],
    site: str,
    width: int,
    scheme: str,
    locale: str,
) -> None:
    page = page_at(width, scheme, locale)
    who = "sato-ja" if locale == "ja" else "sato"
    page.set_extra_http_headers({"Authorization": f"Bearer {who}"})
    for name, path in (
        ("problems", "/health"),
        ("acknowledge", "/health/problems/1/acknowledge"),
        ("probes", "/health/probes"),
        ("probe", "/health/probes/1"),
        ("host-key", "/health/probes/3"),
        ("certificate", "/health/probes/4"),
        ("series", "/health/probes/1/readings/supply?instance=1.1"),
        ("new", "/health/probes/new"),
        ("remove", "/health/probes/1/remove"),
        ("credentials", "/health/credentials"),
        ("credential", "/health/credentials/new"),
    ):
        page.goto(site + path, timeout=COLD)
        expect(page.locator("h1")).to_be_visible()
        nothing_wrong(page)
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"health-{name}-{width}-{scheme}-{locale}.png", full_page=True)


def test_a_problem_is_acknowledged_by_keys_alone(page_at: Judge, site: str) -> None:
    page = page_at(locale="en")
    page.set_extra_http_headers({"Authorization": "Bearer sato"})
    page.goto(f"{site}/health", timeout=COLD)
    first = page.get_by_role("link", name="Acknowledge").first
    first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Note").fill("looking at it")
    page.keyboard.press("Enter")
    expect(page.get_by_text("looking at it")).to_be_visible()
