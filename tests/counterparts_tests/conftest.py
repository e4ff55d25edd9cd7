"""A technician's key, a PC to use it on, and the real ssh client."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.counterparts.keys import KeyPair, new_key_pair
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.prepare import missing

Ssh = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def key() -> KeyPair:
    return new_key_pair()


@pytest.fixture(params=[False, True], ids=["real", "reduced"])
def any_pc(request: pytest.FixtureRequest, key: KeyPair) -> Iterator[BenchPc]:
    """Each kind of PC: what is tested with it is the contract that both keep."""
    with bench_pc("8XK2QZ3", authorized_key=key.public, reduced=request.param) as pc:
        if pc.reduced and not request.param:
            pytest.skip(pc.cannot)
        yield pc


@pytest.fixture
def pc(key: KeyPair) -> Iterator[BenchPc]:
    """A real one."""
    with bench_pc("8XK2QZ3", authorized_key=key.public) as made:
        if made.reduced:
            pytest.skip(made.cannot)
        yield made


@pytest.fixture
def ssh(key: KeyPair, tmp_path: Path) -> Ssh:
    """OpenSSH's client, strict about host keys as the service is."""
    if lacking := missing("openssh-client"):
        pytest.skip(lacking)
    identity = tmp_path / "id_ed25519"
    identity.write_text(key.private)
    identity.chmod(0o600)

    def run(
        pc: BenchPc, command: str, *, stdin: str = "", known: str = ""
    ) -> subprocess.CompletedProcess[str]:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.write_text(known or pc.known_hosts)
        options = ["IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=yes"]
        options += [f"UserKnownHostsFile={known_hosts}", "GlobalKnownHostsFile=none"]
        arguments = [part for option in options for part in ("-o", option)]
        target = ["-p", str(pc.port), f"{pc.user}@{pc.address}"]
        return subprocess.run(
            ["ssh", "-F", "none", "-i", identity, *arguments, *target, command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
