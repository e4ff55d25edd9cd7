"""Gets from Debian what the tests and the demo need, and builds the bench image. Standard library only.

python3 tests/prepare.py            install what is missing (root), or name it (anybody else)
python3 tests/prepare.py --check    only name it; exit status 1 when something is missing
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parent.parent)
)  # run as a plain file, before anything is set up

from tests.counterparts import image, namespaces
from tools import fetch_collections

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTERS = Path("/etc/postgresql-common/createcluster.d/kitto.conf")
UNITS = Path("/etc/systemd/system")


@dataclass(frozen=True)
class Need:
    """One Debian package, how to see that it is there, and what it is for."""

    package: str
    sign: str  # a program, or a path that may hold wildcards
    purpose: str
    root_only: bool = False
    not_on_ubuntu: bool = False

    @property
    def is_met(self) -> bool:
        if self.sign.startswith("/"):
            return any(Path("/").glob(self.sign[1:]))
        return shutil.which(self.sign, path=f"{os.defpath}:{SBIN}:{_path()}") is not None


NEEDS = (
    Need("openssh-client", "ssh-agent", "plays over SSH"),
    Need("bubblewrap", "bwrap", "plays that can be stopped whole"),
    Need("mmdebstrap", "mmdebstrap", "real bench PCs", root_only=True),
    Need(
        "debian-archive-keyring",
        "/usr/share/keyrings/debian-archive-keyring.gpg",
        "real bench PCs",
        root_only=True,
    ),
    Need("postgresql", "/usr/lib/postgresql/*/bin/initdb", "the second database"),
    Need("apksigner", "apksigner", "a second opinion on app files of phones"),
    Need("adb", "adb", "phones on a cable"),
    Need("snmp", "snmpget", "a second opinion on SNMP"),
    Need("snmpd", "snmpd", "SNMPv3 by somebody else"),
    # Ubuntu has Chromium only as a snap, which does not run where tests run.
    Need("chromium", "chromium", "pages in a real browser", not_on_ubuntu=True),
    Need("fonts-noto-cjk", "/usr/share/fonts/*/noto/NotoSansCJK-Regular.ttc", "Japanese in that browser"),
)


@dataclass(frozen=True)
class System:
    """What we may do here."""

    is_root: bool
    family: str  # "debian", "ubuntu", or what else it calls itself


@dataclass(frozen=True)
class Plan:
    install: tuple[Need, ...]
    leave: tuple[Need, ...]
    why_leave: str = ""


def missing(package: str) -> str:
    """Why the tests that need this package cannot run; empty when it is there."""
    need = next(need for need in NEEDS if need.package == package)
    return (
        ""
        if need.is_met
        else f"{need.purpose}: install the Debian package {package} (tests/prepare.py does it)"
    )


def missing_collections() -> str:
    """Why the tests that need Ansible's collections for Windows cannot run; empty when they are there."""
    lacking = fetch_collections.missing()
    return f"no Ansible collections for Windows here ({', '.join(lacking)}): make prepare" if lacking else ""


def make_plan(unmet: tuple[Need, ...], system: System) -> Plan:
    """What to install here, what to leave, and why."""
    if system.family not in ("debian", "ubuntu"):
        return Plan(
            (), tuple(n for n in unmet if not n.root_only), f"they are installed by hand on {system.family}"
        )
    if not system.is_root:
        return Plan((), tuple(n for n in unmet if not n.root_only), "only root may install packages")
    left = tuple(n for n in unmet if n.not_on_ubuntu and system.family == "ubuntu")
    return Plan(tuple(n for n in unmet if n not in left), left, "Ubuntu has no package of it")


def this_system() -> System:
    release = Path("/etc/os-release")
    lines = release.read_text().splitlines() if release.exists() else []
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    names = f"{fields.get('ID', sys.platform)} {fields.get('ID_LIKE', '')}".replace('"', "").split()
    family = next((name for name in ("ubuntu", "debian") if name in names), names[0])
    return System(os.geteuid() == 0, family)


def _path() -> str:
    return os.environ.get("PATH", "")  # noqa: TID251 - the tests stand outside the service


def _named(needs: tuple[Need, ...]) -> str:
    return ", ".join(f"{need.package} ({need.purpose})" for need in needs)


def main(arguments: list[str]) -> int:
    plan = make_plan(tuple(need for need in NEEDS if not need.is_met), this_system())
    if "--check" in arguments:
        needs = _named((*plan.install, *plan.leave))
        lacking = "; ".join(one for one in (needs, missing_collections()) if one)
        print(f"Missing: {lacking}." if lacking else "Everything the tests need is there.")
        return 1 if lacking else 0
    if plan.install:
        print(f"Installing from Debian for the tests and the demo: {_named(plan.install)}.", flush=True)
        problem = _install(plan.install)
        if problem:
            print(
                f"The installation failed; tests that need it are skipped and say so.\n{problem}",
                file=sys.stderr,
            )
    if plan.leave:
        print(f"Left out because {plan.why_leave}: {_named(plan.leave)}. Tests that need it are skipped.")
    if fetch_collections.main([]):
        print("Tests that play on Windows are skipped.", file=sys.stderr)
    _build_image()
    return 0


def _build_image() -> None:
    if reason := namespaces.why_not():
        print(f"{reason} Tests use a reduced SSH server instead and say what they left out.")
    elif not image.image_is_built():
        print(
            f"Building the disk of the bench PCs in {image.cache_folder()}: 260 MB, a minute, once.",
            flush=True,
        )
        try:
            image.image()
        except image.ImageError as problem:
            print(f"{problem}\nTests use a reduced SSH server instead.", file=sys.stderr)


def _install(needs: tuple[Need, ...]) -> str:
    """Install; returns what went wrong, if anything. Nothing is started or enabled by it."""
    # Other programs may hold apt's lock for minutes; wait for them.
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=400"]
    install = [*apt, "install", "--no-install-recommends", "--yes", *(need.package for need in needs)]
    with _nothing_starts():
        if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
            _run([*apt, "update"])
        problem = _run(install)
        if problem:  # the lists may be older than the archive
            _run([*apt, "update"])
            problem = _run(install)
    return problem


def _run(command: list[str]) -> str:
    environment = {
        "PATH": f"{os.defpath}:{SBIN}:{_path()}",
        "DEBIAN_FRONTEND": "noninteractive",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else (done.stderr or done.stdout)[-2000:]


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """No service starts, no unit is switched on and no database cluster is made by what we install."""
    enabled = set(UNITS.glob("*.wants/*"))
    with ExitStack() as for_a_while:
        if not _forbids_starting():
            for_a_while.enter_context(_replaced(POLICY, "#!/bin/sh\nexit 101\n", 0o755))
        for_a_while.enter_context(_replaced(CLUSTERS, "create_main_cluster = false\n", 0o644))
        yield
    for link in set(UNITS.glob("*.wants/*")) - enabled:
        link.unlink()


def _forbids_starting() -> bool:
    return POLICY.exists() and subprocess.run([POLICY, "kitto", "start"], check=False).returncode == 101


@contextmanager
def _replaced(path: Path, text: str, mode: int) -> Iterator[None]:
    """Put a file in a place for a while, and what was there back afterwards."""
    before = (path.read_bytes(), path.stat().st_mode) if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    try:
        yield
    finally:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(before[0])
            path.chmod(before[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
