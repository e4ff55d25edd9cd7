"""Codes are made as small and as strong as they can be, and read back."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from PIL import Image

from kitto.base.paper import codes
from kitto.base.paper.codes import Symbol

URL = "HTTPS://KITTO.EXAMPLE/T/PC0000171"


def enlarged(symbol: Symbol, times: int = 8) -> Image.Image:
    """The code as a scanner sees it: with its quiet zone, `times` pixels a module."""
    size = symbol.size * times
    border = symbol.quiet * times
    height = size if symbol.kind is not codes.Kind.CODE_128 else 60
    page = Image.new("L", (size + 2 * border, height + 2 * border), 255)
    page.paste(symbol.image().convert("L").resize((size, height), Image.Resampling.NEAREST), (border, border))
    return page


@pytest.mark.parametrize("make", [codes.qr, codes.qr_in_bulk, codes.micro_qr, codes.code_128])
def test_every_code_reads_back_as_what_it_was_made_from(make: Callable[[str], Symbol]) -> None:
    symbol = make("PC0000171")
    assert codes.read(enlarged(symbol)) == [codes.Reading(symbol.kind, "PC0000171")]


@pytest.mark.parametrize(
    ("text", "size", "level"),
    [
        ("PC0000171", 21, "H"),
        (URL, 29, "H"),
        ("HTTPS://KITTO.LONGER.EXAMPLE.JP/T/PC0000171", 29, "Q"),
        ("https://kitto.example/t/PC0000171", 29, "M"),
        ("受領書", 21, "Q"),
    ],
)
def test_error_correction_is_the_strongest_that_costs_no_room(text: str, size: int, level: str) -> None:
    slow, fast = codes.qr(text), codes.qr_in_bulk(text)
    assert (slow.size, slow.level) == (size, level)
    assert (fast.size, fast.level) == (size, level)
    assert codes.decode(enlarged(slow)) == codes.decode(enlarged(fast)) == [text]


def test_a_text_too_long_for_the_smallest_code_is_said_so() -> None:
    assert codes.micro_qr("X" * 60) is None


def test_the_screen_gets_a_picture_that_says_what_it_is() -> None:
    picture = ET.fromstring(codes.svg(codes.qr(URL), title="PC-000017-1 <PC>"))
    assert picture.get("role") == "img"
    assert picture[0].text == "PC-000017-1 <PC>"
    assert picture.get("viewBox") == "0 0 37 37"


def test_codes_are_found_turned_and_on_a_crowded_picture() -> None:
    page = Image.new("L", (900, 500), 255)
    page.paste(enlarged(codes.qr(URL)).rotate(90), (20, 20))
    page.paste(enlarged(codes.code_128("SN-8XK2"), times=3), (380, 300))
    assert sorted(codes.decode(page)) == [URL, "SN-8XK2"]


def test_a_blank_picture_holds_no_code() -> None:
    assert codes.decode(Image.new("L", (200, 200), 255)) == []
