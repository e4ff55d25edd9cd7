"""The bench for plays: an installation of Ansible and a PC on the table."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.supervisor.files import files_of
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.kitting.adapters import stage


@pytest.fixture
def ansible(tmp_path: Path) -> Iterator[Ansible]:
    """Whatever a test leaves running is ended with it."""
    bench = stage.installation(tmp_path)
    yield bench
    for run_id in bench.runs():
        bench.cancel(run_id)
        stage.finish(bench, run_id)
        bench.forget(run_id)
    bench.rest()
    shutil.rmtree(files_of(bench.home, "any").shared, ignore_errors=True)


@pytest.fixture
def pc() -> Iterator[BenchPc]:
    """A PC fresh from its box, except that it answers SSH."""
    with bench_pc(serial="8XK2QZ3", authorized_key=stage.KEY.public) as fresh:
        if fresh.reduced:
            pytest.skip(fresh.cannot)
        yield fresh
