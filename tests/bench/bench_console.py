# ruff: noqa: E402 -- imports stand after the path is set
"""The console of kitting in a real browser: a board of 500 kits, a log of 100,000 lines.

`python tests/bench/bench_console.py [--database postgresql]`. Beside it: the bare question of the database,
and for a page that opens an empty page of the same service. Opening is timed by the browser's own clock, from
the start of the navigation to the end of the frame that draws the wanted element where a person sees it.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "service"), str(ROOT / "agents")]

import pytest
import structlog
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import insert, select
from starlette.responses import HTMLResponse
from starlette.routing import Route

from kitto.assets.models import Asset
from kitto.base.work import Ledger
from kitto.kitting import actions, queries
from kitto.kitting.models import Kit, KitStep, PlayLine
from tests.browser.judge import CHROMIUM, LOCALES, QUIET
from tests.browser.workshop import Workshop, opened_workshop
from tests.counterparts.postgres import postgres_server
from tests.kitting.shop import goes_on, started
from tests.make import KITTO

KITS = 500
LINES = 100_000
ROUNDS = 20
EMPTY = '<!doctype html><title>floor</title><link rel="icon" href="data:,"><p data-n="1">floor</p>'
# Looks at each frame; a message posted in a frame arrives when that frame has been drawn.
DRAWN = """(wanted) => {
  const look = () => {
    const it = document.querySelector(wanted);
    const box = it?.getBoundingClientRect();
    const view = it?.closest(".lines")?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
    const seen = box?.height && box.top >= view.top - 1 && box.bottom <= view.bottom + 1;
    if (!seen) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.drawn = performance.now(); };
    port2.postMessage(0);
  };
  requestAnimationFrame(look);
}"""
STAMPS = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  return [page.responseStart, page.responseEnd, page.domContentLoadedEventStart, window.drawn];
}"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    chosen = parser.parse_args().database
    # The service runs in this process: a line for each look would be measured with it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        database(chosen) as url,
        opened_workshop(Path(folder), patch, url) as shop,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(locale=LOCALES["en"])
        shop.enter(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        for row in (*board(shop, page), *long_log(shop, page)):
            told = {"database": chosen, **row, "load": round(os.getloadavg()[0], 1)}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
        browser.close()


@contextmanager
def database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield ""
        return
    with postgres_server() as server:
        server.create_database("bench")
        yield server.url("bench")


def timed(name: str, do: Callable[[int], object], rounds: int = ROUNDS) -> dict[str, Any]:
    took = []
    for number in range(rounds):
        began = perf_counter()
        do(number)
        took.append(1000 * (perf_counter() - began))
    return {"what": name, "p50_ms": round(median(took), 1), "p95_ms": round(quantiles(took, n=20)[-1], 1)}


def board(shop: Workshop, page: Page) -> Iterator[dict[str, Any]]:
    """Open it, then change one kit and all kits, until the page shows it."""
    kits = filled(shop.ledger, started(shop.ledger))
    context = page.context.request
    yield timed(f"board of {KITS} kits, page", lambda _: context.get(f"{shop.site}/kitting").body())
    page.goto(f"{shop.site}/kitting")
    page.wait_for_timeout(1500)

    def one(number: int) -> None:
        with shop.ledger.begin(KITTO) as work:
            actions.hold(work, kit_id=kits[number], reason="For the bench.")
        page.wait_for_selector(f'#kit-{kits[number]}[data-state="held"]', state="attached")

    yield timed("from the commit to the ticket on the page", one)

    def every(number: int) -> None:
        state = "waiting" if number % 2 == 0 else "held"
        with shop.ledger.begin(KITTO) as work:
            work.allow("kit")
            work.unrecorded("for the bench")
            rows = work.session.execute(select(Kit.id, Kit.version)).all()
            work.session.execute(
                Kit.__table__.update().values(version=Kit.version + 1, state=state)  # type: ignore[attr-defined]
            )
            assert len(rows) >= KITS
        page.wait_for_function(
            "([state, many]) => document.querySelectorAll(`.ticket[data-state=${state}]`).length >= many",
            arg=[state, KITS],
        )

    yield timed(f"from one commit to all {KITS} tickets drawn anew", every, rounds=6)
    page.goto("about:blank")


def filled(ledger: Ledger, first: Kit) -> list[int]:
    """The first kit, copied row by row, each for a device of its own."""
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        work.unrecorded("for the bench")
        session = work.session
        asset = session.execute(select(Asset.__table__).where(Asset.id == first.asset_id)).mappings().one()
        kit = session.execute(select(Kit.__table__).where(Kit.id == first.id)).mappings().one()
        rows = session.execute(select(KitStep.__table__).where(KitStep.kit_id == first.id)).mappings().all()
        for number in range(2, KITS + 1):
            asset_id, kit_id = 10_000 + number, 10_000 + number
            session.execute(
                insert(Asset.__table__),
                {**asset, "id": asset_id, "tag": f"PC-{number:06}", "serial": f"S{number}"},
            )
            session.execute(
                insert(Kit.__table__), {**kit, "id": kit_id, "asset_id": asset_id, "tag": f"PC-{number:06}"}
            )
            steps = [{**row, "id": kit_id * 100 + row["position"], "kit_id": kit_id} for row in rows]
            session.execute(insert(KitStep.__table__), steps)
    return [10_000 + number for number in range(2, KITS + 1)]


def written(shop: Workshop) -> tuple[int, int]:
    """A kit, and the attempt with the long log."""
    kit = started(shop.ledger, "base")
    goes_on(shop.ledger, kit.id)
    with shop.ledger.begin(KITTO) as work:
        work.allow("kit")
        work.unrecorded("for the bench")
        attempt = queries.kit(work, kit.id).steps[3].attempts[0]
        attempt.last_seq, attempt.ended_at = LINES, work.now
        shared = {"attempt_id": attempt.id, "at": work.now, "kind": "result", "detail": ""}
        for first in range(1, LINES + 1, 10_000):
            work.session.execute(
                insert(PlayLine),
                [
                    {**shared, "seq": n, "status": "ok", "task": f"task {n}", "text": f"line {n} of the play"}
                    for n in range(first, first + 10_000)
                ],
            )
    return kit.id, attempt.id


def opened(page: Page, name: str, address: str, wanted: str) -> Iterator[dict[str, Any]]:
    """Until it is drawn, by the browser's clock, and what came on the way; the first is not counted."""
    watched = page.context.new_page()
    watched.add_init_script(f"({DRAWN})({json.dumps(wanted)})")
    stamps = []
    for _ in range(ROUNDS + 1):
        watched.goto(address)
        watched.wait_for_function("() => window.drawn")
        stamps.append(watched.evaluate(STAMPS))
    watched.close()
    begins, ends, scripts, drawn = zip(*stamps[1:], strict=True)
    yield {
        "what": f"in the browser: {name}, drawn",
        "p50_ms": round(median(drawn), 1),
        "p95_ms": round(quantiles(drawn, n=20)[-1], 1),
        "answer_begins_ms": round(median(begins), 1),
        "answer_ends_ms": round(median(ends), 1),
        "scripts_ran_ms": round(median(scripts), 1),
    }


def long_log(shop: Workshop, page: Page) -> Iterator[dict[str, Any]]:
    """Open it at its end, jump far away, search; beside it, all lines read at once."""
    kit, number = written(shop)
    at = f"{shop.site}/kitting/{kit}/log"
    request = page.context.request
    yield timed(f"log of {LINES:,} lines, page from the server", lambda _: request.get(at).body())
    yield timed(
        "200 lines from its middle",
        lambda n: request.get(f"{at}/{number}/lines?first={n * 4000 + 1}&size=200").body(),
    )
    yield timed("search in it", lambda n: request.get(f"{at}/{number}/find?q=line+{n * 4999}+of").body())

    shop.app.router.routes.insert(0, Route("/floor", lambda _: HTMLResponse(EMPTY)))
    yield from opened(page, "an empty page of the same service", f"{shop.site}/floor", '[data-n="1"]')
    yield from opened(page, f"kit #{kit}, a page without a log", f"{shop.site}/kitting/{kit}", "h1")
    yield from opened(page, "the log, its last line", at, f'[data-n="{LINES}"]')

    page.goto(at)

    def jumps(n: int) -> None:
        line = 1000 + n * 4567
        page.evaluate("at => { document.querySelector('.lines').scrollTop = at * 20 }", line)
        page.wait_for_selector(f'[data-n="{line + 5}"]', state="attached")

    yield timed("a jump far away in it", jumps)

    def all_lines(_: int) -> None:
        with shop.ledger.read(KITTO) as work:
            work.allow("see")
            queries.log_lines(work, kit, limit=LINES)

    yield timed("beside it: all lines read from the database at once", all_lines, rounds=2)


if __name__ == "__main__":
    main()
