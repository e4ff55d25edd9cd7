"""`make demo ONCE=1` as a newcomer runs it: the main job, its one line of JSON, and nothing left running."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counterparts.pcs import why_reduced

ROOT = Path(__file__).resolve().parents[2]


def leftover(folder: Path) -> list[str]:
    """Processes that still speak of this folder."""
    found = subprocess.run(["pgrep", "-af", str(folder)], capture_output=True, text=True, check=False)
    return found.stdout.splitlines()


@pytest.mark.bench_pc
@pytest.mark.timeout(900)  # a minute, on a machine of its own
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_main_job_from_box_to_hands_and_nothing_stays(database: str, tmp_path: Path) -> None:
    if why := why_reduced():
        pytest.skip(why)
    said = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.demo",
            "--once",
            "--database",
            database,
            "--folder",
            str(tmp_path / "demo"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=880,
    )
    assert said.returncode == 0, said.stderr[-3000:]
    told = json.loads(said.stdout.splitlines()[-1])
    assert told["database"] == database
    assert told["state"] == "in_use"
    assert told["holder"]
    assert told["kit"]["failed"] == 0
    assert told["kit"]["steps"] >= 6
    assert told["tag"].replace("-", "") in told["label"]["decoded"]
    assert told["checkin"]["sections"]
    assert told["checkin"]["software"] > 0
    assert told["poll"]["health"] == "ok"
    assert told["poll"]["serial"]
    assert told["journal"]["verified"] is True
    assert told["journal"]["facts"] > 10
    assert Path(told["label"]["path"]).read_bytes().startswith(b"%PDF")
    assert Path(told["receipt"]["path"]).read_bytes().startswith(b"%PDF")
    assert leftover(tmp_path) == []
