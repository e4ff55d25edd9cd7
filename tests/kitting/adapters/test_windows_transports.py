"""Plays over psrp and winrm: only the pinned certificate, secrets by the socket, ended as far as possible."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kitto.base import boxes
from kitto.base.seal import Secret
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Host, Kind, Outcome, PlayFault, PlaySpec, Transport
from kitto.kitting.adapters.supervisor.files import files_of
from kitto.kitting.adapters.supervisor.remote_windows import sweep
from kitto.kitting.adapters.windows import WindowsTarget, WindowsTrouble, probe, run
from tests.counterparts.windows.pc import WindowsPc, windows_pc
from tests.kitting.adapters import windows_stage as stage
from tests.kitting.adapters.stage import finish, last_words, recipe, told, wait_for_task

SERIAL = """\
    - name: Read the serial number
      ansible.builtin.raw: (Get-CimInstance -ClassName Win32_BIOS).SerialNumber
      register: seen
      changed_when: false
    - name: It is this one
      ansible.builtin.assert:
        that: seen.stdout_lines == ['5CG4221X9K']
    - name: A file with a Japanese name
      ansible.builtin.fetch:
        src: C:\\\\ProgramData\\\\台帳.txt
        dest: "{{ lookup('env', 'HOME') }}/fetched"
        flat: true
    - name: It came whole
      ansible.builtin.assert:
        that: lookup('file', lookup('env', 'HOME') ~ '/fetched') == '管理番号①髙橋'
"""
HAND_IN = """\
    - name: Kitto has the key
      kitto_hand_in:
        name: bitlocker_recovery
        value: "{{ secret_of_the_device }}"
      no_log: true
    - name: It is hidden from now on
      ansible.builtin.debug:
        msg: "the key is {{ secret_of_the_device }}"
"""
MAKE = """\
    - name: Kitto makes a password
      kitto_make_secret:
        name: local_password_tanaka
      register: windows_password
      no_log: true
    - name: It is hidden from now on
      ansible.builtin.debug:
        msg: "made: {{ windows_password.value }}"
"""
TYPED = {
    "number": "145.0",
    "zeros": "0012345",
    "word": "yes",
    "sign": "𠮷田 😀 \\ud842 \x85",
    "sum": "{{ 1 + 1 }}",
    "rows": [{"version": "1.10", "on": True, "many": 5}],
}
AS_TYPED = """\
    - name: What people typed is as they typed it
      ansible.builtin.assert:
        that:
          - number == '145.0'
          - zeros == '0012345'
          - word == 'yes'
          - sign | length == 13
          - sign[0] == '𠮷'
          - sum is match('^[{][{] 1')
          - rows[0].version == '1.10'
          - rows[0].on is sameas true
          - rows[0].many == 5
"""
LONG = """\
    - name: Take long
      ansible.builtin.raw: Start-Sleep -Seconds 300
"""
KEY = "123456-234567-345678-456789-567890-678901-789012-890123"


@pytest.fixture
def ansible(tmp_path: Path) -> Iterator[Ansible]:
    with stage.installed(tmp_path) as made:
        yield made


@pytest.fixture
def pc() -> Iterator[WindowsPc]:
    with windows_pc() as switched_on:
        switched_on.windows.disk.write(r"C:\ProgramData\台帳.txt", "管理番号①髙橋".encode())
        yield switched_on


@pytest.mark.parametrize("transport", stage.OVER_WINRM)
def test_a_play_runs_encrypted_on_the_pinned_device(
    transport: Transport, ansible: Ansible, pc: WindowsPc, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "recipe", SERIAL)
    outcome = stage.play(ansible, pc, stage.order(pc, folder, ansible, transport=transport))

    assert outcome.outcome is Outcome.SUCCEEDED, outcome
    assert set(pc.service.sealed) == {True}
    assert not pc.service.shells
    read = [event.text for event in told(ansible, stage.RUN) if event.kind is Kind.SECRET]
    assert set(read) == {"The play read the secret winrm_password."}
    assert pc.password not in (ansible.home / stage.RUN / "journal.jsonl").read_text()


@pytest.mark.parametrize("transport", stage.OVER_WINRM)
def test_another_certificate_is_never_believed(
    transport: Transport, ansible: Ansible, pc: WindowsPc, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "recipe", SERIAL)
    with windows_pc() as other:
        spec = stage.order(pc, folder, ansible, transport=transport, certificate=other.certificate)
    outcome = stage.play(ansible, pc, spec)
    assert (outcome.outcome, outcome.cause) == (Outcome.UNREACHABLE, "certificate_changed")
    assert not pc.service.requests


@pytest.mark.parametrize("transport", stage.OVER_WINRM)
def test_a_wrong_password_and_a_silent_device_are_told_apart(
    transport: Transport, ansible: Ansible, pc: WindowsPc, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "recipe", SERIAL)
    spec = stage.order(pc, folder, ansible, transport=transport)
    ansible.start(spec, {"winrm_password": "not-this-one"}, "")
    refused = finish(ansible, spec.run_id)
    assert (refused.outcome, refused.cause) == (Outcome.UNREACHABLE, "password_refused")

    pc.power_off()
    silent = stage.play(
        ansible, pc, stage.order(pc, folder, ansible, transport=transport, run_id=f"{stage.RUN}-2")
    )
    assert (silent.outcome, silent.cause) == (Outcome.UNREACHABLE, "no_answer")


def test_nothing_starts_without_a_certificate_or_a_password() -> None:
    host = Host(address="192.0.2.4", port=5986, user="kitto", transport=Transport.PSRP)
    for wrong in ({"host": host}, {"host": Host(**{**_plain(host), "certificate": "BEGIN CERTIFICATE"})}):
        with pytest.raises(PlayFault):
            PlaySpec(run_id="r", folder="/f", playbook="a.yml", content="", **wrong)


def _plain(host: Host) -> dict[str, object]:
    return {"address": host.address, "port": host.port, "user": host.user, "transport": host.transport}


@pytest.mark.parametrize("transport", stage.OVER_WINRM)
def test_a_cancelled_play_leaves_no_session_and_says_that_windows_cannot_be_sure(
    transport: Transport, ansible: Ansible, pc: WindowsPc, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "recipe", LONG)
    spec = stage.order(pc, folder, ansible, transport=transport)
    ansible.start(spec, {"winrm_password": pc.password}, "")
    wait_for_task(ansible, stage.RUN, "Take long")
    ansible.cancel(stage.RUN)
    outcome = finish(ansible, stage.RUN)

    assert outcome.outcome is Outcome.CANCELLED
    assert outcome.left_there
    assert not pc.service.shells


def test_sessions_of_others_stay(pc: WindowsPc, tmp_path: Path) -> None:
    files = files_of(tmp_path, stage.RUN)
    files.work.mkdir(parents=True)
    files.certificate.write_text(pc.certificate)
    host = Host(address=pc.address, port=pc.port, user="KITTO", transport=Transport.PSRP, certificate="x")
    pc.windows.add_administrator("suzuki", "another-Password-1")
    from pypsrp.powershell import RunspacePool
    from pypsrp.wsman import WSMan

    other = WSMan(
        pc.address,
        port=pc.port,
        username="suzuki",
        password="another-Password-1",
        auth="ntlm",
        cert_validation=str(pc.ca_file),
        no_proxy=True,
    )
    with RunspacePool(other) as pool:
        assert "0 remote sessions" in sweep(host, files, pc.password).sentence
        assert list(pc.service.shells) == [pool.id]
    assert "did not let Kitto in" in sweep(host, files, "wrong").sentence
    files.clear()


def test_a_secret_handed_in_reaches_only_the_service(ansible: Ansible, tmp_path: Path) -> None:
    with windows_pc() as pc:
        folder = recipe(tmp_path / "recipe", HAND_IN)
        spec = stage.order(
            pc,
            folder,
            ansible,
            hand_in_names=("bitlocker_*",),
            variables={"secret_of_the_device": KEY},
        )
        outcome = stage.play(ansible, pc, spec)

    assert outcome.outcome is Outcome.SUCCEEDED, outcome
    (event,) = [event for event in told(ansible, stage.RUN) if event.kind is Kind.HANDED_IN]
    assert event.item == "bitlocker_recovery"
    assert boxes.open_box(event.detail, tmp_path / "data").reveal() == KEY
    journal = (ansible.home / stage.RUN / "journal.jsonl").read_text()
    assert KEY not in journal
    assert "the key is ***" in journal


def test_a_password_that_kitto_makes_is_kept_before_the_play_has_it(ansible: Ansible, tmp_path: Path) -> None:
    with windows_pc() as pc:
        spec = stage.order(
            pc, recipe(tmp_path / "recipe", MAKE), ansible, hand_in_names=("local_password_*",)
        )
        outcome = stage.play(ansible, pc, spec)

    assert outcome.outcome is Outcome.SUCCEEDED, outcome
    (event,) = [event for event in told(ansible, stage.RUN) if event.kind is Kind.HANDED_IN]
    kept = boxes.open_box(event.detail, tmp_path / "data").reveal()
    journal = (ansible.home / stage.RUN / "journal.jsonl").read_text()
    assert kept not in journal
    assert "made: ***" in journal
    for signs in (str.isupper, str.islower, str.isdigit):
        assert any(map(signs, kept))


def test_a_password_of_another_name_is_not_made(ansible: Ansible, tmp_path: Path) -> None:
    with windows_pc() as pc:
        spec = stage.order(pc, recipe(tmp_path / "recipe", MAKE), ansible, hand_in_names=("bitlocker_*",))
        outcome = stage.play(ansible, pc, spec)
    assert outcome.outcome is Outcome.FAILED
    said = [event.text for event in told(ansible, stage.RUN) if event.kind is Kind.SECRET]
    assert "The secret local_password_tanaka is not among those that this step hands in." in said


def test_what_people_typed_reaches_a_play_as_they_typed_it(ansible: Ansible, tmp_path: Path) -> None:
    with windows_pc() as pc:
        spec = stage.order(pc, recipe(tmp_path / "recipe", AS_TYPED), ansible, variables=TYPED)
        outcome = stage.play(ansible, pc, spec)
    assert outcome.outcome is Outcome.SUCCEEDED, (outcome, last_words(ansible, stage.RUN))


def test_a_name_that_was_not_declared_is_not_taken(ansible: Ansible, tmp_path: Path) -> None:
    with windows_pc() as pc:
        folder = recipe(tmp_path / "recipe", HAND_IN)
        spec = stage.order(
            pc, folder, ansible, hand_in_names=("local_password_*",), variables={"secret_of_the_device": KEY}
        )
        outcome = stage.play(ansible, pc, spec)
    assert outcome.outcome is Outcome.FAILED
    assert not [event for event in told(ansible, stage.RUN) if event.kind is Kind.HANDED_IN]


def target(pc: WindowsPc, **more: object) -> WindowsTarget:
    told = {"password": Secret(pc.password), "certificate": pc.certificate, "user": pc.user, **more}
    return WindowsTarget(address=pc.address, port=pc.port, **told)  # type: ignore[arg-type]


def test_a_probe_learns_who_the_device_is(pc: WindowsPc) -> None:
    found = probe(target(pc))
    assert (found.serial, found.vendor, found.model) == ("5CG4221X9K", "HP", "HP ProBook 450 G10")
    assert (found.name, found.build) == (pc.windows.name, "26100")
    assert not pc.service.shells


def test_single_commands_keep_japanese_and_their_exit_codes(pc: WindowsPc) -> None:
    ran = run(target(pc), "'管理番号①髙橋'; exit 3")
    assert (ran.code, ran.out.strip()) == (3, "管理番号①髙橋")
    failed = run(target(pc), "throw 'ディスクがありません <C:>'")
    assert (failed.code, failed.error.strip()) == (1, "ディスクがありません <C:>")


def test_a_command_that_takes_too_long_is_ended(pc: WindowsPc) -> None:
    with pytest.raises(WindowsTrouble) as late:
        run(target(pc), "Start-Sleep -Seconds 300", seconds=1)
    assert late.value.cause == "too_long"
    assert not pc.service.shells


def test_each_trouble_has_its_cause(pc: WindowsPc) -> None:
    with windows_pc() as other:
        certificate = other.certificate
    wrong = {
        "certificate_changed": target(pc, certificate=certificate),
        "password_refused": target(pc, password=Secret("wrong")),
    }
    for cause, asked in wrong.items():
        with pytest.raises(WindowsTrouble) as trouble:
            probe(asked)
        assert trouble.value.cause == cause
        assert pc.password not in str(trouble.value)
    pc.power_off()
    with pytest.raises(WindowsTrouble) as silent:
        probe(target(pc))
    assert silent.value.cause == "no_answer"
