"""Builds the disk image that all bench PCs share and keeps it in a cache. Standard library only."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUITE = "bookworm"
PACKAGES = (
    "ca-certificates",
    "dmidecode",
    "iproute2",
    "locales",
    "openssh-server",
    "openssh-sftp-server",
    "procps",
    "python3",
    "python3-apt",
    "sudo",
    "tini",
    "tzdata",
)

# Runs inside the new root. Everything here is true of an office PC before its kit: Debian's defaults, no
# identity yet, and one account that may become root. The image knows no archive: no test leaves loopback.
SET_UP = """\
set -eu
printf 'en_US.UTF-8 UTF-8\\nja_JP.UTF-8 UTF-8\\n' >/etc/locale.gen
locale-gen >/dev/null
useradd --create-home --shell /bin/bash --password '*' kitto
mkdir -m 700 /home/kitto/.ssh
chown kitto:kitto /home/kitto/.ssh
echo 'kitto ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/kitto
chmod 440 /etc/sudoers.d/kitto
sed -i 's/^session *required *pam_loginuid.so/session optional pam_loginuid.so/' /etc/pam.d/sshd
printf 'MaxStartups 200\\nPrintMotd no\\n' >/etc/ssh/sshd_config.d/bench.conf
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /etc/apt/sources.list.d/*
: >/etc/apt/sources.list
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/*.log /var/log/apt
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
"""
LEAN = ("path-exclude=/usr/share/man/*", "path-exclude=/usr/share/doc/*", "path-exclude=/usr/share/info/*")


class ImageError(Exception):
    """The image cannot be had here; the text says why and what would help."""


def cache_folder() -> Path:
    """Where images live: KITTO_BENCH_CACHE, else the user's cache folder."""
    env = os.environ  # noqa: TID251 - the bench stands outside the service and has no settings of its own
    if chosen := env.get("KITTO_BENCH_CACHE"):
        return Path(chosen)
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kitto" / "bench"


def recipe_hash() -> str:
    recipe = "\n".join((SUITE, *PACKAGES, SET_UP, *LEAN))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def image_path() -> Path:
    return cache_folder() / f"image-{recipe_hash()}"


def image_is_built() -> bool:
    return image_path().is_dir()


def image() -> Path:
    """The image's root folder; builds it when it is missing. Safe to call from many processes at once."""
    path = image_path()
    if path.is_dir():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _only_one_builder(path.parent):
        for left_over in path.parent.glob(".building-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        if not path.is_dir():
            _build(path)
    return path


@contextmanager
def _only_one_builder(folder: Path) -> Iterator[None]:
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(path: Path) -> None:
    if os.geteuid() != 0:
        raise ImageError("Only root can build the bench image. Run tests/prepare.py as root once.")
    if shutil.which("mmdebstrap") is None:
        raise ImageError("mmdebstrap is missing. Run tests/prepare.py, which installs it.")
    with tempfile.TemporaryDirectory(prefix=".building-", dir=path.parent) as scratch:
        root = Path(scratch) / "root"
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
        command += [f"--dpkgopt={option}" for option in LEAN]
        command += [f"--aptopt={option}" for option in _proxies()]
        command += ['--customize-hook=chroot "$1" sh -c "$KITTO_SET_UP"', SUITE, str(root)]
        # A clean umask and locale: both would otherwise leak from the builder into every PC.
        done = subprocess.run(
            command,
            env={"PATH": os.defpath + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "KITTO_SET_UP": SET_UP},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
        if done.returncode:
            raise ImageError(f"mmdebstrap could not build the bench image:\n{done.stderr[-2000:]}")
        root.chmod(0o755)
        root.rename(path)


def _proxies() -> list[str]:
    """The apt proxies this machine uses, so that the build takes the same road."""
    if shutil.which("apt-config") is None:
        return []
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    return [
        line.rstrip(";")
        for line in dump.splitlines()
        if line.startswith(("Acquire::http::Proxy ", "Acquire::https::Proxy "))
    ]
