"""A bench PC played by the Linux kernel: overlay disk and own namespaces, with sshd as its only service."""

import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.counterparts import claims
from tests.counterparts.firmware import Hardware, write_firmware
from tests.counterparts.keys import KeyPair
from tests.counterparts.namespaces import NAMESPACES
from tests.counterparts.pc import TECHNICIAN, PcProcess, PcStartError, known_hosts_line
from tests.counterparts.tied import TiedProcess

INIT = Path(__file__).with_name("pc_init.sh")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What root on the PC must not be able to do, because the kernel, its clock and its network are the host's.
# Everything that enters the PC gives these up first.
GIVEN_UP = (
    "--bounding-set=-sys_time,-sys_module,-sys_boot,-sys_rawio,-mknod,-net_admin,-syslog,-bpf,-perfmon,"
    "-mac_admin,-mac_override,-wake_alarm"
)
PATIENCE = 20.0  # seconds; booting takes 0.1, but two cores may be shared by many


class NamespacePc:
    """See `BenchPc`. The network is the host's: the PC listens on its own loopback address."""

    reduced = False
    cannot = ""
    user = TECHNICIAN

    def __init__(self, hardware: Hardware, claimed: claims.Claim, image: Path, host_keys: KeyPair) -> None:
        self.hardware = hardware
        self.address = f"127.0.1.{claimed.number}"
        self.port = 22 if claims.can_listen(self.address, 22) else 2222
        self.host_key = host_keys.public
        self._private_host_key = host_keys.private
        self._image = image
        self._folder = claimed.folder
        self._machine: TiedProcess | None = None
        self._init = 0

    @property
    def known_hosts(self) -> str:
        return known_hosts_line(self.address, self.port, self.host_key)

    def install(self, *, hostname: str, authorized_key: str, apt_source: str) -> None:
        """Fill the disk with what differs from the image."""
        for name in ("disk", "work", "root"):
            (self._folder / name).mkdir(mode=0o755)
        write_firmware(self.hardware, self._folder / "firmware")
        self._put("etc/hostname", hostname + "\n")
        self._put("etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{hostname}\n")
        self._put("etc/machine-id", self.hardware.uuid.replace("-", "") + "\n", mode=0o444)
        self._put("etc/ssh/ssh_host_ed25519_key", self._private_host_key, mode=0o600)
        self._put("etc/ssh/ssh_host_ed25519_key.pub", self.host_key + "\n")
        self._put("etc/resolv.conf", "# the bench has no name server\n")
        if apt_source:
            self._put("etc/apt/sources.list", apt_source + "\n")
        self._put(f"home/{TECHNICIAN}/.ssh/authorized_keys", authorized_key.strip() + "\n", mode=0o600)

    def _put(self, name: str, text: str, *, mode: int = 0o644) -> None:
        """Write a file. Its folders keep owner and mode of the image; the last one owns the file too."""
        target = self._folder / "disk"
        owner = (0, 0)
        for part in Path(name).parent.parts:
            target = target / part
            original = (self._image / target.relative_to(self._folder / "disk")).stat()
            owner = (original.st_uid, original.st_gid)
            if not target.exists():
                target.mkdir()
                target.chmod(original.st_mode & 0o7777)
                os.chown(target, *owner)
        file = target / Path(name).name
        file.write_text(text)
        file.chmod(mode)
        os.chown(file, *owner)

    def power_on(self) -> None:
        if self._machine:
            return
        (self._folder / "pid").unlink(missing_ok=True)
        # Its clocks of uptime start near zero, as after every boot.
        age = int(time.clock_gettime(time.CLOCK_BOOTTIME)), int(time.monotonic())
        self._machine = TiedProcess(
            ["unshare", *NAMESPACES, f"--boottime=-{age[0]}", f"--monotonic=-{age[1]}", "/bin/sh", str(INIT)],
            log=self._folder / "console.log",
            environment={
                "PATH": PATH,
                "PC": str(self._folder),
                "IMAGE": str(self._image),
                "ADDRESS": self.address,
                "PORT": str(self.port),
                "GIVEN_UP": GIVEN_UP,
            },
        )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > deadline or self._machine.has_ended:
                self.power_off()
                raise PcStartError(f"No SSH at {self.address}:{self.port}.\n{self.console()}")
            time.sleep(0.005)
        self._init = int((self._folder / "pid").read_text())

    def _answers(self) -> bool:
        if not (self._folder / "pid").exists():
            return False
        try:
            with socket.create_connection((self.address, self.port), timeout=PATIENCE) as trial:
                return trial.recv(4) == b"SSH-"
        except OSError:
            return False

    def power_off(self) -> None:
        machine, self._machine = self._machine, None
        if machine is None:
            return
        try:
            first_process = os.pidfd_open(self._init) if self._init else None
        except ProcessLookupError:
            first_process = None
        machine.end(signal.SIGKILL)  # unshare takes the whole machine with it; milder signals it ignores
        if first_process is not None:
            # The first process dies last, when nothing else is left in there.
            ended, _, _ = select.select([first_process], [], [], PATIENCE)
            os.close(first_process)
            if not ended:
                raise TimeoutError(f"The PC at {self.address} did not go off.")
        self._init = 0

    def run(
        self, command: str, *, stdin: str = "", check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        if not self._init:
            raise PcStartError("The PC is switched off.")
        enter = [
            "nsenter",
            f"--target={self._init}",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--time",
            "--root",
            "--wd",
        ]
        done = subprocess.run(
            [*enter, "/usr/bin/setpriv", GIVEN_UP, "/bin/sh", "-c", command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"},
        )
        if check and done.returncode:
            raise AssertionError(f"{command!r} ended with {done.returncode} on the PC: {done.stderr.strip()}")
        return done

    def processes(self) -> tuple[PcProcess, ...]:
        if not self._init:
            return ()
        home = _namespace(Path(f"/proc/{self._init}"))
        inside = (
            process
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and _namespace(entry) == home and (process := _process(entry))
        )
        return tuple(sorted(inside, key=lambda process: process.pid))

    def console(self) -> str:
        log = self._folder / "console.log"
        return log.read_text(errors="replace") if log.exists() else ""


def _namespace(entry: Path) -> int | None:
    try:
        return (entry / "ns/pid").stat().st_ino
    except OSError:  # it ended meanwhile
        return None


def _process(entry: Path) -> PcProcess | None:
    try:
        status = (entry / "status").read_text()
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        environment = (entry / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return None
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if fields["State"].startswith("Z"):
        return None
    pairs = (pair.partition("=") for pair in environment.split("\0") if "=" in pair)
    pid = int(fields["NSpid"].split()[-1])
    return PcProcess(pid, command or fields["Name"], {name: value for name, _, value in pairs})
