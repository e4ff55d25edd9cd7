"""A bench PC without root: an SSH server in this process with the same contract, honest about its limits."""

import io
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_UNKNOWN_CHANNEL_TYPE,
    OPEN_SUCCEEDED,
)

from tests.counterparts import keys
from tests.counterparts.firmware import Hardware
from tests.counterparts.pc import TECHNICIAN, PcProcess, PcStartError, known_hosts_line

# Drops sudo's own options and runs the rest.
SUDO = 'while [ $# -gt 0 ]; do case $1 in -u) shift 2;; -*) shift;; *) break;; esac; done\nexec "$@"\n'
LIMITS = "It has no root, disk, name or packages of its own: commands run as the user who started the test."


class ReducedPc:
    """See `BenchPc`. Runs commands in its own folder; sudo, dmidecode and hostname are stand-ins."""

    reduced = True
    user = TECHNICIAN
    address = "127.0.0.1"

    def __init__(
        self, hardware: Hardware, folder: Path, authorized_key: str, hostname: str, why: str
    ) -> None:
        self.hardware = hardware
        self.cannot = f"{why} {LIMITS}".strip()
        self.authorized = authorized_key.split()[1]
        self.running: set[int] = set()
        self._home = folder
        self._log: list[str] = []
        self._key = paramiko.Ed25519Key.from_private_key(io.StringIO(keys.new_key_pair().private))
        self._open: list[paramiko.Transport] = []
        self._listener: socket.socket | None = None
        self.host_key = f"ssh-ed25519 {self._key.get_base64()}"
        self.port = 0
        self._write_programs(hostname)

    @property
    def known_hosts(self) -> str:
        return known_hosts_line(self.address, self.port, self.host_key)

    def _write_programs(self, hostname: str) -> None:
        programs = {
            "sudo": SUDO,
            "hostname": f"echo '{hostname}'\n",
            "dmidecode": "case $* in\n"
            f"*system-serial-number*) echo '{self.hardware.serial}';;\n"
            f"*system-manufacturer*) echo '{self.hardware.vendor}';;\n"
            f"*system-product-name*) echo '{self.hardware.model}';;\n"
            f"*system-uuid*) echo '{self.hardware.uuid}';;\n"
            "*) echo 'This PC is reduced and has no tables.' >&2; exit 1;;\nesac\n",
        }
        (self._home / "bin").mkdir()
        for name, body in programs.items():
            program = self._home / "bin" / name
            program.write_text("#!/bin/sh\n" + body)
            program.chmod(0o755)

    def power_on(self) -> None:
        if self._listener:
            return
        self._listener = socket.create_server((self.address, self.port), backlog=50)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # switched off
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self._key)
            self._open.append(transport)
            try:
                transport.start_server(server=_Door(self), event=threading.Event())
            except (paramiko.SSHException, EOFError) as problem:
                self._log.append(f"connection refused: {problem}")

    def power_off(self) -> None:
        listener, self._listener = self._listener, None
        if listener:
            # close() alone leaves accept() waiting in its thread
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for group in tuple(self.running):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        while self._open:
            self._open.pop().close()

    def run(
        self, command: str, *, stdin: str = "", check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        if not self._listener:
            raise PcStartError("The PC is switched off.")
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=self._home,
            env=self.environment(),
        )
        if check and done.returncode:
            raise AssertionError(f"{command!r} ended with {done.returncode} on the PC: {done.stderr.strip()}")
        return done

    def environment(self) -> dict[str, str]:
        path = f"{self._home}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        return {"PATH": path, "HOME": str(self._home), "LANG": "C.UTF-8", "USER": TECHNICIAN}

    def execute(self, channel: paramiko.Channel, command: str) -> None:
        """Carry one SSH command out and hand its output and exit status back."""
        self._log.append(command)
        child = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._home,
            env=self.environment(),
            start_new_session=True,
        )
        self.running.add(child.pid)
        with child, channel:
            stdin, stdout, stderr = child.stdin, child.stdout, child.stderr
            if stdin is None or stdout is None or stderr is None:
                raise AssertionError("Popen gave no pipes")
            out = threading.Thread(target=_pump, args=(stdout, channel.sendall), daemon=True)
            err = threading.Thread(target=_pump, args=(stderr, channel.sendall_stderr), daemon=True)
            threading.Thread(target=_feed, args=(channel, stdin), daemon=True).start()
            out.start()
            err.start()
            status = child.wait()
            out.join()
            err.join()
            self.running.discard(child.pid)
            if self._listener:
                channel.send_exit_status(status if status >= 0 else 128 - status)

    def processes(self) -> tuple[PcProcess, ...]:
        return tuple(PcProcess(pid, "sh", {}) for pid in sorted(self.running))

    def console(self) -> str:
        return "\n".join(self._log)


class _Door(paramiko.ServerInterface):
    """Lets the one key in, and lets it run commands."""

    def __init__(self, pc: ReducedPc) -> None:
        self._pc = pc

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == TECHNICIAN and key.get_base64() == self._pc.authorized
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_UNKNOWN_CHANNEL_TYPE

    def check_channel_env_request(self, channel: paramiko.Channel, name: bytes, value: bytes) -> bool:
        return False  # as Debian's sshd does with all but LANG and LC_*

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self._pc.execute, args=(channel, command.decode()), daemon=True).start()
        return True


def _pump(pipe: IO[bytes], send: Callable[[bytes], None]) -> None:
    with suppress(OSError):  # the other side hung up
        while block := os.read(pipe.fileno(), 32768):
            send(block)


def _feed(channel: paramiko.Channel, pipe: IO[bytes]) -> None:
    with suppress(OSError), pipe:
        while block := channel.recv(32768):
            pipe.write(block)
            pipe.flush()
