"""The bench queue: a scan leads to the step, DONE confirms it, another device is never taken for this one."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.kitting import queries
from kitto.kitting.models import Kit
from kitto.kitting.pages.bench import Command, command_of
from kitto.kitting.rules.states import StepState
from tests.kitting.shop import goes_on, shop_profile, started
from tests.kitting.test_pages import SATO, picture
from tests.make import KITTO, make_pc

PART = SATO | {"HX-Request": "true", "HX-Target": "scan#bench"}


@pytest.fixture(autouse=True)
def shop(own_profiles: Path) -> None:
    shop_profile(own_profiles)


def scans(client: TestClient, scanned: str, kit: Kit | None = None, step: str = "", **given: Any) -> str:
    held = {"kit": kit.id, "step": step} if kit else {}
    answer = client.post("/kitting/bench/scan", data={"scanned": scanned} | held | given, headers=PART)
    assert answer.status_code in {200, 404, 409, 422}, answer.text
    return answer.text


def state_of(ledger: Ledger, kit: Kit, step: str) -> StepState:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return queries.step_of(queries.kit(work, kit.id), step).state


def test_a_device_goes_over_the_bench_by_scans_alone(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger)
    landed = scans(client, kit.tag)
    assert 'data-verdict="ok"' in landed
    assert "No scratches" in landed
    open_points = scans(client, "DONE", kit, "unbox", ticked=["0"])
    assert "1 points are not ticked" in open_points
    done = scans(client, "ｋｉｔｔｏ-done", kit, "unbox", ticked=["0", "1"])
    assert 'data-verdict="ok"' in done
    assert state_of(ledger, kit, "unbox") is StepState.SUCCEEDED
    goes_on(ledger, kit.id)
    assert "1 photos" in scans(client, "DONE", kit, "look")
    sent = client.post(
        f"/kitting/{kit.id}/steps/look/photos",
        files={"photo": ("a.jpg", picture(), "image/jpeg")},
        data={"to": "bench"},
        headers=SATO,
        follow_redirects=False,
    )
    assert sent.headers["location"] == f"/kitting/bench?kit={kit.id}"
    scans(client, "DONE", kit, "look")
    goes_on(ledger, kit.id)
    assert "wants a scan" in scans(client, "DONE", kit, "label")
    assert 'data-verdict="ok"' in scans(client, kit.tag, kit, "label")
    assert state_of(ledger, kit, "label") is StepState.SUCCEEDED


def test_the_wrong_label_is_never_taken_for_the_right_one(client: TestClient, ledger: Ledger) -> None:
    kit, other = started(ledger, "label"), started(ledger)
    said = scans(client, other.tag, kit, "label")
    assert 'data-verdict="again"' in said
    assert f"{kit.tag} has not been read back yet" in said
    assert state_of(ledger, kit, "label") is StepState.WAITING
    assert state_of(ledger, other, "unbox") is StepState.WAITING


def test_a_tag_scanned_without_a_device_in_hand_confirms_nothing(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger, "label")
    assert 'data-verdict="ok"' in scans(client, kit.tag)
    assert state_of(ledger, kit, "label") is StepState.WAITING
    assert "no device is in hand" in scans(client, "DONE")


def test_next_takes_the_device_that_waits_longest(client: TestClient, ledger: Ledger) -> None:
    first, second = started(ledger), started(ledger)
    assert f'name="kit" value="{first.id}"' in scans(client, "NEXT")
    assert f'name="kit" value="{second.id}"' in scans(client, "next", first, "unbox")


def test_what_is_in_no_kit_is_said_in_red(client: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    assert 'data-verdict="no"' in scans(client, str(pc.tag))
    assert "belongs to no device" in scans(client, "NOBODY-KNOWS-ME")


def test_the_same_scan_sent_again_happens_once(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger)
    given = {"scanned": "DONE", "kit": kit.id, "step": "unbox", "ticked": ["0", "1"]}
    key = PART | {"Idempotency-Key": "one-scan"}
    first = client.post("/kitting/bench/scan", data=given, headers=key)
    again = client.post("/kitting/bench/scan", data=given, headers=key)
    assert (first.text, again.headers["idempotent-replayed"]) == (again.text, "true")
    late = client.post("/kitting/bench/scan", data=given, headers=PART)
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("scanned", "command"),
    [
        ("done", Command.DONE),
        (" KITTO-NEXT ", Command.NEXT),
        ("ＤＯＮＥ", Command.DONE),
        ("PC-000001-H", None),
    ],
)
def test_commands_are_typed_or_scanned(scanned: str, command: Command | None) -> None:
    assert command_of(scanned) is command
