"""What every answer wears, and how refusals leave the house."""

import json
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from kitto.web.static import mark, static_url
from kitto.web.validation import complaints
from tests.web.sample import sample_app

PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "main#content"}


@pytest.fixture(scope="module")
def site() -> Iterator[TestClient]:
    with TestClient(sample_app(), raise_server_exceptions=False, headers={"Accept-Language": "en"}) as client:
        yield client


def test_a_page_is_whole_and_a_part_is_only_its_content(site: TestClient) -> None:
    whole = site.get("/devices")
    part = site.get("/devices", headers=PART)
    assert whole.text.startswith("<!doctype html>")
    assert "<title>Devices · Kitto</title>" in part.text
    assert "<html" not in part.text
    assert "HX-Request" in whole.headers["vary"]
    assert whole.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("target", "starts"), [("div#list", '<div class="table"'), ("tr#rows-more", "<tr>")])
def test_a_part_is_the_block_named_like_its_target(site: TestClient, target: str, starts: str) -> None:
    part = site.get("/devices?cursor=50", headers=PART | {"HX-Target": target})
    assert part.text.lstrip().startswith(starts)


def test_going_back_gets_the_whole_page(site: TestClient) -> None:
    back = site.get("/devices", headers=PART | {"HX-History-Restore-Request": "true"})
    assert back.text.startswith("<!doctype html>")


def test_what_is_typed_comes_back_escaped(site: TestClient) -> None:
    page = site.get("/devices", params={"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


def test_every_answer_is_armoured_and_can_be_found_in_the_log(site: TestClient) -> None:
    answer = site.get("/nowhere")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert "strict-transport-security" not in answer.headers


def test_https_is_remembered_and_a_fair_number_is_kept(site: TestClient) -> None:
    answer = site.get("https://testserver/devices", headers={"X-Request-Id": "proxy-0000001"})
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["x-request-id"] == "proxy-0000001"
    forged = site.get("/devices", headers={"X-Request-Id": "a b\tc"})
    assert re.fullmatch(r"[0-9a-f]{32}", forged.headers["x-request-id"])


def test_a_refusal_is_problem_json_for_machines(site: TestClient) -> None:
    answer = site.post("/devices", data={"serial": "LATE"}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "sample.too_late"
    assert problem["type"] == "urn:kitto:problem:sample.too_late"
    assert problem["title"] == "Conflict"
    assert problem["instance"].endswith(answer.headers["x-request-id"])


def test_a_refusal_speaks_the_readers_language(site: TestClient) -> None:
    answer = site.post("/devices", data={"serial": "LATE"}, headers={"Accept-Language": "ja"})
    assert "PC「LATE」は見つかりません。" in answer.text
    assert '<html lang="ja"' in answer.text


def test_a_refusal_lands_in_the_place_for_problems(site: TestClient) -> None:
    answer = site.post("/devices", data={"serial": "LATE"}, headers=PART)
    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#problems"
    assert answer.headers["hx-push-url"] == "false"
    assert answer.text.strip().startswith('<div class="problem" role="alert">')


def test_wrong_entries_are_named_and_their_values_are_not_repeated(site: TestClient) -> None:
    answer = site.post("/devices", data={"serial": "xyz"}, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["fields"] == [
        {"field": "serial", "code": "string_too_short", "says": "serial needs at least 4 characters."}
    ]
    assert "xyz" not in answer.text


def test_a_mistake_of_ours_tells_its_number_and_nothing_else(site: TestClient) -> None:
    with capture_logs() as logged:
        answer = site.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "RuntimeError: broken with 7 letters" in logged[0]["exception"]
    assert "exc_info" not in logged[0]  # its renderers write local variables


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/api/none", 404, "not_found"), ("DELETE", "/devices", 405, "method_not_allowed")],
)
def test_the_frameworks_own_refusals_speak_like_ours(
    site: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = site.request(method, path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_static_file_may_be_kept_for_ever_under_its_present_mark(site: TestClient) -> None:
    kept = site.get(static_url("kitto.css"))
    assert "immutable" in kept.headers["cache-control"]
    assert kept.headers["content-encoding"] == "gzip"
    assert site.get("/static/000000000000/kitto.css").headers["cache-control"] == "no-cache"
    assert site.get(f"/static/{mark()}/../../render.py").status_code == 404


def test_a_page_is_not_compressed_beside_its_token(site: TestClient) -> None:
    assert "content-encoding" not in site.get("/devices").headers


def test_what_was_done_is_told_once(site: TestClient) -> None:
    done = site.post("/devices", data={"serial": "8XK2J44"}, headers=PART, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/devices")
    told = site.get("/devices", headers=PART)
    assert json.loads(told.headers["hx-trigger"]) == {"toast": {"says": "Done.", "tone": "good"}}
    assert "hx-trigger" not in site.get("/devices", headers=PART).headers


@pytest.mark.parametrize("cookie", ["", "x", "%5B1%5D", "[[]]", "{}", "%22"])
def test_a_broken_cookie_breaks_no_page(site: TestClient, cookie: str) -> None:
    page = site.get(
        "/devices", headers={"Cookie": f"kitto_toast={cookie}; kitto_columns_devices=<b>; kitto_theme=x"}
    )
    assert page.status_code == 200
    assert "<b>" not in page.text.split("<table")[1].split(">")[0]


def test_every_kind_of_wrong_entry_has_a_sentence() -> None:
    told = complaints(
        [
            {"type": "missing", "loc": ("body", "name")},
            {"type": "missing", "loc": ("body", "name")},
            {"type": "never_heard_of", "loc": ("body", "items", 3, "size")},
            {"type": "json_invalid", "loc": ("body", 12), "ctx": {"error": "x"}},
            {"type": "value_error", "loc": ("query", "day"), "ctx": {"error": ValueError("Devices")}},
        ]
    )
    assert [(complaint.field, complaint.words.said("en")) for complaint in told] == [
        ("name", "name is missing. Fill it in."),
        ("items.3.size", "items.3.size is not accepted. Look at the example and correct it."),
        ("12", "The text sent is not JSON. Correct it and send it again."),
        ("day", "day: Devices"),
    ]
    assert told[-1].words.said("ja") == "day: 機器"
