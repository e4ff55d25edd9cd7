"""Why something failed is kept as code and values, and said in the language of whoever reads it."""

from datetime import date

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from kitto.base.i18n import Told, Words
from kitto.base.work import Ledger
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.adapters.plays import Outcome, ended
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.models import Kit
from tests.kitting.shop import goes_on, shop_profile, started
from tests.make import KITTO

ANSWERED = "The other system answered {status}: {text}"
JAPANESE = {"Authorization": "Bearer sato-ja"}


def test_a_sentence_that_was_told_can_be_told_again() -> None:
    told = Told(
        "{tag} is {state} since {day}.", {"tag": "PC-1", "state": Words("failed"), "day": date(2026, 4, 1)}
    )
    assert told == "PC-1 is failed since 2026-04-01."
    again = Told.of(told.parts())
    assert again == told
    assert again.said("ja") == "PC-1 is 失敗 since 2026-04-01."  # its parts have words, the whole has none


def test_values_are_never_taken_for_places_in_the_sentence() -> None:
    told = Told(ANSWERED, {"status": 500, "text": "{status.__class__} {0}"}, code="answered")
    assert Told.of(told.parts()) == "The other system answered 500: {status.__class__} {0}"


@pytest.fixture
def failed(own_profiles: object, ledger: Ledger) -> Kit:
    """A kit whose play failed with a sentence of ours."""
    shop_profile(own_profiles)  # type: ignore[arg-type]  # a path
    kit = started(ledger, "base")
    todo = goes_on(ledger, kit.id)
    assert todo is not None
    outcome = ended(Outcome.FAILED, "answered", ANSWERED, {"status": 503, "text": "busy"})
    with ledger.begin(kitto()) as work:
        machine.note_outcome(work, kit.id, todo.step, todo.run, outcome)
    return kit


def test_each_reader_reads_it_in_the_own_language(bench: TestClient, failed: Kit) -> None:
    at = f"/api/v1/kits/{failed.id}"
    here, there = (bench.get(at, headers=who).json() for who in ({}, JAPANESE))
    base = next(step for step in there["steps"] if step["key"] == "base")
    assert here["reason"] == "The other system answered 503: busy"
    assert there["reason"] == base["reason"] == base["attempts"][0]["reason"]
    assert "503" in there["reason"]
    assert "answered" not in there["reason"]
    page = bench.get(f"/kitting/{failed.id}", headers=JAPANESE).text
    assert there["reason"] in page
    assert "The other system" not in page
    facts = bench.get(
        "/api/v1/facts", params={"kind": "kitting.step_failed"}, headers={"Authorization": "Bearer admin"}
    )
    assert facts.json()["items"][0]["data"]["reason"]["code"] == "answered"


def test_what_was_written_before_and_what_people_write_stays_as_it_is(ledger: Ledger, failed: Kit) -> None:
    sly = '{"code": "x", "says": "{a:>99999999}", "names": {"a": "b"}}'
    for kept in ("The play took too long, on PC-7.", f" {sly}"):
        with ledger.begin(KITTO) as work:
            work.allow("see")
            work.unrecorded("a row of an older release")
            work.session.execute(text("UPDATE kit SET reason = :kept"), {"kept": kept})
        with ledger.read(KITTO) as work:
            work.allow("see")
            assert queries.kit(work, failed.id).reason == kept
    with ledger.begin(KITTO) as work:
        work.allow("see")
        work.unrecorded("a person wrote it")
        queries.kit(work, failed.id).reason = sly
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert queries.kit(work, failed.id).reason.strip() == sly
