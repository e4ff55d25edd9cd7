"""Profiles built on each other, frozen under one hash, published here, and lifted to a newer version."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.kitting.adapters import recipes
from kitto.kitting.rules.inheritance import resolved
from kitto.kitting.rules.profiles import ProfileSpec
from kitto.kitting.rules.refusals import ProfileBroken
from tests.kitting.conftest import Await, step
from tests.make import make_pc

SUZUKI = {"Authorization": "Bearer suzuki"}


def said(text: str) -> dict[str, str]:
    return {"ja": text, "en": text}


def manual(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "manual", "title": said(key)} | more


def written(name: str, steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"name": name, "title": said(name), "platform": "linux", "steps": steps} | more


def whole(*sources: dict[str, Any]) -> ProfileSpec:
    """The last of these profiles with all it extends."""
    specs = {source["name"]: recipes.from_plain(source["name"], source) for source in sources}
    return resolved(sources[-1]["name"], lambda name: specs[name])


def keys(spec: ProfileSpec) -> list[str]:
    return [one.key for _, one in spec.all_steps]


BASE = written(
    "base",
    [manual("unbox"), manual("label")],
    parameters={"type": "object", "properties": {"zone": {"type": "string", "default": "Asia/Tokyo"}}},
    acceptance=[manual("accept")],
)


def test_an_heir_has_what_its_base_has_with_its_own_over_it() -> None:
    department = written(
        "sales",
        [manual("unbox", minutes=5), manual("cards")],
        extends="base",
        parameters={"type": "object", "properties": {"printer": {"type": "string"}}},
    )
    role = written("sales-lead", [manual("phone")], extends="sales", without=["cards"], second_person=True)
    spec = whole(BASE, department, role)
    assert keys(spec) == ["unbox", "label", "phone", "accept", "second_person"]
    assert spec.steps[0].minutes == 5
    assert set(spec.parameters["properties"]) == {"zone", "printer"}
    assert spec.second_person


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        ([written("a", [manual("x")], extends="b"), written("b", [manual("y")], extends="a")], "leads back"),
        ([BASE, written("heir", [], extends="base", without=["polish"])], "polish"),
        ([written("none", [])], "no steps"),
        ([written("twice", [manual("x"), manual("x")])], "two steps"),
        ([written("loop", [manual("x", needs=["y"]), manual("y", needs=["x"])])], "need each other"),
        ([written("gap", [manual("x", needs=["z"])])], "not there"),
        ([written("silent", [{"key": "p", "kind": "playbook", "title": said("p")}])], "names its playbook"),
        (
            [
                written(
                    "late",
                    [manual("x")],
                    handover=[{"key": "p", "kind": "playbook", "playbook": "p.yml", "title": said("p")}],
                )
            ],
            "follow the hand-over",
        ),
        ([written("unsure", [manual("x", on_lost="verify")])], "verify"),
    ],
)
def test_what_cannot_work_says_why(sources: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ProfileBroken, match=says):
        whole(*sources)


def test_steps_with_needs_of_their_own_wait_beside_each_other(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    source = written(
        "beside",
        [manual("left", needs=[]), manual("right", needs=[]), manual("last", needs=["left", "right"])],
    )
    assert bench.post("/api/v1/profiles", json=source, headers=SUZUKI).status_code == 201
    kit = bench.post("/api/v1/kits", json={"tag": make_pc(ledger).tag, "profile": "beside"}).json()["id"]
    both = kit_when(kit, lambda found: step(found, "right")["state"] == "waiting")
    assert (step(both, "left")["state"], step(both, "last")["state"]) == ("waiting", "pending")
    bench.post(f"/api/v1/kits/{kit}/steps/right/confirm", json={})
    half = bench.post(f"/api/v1/kits/{kit}/steps/left/confirm", json={}).json()
    assert step(half, "left")["state"] == "succeeded"
    kit_when(kit, lambda found: step(found, "last")["state"] == "waiting")


def test_publishing_is_for_who_keeps_the_masters_and_refuses_what_is_broken(
    bench: TestClient, own_profiles: Path
) -> None:
    source = written("sales", [manual("cards")], extends="hands")
    assert bench.post("/api/v1/profiles", json=source).status_code == 403
    first = bench.post("/api/v1/profiles", json=source, headers=SUZUKI).json()
    again = bench.post("/api/v1/profiles", json=source, headers=SUZUKI).json()
    assert (first["number"], again["number"], first["content"]) == (1, 1, again["content"])
    taken = bench.post("/api/v1/profiles", json=written("hands", [manual("x")]), headers=SUZUKI)
    assert taken.json()["code"] == "kitting.profile_name_taken"
    for broken in ({}, {"name": "x"}, written("x", [{"key": "y", "kind": "dance", "title": said("y")}])):
        answer = bench.post("/api/v1/profiles", json=broken, headers=SUZUKI)
        assert (answer.status_code, answer.json()["code"]) == (422, "kitting.profile_broken")
    bench.post("/api/v1/profiles/sales/retire", headers=SUZUKI)
    assert "sales" not in {one["name"] for one in bench.get("/api/v1/profiles").json()}


@pytest.mark.parametrize("given", [{}, {"kind": "linux-script"}, {"kind": ["wifi"]}])
def test_an_artifact_that_nobody_makes_is_refused_when_it_is_published(
    bench: TestClient, own_profiles: Path, given: dict[str, Any]
) -> None:
    made = {"key": "stick", "kind": "artifact", "title": said("stick"), "with": given}
    answer = bench.post("/api/v1/profiles", json=written("boot", [made]), headers=SUZUKI)
    assert (answer.status_code, answer.json()["code"]) == (422, "kitting.profile_broken")
    known = "step stick: an artifact says under with, as kind, what it makes: one of android_owner, "
    assert known in answer.json()["detail"]
    assert "linux_script, macos" in answer.json()["detail"]
    made["with"] = {"kind": "linux_script"}
    fits = bench.post("/api/v1/profiles", json=written("boot", [made]), headers=SUZUKI)
    assert fits.status_code == 201, fits.text


def play(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "playbook", "title": said(key), "playbook": f"{key}.yml"} | more


PLAYS = [manual("unbox"), play("base"), play("blind", check_support="none")]


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        ({"steps": ["bsae"]}, "drift names bsae, which is no play of its steps or acceptance; name some of"),
        ({"checks": ["verify"]}, "these: base, blind"),
        ({"steps": ["base"], "checks": ["unbox"]}, "drift names unbox, which is no play"),
        ({"steps": ["base", "blind"]}, "drift names blind, but its check_support is none"),
        ({"hours": 0}, "give 1 or more"),
        ({"step": ["base"]}, "unknown field `step`"),
    ],
)
def test_what_is_compared_later_is_a_play_of_the_profile(drift: dict[str, Any], told: str) -> None:
    with pytest.raises(ProfileBroken) as refused:
        whole(written("kept", PLAYS, drift=drift))
    assert told in refused.value.sentence("en")
    assert whole(written("kept", PLAYS, drift={"steps": ["base"], "hours": 1})).drift is not None


def test_a_comparison_with_nothing_is_refused_when_it_is_published(
    bench: TestClient, own_profiles: Path
) -> None:
    source = written("kept", [manual("unbox")], drift={"steps": ["unbox"]})
    answer = bench.post("/api/v1/profiles", json=source, headers=SUZUKI)
    assert (answer.status_code, answer.json()["code"]) == (422, "kitting.profile_broken")
    assert "drift names unbox, which is no play" in answer.json()["detail"]


def test_an_heir_that_leaves_a_play_out_is_not_compared_by_it() -> None:
    base = written("kept", PLAYS, drift={"steps": ["base"], "checks": ["base"]})
    drift = whole(base, written("less", [manual("badge")], extends="kept", without=["base"])).drift
    assert drift is not None
    assert (drift.steps, drift.checks) == ((), ())


def test_an_edit_of_the_base_is_a_new_version_of_its_heirs(bench: TestClient, own_profiles: Path) -> None:
    source = written("sales", [manual("cards")], extends="hands")
    first = bench.post("/api/v1/profiles", json=source, headers=SUZUKI).json()
    path = own_profiles / "hands" / "profile.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("No scratches", "No dents"), encoding="utf-8")
    second = bench.post("/api/v1/profiles/sales/freeze").json()
    assert (second["number"], first["content"] != second["content"]) == (2, True)
    assert [one["number"] for one in bench.get("/api/v1/profiles/sales/versions").json()] == [2, 1]


def test_devices_with_an_older_version_are_found_and_lifted_by_what_differs(
    bench: TestClient, ledger: Ledger, kit_when: Await
) -> None:
    source = written("grown", [manual("one"), manual("two")])
    bench.post("/api/v1/profiles", json=source, headers=SUZUKI)
    pc = make_pc(ledger)
    kit = bench.post("/api/v1/kits", json={"tag": pc.tag, "profile": "grown"}).json()["id"]
    for key in ("one", "two"):
        kit_when(kit, lambda found, key=key: step(found, key)["state"] == "waiting")  # type: ignore[misc]
        bench.post(f"/api/v1/kits/{kit}/steps/{key}/confirm", json={})
    kit_when(kit, lambda found: found["state"] == "ready")
    newer = written("grown", [manual("one"), manual("two", minutes=7), manual("three")])
    bench.post("/api/v1/profiles", json=newer, headers=SUZUKI)
    carried = bench.get("/api/v1/profiles/grown/devices", params={"version": 1})
    assert carried.status_code == 200, carried.text
    assert [(one["tag"], one["version"]) for one in carried.json()["items"]] == [(str(pc.tag), 1)]
    plan = bench.get("/api/v1/profiles/grown/lift").json()
    planned = [(one["tag"], one["steps"], one["to_version"]) for one in plan]
    assert planned == [(str(pc.tag), ["two", "three"], 2)]
    lifted = bench.post("/api/v1/profiles/grown/lift", json={"tags": [str(pc.tag)]}).json()
    assert lifted["refused"] == {}
    found = bench.get(f"/api/v1/kits/{lifted['done'][0]}").json()
    assert [one["key"] for one in found["steps"]] == ["two", "three"]
    # The kit that was ready has been overtaken.
    assert bench.get(f"/api/v1/kits/{kit}").json()["state"] == "cancelled"


def test_a_profile_on_a_recipe_with_faults_is_not_published(bench: TestClient, own_profiles: Path) -> None:
    folder = own_profiles / "careless"
    folder.mkdir()
    (folder / "profile.yml").write_text(
        "name: careless\ntitle: { ja: 雑, en: Careless }\nplatform: linux\n"
        "steps: [{ key: p, kind: playbook, title: { ja: 一, en: One }, playbook: p.yml }]\n",
        encoding="utf-8",
    )
    (folder / "p.yml").write_text("- hosts: device\n  tasks: [}\n", encoding="utf-8")
    answer = bench.post("/api/v1/profiles/careless/freeze")
    assert (answer.status_code, answer.json()["code"]) == (422, "kitting.profile_rejected"), answer.text
    assert bench.get("/api/v1/profiles/careless/versions").json() == []
