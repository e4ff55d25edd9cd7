"""The Windows PC of the bench, held against unchanged pywinrm and pypsrp: what they expect of a real one."""

import base64
import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from xml.etree.ElementTree import Element, SubElement

import pytest
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, PSInvocationState, RunspacePool
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)
from winrm.protocol import Protocol

from tests.counterparts.windows import soap
from tests.counterparts.windows.pc import WindowsPc, windows_pc

SERIAL = "(Get-CimInstance Win32_BIOS).SerialNumber"
JAPANESE = "管理番号①は髙橋さんのPCです"


@pytest.fixture(scope="module")
def pc() -> Iterator[WindowsPc]:
    with windows_pc() as switched_on:
        yield switched_on


def speak(pc: WindowsPc, **more: object) -> Protocol:
    settings: dict[str, object] = {
        "endpoint": f"https://{pc.address}:{pc.port}/wsman",
        "transport": "ntlm",
        "username": pc.user,
        "password": pc.password,
        "ca_trust_path": str(pc.ca_file),
        "message_encryption": "always",
        "proxy": None,
    }
    return Protocol(**(settings | more))


def plain(pc: WindowsPc, **more: object) -> Protocol:
    return speak(
        pc, endpoint=f"http://{pc.address}:{pc.port_without_tls}/wsman", message_encryption="auto", **more
    )


@contextmanager
def shell(protocol: Protocol, codepage: int = 65001) -> Iterator[str]:
    shell_id = protocol.open_shell(codepage=codepage)
    yield shell_id
    protocol.close_shell(shell_id)


def run(protocol: Protocol, command: str, *arguments: str, codepage: int = 65001) -> tuple[bytes, bytes, int]:
    with shell(protocol, codepage) as shell_id:
        command_id = protocol.run_command(shell_id, command, arguments)
        said = protocol.get_command_output(shell_id, command_id)
        protocol.cleanup_command(shell_id, command_id)
        return said


def run_script(protocol: Protocol, script: str) -> tuple[bytes, bytes, int]:
    return run(protocol, "powershell", "-EncodedCommand", encoded(script))


def encoded(script: str) -> str:
    return base64.b64encode(script.encode("utf-16-le")).decode()


def runspaces(pc: WindowsPc, **more: object) -> WSMan:
    settings: dict[str, object] = {
        "port": pc.port,
        "username": pc.user,
        "password": pc.password,
        "auth": "ntlm",
        "cert_validation": str(pc.ca_file),
        "encryption": "always",
        "no_proxy": True,
    }
    return WSMan(pc.address, **(settings | more))


def test_ntlm_over_https_with_every_message_encrypted(pc: WindowsPc) -> None:
    before = len(pc.service.sealed)
    assert run_script(speak(pc), SERIAL) == (pc.windows.serial.encode() + b"\r\n", b"", 0)
    assert set(pc.service.sealed[before:]) == {True}
    assert not pc.service.shells


def test_over_http_only_encrypted_messages_pass() -> None:
    with windows_pc(plain=True, basic=True, password="plain-ascii-1") as pc:
        assert run(plain(pc), "hostname")[0].decode().strip() == pc.windows.name
        with pytest.raises(InvalidCredentialsError):
            plain(pc, transport="basic").open_shell()
        with pytest.raises(WinRMTransportError):
            speak(
                pc,
                endpoint=f"http://{pc.address}:{pc.port_without_tls}/wsman",
                message_encryption="never",
            ).open_shell()


def test_basic_passes_over_tls_where_it_is_allowed(pc: WindowsPc) -> None:
    with windows_pc(basic=True, password="plain-ascii-1") as lax:
        assert run(speak(lax, transport="basic", message_encryption="auto"), "hostname")[2] == 0
    with pytest.raises((WinRMTransportError, InvalidCredentialsError)):
        speak(pc, transport="basic", password="plain-ascii-1", message_encryption="auto").open_shell()


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}])
def test_wrong_accounts_are_refused(pc: WindowsPc, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidCredentialsError):
        speak(pc, **wrong).open_shell()
    with pytest.raises(AuthenticationError), RunspacePool(runspaces(pc, **wrong)):
        pass


def test_an_account_that_may_not_come_in_over_the_network_stays_out(pc: WindowsPc) -> None:
    with windows_pc() as own:
        own.windows.accounts[own.user].groups = {"Users"}
        with pytest.raises(InvalidCredentialsError):
            speak(own).open_shell()


def test_a_certificate_that_is_not_pinned_is_not_believed(pc: WindowsPc) -> None:
    with windows_pc() as other, pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        speak(pc, ca_trust_path=str(other.ca_file)).open_shell()
    names = ("somewhere.else",)
    with windows_pc(certificate_names=names) as moved, pytest.raises(OSError, match="mismatch"):
        speak(moved).open_shell()


def test_a_sign_in_that_was_made_for_another_connection_is_refused() -> None:
    with windows_pc() as pc:
        # As if TLS ended at somebody in the middle: the PC's certificate is not the one that the client saw.
        pc.service.house = dataclasses.replace(pc.service.house, certificate_digest=b"\1" * 32)
        with pytest.raises(InvalidCredentialsError):
            speak(pc).open_shell()
        with pytest.raises(AuthenticationError), RunspacePool(runspaces(pc)):
            pass


def test_a_sign_in_without_channel_binding_is_refused(pc: WindowsPc) -> None:
    with pytest.raises(InvalidCredentialsError):
        speak(pc, send_cbt=False).open_shell()


def test_japanese_survives_both_ways(pc: WindowsPc) -> None:
    assert run(speak(pc), "echo", JAPANESE)[0].decode() == f"{JAPANESE}\r\n"
    protocol = speak(pc)
    with shell(protocol) as shell_id:
        command_id = protocol.run_command(shell_id, "more", console_mode_stdin=False)
        protocol.send_command_input(shell_id, command_id, JAPANESE.encode(), end=True)
        assert protocol.get_command_output(shell_id, command_id)[0].decode().strip() == JAPANESE


def test_japanese_is_lost_in_the_code_page_that_clients_use_by_default(pc: WindowsPc) -> None:
    assert run(speak(pc), "echo", "日本", codepage=437)[0] == b"??\r\n"
    assert run(speak(pc), "echo", "日本", codepage=932)[0].decode("cp932") == "日本\r\n"


def test_exit_codes_and_errors_arrive(pc: WindowsPc) -> None:
    assert run_script(speak(pc), "exit 7")[2] == 7
    _, said, code = run_script(speak(pc), "throw 'ディスクがありません'")
    assert code == 1
    assert said.startswith(b"#< CLIXML")
    assert "ディスクがありません" in said.decode()


def test_what_the_stand_in_does_not_know_fails_loudly(pc: WindowsPc) -> None:
    _, said, code = run_script(speak(pc), "Get-Service WinRM")
    assert code == 1
    assert b"does not know: Get-Service WinRM" in said
    assert run(speak(pc), "ipconfig /all")[2] == 1


def test_a_command_that_outlives_the_operation_timeout(pc: WindowsPc) -> None:
    protocol = speak(pc, operation_timeout_sec=1, read_timeout_sec=5)
    with shell(protocol) as shell_id:
        command_id = protocol.run_command(
            shell_id, "powershell", ["-EncodedCommand", encoded("Start-Sleep -Seconds 2")]
        )
        with pytest.raises(WinRMOperationTimeoutError):
            protocol.get_command_output_raw(shell_id, command_id)
        assert protocol.get_command_output(shell_id, command_id) == (b"", b"", 0)


def test_a_signal_ends_a_command(pc: WindowsPc) -> None:
    protocol = speak(pc)
    began = monotonic()
    with shell(protocol) as shell_id:
        command_id = protocol.run_command(shell_id, "more", console_mode_stdin=False)
        # A client may not be used by two threads, so another one of the same account signals.
        threading.Timer(0.2, speak(pc).cleanup_command, (shell_id, command_id)).start()
        assert protocol.get_command_output(shell_id, command_id)[2] != 0
    assert monotonic() - began < 10


def test_four_megabytes_come_whole(pc: WindowsPc) -> None:
    said, _, code = run_script(speak(pc), "1..600000")
    assert code == 0
    lines = said.decode().split()
    assert len(said) > 4_000_000
    assert (lines[0], lines[-1], len(lines)) == ("1", "600000", 600_000)


def test_a_shell_that_is_gone_or_of_somebody_else_is_not_found(pc: WindowsPc) -> None:
    protocol = speak(pc)
    with pytest.raises(WSManFaultError) as gone:
        protocol.run_command("11111111-1111-1111-1111-111111111111", "hostname")
    assert gone.value.wsman_fault_code == 2150858843

    pc.windows.add_administrator("second", "another-Password-1")
    with shell(protocol) as shell_id:
        with pytest.raises(WSManFaultError) as not_mine:
            speak(pc, username="second", password="another-Password-1").run_command(shell_id, "hostname")
        assert not_mine.value.wsman_fault_code == 2150858843


def test_quotas_of_operations_and_of_shells() -> None:
    with windows_pc(most_operations=2, most_shells=3) as pc:
        protocol = speak(pc)
        shells = [protocol.open_shell() for _ in range(3)]
        for _ in range(2):
            protocol.run_command(shells[0], "hostname")
        with pytest.raises(WSManFaultError) as operations:
            protocol.run_command(shells[0], "hostname")
        assert operations.value.wmierror_code == 0x803381A6
        with pytest.raises(WSManFaultError) as too_many:
            protocol.open_shell()
        assert too_many.value.wsman_fault_code == 2150859173


def test_a_runspace_runs_scripts_with_output_errors_and_exit_codes(pc: WindowsPc) -> None:
    with RunspacePool(runspaces(pc)) as pool:
        good = PowerShell(pool)
        good.add_script(f"'{JAPANESE}'\n{SERIAL}\nexit 3")
        assert good.invoke() == [JAPANESE, pc.windows.serial]
        assert not good.had_errors
        bad = PowerShell(pool)
        bad.add_script("throw 'だめ'")
        assert bad.invoke() == []
        assert [str(error) for error in bad.streams.error] == ["だめ"]
        unknown = PowerShell(pool)
        unknown.add_script("Get-Disk")
        unknown.invoke()
        assert "does not know: Get-Disk" in str(unknown.streams.error[0])
    assert not pc.service.shells


def test_a_long_script_of_a_runspace_is_waited_for_and_can_be_stopped(pc: WindowsPc) -> None:
    with RunspacePool(runspaces(pc, operation_timeout=1)) as pool:
        long = PowerShell(pool)
        long.add_script("Start-Sleep -Seconds 2; 'done'")
        assert long.invoke() == ["done"]
        stopped = PowerShell(pool)
        stopped.add_script("Start-Sleep -Seconds 300; 'never'")
        stopped.begin_invoke()
        stopped.stop()
        assert stopped.state == PSInvocationState.STOPPED


def test_a_command_shell_of_pypsrp(pc: WindowsPc) -> None:
    with WinRS(runspaces(pc), codepage=65001) as opened:
        process = Process(opened, "echo", [JAPANESE])
        process.invoke()
        assert (process.stdout.decode().strip(), process.rc) == (JAPANESE, 0)


def test_shells_are_listed_with_their_owners(pc: WindowsPc) -> None:
    with RunspacePool(runspaces(pc)) as pool:
        asked = Element(f"{{{soap.ENUMERATION}}}Enumerate")
        SubElement(asked, f"{{{soap.WSMAN}}}OptimizeEnumeration")
        found = runspaces(pc).enumerate(soap.SHELL, asked)
        listed = [(one.text or "") for one in found.iter(f"{{{soap.SHELL}}}ShellId")]
        owners = {(one.text or "") for one in found.iter(f"{{{soap.SHELL}}}Owner")}
    assert (listed, owners) == ([pool.id], {pc.user})


def test_a_restart_breaks_what_is_open_and_makes_pending_things_true() -> None:
    with windows_pc() as pc:
        protocol = speak(pc, read_timeout_sec=6, operation_timeout_sec=4)
        shell_id = protocol.open_shell()
        pc.windows.pending_name = "PC-00042"
        boots = pc.windows.boots
        pc.reboot()
        deadline = monotonic() + 20
        while pc.windows.boots == boots:
            assert monotonic() < deadline
            sleep(0.05)
        with pytest.raises(WSManFaultError) as gone:
            speak(pc).run_command(shell_id, "hostname")
        assert gone.value.wsman_fault_code == 2150858843
        assert run(speak(pc), "hostname")[0] == b"PC-00042\r\n"


def test_a_pc_that_is_off_refuses(pc: WindowsPc) -> None:
    with windows_pc() as own:
        own.power_off()
        with pytest.raises(OSError, match="Connection refused"):
            speak(own).open_shell()
        own.power_on()
        assert run(speak(own), "hostname")[2] == 0
