"""Measures of label packs are data, and wrong data is named."""

import shutil
from pathlib import Path

import pytest

from kitto.base.paper import templates
from kitto.base.paper.refusals import TemplateUnreadable, UnknownTemplate
from kitto.base.paper.templates import Box, Catalogue
from kitto.base.settings import Settings

SHIPPED = Settings().shipped("label_templates")
GOOD = """
id = "test-2up"
medium = "sheet"
parts = ["TEST 1"]
source = "made up"
name = { ja = "試験", en = "Test" }
page = { width = 100, height = 50 }
grid = { columns = 2, rows = 1 }
first = { x = 2, y = 5 }
label = { width = 45, height = 40 }
pitch = { width = 48, height = 40 }
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return templates.load(SHIPPED)


@pytest.mark.parametrize(
    ("spelled", "found"),
    [
        ("A-ONE 72224", "a-one-72224"),
        ("ELM012", "a-one-72224"),
        ("hisago elm-012", "a-one-72224"),
        ("Ａ－ＯＮＥ ３１５１６", "a-one-72244"),
        ("72244", "a-one-72244"),
        ("KPC-E1121", "a-one-72212"),
        ("L4731", "avery-l4731"),
        ("3475", "zweckform-3475"),
        ("5160", "avery-5160"),
        ("62x29", "brother-dk-62x29"),
        ("tape-24mm", "tape-24mm"),
    ],
)
def test_a_pack_is_found_by_the_number_printed_on_it(catalogue: Catalogue, spelled: str, found: str) -> None:
    assert catalogue.find(spelled).id == found


def test_an_unknown_pack_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownTemplate, match="A-ONE 99999"):
        catalogue.find("A-ONE 99999")


def test_cells_count_row_by_row(catalogue: Catalogue) -> None:
    sheet = catalogue.find("A-ONE 72244")
    assert sheet.cells == 44
    assert sheet.cell(0) == Box(8.4, 8.8, 48.3, 25.4)
    assert (sheet.cell(5).x, sheet.cell(5).y) == pytest.approx((56.7, 34.2))


def test_the_two_65_label_sheets_are_not_the_same(catalogue: Catalogue) -> None:
    with_gap, without = catalogue.find("HISAGO ELM023"), catalogue.find("A-ONE 72265")
    assert with_gap.cells == without.cells == 65
    assert with_gap.step.width - without.step.width == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("line", "instead", "reason"),
    [
        ("columns = 2", "columns = 0", "grid.columns: Input should be greater than or equal to 1"),
        ("columns = 2", "columns = 3", "labels run off the page across: they end at 143.00 mm"),
        ("pitch = { width = 48", "pitch = { width = 40", "labels overlap across"),
        ("label = { width = 45", "label = { widht = 45", "label.widht: Extra inputs are not permitted"),
        ('id = "test-2up"', 'id = "Test 2"', "id: String should match pattern"),
        ('id = "test-2up"', 'id = "test-2up', "Illegal character"),
        ('source = "made up"', "inset = { left = 30, right = 30 }\nsource = 'x'", "leaves no width"),
    ],
)
def test_a_wrong_file_is_named_with_its_key_and_reason(line: str, instead: str, reason: str) -> None:
    with pytest.raises(TemplateUnreadable) as refused:
        templates.parse("test.toml", GOOD.replace(line, instead).encode())
    assert str(refused.value).startswith("test.toml: ")
    assert reason in str(refused.value)


def test_a_part_number_belongs_to_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text(GOOD.replace("test-2up", "other"))
    with pytest.raises(TemplateUnreadable, match=r"b\.toml: “test1” is already taken by a\.toml"):
        templates.load(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateUnreadable, match="no label template found"):
        templates.load(tmp_path)


def test_a_new_size_is_a_new_file_and_nothing_else(tmp_path: Path) -> None:
    for file in SHIPPED.glob("*.toml"):
        shutil.copy(file, tmp_path)
    (tmp_path / "mine.toml").write_text(GOOD)
    assert templates.load(tmp_path).find("test 1").cells == 2
