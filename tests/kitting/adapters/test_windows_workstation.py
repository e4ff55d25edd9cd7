"""The recipe for Windows against the bench: each step changes what it says, a second run nothing."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from kitto.base import boxes
from kitto.bootstrap.adapters.agent_file import windows_agent
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayOutcome, Transport, Value
from tests.counterparts.windows.machine import Update, Windows
from tests.counterparts.windows.pc import WindowsPc, windows_pc
from tests.kitting.adapters import windows_stage as stage
from tests.kitting.adapters.enrolment import service
from tests.kitting.adapters.stage import KEY, PLAYBOOKS, finish, last_words, told

WORKSTATION = PLAYBOOKS / "windows-workstation"
PRODUCT = "{23170F69-40C1-2702-2409-000001000000}"
MSI = "https://files.example/7z.msi"
OFFICE: dict[str, Value] = {
    "kitto_tag": "PC-00042-K",
    "kitto_serial": "5CG4221X9K",
    "kitto_time_zone": "Tokyo Standard Time",
    "kitto_locale": "ja-JP",
    "kitto_location": "122",
    "kitto_accounts": [{"name": "tanaka", "full_name": "田中 実"}, {"name": "suzuki", "administrator": True}],
    "kitto_winget": [{"id": "Mozilla.Firefox.ja", "version": "145.0"}],
    "kitto_chocolatey": [{"name": "7zip", "version": "24.9.0"}],
    "kitto_chocolatey_source": "",
    "kitto_msi": [{"url": MSI, "sha256": hashlib.sha256(b"msi").hexdigest(), "product_id": PRODUCT}],
    "kitto_update_categories": ["SecurityUpdates"],
}
HANDS_IN = {"accounts.yml": ("local_password_*",), "bitlocker.yml": ("bitlocker_recovery",)}
TOKEN = "one-time-token-of-this-machine"
STEPS = ("base", "restart", "accounts", "software", "updates", "restart", "bitlocker", "bitlocker_proof")


@pytest.fixture
def ansible(tmp_path: Path) -> Iterator[Ansible]:
    with stage.installed(tmp_path) as made:
        yield made


@pytest.fixture
def pc() -> Iterator[WindowsPc]:
    with windows_pc() as switched_on:
        switched_on.windows.on_the_net[MSI] = b"msi"
        switched_on.windows.updates = [
            Update("KB5068861", "2025-11 x64 ベース システム用累積更新プログラム"),
            Update("KB9999999", "ドライバー", category="Drivers"),
        ]
        yield switched_on


class Bench:
    """Runs steps one after the other and keeps what they hand in, as the service does."""

    def __init__(self, ansible: Ansible, pc: Any, transport: Transport) -> None:
        self.ansible, self.pc, self.transport = ansible, pc, transport
        self.kept: dict[str, str] = {}
        self.runs = 0
        self.more: dict[str, Value] = {}
        self.files: dict[str, str] = {}

    def step(self, name: str, **changed: Value) -> PlayOutcome:
        self.runs += 1
        run_id = f"{stage.RUN}-{self.runs}"
        secrets = {}
        if name == "bitlocker_proof":
            secrets = {"bitlocker_recovery": self.kept["bitlocker_recovery"]}
        elif name == "agent":
            secrets = {"enrolment_token": TOKEN}
        told_of: dict[str, Any] = {
            "run_id": run_id,
            "playbook": f"{name}.yml",
            "variables": OFFICE | self.more | changed,
            "files": self.files if name == "agent" else {},
            "hand_in_names": HANDS_IN.get(f"{name}.yml", ()),
        }
        if self.transport.is_ssh:
            spec = stage.order_over_ssh(
                self.pc, WORKSTATION, self.ansible, secret_names=tuple(secrets), **told_of
            )
            self.ansible.start(spec, secrets, KEY.private)
            outcome = finish(self.ansible, run_id)
        else:
            spec = stage.order(
                self.pc,
                WORKSTATION,
                self.ansible,
                transport=self.transport,
                secrets=tuple(secrets),
                **told_of,
            )
            outcome = stage.play(self.ansible, self.pc, spec, **secrets)
        for event in told(self.ansible, run_id):
            if event.kind is Kind.HANDED_IN:
                opened = boxes.open_box(event.detail, self.ansible.home.parent / "data")
                self.kept[event.item] = opened.reveal()
        return outcome

    def succeeds(self, name: str) -> PlayOutcome:
        outcome = self.step(name)
        assert outcome.outcome is Outcome.SUCCEEDED, (
            name,
            outcome,
            last_words(self.ansible, f"{stage.RUN}-{self.runs}"),
        )
        return outcome


@pytest.mark.timeout(900)
@pytest.mark.parametrize("transport", stage.OVER_WINRM)
def test_every_step_changes_what_it_says_and_a_second_time_nothing(
    transport: Transport, ansible: Ansible, pc: WindowsPc, tmp_path: Path
) -> None:
    bench = Bench(ansible, pc, transport)
    agent = tmp_path / "kitto-agent.ps1"
    agent.write_bytes(windows_agent())
    bench.files = {"kitto_agent_ps1": str(agent)}
    with service(TOKEN) as (bench.more["kitto_server"], enrolled):
        for name in (*STEPS, "agent"):
            bench.succeeds(name)
        is_kitted(pc.windows, bench)
        assert [one["machine"]["serial"] for one in enrolled] == [pc.windows.serial]
        there = pc.windows.disk.read(r"C:\Program Files\Kitto\kitto-agent.ps1")
        assert there == windows_agent()
        _stays_as_it_is(bench)
    assert len(enrolled) == 1
    everything = "".join(path.read_text() for path in ansible.home.rglob("journal.jsonl"))
    for secret in (*bench.kept.values(), pc.password, TOKEN):
        assert secret not in everything


def _stays_as_it_is(bench: Bench) -> None:
    before = list(bench.pc.windows.done)
    for name in (*STEPS, "agent"):
        assert bench.succeeds(name).counts.changed == 0, name
    assert bench.pc.windows.done == before


def is_kitted(windows: Windows, bench: Bench) -> None:
    """What the machine is after one round, and what Kitto has of it."""
    assert (windows.name, windows.time_zone, windows.location) == ("PC-00042-K", "Tokyo Standard Time", 122)
    assert (windows.format, windows.system_locale, windows.ui_language) == ("ja-JP",) * 3
    assert windows.accounts["tanaka"].full_name == "田中 実"
    assert "Administrators" in windows.accounts["suzuki"].groups
    for name in ("tanaka", "suzuki"):
        assert bench.kept[f"local_password_{name}"] == windows.accounts[name].password
        assert len(windows.accounts[name].password) == 20
    assert PRODUCT in windows.products
    assert [one.kb for one in windows.updates if one.installed] == ["KB5068861"]
    assert windows.done.count("restarted") == 2
    assert bench.kept["bitlocker_recovery"] in windows.volume.recovery.values()
    assert windows.volume.protected
    assert windows.environment["KITTO_JOB"].startswith("windows-")


def test_the_wrong_machine_and_an_unfit_name_change_nothing(ansible: Ansible, pc: WindowsPc) -> None:
    bench = Bench(ansible, pc, Transport.PSRP)
    wrong = bench.step("base", kitto_serial="SOMETHING-ELSE")
    assert (wrong.outcome, wrong.cause) == (Outcome.FAILED, "wrong_device")
    unfit = bench.step("base", kitto_tag="PC-0000000000042")
    assert unfit.cause == "name_unfit"
    assert pc.windows.done == []


def test_a_recovery_key_that_does_not_fit_stops_the_kit(ansible: Ansible, pc: WindowsPc) -> None:
    bench = Bench(ansible, pc, Transport.PSRP)
    bench.succeeds("bitlocker")
    pc.windows.volume.recovery.clear()
    pc.windows.volume.add_recovery_password()
    assert bench.step("bitlocker_proof").cause == "recovery_key_unproven"


@pytest.mark.parametrize("path", sorted((WORKSTATION / "files").glob("*.ps1")), ids=lambda path: path.name)
def test_every_script_is_powershell(path: Path) -> None:
    language = tree_sitter.Language(tree_sitter_powershell.language())
    tree = tree_sitter.Parser(language).parse(path.read_bytes())
    assert not tree.root_node.has_error, path.read_text()
