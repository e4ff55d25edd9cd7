"""Documents that people sign: complete, the same each time, and refused when a name cannot be written."""

from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from kitto.base.paper import codes, fonts
from kitto.base.paper.documents import render_document
from kitto.base.paper.refusals import DocumentProofFailed, DocumentUnmakeable, GlyphsMissing
from kitto.base.settings import Settings

FOLDER = Settings().shipped("label_templates") / "documents"
URL = "HTTPS://KITTO.EXAMPLE/D/R-2026-000123"


def values(language: str = "ja", devices: int = 2, **other: object) -> dict[str, object]:
    """A hand-over as the desk knows it."""
    return {
        "language": language,
        "number": "R-2026-000123",
        "date": "2026-11-23",
        "organisation": "株式会社きっと",
        "contact": "情シス窓口 内線 1234",
        "receiver": {
            "name": "𠮷野 葛\U000e0100子",
            "kana": "よしの かつこ",
            "department": "開発部",
            "number": "E-10293",
        },
        "handed-by": {"name": "佐藤 花子"},
        "taken-by": {"name": "佐藤 花子"},
        "receipt": "R-2026-000100",
        "due": "2027-03-31",
        "devices": [
            {
                "tag": f"PC-{number:06}-7",
                "serial": f"8XK2{number:04}",
                "model": "Latitude 7450",
                "accessories": "ACアダプター",
                "condition": "良品",
                "missing": "マウス" if number == 1 else "",
            }
            for number in range(devices)
        ],
        "licences": [{"name": "Microsoft 365 E3", "seat": "yoshino@kitto.example", "until": "2027-03-31"}],
        "note": "",
        **other,
    }


def make(name: str = "receipt", **other: Any) -> bytes:
    return render_document(FOLDER / f"{name}.typ", values(**other), qr_codes={"number": URL})


def text_of(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


@pytest.mark.parametrize("name", ["receipt", "return"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_document_says_who_what_and_when(name: str, language: str) -> None:
    pdf = make(name, language=language)
    text = text_of(pdf)[0]
    for said in (
        "R-2026-000123",
        "𠮷野",
        "よしの かつこ",
        "開発部",
        "PC-000000-7",
        "8XK20001",
        "佐藤 花子",
        "1 / 1",
    ):
        assert said in text
    assert ("2026年11月23日" if language == "ja" else "23 November 2026") in text
    assert URL in codes.decode(next(codes.pages(pdf, dpi=200)))


def test_a_return_names_what_is_missing() -> None:
    assert "マウス" in text_of(make("return"))[0]
    assert "返却が済んでいません" in text_of(make("return"))[0]
    assert "返却が済んでいません" not in text_of(make("return", devices=1))[0]


def test_a_long_list_runs_over_pages_with_its_head_repeated() -> None:
    pages = text_of(make(devices=80))
    assert len(pages) == 3
    for number, page in enumerate(pages, start=1):
        assert f"{number} / 3" in page
    assert "管理番号" in pages[1]
    assert "受領書(続き)" in pages[1]
    assert "PC-000079-7" in "".join(pages)


def test_the_same_values_give_the_same_bytes() -> None:
    assert make() == make()


def test_a_document_without_devices_or_due_date_is_still_whole() -> None:
    text = text_of(make(devices=0, due=""))[0]
    assert "定めなし" in text
    assert "Microsoft 365 E3" in text


def test_a_very_long_serial_stays_on_the_page() -> None:
    odd = {"tag": "PC-000001-7", "serial": "S" * 90, "model": "M", "accessories": "", "condition": "良品"}
    pdf = render_document(FOLDER / "receipt.typ", {**values(), "devices": [odd]}, qr_codes={"number": URL})
    page = next(codes.pages(pdf, dpi=72))
    margin = page.crop((page.width - 45, 0, page.width, page.height))
    assert margin.getextrema()[0] > 200, "nothing is printed into the margin"


@pytest.mark.parametrize("where", ["note", "receiver"])
def test_a_letter_without_a_shape_is_refused_wherever_it_stands(where: str) -> None:
    bad = {"note": "貸出😀"} if where == "note" else {"receiver": {"name": "佐藤😀"}}
    with pytest.raises(GlyphsMissing, match=r"U\+1F600"):
        make(**bad)


def test_what_people_type_is_never_read_as_markup() -> None:
    assert '#panic("x") *bold*' in text_of(make(note='#panic("x") *bold* $x$'))[0]


def test_a_missing_value_names_the_template() -> None:
    given = values()
    del given["number"]
    with pytest.raises(DocumentUnmakeable, match=r"receipt\.typ.*number"):
        render_document(FOLDER / "receipt.typ", given, qr_codes={"number": URL})


def test_a_document_whose_code_cannot_be_read_is_not_given_out(tmp_path: Path) -> None:
    blank = tmp_path / "blank.typ"
    blank.write_text("#let d = json(bytes(sys.inputs.data))\n#d.number\n")
    with pytest.raises(DocumentProofFailed):
        render_document(blank, {"number": "R-1"}, qr_codes={"number": URL})
    assert render_document(blank, {"number": "R-1"}).startswith(b"%PDF")


def test_the_words_of_the_templates_can_all_be_printed() -> None:
    for template in FOLDER.glob("*.typ"):
        assert fonts.missing_glyphs(template.read_text().replace("\u200b", "")) == ()
