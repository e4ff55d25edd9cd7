"""Debian's snmpd as the SNMP side of a device: users as they were set, on a port of loopback."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SNMPD = "/usr/sbin/snmpd"
SERIAL = "1.3.6.1.2.1.47.1.1.1.1.11.1"
KIND = "1.3.6.1.2.1.47.1.1.1.1.5.1"


@contextmanager
def snmp_agent(
    folder: Path, port: int, user: dict[str, str], *, name: str = "kitto", serial: str = ""
) -> Iterator[None]:
    """An agent that knows one SNMPv3 user (`key` by SHA, `priv_key` by AES) until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f'createUser {name} SHA "{user["key"]}" AES "{user["priv_key"]}"',
        f"rouser {name} priv",
        f"agentXSocket {folder}/agentx",
    ]
    if serial:
        lines += [f"override {KIND} integer 3", f'override {SERIAL} octet_str "{serial}"']
    (folder / "snmpd.conf").write_text("\n".join(lines) + "\n")
    listening = f"udp:127.0.0.1:{port}"
    run = subprocess.Popen(
        [SNMPD, "-f", "-Lf", str(folder / "log"), "-C", "-c", str(folder / "snmpd.conf"), listening],
        env={"SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""},
    )
    try:
        until = time.monotonic() + 20
        while not _listens(port):
            assert run.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, "snmpd does not listen"
            time.sleep(0.05)
        yield
    finally:
        run.terminate()
        run.wait(10)


def _listens(port: int) -> bool:
    """Whether somebody holds the port: a second one may not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
