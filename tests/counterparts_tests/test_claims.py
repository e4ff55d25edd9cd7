"""Places are never shared, and what the dead leave behind is removed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.counterparts.claims import claim

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from tests.counterparts.claims import claim
with claim("trial") as mine:
    (mine.folder / "left").write_text("behind")
    print(mine.number, mine.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


def test_two_claims_in_one_process_differ() -> None:
    with claim("trial") as one, claim("trial") as other:
        assert one.number != other.number
        assert one.folder != other.folder


def test_another_process_gets_another_place_and_its_rest_is_removed_after_its_death() -> None:
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        number, folder = holder.stdout.readline().split()
        with claim("trial") as mine:
            assert mine.number != int(number)
        holder.kill()
    assert (Path(folder) / "left").exists()

    with claim("trial") as inherited:
        assert inherited.number == int(number)
        assert not list(inherited.folder.iterdir())


def test_a_place_is_empty_again_after_its_claim() -> None:
    with claim("trial") as mine:
        (mine.folder / "note").write_text("x")

    assert not mine.folder.exists()
