"""Reads what is installed from the package databases of Linux."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import List

from kitto_agent.wire import Json

DPKG = "var/lib/dpkg/status"
RPM = (
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages.db",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
)
RPM_TIMEOUT_SECONDS = 60

# dpkg writes Package and Status as the first two lines of every stanza.
_STANZA = re.compile(
    rb"^Package: (.+)\nStatus: \S+ \S+ installed\n(?:(?!Version:)\S.*\n|[ \t].*\n)*?Version: (.+)$",
    re.MULTILINE,
)


def key(root: Path) -> str:
    """Name, size and time of the databases: equal as long as nothing was installed or removed."""
    found = []
    for name in (DPKG, *RPM):
        try:
            seen = (root / name).stat()
        except OSError:
            continue
        found.append(f"{name}:{seen.st_size}:{seen.st_mtime_ns}")
    return " ".join(found)


def installed(root: Path) -> Json:
    """Rows of name, version, kind, sorted. Raises OSError where no database can be read."""
    rows: List[List[Json]] = []
    if (root / DPKG).exists():
        rows += dpkg_rows((root / DPKG).read_bytes())
    if root == Path("/") and any((root / name).exists() for name in RPM):
        rows += rpm_rows(_rpm())
    return sorted(rows, key=str)


def dpkg_rows(status: bytes) -> List[List[Json]]:
    """Read a dpkg status file; only what is really installed."""
    return [
        [name.decode("utf-8", "replace"), version.decode("utf-8", "replace"), "deb"]
        for name, version in _STANZA.findall(status)
    ]


def rpm_rows(listing: str) -> List[List[Json]]:
    """Read lines of name, tab, version. Signing keys are not software."""
    rows: List[List[Json]] = []
    for line in listing.splitlines():
        name, tab, version = line.partition("\t")
        if tab and name != "gpg-pubkey":
            rows.append([name, version, "rpm"])
    return rows


def _rpm() -> str:
    # rpm's database has no stable file format, so its own program must read it.
    try:
        return subprocess.run(
            ["rpm", "-qa", "--qf", "%{NAME}\\t%{EVR}\\n"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=RPM_TIMEOUT_SECONDS,
            check=True,
            universal_newlines=True,
        ).stdout
    except subprocess.SubprocessError as error:
        raise OSError(f"rpm -qa: {error}") from error
