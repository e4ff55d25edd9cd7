"""Dry runs say what a step would change, and change nothing; later comparisons find what has drifted."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.kitting import actions
from tests.counterparts.pcs import bench_pc
from tests.kitting.conftest import Await, reach, step
from tests.make import KITTO, make_pc

PROFILE = """
name: marked
title: { ja: 印, en: Marked }
platform: linux
parameters: { type: object, properties: {} }
drift: { hours: 1, checks: [again] }
steps:
  - { key: look, kind: manual, title: { ja: 確認, en: Look } }
  - { key: mark, kind: playbook, title: { ja: 印, en: Mark }, playbook: mark.yml }
  - { key: raw, kind: playbook, title: { ja: 生, en: Raw }, playbook: mark.yml, check_support: none }
acceptance:
  - { key: again, kind: playbook, title: { ja: 再確認, en: Again }, playbook: again.yml }
causes:
  mark_differs: [{ ja: "印は「{seen}」です。", en: "The mark says “{seen}”." }]
"""
AGAIN = """
- name: Look again
  hosts: device
  gather_facts: false
  become: true
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
    - name: Read the mark
      ansible.builtin.raw: cat /etc/kitto-mark
      register: said
      changed_when: false
      check_mode: false
    - name: It is as it was kitted
      ansible.builtin.fail:
        msg: "{{ item }}"
      loop: "{{ ['[mark_differs] The mark says “' ~ found ~ '”.'] if found != 'kitted' else [] }}"
      vars:
        found: "{{ said.stdout | trim }}"
"""
PLAY = """
- name: Mark
  hosts: device
  gather_facts: false
  become: true
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
    - name: A mark stands in its file
      ansible.builtin.copy:
        content: "kitted\\n"
        dest: /etc/kitto-mark
        mode: "0644"
"""


@pytest.mark.bench_pc
def test_a_dry_run_changes_nothing_and_a_drift_is_found(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    (own_profiles / "marked").mkdir()
    (own_profiles / "marked" / "profile.yml").write_text(PROFILE, encoding="utf-8")
    (own_profiles / "marked" / "mark.yml").write_text(PLAY, encoding="utf-8")
    (own_profiles / "marked" / "again.yml").write_text(AGAIN, encoding="utf-8")
    pc = make_pc(ledger)
    with ledger.begin(KITTO) as work:
        key = actions.make_key(work).public
    with bench_pc(str(pc.serial), authorized_key=key) as device:
        reach(ledger, str(pc.tag), device, device.host_key)
        kit = bench.post("/api/v1/kits", json={"tag": pc.tag, "profile": "marked"}).json()["id"]
        kit_when(kit, lambda found: step(found, "look")["state"] == "waiting")
        refused = bench.post(f"/api/v1/kits/{kit}/steps/raw/dry-run")
        assert refused.json()["code"] == "kitting.cannot_be_predicted"
        _rehearse(bench, kit, kit_when)
        assert device.run("cat /etc/kitto-mark", check=False).stdout == ""
        bench.post(f"/api/v1/kits/{kit}/steps/look/confirm", json={})
        kit_when(kit, lambda found: found["state"] == "ready")
        assert "It has not been compared yet" in bench.get(f"/devices/{pc.tag}").text
        assert device.run("cat /etc/kitto-mark").stdout == "kitted\n"
        assert _compared(bench, kit, str(pc.tag), kit_when)["result"] == "same"
        device.run("echo drifted > /etc/kitto-mark")
        differs = _compared(bench, kit, str(pc.tag), kit_when)
        assert differs["result"] == "differs"
        assert [(one["step"], one["what"], one["text"]) for one in differs["differences"][1:]] == [
            ("again", "mark_differs", "The mark says “drifted”.")
        ]
        assert differs["differences"][0]["what"] == "A mark stands in its file"
        known = bench.get(f"/api/v1/assets/{pc.tag}/drift", headers={"Authorization": "Bearer sato-ja"})
        assert known.json()[0]["differences"][1]["text"] == "印は「drifted」です。"
        page = bench.get(f"/devices/{pc.tag}", headers={"Authorization": "Bearer sato-ja"}).text
        assert "違いあり" in page
        assert "印は「drifted」です。" in page
        # What the recipe calls it is for programs; a reader finds it in the tooltip.
        assert ('title="mark_differs"' in page, page.count("mark_differs")) == (True, 1)
        assert device.run("cat /etc/kitto-mark").stdout == "drifted\n"
    assert bench.get(f"/api/v1/assets/{pc.tag}/lock").json()["holder"] is None
    assert bench.get(f"/api/v1/kits/{kit}/chain").json()["holds"] is True


def _rehearse(bench: TestClient, kit: int, kit_when: Await) -> None:
    assert bench.post(f"/api/v1/kits/{kit}/steps/mark/dry-run").status_code == 202
    dry = kit_when(kit, lambda found: _ended(step(found, "mark"), "check"))
    tried = step(dry, "mark")["attempts"][0]
    assert (tried["mode"], tried["outcome"], tried["counts"]["changed"]) == ("check", "succeeded", 1)
    assert (step(dry, "mark")["state"], dry["state"]) == ("pending", "waiting")


def _ended(found: dict[str, Any], mode: str) -> bool:
    return any(one["mode"] == mode and one["ended_at"] for one in found["attempts"])


def _compared(bench: TestClient, kit: int, tag: str, kit_when: Await) -> dict[str, Any]:
    before = len(bench.get(f"/api/v1/assets/{tag}/drift").json())
    assert bench.post(f"/api/v1/kits/{kit}/comparison").status_code == 202
    kit_when(kit, lambda _: len(bench.get(f"/api/v1/assets/{tag}/drift").json()) > before)
    found: dict[str, Any] = bench.get(f"/api/v1/assets/{tag}/drift").json()[0]
    return found
