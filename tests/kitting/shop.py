"""A workshop with kits in every state, made by real actions; its plays are told, not run."""

import shutil
from pathlib import Path

from kitto.assets import actions as assets
from kitto.assets.models import Asset
from kitto.base import clock
from kitto.base.work import Ledger
from kitto.kitting import actions
from kitto.kitting.actions import machine
from kitto.kitting.adapters.plays import Counts, Kind, Outcome, PlayEvent, PlayOutcome, Status
from kitto.kitting.jobs import kitto
from kitto.kitting.models import Kit
from tests.make import KITTO, make_pc

PROFILE = """
name: shop
title: { ja: 作業場, en: Shop }
platform: linux
parameters:
  type: object
  additionalProperties: false
  required: [owner]
  properties:
    owner: { type: string, title: Owner, x-ja: 持ち主, minLength: 2, default: PSO }
    colour: { type: string, title: Colour, x-ja: 色, enum: [red, blue], default: red }
    disks: { type: integer, title: Disks, x-ja: ディスク数, minimum: 1, maximum: 4, default: 1 }
    quick: { type: boolean, title: Quick, x-ja: 急ぎ, default: false }
    packages:
      type: array
      title: Packages
      x-ja: パッケージ
      items: { type: string, pattern: "^[a-z0-9-]+$" }
    accounts:
      type: array
      title: Accounts
      x-ja: アカウント
      items:
        type: object
        required: [name]
        additionalProperties: false
        properties:
          name: { type: string, title: Sign-in name, x-ja: ユーザー名, pattern: "^[a-z]+$" }
          admin: { type: boolean, title: May become root, x-ja: 管理者になれる }
steps:
  - key: unbox
    kind: manual
    title: { ja: 開梱, en: Unbox }
    instruction: { ja: 箱を開けてください。, en: Open the box. }
    checks:
      - { ja: 傷がない, en: No scratches }
      - { ja: 電源がある, en: Power adapter }
  - { key: look, kind: photo, title: { ja: 外観写真, en: Photo of the outside } }
  - { key: label, kind: label, title: { ja: ラベル, en: Label } }
  - { key: base, kind: playbook, playbook: base.yml, title: { ja: 基本設定, en: Base settings } }
  - { key: report, kind: agent_wait, title: { ja: 報告, en: Report } }
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJfdzbEGU+1lMqJCqzrzsPS9G8bYUEs9BgDpmkDpgEvV"
PLAY = """\
- name: Base
  hosts: device
  gather_facts: false
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
    - name: The right machine
      ansible.builtin.import_tasks: tasks/right_machine.yml
    - name: What was ordered
      ansible.builtin.debug:
        msg: "{{ owner }} {{ colour }} {{ disks }} {{ quick }} {{ packages }} {{ accounts }}"
"""
TASKS = Path(__file__).resolve().parents[2] / "playbooks" / "verify" / "tasks"


def shop_profile(folder: Path) -> None:
    """Put the shop's recipe into a folder of recipes."""
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "profile.yml").write_text(PROFILE, encoding="utf-8")
    (folder / "shop" / "base.yml").write_text(PLAY, encoding="utf-8")
    shutil.copytree(TASKS, folder / "shop" / "tasks")


def reachable(ledger: Ledger, asset: Asset) -> Asset:
    """The device with an address and a pinned key."""
    with ledger.begin(KITTO) as work:
        assets.set_endpoint(
            work,
            tag=str(asset.tag),
            kind="ssh",
            address="192.0.2.7",
            port=22,
            account="kitto",
            host_key=KEY,
        )
    return asset


def started(ledger: Ledger, until: str = "unbox", *, order: int | None = None) -> Kit:
    """A kit that has come to the step `until`; the ones before it were skipped."""
    pc = reachable(ledger, make_pc(ledger))
    with ledger.begin(KITTO) as work:
        if order is None:
            kit = actions.start_kit(work, tag=str(pc.tag), profile="shop")
        else:
            kit = actions.bind_device(work, order_id=order, tag=str(pc.tag))
    goes_on(ledger, kit.id)
    for key in ("unbox", "look", "label"):
        if key == until:
            break
        with ledger.begin(KITTO) as work:
            actions.skip(work, kit_id=kit.id, step=key, reason="Not for this test.")
        goes_on(ledger, kit.id)
    return kit


def goes_on(ledger: Ledger, kit_id: int) -> machine.Todo | None:
    """What the kit's job would do first."""
    with ledger.begin(kitto()) as work:
        return machine.next_todo(work, kit_id)


def plays(
    ledger: Ledger, kit_id: int, lines: int, outcome: Outcome = Outcome.SUCCEEDED, reason: str = ""
) -> str:
    """Tell a play of so many lines, the last but one failed if it did; returns its run."""
    todo = goes_on(ledger, kit_id)
    assert todo is not None
    writes(ledger, kit_id, todo, 1, lines, failed=outcome is Outcome.FAILED)
    with ledger.begin(kitto()) as work:
        told = PlayOutcome(
            outcome=outcome, reason=reason, counts=Counts(ok=5, changed=3, failed=int(bool(reason)))
        )
        machine.note_outcome(work, kit_id, todo.step, todo.run, told)
    goes_on(ledger, kit_id)
    return todo.run


def writes(
    ledger: Ledger, kit_id: int, todo: machine.Todo, first: int, last: int, *, failed: bool = False
) -> None:
    """Lines of a play that runs."""
    events = [
        PlayEvent(
            seq=seq,
            at=clock.now(),
            kind=Kind.RESULT,
            status=Status.FAILED if failed and seq == last - 1 else Status.OK,
            task=f"task {seq}",
            text=f"line {seq} of the play",
            detail="a long result" if seq % 50 == 0 else "",
        )
        for seq in range(first, last + 1)
    ]
    with ledger.begin(kitto()) as work:
        machine.keep_lines(work, kit_id, todo.step, todo.run, events)


ONE_PLAY = """
name: one-play
title: { ja: 一つ, en: One play }
platform: linux
parameters: { type: object, properties: {} }
steps:
  - { key: only, kind: playbook, title: { ja: 一, en: Only }, playbook: only.yml }
"""


def claimed(ledger: Ledger, folder: Path) -> tuple[int, machine.Todo]:
    """A kit whose play has been claimed, by a job that then died."""
    (folder / "one-play").mkdir()
    (folder / "one-play" / "profile.yml").write_text(ONE_PLAY, encoding="utf-8")
    (folder / "one-play" / "only.yml").write_text("[]\n", encoding="utf-8")
    pc = reachable(ledger, make_pc(ledger))
    with ledger.begin(KITTO) as work:
        kit_id = actions.start_kit(work, tag=str(pc.tag), profile="one-play").id
    with ledger.begin(kitto()) as work:
        todo = machine.next_todo(work, kit_id)
    assert todo is not None
    return kit_id, todo
