"""What tests of Windows share: collections, specs for a Windows PC, and an installation with a box key."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from kitto.base import boxes
from kitto.base.seal import make_key
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.content import content_of
from kitto.kitting.adapters.plays import Host, PlaySpec, Transport
from kitto.kitting.adapters.supervisor.files import files_of
from tests.counterparts.windows.pc import WindowsPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import PLAYBOOKS, ROOT, Reached, finish
from tests.prepare import missing_collections
from tools import fetch_collections

# Processes are found by the run they belong to, so other tests on this machine must not have the same.
RUN = f"windows-{os.getpid()}"
OVER_WINRM = (Transport.PSRP, Transport.WINRM)


def collections() -> tuple[Path, ...]:
    """Those that come with Kitto; without them the test is skipped and says so."""
    if lacking := missing_collections():
        pytest.skip(lacking)
    return (fetch_collections.PLACE,)


def installation(folder: Path) -> Ansible:
    """Ansible as an installation has it that kits Windows."""
    data = folder / "data"
    if not data.is_dir():
        data.mkdir()
        make_key(data)
    return Ansible(
        home=folder / "runs",
        plugins=ROOT / "inventories/plugins",
        collections=collections(),
    )


@contextmanager
def installed(folder: Path) -> Iterator[Ansible]:
    """An installation that kits Windows; whatever it leaves running is ended with the block."""
    made = installation(folder)
    try:
        yield made
    finally:
        for run_id in made.runs():
            made.cancel(run_id)
            finish(made, run_id)
            made.forget(run_id)
        made.rest()
        shutil.rmtree(files_of(made.home, "any").shared, ignore_errors=True)


def order(
    pc: WindowsPc,
    folder: Path,
    ansible: Ansible,
    *,
    transport: Transport = Transport.PSRP,
    run_id: str = RUN,
    playbook: str = "playbook.yml",
    certificate: str = "",
    secrets: tuple[str, ...] = (),
    **more: object,
) -> PlaySpec:
    """The spec of one play on this PC."""
    host = Host(
        address=pc.address,
        port=pc.port,
        user=pc.user,
        transport=transport,
        certificate=certificate or pc.certificate,
    )
    settings: dict[str, object] = {"connect_seconds": 5, **more}
    return PlaySpec(
        run_id=run_id,
        folder=str(folder),
        playbook=playbook,
        content=content_of(folder),
        host=host,
        secret_names=("winrm_password", *secrets),
        box_lid=boxes.lid(ansible.home.parent / "data"),
        **settings,  # type: ignore[arg-type]
    )


def order_over_ssh(
    pc: Reached, folder: Path, ansible: Ansible, *, run_id: str = RUN, **more: object
) -> PlaySpec:
    """The spec of one play on a Windows PC that is reached over SSH."""
    spec = stage.order(
        pc,
        folder,
        run_id=run_id,
        box_lid=boxes.lid(ansible.home.parent / "data"),
        **{"variables": {}, **more},
    )
    host = msgspec.structs.replace(spec.host, transport=Transport.SSH_WINDOWS)
    return msgspec.structs.replace(spec, host=host)


def play(ansible: Ansible, pc: WindowsPc, spec: PlaySpec, **secrets: str):  # noqa: ANN201 -- an outcome
    """Start a play and wait for its end."""
    ansible.start(spec, {"winrm_password": pc.password, **secrets}, "")
    return stage.in_both_languages(spec, finish(ansible, spec.run_id))


__all__ = [
    "OVER_WINRM",
    "PLAYBOOKS",
    "RUN",
    "collections",
    "installation",
    "installed",
    "order",
    "order_over_ssh",
    "play",
]
