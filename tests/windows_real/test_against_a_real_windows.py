"""What only a real Windows can prove: `make test-windows HOST=…` runs these, and nothing else does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kitto.base.seal import Secret
from kitto.health.adapters.winrm import WinRmTarget, ask
from kitto.health.rules.states import Sign
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Host, Outcome, PlaySpec, Transport
from kitto.kitting.adapters.supervisor import remote_windows
from kitto.kitting.adapters.supervisor.files import files_of
from kitto.kitting.adapters.windows import WindowsTarget, WindowsTrouble, probe, run
from tests.kitting.adapters import windows_stage as stage
from tests.kitting.adapters.stage import recipe
from tests.kitting.adapters.test_windows_workstation import OFFICE, STEPS, Bench
from tests.windows_real.machine import RealPc, named, setting

pytestmark = pytest.mark.windows_real


@pytest.fixture
def pc() -> RealPc:
    return named()


@pytest.fixture
def target(pc: RealPc) -> WindowsTarget:
    return pc.target


@pytest.fixture
def ansible(tmp_path: Path) -> Iterator[Ansible]:
    with stage.installed(tmp_path) as made:
        yield made


def test_it_says_who_it_is(target: WindowsTarget) -> None:
    found = probe(target)
    assert found.serial
    assert found.model
    assert "Windows" in found.system


def test_the_health_watch_reads_it(pc: RealPc) -> None:
    answer = ask(WinRmTarget(1, pc.address, pc.user, Secret(pc.password), pc.certificate, port=pc.port))
    assert (answer.sign, answer.detail) == (Sign.ANSWERED, "")
    assert answer.uptime is not None
    assert answer.identity is not None
    assert answer.identity.serial
    assert {"memory_used", "disk_used", "disk_free"} <= {row.name for row in answer.readings}
    assert all(row.value is not None and row.value >= 0 for row in answer.readings)


def test_japanese_and_exit_codes_survive(target: WindowsTarget) -> None:
    ran = run(target, "'管理番号①髙橋'; exit 3")
    assert (ran.code, ran.out.strip()) == (3, "管理番号①髙橋")


def test_a_command_that_takes_too_long_is_ended(target: WindowsTarget) -> None:
    with pytest.raises(WindowsTrouble) as late:
        run(target, "Start-Sleep -Seconds 300", seconds=3)
    assert late.value.cause == "too_long"


def test_sessions_are_found_and_ended(pc: RealPc, tmp_path: Path) -> None:
    files = files_of(tmp_path, "windows-real")
    files.work.mkdir(parents=True)
    files.certificate.write_text(pc.certificate)
    host = Host(
        address=pc.address, port=pc.port, user=pc.user, transport=Transport.PSRP, certificate=pc.certificate
    )
    assert "were ended" in remote_windows.sweep(host, files, pc.password).sentence
    files.clear()


@pytest.mark.parametrize("transport", stage.OVER_WINRM)
def test_a_play_reaches_it(transport: Transport, ansible: Ansible, pc: RealPc, tmp_path: Path) -> None:
    folder = recipe(tmp_path / "recipe", "    - name: It answers\n      ansible.windows.win_ping:\n")
    spec: PlaySpec = stage.order(pc, folder, ansible, transport=transport)  # type: ignore[arg-type]
    assert stage.play(ansible, pc, spec).outcome is Outcome.SUCCEEDED  # type: ignore[arg-type]


@pytest.mark.timeout(4 * 3600)
def test_the_whole_recipe_twice(ansible: Ansible, pc: RealPc, target: WindowsTarget) -> None:
    if setting("MAY_CHANGE") != "yes":
        pytest.skip("WINDOWS_MAY_CHANGE=yes lets it change the machine")
    lean = {"kitto_winget": [], "kitto_chocolatey": [], "kitto_msi": []}
    told = OFFICE | lean | {"kitto_serial": probe(target).serial}
    bench = Bench(ansible, pc, Transport.PSRP)  # type: ignore[arg-type]
    for name in STEPS:
        assert bench.step(name, **told).outcome is Outcome.SUCCEEDED, name
    for name in STEPS:
        again = bench.step(name, **told)
        assert (again.outcome, again.counts.changed) == (Outcome.SUCCEEDED, 0), name
