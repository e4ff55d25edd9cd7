"""The tool that fetches collections takes what recipes use, whole, and asks the net only when it must."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest

from kitto.base.settings import settings
from tests.kitting.adapters.stage import PLAYBOOKS
from tests.prepare import missing_collections
from tools import fetch_collections as tool

USE = re.compile(r"^\s*(?:-\s+)?([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)\.[a-z_][a-z0-9_.]*:", re.MULTILINE)
FILES = ("meta/runtime.yml", "plugins/modules/sysctl.py", "tests/t.py", "docs/a.rst")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with one small collection, which is the only one that is wanted."""
    whole = tmp_path / "whole"
    for name in FILES[:2]:
        (whole / name).parent.mkdir(parents=True, exist_ok=True)
        (whole / name).write_text(name)
    monkeypatch.setattr(tool, "COLLECTIONS", {"ansible.posix": tool.checksum(whole)})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "ansible.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in FILES:
            archive.writestr(f"ansible_collections/ansible/posix/{name}", name)
        archive.writestr("ansible_collections/ansible/windows/plugins/w.py", "")
    return path


@pytest.fixture
def no_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "true")


def test_it_knows_exactly_the_collections_that_our_recipes_use() -> None:
    used = {found[1] for path in PLAYBOOKS.rglob("*.yml") for found in USE.finditer(path.read_text("utf-8"))}
    assert used - {"ansible.builtin"} == set(tool.COLLECTIONS)


def test_what_is_there_is_whole_and_where_kitto_looks_for_it() -> None:
    if lacking := missing_collections():
        pytest.skip(lacking)
    assert settings().collections() == (settings().data / "collections", tool.PLACE)


def test_a_collection_is_unpacked_without_its_tests_and_papers(wheel: Path, tmp_path: Path) -> None:
    tool.unpack(wheel, "ansible.posix", tmp_path / "into")
    found = [path.name for path in (tmp_path / "into").rglob("*") if path.is_file()]
    assert sorted(found) == ["runtime.yml", "sysctl.py"]


@pytest.mark.parametrize("name", ["ansible.windows", "not.there"])
def test_one_that_is_not_as_we_know_it_is_not_taken(wheel: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(tool.FetchError, match=name):
        tool.unpack(wheel, name, tmp_path / "into")


@pytest.mark.usefixtures("wheel", "no_net")
def test_without_a_net_it_says_what_is_missing_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main([str(tmp_path / "place")]) == 1
    said = capsys.readouterr().err
    assert "ansible==12.3.0 could not be fetched" in said
    assert "Plays for Windows do not run" in said


@pytest.mark.usefixtures("no_net")
def test_the_net_is_asked_only_for_what_neither_place_nor_cache_has(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    tool.unpack(wheel, "ansible.posix", tool.cache_folder())
    assert tool.provide(place) == ["ansible.posix"]
    shutil.rmtree(tool.cache_folder())
    assert tool.provide(place) == []


@pytest.mark.usefixtures("no_net")
def test_one_that_was_changed_is_put_right(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    tool.unpack(wheel, "ansible.posix", tool.cache_folder())
    tool.provide(place)
    changed = place / "ansible_collections/ansible/posix/plugins/modules/sysctl.py"
    changed.write_text("evil")
    assert tool.provide(place) == ["ansible.posix"]
    assert changed.read_text() == "plugins/modules/sysctl.py"
