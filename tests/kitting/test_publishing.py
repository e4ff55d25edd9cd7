"""What is wrong with a profile or recipe is said when it is published, and no kit starts with it."""

import shutil
from importlib.metadata import version
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.audit.rules import link_of
from kitto.base.work import Ledger
from kitto.kitting import queries
from kitto.kitting.actions.checks import ask_the_silent, note_check
from kitto.kitting.actions.start import start_bound
from kitto.kitting.adapters.publishing import Report
from kitto.kitting.adapters.publishing.asking import LINT, can_be_contained
from kitto.kitting.adapters.publishing.findings import found
from kitto.kitting.rules.refusals import RecipeUnanswered
from tests.kitting.shop import reachable
from tests.make import KITTO, make_pc

SUZUKI = {"Authorization": "Bearer suzuki"}
JAPANESE = {"Authorization": "Bearer sato-ja"}
PROFILE = """
name: {name}
title: {{ ja: 一, en: One }}
platform: linux
parameters:
  type: object
  additionalProperties: false
  properties: {{ colour: {{ type: string, enum: [red], default: red }} }}
steps: [{{ key: p, kind: playbook, title: {{ ja: 一, en: One }}, playbook: p.yml }}]
"""
GOOD = """\
- name: One
  hosts: device
  gather_facts: false
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
    - name: The right machine
      ansible.builtin.import_tasks: tasks/right_machine.yml
    - name: It says which
      ansible.builtin.debug:
        msg: "{{ colour }}"
"""
TASKS = Path(__file__).resolve().parents[2] / "playbooks" / "verify" / "tasks"
BROKEN = "- name: One\n  hosts: device\n  tasks: [}\n"


def recipe(folder: Path, name: str, play: str) -> Path:
    (folder / name).mkdir()
    (folder / name / "profile.yml").write_text(PROFILE.format(name=name), encoding="utf-8")
    shutil.copytree(TASKS, folder / name / "tasks")
    (folder / name / "p.yml").write_text(play, encoding="utf-8")
    return folder / name / "p.yml"


def start(bench: TestClient, ledger: Ledger, name: str, who: Any = None, **given: Any) -> Any:
    pc = reachable(ledger, make_pc(ledger))
    body = {"tag": pc.tag, "profile": name, **given}
    return bench.post("/api/v1/kits", json=body, headers=who or {})


def test_a_recipe_that_changed_since_it_was_published_starts_no_kit(
    client: TestClient, ledger: Ledger, own_profiles: Path
) -> None:
    client.headers["Authorization"] = "Bearer sato"
    play = recipe(own_profiles, "one", GOOD)
    assert start(client, ledger, "one").status_code == 201
    play.write_text(GOOD.replace("It says which", "It says it"), encoding="utf-8")
    refused = start(client, ledger, "one")
    assert (refused.status_code, refused.json()["code"]) == (409, "kitting.profile_changed")
    assert "publish it under Kitting, Profiles" in refused.json()["detail"]
    order = client.post("/api/v1/kit-orders", json={"profile": "one", "quantity": 2})
    assert (order.status_code, order.json()["code"]) == (409, "kitting.profile_changed")
    assert client.post("/api/v1/profiles/one/freeze").json()["number"] == 2
    assert start(client, ledger, "one").status_code == 201


def test_a_playbook_that_does_not_parse_is_refused_by_every_door(
    client: TestClient, ledger: Ledger, own_profiles: Path
) -> None:
    client.headers["Authorization"] = "Bearer suzuki"
    recipe(own_profiles, "broken", BROKEN)
    heir = {"name": "heir", "title": {"ja": "子", "en": "Heir"}, "platform": "linux", "extends": "broken"}
    answers = [
        start(client, ledger, "broken"),
        client.post("/api/v1/profiles/broken/freeze"),
        client.post("/api/v1/profiles", json=heir),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, "kitting.profile_rejected"), answer.text
        assert "p.yml" in answer.json()["detail"]
    page = client.post("/kitting/profiles/broken/freeze")
    assert page.status_code == 422
    assert "<code>p.yml:3</code>" in page.text
    text = "name: heir\ntitle: { ja: 子, en: Heir }\nplatform: linux\nextends: broken\n"
    written = client.post("/kitting/profiles/publish", data={"text": text})
    assert written.status_code == 422
    assert "p.yml" in written.text
    assert client.get("/api/v1/profiles/broken/versions").json() == []


@pytest.mark.parametrize(
    ("given", "name", "says"),
    [
        ({"color": "red"}, "one", "'color' was unexpected"),
        ({"colour": 7}, "colour", "7 is not"),
        ({"colour": "green"}, "colour", "'green' is not one of ['red']"),
    ],
)
def test_an_unknown_variable_and_a_wrong_type_are_refused(
    client: TestClient, ledger: Ledger, own_profiles: Path, given: dict[str, Any], name: str, says: str
) -> None:
    client.headers["Authorization"] = "Bearer sato"
    recipe(own_profiles, "one", GOOD)
    refused = start(client, ledger, "one", parameters=given)
    assert (refused.status_code, refused.json()["code"]) == (422, "kitting.parameter_wrong")
    assert f"“{name}”" in refused.json()["detail"]
    assert says in refused.json()["detail"]
    assert client.get("/api/v1/kits").json()["items"] == []


def test_loops_are_refused_in_the_reader_s_language(client: TestClient, own_profiles: Path) -> None:
    title = {"ja": "一", "en": "One"}
    steps = [
        {"key": "a", "kind": "manual", "title": title, "needs": ["b"]},
        {"key": "b", "kind": "manual", "title": title, "needs": ["a"]},
    ]
    whole = {"name": "round", "title": title, "platform": "linux"}
    for body, english in (
        (whole | {"steps": steps}, "steps need each other: a, b"),
        (whole | {"extends": "round"}, "it extends round, which leads back to itself"),
    ):
        answer = client.post("/api/v1/profiles", json=body, headers=SUZUKI)
        assert (answer.status_code, answer.json()["code"]) == (422, "kitting.profile_broken")
        assert english in answer.json()["detail"]
        japanese = client.post("/api/v1/profiles", json=body, headers={"Authorization": "Bearer suzuki-ja"})
        assert english not in japanese.json()["detail"]
        assert "ください" in japanese.json()["detail"]


@pytest.mark.skipif(not can_be_contained(), reason="no bubblewrap here: Ansible is not asked")
def test_ansible_is_asked_in_the_background_and_what_it_finds_stops_the_next_kit(
    bench: TestClient, ledger: Ledger, own_profiles: Path
) -> None:
    recipe(own_profiles, "odd", GOOD.replace("builtin.debug", "builtin.no_such_thing"))
    assert bench.post("/api/v1/profiles/odd/freeze").status_code == 201
    page, until = "", monotonic() + 240
    while "ansible-playbook" not in page:
        assert monotonic() < until
        sleep(0.5)
        page = bench.get("/kitting/profiles/odd/versions/1").text
    refused = start(bench, ledger, "odd")
    assert (refused.status_code, refused.json()["code"]) == (409, "kitting.recipe_unfit"), page
    # Which Ansible said so, on the version, on the profile, and on the page that the journal leads to.
    asked = f"ansible-core {version('ansible-core')}"
    assert asked in page
    profile = bench.get("/kitting/profiles/odd").text
    assert (asked in profile, "1 thing is wrong" in profile) == (True, True)
    fact = bench.get("/api/v1/facts?kind=kitting.recipe_checked", headers=SUZUKI).json()["items"][0]
    assert asked in fact["data"]["asked"]
    check = bench.get(link_of(fact["subject_kind"], fact["subject_id"], fact["data"])).text
    assert (asked in check, "no_such_thing" in check, "odd v1" in check) == (True, True, True)
    assert "開始しませんでした" in start(bench, ledger, "odd", JAPANESE).json()["detail"]


def answered(bench: TestClient, name: str) -> None:
    """Wait until Ansible has been asked about a profile's first version, and has answered."""
    page, until = "", monotonic() + 240
    while "Checked by Kitto, ansible-playbook" not in page:
        assert monotonic() < until, page
        sleep(0.5)
        page = bench.get(f"/kitting/profiles/{name}/versions/1").text


def silent(ledger: Ledger, what: str) -> None:
    """As if the newest check had got no answer, because the machine had too much to do."""
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        (version,) = queries.newest_versions(work)
        ((name, content),) = version.recipes.items()
        report = Report(content=content, findings=(found("ansible_silent", "p.yml", what=what),))
        note_check(work, recipe=name, report=report, asked_ansible=True)


@pytest.mark.skipif(not can_be_contained(), reason="no bubblewrap here: Ansible is not asked")
def test_where_ansible_said_nothing_no_kit_starts_until_it_has_answered(
    bench: TestClient, ledger: Ledger, own_profiles: Path
) -> None:
    recipe(own_profiles, "one", GOOD)
    assert bench.post("/api/v1/profiles/one/freeze").status_code == 201
    answered(bench, "one")
    order = bench.post("/api/v1/kit-orders", json={"profile": "one", "quantity": 1}).json()["id"]
    pc = reachable(ledger, make_pc(ledger))
    bound = {"tag": pc.tag, "start": False}
    kit = bench.post(f"/api/v1/kit-orders/{order}/devices", json=bound).json()["id"]
    silent(ledger, "ansible-playbook --syntax-check")
    page = bench.get("/kitting/profiles/one/versions/1").text
    assert "Ansible was asked and has not answered whole" in page
    ordered = bench.post("/api/v1/kit-orders", json={"profile": "one", "quantity": 1})
    for refused in (start(bench, ledger, "one"), ordered):
        assert (refused.status_code, refused.json()["code"]) == (409, "kitting.recipe_unanswered")
    with ledger.begin(KITTO) as work, pytest.raises(RecipeUnanswered):
        start_bound(work, kit_id=kit)
    assert "応答" in start(bench, ledger, "one", JAPANESE).json()["detail"]
    # Publishing again asks again, and so does the clock.
    assert bench.post("/api/v1/profiles/one/freeze").status_code in (200, 201)
    answered(bench, "one")
    silent(ledger, "ansible-playbook --syntax-check")
    with ledger.begin(KITTO) as work:
        ask_the_silent(work)
    answered(bench, "one")
    assert start(bench, ledger, "one").status_code == 201
    with ledger.begin(KITTO) as work:
        start_bound(work, kit_id=kit)
    # Lint is an opinion that may be missing altogether.
    silent(ledger, LINT)
    assert start(bench, ledger, "one").status_code == 201
