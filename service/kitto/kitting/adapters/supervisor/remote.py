"""Ends on the device what a run left there, over the same key and host key as the play."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from kitto.base.i18n import N_
from kitto.kitting.adapters.plays import Host, Swept, Transport
from kitto.kitting.adapters.supervisor import remote_windows
from kitto.kitting.adapters.supervisor.files import RunFiles, write_private

SUDO_SECRET = "become_password"  # noqa: S105 -- its name
WINRM_SECRET = "winrm_password"  # noqa: S105 -- its name
NOT_OVER_SSH = N_("What a play left on Windows cannot be found over SSH. Restart the device to be sure.")
JOB = "KITTO_JOB"
PATIENCE_SECONDS = 45
# Asks nicely first: a package manager that is killed outright leaves its database half written.
# It never meets itself, as it carries no mark.
SCRIPT = r"""
mark=$1
found() { grep -lzsx "KITTO_JOB=$mark" /proc/[0-9]*/environ | cut -d/ -f3; }
many=0
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  now=$(found)
  [ -n "$now" ] || { echo "ended $many left 0"; exit 0; }
  if [ "$round" = 1 ]; then
    many=$(echo "$now" | wc -l); kill -TERM $now 2>/dev/null
  elif [ "$round" -gt 8 ]; then
    kill -KILL $now 2>/dev/null
  fi
  sleep 0.25
done
echo "ended $many left $(found | wc -l)"
"""


def ssh_options(files: RunFiles, connect_seconds: int) -> list[str]:
    """Options of every ssh of a run: only the ledger's host key, only the run's key, nobody's settings."""
    settings = {
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": files.known_hosts,
        "GlobalKnownHostsFile": "/dev/null",
        "UpdateHostKeys": "no",
        "IdentityAgent": files.agent,
        "IdentityFile": "none",
        "PreferredAuthentications": "publickey",
        "BatchMode": "yes",
        "ConnectTimeout": connect_seconds,
        "ServerAliveInterval": 15,
        "ServerAliveCountMax": 4,
        "LogLevel": "ERROR",
    }
    return [
        "-F",
        "/dev/null",
        *(word for key, value in settings.items() for word in ("-o", f"{key}={value}")),
    ]


def known_hosts(host: Host) -> str:
    """The lines by which ssh knows the device."""
    name = host.address if host.port == 22 else f"[{host.address}]:{host.port}"  # noqa: PLR2004 -- ssh's own
    return "".join(f"{name} {' '.join(key.split()[:2])}\n" for key in host.keys)


def lay_trust(host: Host, files: RunFiles) -> None:
    """Write down by which keys or certificate the device is known."""
    if host.transport.is_ssh:
        write_private(files.known_hosts, known_hosts(host))
    else:
        write_private(files.certificate, host.certificate)


def sweep(host: Host, files: RunFiles, run_id: str, secrets: Mapping[str, str]) -> Swept:
    """End on the device what the run left there, as far as its system lets us. Idempotent."""
    match host.transport:
        case Transport.SSH:
            return _by_mark(host, files, run_id, secrets.get(SUDO_SECRET))
        case Transport.SSH_WINDOWS:
            return Swept(sure=False, sentence=NOT_OVER_SSH)
        case _:
            return remote_windows.sweep(host, files, secrets.get(WINRM_SECRET, ""))


def _by_mark(host: Host, files: RunFiles, run_id: str, password: str | None) -> Swept:
    """End every process that carries the run's mark; needs the key in the agent."""
    root = ["sudo", "-n"] if password is None else ["sudo", "-S", "-p", "''"]
    command = [] if host.user == "root" else root
    command += ["/bin/sh", "-s", "--", run_id]
    given = f"{password}\n{SCRIPT}" if password is not None and host.user != "root" else SCRIPT
    try:
        done = subprocess.run(
            ["ssh", *ssh_options(files, 10), "-p", str(host.port), "-l", host.user, host.address, *command],
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_SECONDS,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            cwd=Path("/"),
        )
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return Swept(sure=False, sentence="The device did not answer while it was cleaned up.")
    words = done.stdout.split()
    if done.returncode or words[::2] != ["ended", "left"]:
        return Swept(sure=False, sentence=f"The device could not be cleaned up: {done.stderr.strip()[-300:]}")
    return Swept(
        sure=words[3] == "0", sentence=f"On the device {words[1]} processes were ended, {words[3]} are left."
    )
