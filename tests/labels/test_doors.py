"""The doors of labels: status, shape, refusal."""

import pytest
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.labels import queries
from tests.make import make_pc

SATO = {"Authorization": "Bearer sato"}


@pytest.fixture
def tag(ledger: Ledger) -> str:
    return make_pc(ledger).name


def printed(client: TestClient, tag: str, **other: object) -> dict[str, object]:
    body = {"tags": [tag], "template": "A-ONE 72224", **other}
    answer = client.post("/api/v1/labels", json=body, headers=SATO)
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


def test_labels_are_made_listed_and_fetched(client: TestClient, tag: str) -> None:
    made = printed(client, tag, skip=2, border=True, offsets={"dx": 0.5})
    assert (made["count"], made["pages"], made["tags"], made["template"]) == (1, 1, [tag], "a-one-72224")
    pdf = client.get(str(made["pdf"]), headers=SATO)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    listed = client.get("/api/v1/labels", headers=SATO).json()
    assert [item["id"] for item in listed["items"]] == [made["id"]]
    assert client.get(f"/api/v1/labels/{made['id']}", headers=SATO).json() == made


def test_a_repeated_command_prints_once(client: TestClient, tag: str) -> None:
    body = {"tags": [tag], "template": "72224"}
    key = {**SATO, "Idempotency-Key": "print-once-1"}
    first, second = (client.post("/api/v1/labels", json=body, headers=key) for _ in range(2))
    assert first.json() == second.json()
    assert len(client.get("/api/v1/labels", headers=SATO).json()["items"]) == 1


def test_a_label_is_scanned_back(client: TestClient, tag: str) -> None:
    answer = client.post("/api/v1/labels/scan-back", json={"scanned": tag, "tag": tag}, headers=SATO)
    assert answer.status_code == 200
    assert answer.json()["tag"] == tag
    assert answer.json()["verified_at"]


def test_templates_and_printers_are_listed(client: TestClient) -> None:
    templates = client.get("/api/v1/label-templates", headers=SATO).json()
    assert {"a-one-72224", "avery-l4731", "tape-24mm"} <= {item["id"] for item in templates}
    kept = client.post("/api/v1/label-printers", json={"name": "2F", "dx": 1.5}, headers=SATO)
    assert kept.status_code == 201
    assert client.get("/api/v1/label-printers", headers=SATO).json() == [kept.json()]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"tags": ["nonsense"], "template": "72224"}, 404, "labels.devices_unknown"),
        ({"tags": [], "template": "72224"}, 422, "invalid_input"),
        ({"tags": ["TAG"], "template": "A-ONE 1"}, 404, "paper.unknown_template"),
        ({"tags": ["TAG"], "template": "72224", "skip": 24}, 422, "paper.skip_too_large"),
        ({"tags": ["TAG"], "template": "72224", "offsets": {"dx": 99}}, 422, "invalid_input"),
        ({"tags": ["TAG"], "template": "72224", "offsets": {"dx": -19}}, 422, "paper.proof_failed"),
        ({"tags": ["TAG"], "template": "72224", "printer": "none"}, 404, "not_found"),
        ({"tags": ["TAG"], "template": "72224", "colour": 1}, 422, "invalid_input"),
    ],
)
def test_what_cannot_be_printed_is_refused_and_leaves_nothing(
    client: TestClient, tag: str, body: dict[str, object], status: int, code: str
) -> None:
    asked = {**body, "tags": [tag if item == "TAG" else item for item in body["tags"]]}  # type: ignore[attr-defined]
    answer = client.post("/api/v1/labels", json=asked, headers=SATO)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get("/api/v1/labels", headers=SATO).json()["items"] == []


def test_a_print_whose_file_is_gone_says_so(client: TestClient, tag: str) -> None:
    made = printed(client, tag)
    next(queries.store().glob("*.pdf")).unlink()
    answer = client.get(str(made["pdf"]), headers=SATO)
    assert (answer.status_code, answer.json()["code"]) == (404, "labels.file_gone")


@pytest.mark.parametrize("name", ["guest", "tanaka"])
def test_who_may_not_print_is_refused_everywhere(client: TestClient, tag: str, name: str) -> None:
    made = printed(client, tag)
    who = {"Authorization": f"Bearer {name}"}
    for path in (
        "labels",
        "label-templates",
        "label-printers",
        f"labels/{made['id']}",
        f"labels/{made['id']}.pdf",
    ):
        assert client.get(f"/api/v1/{path}", headers=who).status_code == 403, path
    for path, body in (
        ("labels", {"tags": [tag], "template": "72224"}),
        ("labels/scan-back", {"scanned": tag}),
        ("label-printers", {"name": "x"}),
    ):
        assert client.post(f"/api/v1/{path}", json=body, headers=who).status_code == 403, path
    for path in (
        "/labels",
        "/labels/scan",
        "/labels/printers",
        f"/labels/{made['id']}",
        "/labels/trial.pdf?template=72224",
    ):
        assert client.get(path, headers=who).status_code == 403, path


def test_the_page_prints_what_waits_and_shows_the_print(client: TestClient, tag: str) -> None:
    page = client.get("/labels", headers=SATO)
    assert page.status_code == 200
    assert tag in page.text
    assert "/labels/sheet.svg?template=" in page.text
    answer = client.post(
        "/labels",
        data={"tag": tag, "more": "", "template": "a-one-72224", "skip": "3", "border": "true"},
        headers=SATO,
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text
    shown = client.get(answer.headers["location"], headers=SATO)
    assert tag in shown.text
    assert client.get(f"{answer.headers['location']}/page.png", headers=SATO).content.startswith(b"\x89PNG")
    assert client.get(f"{answer.headers['location']}.pdf", headers=SATO).content.startswith(b"%PDF")


def test_the_sheet_is_shown_as_a_picture(client: TestClient) -> None:
    picture = client.get("/labels/sheet.svg?template=72224&skip=2&count=5", headers=SATO)
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.text.count("cell filled") == 5
    part = client.get(
        "/labels?template=72244&skip=1",
        headers={**SATO, "HX-Request": "true", "HX-Target": "div#sheet"},
    )
    assert "a-one-72244" in part.text
    assert "<html" not in part.text


def test_pages_without_anything_say_what_they_are_for(client: TestClient) -> None:
    for path, says in (
        ("/labels", "No labels yet"),
        ("/labels/printers", "No printer has offsets"),
        ("/labels/scan", "Scan labels back"),
    ):
        assert says in client.get(path, headers=SATO).text


def test_a_printer_is_kept_and_its_trial_page_opens(client: TestClient) -> None:
    answer = client.post(
        "/labels/printers", data={"name": "2F", "dx": "0.4"}, headers=SATO, follow_redirects=False
    )
    assert answer.status_code == 303
    assert "2F" in client.get("/labels/printers", headers=SATO).text
    trial = client.get("/labels/trial.pdf?template=72224&printer=2F", headers=SATO)
    assert trial.content.startswith(b"%PDF")


def test_a_scan_on_the_page_answers_with_a_row(client: TestClient, tag: str) -> None:
    answer = client.post(
        "/labels/scan",
        data={"scanned": tag},
        headers={**SATO, "HX-Request": "true", "HX-Target": "ol#scans"},
    )
    assert 'data-verdict="ok"' in answer.text
    assert tag in answer.text


def test_the_code_on_a_label_leads_to_the_device_or_to_whom_to_call(client: TestClient, tag: str) -> None:
    compact = tag.replace("-", "")
    seen = client.get(f"/T/{compact}", headers=SATO, follow_redirects=False)
    assert (seen.status_code, seen.headers["location"]) == (303, f"/devices/{tag}")
    found, nothing = (
        client.get(f"/T/{name}", headers={"Accept-Language": "ja"}) for name in (compact, "PC9999999")
    )
    assert found.status_code == nothing.status_code == 200
    assert "機器を拾われた方へ" in found.text
    assert tag not in found.text


def test_the_screen_gets_the_code_of_a_label(client: TestClient, tag: str) -> None:
    assert "<svg" in client.get(f"/labels/code/{tag}.svg", headers=SATO).text
    assert client.get("/labels/code/nonsense.svg", headers=SATO).status_code == 404


def test_the_device_and_today_show_what_its_label_needs(client: TestClient, tag: str) -> None:
    device = client.get(f"/devices/{tag}", headers=SATO).text
    assert f"/labels/code/{tag}.svg" in device
    assert f"/labels?tag={tag}" in device
    assert "1 device waits for its label" in client.get("/", headers=SATO).text
    printed(client, tag)
    assert "waits for its label" not in client.get("/", headers=SATO).text
