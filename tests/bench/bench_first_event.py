# ruff: noqa: E402 -- imports stand after the path is set
"""From a last tick to the first lines of the play, on a page of the console that is open.

`python tests/bench/bench_first_event.py [--database postgresql] [--rounds N]`. All is real: jobs of the
service, supervisor, Ansible over SSH to a bench PC, browser. The first round loads Ansible, the others find
it loaded. Needs root, as the PC does.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "service"), str(ROOT / "agents")]

import pytest
import structlog
from playwright.sync_api import Page, sync_playwright

from kitto.assets import actions as assets
from kitto.kitting import actions
from tests.bench.bench_console import database
from tests.browser.judge import CHROMIUM, LOCALES, QUIET
from tests.browser.workshop import Workshop, opened_workshop
from tests.counterparts.pcs import BenchPc, bench_pc, why_reduced
from tests.make import KITTO, make_pc

PROFILE = """
name: greet
title: { ja: 挨拶, en: Greet }
platform: linux
steps:
  - { key: go, kind: manual, title: { ja: 開始, en: Go } }
  - { key: greet, kind: playbook, playbook: greet.yml, title: { ja: 挨拶, en: Greet }, needs: [go] }
"""
PLAY = """\
- name: Greet
  hosts: device
  gather_facts: false
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
    - name: The device answers
      ansible.builtin.command: echo here
      changed_when: false
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=8)
    wanted = parser.parse_args()
    if reason := why_reduced():
        sys.exit(f"There is no bench here: {reason}")
    os.environ["KITTO_ALLOW_LOOPBACK_TARGETS"] = "true"  # noqa: TID251 -- the bench PC lives on this machine
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        database(wanted.database) as url,
        opened_workshop(Path(folder), patch, url, works=True) as shop,
        sync_playwright() as playwright,
    ):
        recipe = Path(folder) / "recipes" / "greet"
        recipe.mkdir()
        (recipe / "profile.yml").write_text(PROFILE, encoding="utf-8")
        (recipe / "greet.yml").write_text(PLAY, encoding="utf-8")
        with shop.ledger.begin(KITTO) as work:
            key = actions.make_key(work).public
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(locale=LOCALES["en"])
        shop.enter(context)
        with bench_pc("GREET1", authorized_key=key) as pc:
            took = [one(shop, context.new_page(), pc) for _ in range(wanted.rounds)]
        browser.close()
    for name, place in (("the first line", 0), ("the first task's result", 1)):
        first, *others = (round(each[place], 2) for each in took)
        told = {"database": wanted.database, "until": name, "first_s": first, "median_s": median(others)}
        told |= {"longest_s": max(others), "load": round(os.getloadavg()[0], 1)}
        sys.stdout.write(json.dumps(told) + "\n")


def one(shop: Workshop, page: Page, pc: BenchPc) -> tuple[float, float]:
    """Seconds until each stands on the page of a new kit."""
    asset = make_pc(shop.ledger)
    with shop.ledger.begin(KITTO) as work:
        assets.set_endpoint(
            work,
            tag=str(asset.tag),
            kind="ssh",
            address=pc.address,
            port=pc.port,
            account=pc.user,
            host_key=pc.host_key,
        )
        kit = actions.start_kit(work, tag=str(asset.tag), profile="greet").id
    page.goto(f"{shop.site}/kitting/{kit}")
    page.wait_for_selector('#step-go .chip:has-text("waiting")', timeout=60_000)
    began = perf_counter()
    with shop.ledger.begin(KITTO) as work:
        actions.confirm(work, kit_id=kit, step="go", ticked=[])
    page.wait_for_selector('kitto-lines [data-n="1"]', timeout=60_000)
    line = perf_counter() - began
    page.wait_for_selector('kitto-lines [data-n]:has-text("here")', timeout=60_000)
    result = perf_counter() - began
    page.wait_for_selector('#step-greet .chip:has-text("done")', timeout=60_000)
    page.close()
    return line, result


if __name__ == "__main__":
    main()
