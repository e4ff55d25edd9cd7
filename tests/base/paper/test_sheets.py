"""What comes out of the printer: read back, at its place, and refused when it cannot be read."""

import pytest

from kitto.base.paper import codes, previews, proof, sheets, templates
from kitto.base.paper.codes import Kind
from kitto.base.paper.layout import MODULE_FLOOR, POINT, Label, Warn, arrange
from kitto.base.paper.proof import Calibration
from kitto.base.paper.refusals import (
    GlyphsMissing,
    LabelTooSmall,
    NoLabelLargeEnough,
    NothingToPrint,
    ProofFailed,
    SkipTooLarge,
)
from kitto.base.paper.sheets import render_labels
from kitto.base.paper.templates import Template
from kitto.base.settings import Settings

CATALOGUE = templates.load(Settings().shipped("label_templates"))
TEMPLATES = list(CATALOGUE)
LONG_NAME = "𠮷野 葛\U000e0100子 開発部 第二グループ 検証用ノートパソコン(貸出専用・持出禁止)その三"


def make_label(number: int = 17, **other: str) -> Label:
    tag = f"PC{number:06}1"
    said = {
        "title": f"PC-{number:06}-1",
        "short_title": tag,
        "code": f"HTTPS://KITTO.EXAMPLE/T/{tag}",
        "short_code": tag,
        "bars": tag,
        "name": "髙橋 花子",
        "detail": "Latitude 7450",
        "owner": "株式会社きっと",
        "host": "kitto.example",
    }
    return Label(**{**said, **other})


def labels(count: int, **other: str) -> list[Label]:
    return [make_label(number, **other) for number in range(count)]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_full_page_of_every_template_reads_back(template: Template) -> None:
    printed = render_labels(template, labels(template.cells, name=LONG_NAME), others=TEMPLATES)
    assert printed.pages == 1
    assert [verdict.cell for verdict in printed.verdicts] == list(range(template.cells))
    for number, verdict in enumerate(printed.verdicts):
        assert verdict.ok
        assert verdict.module >= MODULE_FLOOR - 1e-6
        dots = verdict.module / template.dot
        assert dots == pytest.approx(round(dots)), "modules are whole dots of the printer"
        assert f"PC{number:06}1" in verdict.read[-1]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_nothing_leaves_the_label_and_the_tag_has_eight_points(template: Template) -> None:
    made = arrange(template, make_label(name=LONG_NAME, owner=LONG_NAME, detail=LONG_NAME))
    size, edge = template.label, template.inset
    for picture in filter(None, (made.code, made.bars)):
        assert picture.x >= edge.left - 1e-6
        assert picture.y >= edge.top - 1e-6
        assert picture.x + picture.width <= size.width - edge.right + 1e-6
        assert picture.y + picture.height <= size.height - edge.bottom + 1e-6
    quiet = made.code.symbol.quiet * made.code.module
    assert min(made.code.x, made.code.y) >= quiet - 1e-6, "the quiet zone lies on the label"
    for line in made.lines:
        assert (
            line.x + sheets.fonts.width(line.text, line.face, line.size) * POINT
            <= size.width - edge.right + 0.01
        )
        assert line.y <= size.height - edge.bottom + 1e-6
    assert made.lines[0].size >= 8


def test_the_same_labels_give_the_same_bytes() -> None:
    template = CATALOGUE.find("72244")
    assert render_labels(template, labels(5)).pdf == render_labels(template, labels(5)).pdf


def test_used_cells_are_skipped_and_the_rest_goes_to_the_next_sheet() -> None:
    template = CATALOGUE.find("72224")
    printed = render_labels(template, labels(30), skip=20)
    places = [(verdict.page, verdict.cell) for verdict in printed.verdicts]
    assert printed.pages == 3
    assert places[:5] == [(1, 20), (1, 21), (1, 22), (1, 23), (2, 0)]
    assert places[-1] == (3, 1)
    first = next(codes.pages(printed.pdf, dpi=100))
    six_rows = round(216 / 25.4 * 100)
    assert first.crop((0, 0, first.width, six_rows)).getextrema() == (255, 255)


def test_a_printer_that_shifts_and_stretches_is_met() -> None:
    template = CATALOGUE.find("72224")
    calibration = Calibration(dx=1.5, dy=-0.8, scale_x=1.004, scale_y=0.998)
    straight, moved = (
        render_labels(template, labels(24), calibration=by) for by in (Calibration(), calibration)
    )
    assert straight.pdf != moved.pdf
    assert all(verdict.ok for verdict in moved.verdicts)


def test_an_offset_that_pushes_codes_off_the_page_is_refused() -> None:
    with pytest.raises(ProofFailed, match="could not be read back"):
        render_labels(CATALOGUE.find("72224"), labels(24), calibration=Calibration(dx=-18))


def test_a_name_the_font_cannot_write_is_refused() -> None:
    with pytest.raises(GlyphsMissing, match=r"U\+1F600"):
        render_labels(CATALOGUE.find("72224"), [make_label(name="佐藤😀")])


def test_a_rare_name_is_drawn_and_not_dropped() -> None:
    template = CATALOGUE.find("72210")
    with_name = render_labels(template, [make_label(name="𠮷𠮷𠮷𠮷")])
    without = render_labels(template, [make_label(name="")])
    dark = [
        sum(next(codes.pages(printed.pdf, dpi=150)).histogram()[:128]) for printed in (with_name, without)
    ]
    assert dark[0] != dark[1]


def test_small_labels_get_the_smaller_code_and_say_so() -> None:
    printed = render_labels(CATALOGUE.find("5167"), labels(2))
    assert {verdict.kind for verdict in printed.verdicts} == {Kind.QR}
    assert printed.warnings[Warn.SHORT_CODE] == 2
    tiny = render_labels(CATALOGUE.find("L4731"), labels(2))
    assert {verdict.kind for verdict in tiny.verdicts} == {Kind.MICRO_QR}
    assert tiny.warnings[Warn.MICRO_CODE] == 2


def test_a_label_too_small_names_the_smallest_that_fits() -> None:
    with pytest.raises(LabelTooSmall) as refused:
        render_labels(CATALOGUE.find("L4731"), [make_label(short_code="")], others=TEMPLATES)
    larger = CATALOGUE.find(str(refused.value.names["larger"]))
    assert f"Use {larger.short} or" in str(refused.value)
    assert render_labels(larger, [make_label(short_code="")]).pages == 1


def test_a_tag_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(NoLabelLargeEnough):
        render_labels(CATALOGUE.find("L4731"), [make_label(title="X" * 90, short_title="")], others=[])


def test_no_label_and_too_many_skipped_are_refused() -> None:
    template = CATALOGUE.find("72224")
    with pytest.raises(NothingToPrint):
        render_labels(template, [])
    with pytest.raises(SkipTooLarge, match="has 24 labels"):
        render_labels(template, labels(1), skip=24)


def test_proof_sees_a_code_that_says_something_else() -> None:
    template = CATALOGUE.find("72224")
    printed = render_labels(template, [make_label(17)])
    other = [arrange(template, make_label(18))]
    verdicts = proof.check(printed.pdf, template, other, skip=0, calibration=Calibration())
    assert not verdicts[0].ok
    assert "PC0000171" in verdicts[0].read


def test_proof_sees_an_empty_cell() -> None:
    template = CATALOGUE.find("72224")
    printed = render_labels(template, [make_label(17)])
    two = [arrange(template, make_label(number)) for number in (17, 18)]
    verdicts = proof.check(printed.pdf, template, two, skip=0, calibration=Calibration())
    assert [verdict.ok for verdict in verdicts] == [True, False]


def test_the_sheet_is_shown_before_it_is_printed() -> None:
    template = CATALOGUE.find("72224")
    picture = previews.sheet_svg(template, title="A-ONE 72224", filled=3, skip=2)
    assert picture.count('class="cell skipped"') == 2
    assert picture.count('class="cell filled"') == 3
    assert picture.count('class="cell free"') == 19
    png = previews.page_png(render_labels(template, labels(3)).pdf)
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert previews.page_png(render_labels(template, labels(3)).pdf, number=2) is None


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_every_template_has_a_trial_page(template: Template) -> None:
    page = next(codes.pages(previews.trial_page(template, Calibration(0.5, 0.5)), dpi=60))
    assert page.getextrema()[0] < 128
