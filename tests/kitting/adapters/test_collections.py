"""The tool that fetches collections takes what recipes use and nothing else."""

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.kitting.adapters.stage import PLAYBOOKS, ROOT


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fetch_collections", ROOT / "tools/fetch_collections.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_our_recipes_need_those_of_windows_only(tool: ModuleType) -> None:
    assert tool.used(PLAYBOOKS) == {("ansible", "windows"), ("chocolatey", "chocolatey")}


def test_the_collections_of_a_recipe_are_found_and_unpacked_without_their_tests(
    tool: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "play.yml").write_text(
        "- hosts: device\n  tasks:\n    - ansible.posix.sysctl:\n        name: a\n"
        "    - name: Copy\n      ansible.builtin.copy:\n        content: 'community.general.x: no'\n"
    )
    wanted = tool.used(tmp_path)
    assert wanted == {("ansible", "posix")}
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (
            "ansible/posix/plugins/m.py",
            "ansible/posix/tests/t.py",
            "ansible/windows/plugins/w.py",
        ):
            archive.writestr(f"ansible_collections/{name}", "")
    tool.unpack(wheel, wanted, tmp_path / "into")
    found = [path.name for path in (tmp_path / "into").rglob("*.py")]
    assert found == ["m.py"]
    with pytest.raises(KeyError, match=r"not\.there"):
        tool.unpack(wheel, {("not", "there")}, tmp_path / "into")
