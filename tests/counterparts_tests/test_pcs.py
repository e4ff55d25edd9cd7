"""Bench PCs: one contract for all of them, and what only the real ones can do."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counterparts.apt import Package, apt_repository
from tests.counterparts.keys import KeyPair, new_key_pair
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.counterparts_tests.conftest import Ssh

pytestmark = pytest.mark.bench_pc
ROOT = Path(__file__).parents[2]
SERIAL = "sudo -n dmidecode -s system-serial-number"


def test_a_technician_reads_the_serial_over_ssh(any_pc: BenchPc, ssh: Ssh) -> None:
    assert ssh(any_pc, SERIAL).stdout.strip() == "8XK2QZ3"


def test_standard_input_and_the_exit_status_come_through(any_pc: BenchPc, ssh: Ssh) -> None:
    done = ssh(any_pc, "cat; echo oops >&2; exit 3", stdin="東京\n")

    assert (done.returncode, done.stdout, done.stderr) == (3, "東京\n", "oops\n")


def test_a_stranger_is_refused(any_pc: BenchPc, ssh: Ssh, tmp_path: Path) -> None:
    identity = tmp_path / "id_ed25519"
    identity.write_text(new_key_pair().private)

    assert "Permission denied" in ssh(any_pc, "true").stderr


def test_a_changed_host_key_is_noticed(any_pc: BenchPc, ssh: Ssh) -> None:
    known = any_pc.known_hosts.replace(any_pc.host_key, new_key_pair().public)

    assert "Host key verification failed" in ssh(any_pc, "true", known=known).stderr


def test_a_power_cut_ends_what_runs_and_keeps_the_disk(any_pc: BenchPc, ssh: Ssh) -> None:
    any_pc.run("echo kept > note")
    address, host_key = (any_pc.address, any_pc.port), any_pc.host_key

    any_pc.power_off()

    assert any_pc.processes() == ()
    assert ssh(any_pc, "true").returncode == 255

    any_pc.power_on()

    assert ((any_pc.address, any_pc.port), any_pc.host_key) == (address, host_key)
    assert any_pc.run("cat note").stdout == "kept\n"
    assert ssh(any_pc, SERIAL).stdout.strip() == "8XK2QZ3"


def test_the_console_tells_what_happened(any_pc: BenchPc, ssh: Ssh) -> None:
    ssh(any_pc, "true")

    assert any_pc.console()


def test_a_failing_command_at_the_pc_is_named(any_pc: BenchPc) -> None:
    with pytest.raises(AssertionError, match="ls nowhere"):
        any_pc.run("ls nowhere")


def test_only_a_reduced_pc_names_its_limits(any_pc: BenchPc) -> None:
    assert bool(any_pc.cannot) is any_pc.reduced


def test_firmware_sysfs_and_ansible_agree_on_the_identity(pc: BenchPc) -> None:
    asked = pc.run("cd /sys/class/dmi/id && cat product_serial product_uuid sys_vendor product_name").stdout
    told = pc.run(
        "for key in serial-number uuid manufacturer product-name; do dmidecode -s system-$key; done"
    )

    assert asked == told.stdout == f"8XK2QZ3\n{pc.hardware.uuid}\nDell Inc.\nLatitude 7450\n"
    assert pc.run("dmidecode 2>&1 >/dev/null").stdout == ""
    assert pc.run("cat /sys/class/net/eno1/address").stdout.strip() == pc.hardware.mac


def test_an_ordinary_user_cannot_read_the_serial(pc: BenchPc, ssh: Ssh) -> None:
    assert ssh(pc, "cat /sys/class/dmi/id/product_serial").returncode == 1


def test_two_pcs_at_once_are_two_machines(key: KeyPair, pc: BenchPc, ssh: Ssh) -> None:
    with bench_pc("JP0002", vendor="FUJITSU", model="LIFEBOOK U9", authorized_key=key.public) as other:
        assert ssh(other, SERIAL).stdout.strip() == "JP0002"
        assert other.host_key != pc.host_key
        assert other.address != pc.address

        other.run("hostname KT-00002; touch /etc/only-here")

        assert pc.run("hostname; ls /etc/only-here || true").stdout == "debian\n"


def test_a_restarted_pc_knows_that_it_was_off(pc: BenchPc) -> None:
    ask = "cat /proc/sys/kernel/random/boot_id"
    before = pc.run(ask).stdout
    pc.run("echo KT-00001 > /etc/hostname")

    pc.power_off()
    pc.power_on()

    assert pc.run(ask).stdout != before
    assert float(pc.run("cut -d' ' -f1 /proc/uptime").stdout) < 60
    assert pc.run("hostname").stdout == "KT-00001\n"


def test_a_pc_cannot_change_the_machine_it_runs_on(pc: BenchPc) -> None:
    ours = Path("/proc/sys/kernel/hostname").read_text()

    pc.run("hostname somebody-else; useradd newcomer")

    assert Path("/proc/sys/kernel/hostname").read_text() == ours
    assert "newcomer" not in Path("/etc/passwd").read_text()


def test_root_on_a_pc_has_given_up_the_clock_and_the_kernel(pc: BenchPc, ssh: Ssh) -> None:
    # Read from the capability sets: to try it for real would risk the clock of the machine we run on.
    ask = "grep -E '^Cap(Bnd|Eff)' /proc/self/status | cut -f2 | sort -u"
    held = {pc.run(ask).stdout, ssh(pc, f'sudo -n sh -c "{ask}"').stdout}

    assert len(held) == 1
    (both,) = held
    capabilities = int(both.strip(), 16)
    for number in (12, 16, 17, 22, 25, 27):  # net_admin, sys_module, sys_rawio, sys_boot, sys_time, mknod
        assert not capabilities >> number & 1
    assert "Read-only file system" in pc.run(": >>/proc/sys/kernel/panic", check=False).stderr


def test_processes_show_what_runs_there_with_their_environment(pc: BenchPc, ssh: Ssh) -> None:
    ssh(pc, "KITTO_JOB=42 sh -c 'sleep 500 >/dev/null 2>&1 </dev/null &'")

    (left,) = [process for process in pc.processes() if process.environment.get("KITTO_JOB") == "42"]
    assert "sleep 500" in left.command

    pc.run(f"kill -9 {left.pid}")


def test_a_package_is_installed_and_updated_without_a_mirror(key: KeyPair) -> None:
    with (
        apt_repository() as repository,
        bench_pc("JP0003", authorized_key=key.public, apt_source=repository.source) as pc,
    ):
        if pc.reduced:
            pytest.skip(pc.cannot)
        pc.run("apt-get -qq update && apt-get -qq install kitto-bench-tool")
        assert pc.run("kitto-bench-tool").stdout == "kitto-bench-tool 1.0\n"

        newer = {"/usr/bin/kitto-bench-tool": "#!/bin/sh\necho newer\n"}
        repository.publish(Package("kitto-bench-tool", "1.1", newer))
        pc.run("apt-get -qq update && apt-get -qq upgrade")

        assert pc.run("kitto-bench-tool").stdout == "newer\n"


def test_japanese_is_ready_to_be_chosen(pc: BenchPc) -> None:
    assert "ja_JP.utf8" in pc.run("locale -a").stdout


def test_a_killed_test_process_leaves_no_pc_on(key: KeyPair, pc: BenchPc) -> None:
    program = (
        "import sys; from tests.counterparts.pcs import bench_pc\n"
        f"with bench_pc('JP0004', authorized_key={key.public!r}) as pc:\n"
        "    print(pc.address, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        address = child.stdout.readline().strip()
        (listening,) = _sshd_at(address)
        gone = os.pidfd_open(listening)
        child.send_signal(signal.SIGKILL)
    # Closing our end of stdin did not end it: it was killed.
    assert child.returncode == -signal.SIGKILL

    ended, _, _ = select.select([gone], [], [], 20)
    os.close(gone)
    assert ended
    assert _sshd_at(pc.address)


def _sshd_at(address: str) -> list[int]:
    wanted = f"ListenAddress={address}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(b"/usr/bin/tini") and wanted in command:
            found.append(int(entry.name))
    return found
