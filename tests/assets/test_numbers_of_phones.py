"""Numbers of phones: what a scan of a box may say, and what is taken for a misread."""

import pytest

from kitto.assets import actions, queries
from kitto.assets.rules import (
    EidWrong,
    IdentifierKind,
    ImeisKnown,
    ImeiWrong,
    eid_is_valid,
    iccid_is_valid,
    imei_is_valid,
    plain_iccid,
)
from kitto.assets.rules.names import luhn_fits
from kitto.base.errors import Refusal
from kitto.base.work import Ledger
from tests.make import KITTO, make_pc

IMEI, SECOND, THIRD = "490154203237518", "356938035643809", "352099001761481"
EID = "89049032123451234512345678901235"  # the example of GSMA SGP.29


def closed(digits: str) -> str:
    """The digits with the check digit that fits."""
    return next(digits + last for last in "0123456789" if luhn_fits(digits + last))


@pytest.mark.parametrize(
    "written", [IMEI, "49-015420-323751-8", "４９０１５４２０３２３７５１８", f" {IMEI}\n"]
)
def test_an_imei_is_taken_as_a_scanner_or_a_person_writes_it(written: str) -> None:
    assert imei_is_valid(written)


@pytest.mark.parametrize("place", range(15))
def test_one_wrong_digit_of_an_imei_is_always_noticed(place: int) -> None:
    for digit in set("0123456789") - {IMEI[place]}:
        assert not imei_is_valid(IMEI[:place] + digit + IMEI[place + 1 :])


@pytest.mark.parametrize(
    "wrong", ["", "49015420323751", "4901542032375180", "49015420323751X", "٤٩٠١٥٤٢٠٣٢٣٧٥١٨x"]
)
def test_what_is_no_imei_is_not_taken(wrong: str) -> None:
    assert not imei_is_valid(wrong)


def test_an_eid_has_32_digits_that_are_one_modulo_97() -> None:
    assert eid_is_valid(EID)
    assert eid_is_valid("8904 9032 1234 5123 4512 3456 7890 1235")
    for place in range(32):
        other = str((int(EID[place]) + 1) % 10)
        assert not eid_is_valid(EID[:place] + other + EID[place + 1 :])
    assert not eid_is_valid(EID[:-1])


def test_an_iccid_may_have_18_to_20_digits_and_a_filler() -> None:
    for length in (17, 18, 19):
        number = closed("8981100000012345678"[:length])
        assert iccid_is_valid(number)
        assert iccid_is_valid(number + "F")
        assert plain_iccid(number.lower() + "f") == number
    nineteen = closed("898110000001234567")
    assert iccid_is_valid(nineteen + "7"), "one digit after the check digit"
    assert not iccid_is_valid(nineteen[:-1] + str((int(nineteen[-1]) + 1) % 10))
    assert not iccid_is_valid(closed("1234567890123456"))
    assert not iccid_is_valid("89F1100000000000004")


def test_a_phone_with_two_sims_is_known_by_two_imeis_and_found_by_either(ledger: Ledger) -> None:
    phone = make_pc(ledger, code="phone")
    for imei in (IMEI, SECOND):
        with ledger.begin(KITTO) as work:
            actions.add_identifier(work, tag=str(phone.tag), kind=IdentifierKind.IMEI, value=imei)
    with ledger.begin(KITTO) as work:
        actions.add_identifier(work, tag=str(phone.tag), kind=IdentifierKind.EID, value=EID)
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert {queries.resolve_scan(work, scan).id for scan in (IMEI, SECOND, EID)} == {phone.id}


def test_a_third_imei_is_a_neighbours_box(ledger: Ledger) -> None:
    phone = make_pc(ledger, code="phone")
    for imei in (IMEI, SECOND):
        with ledger.begin(KITTO) as work:
            actions.add_identifier(work, tag=str(phone.tag), kind=IdentifierKind.IMEI, value=imei)
    with pytest.raises(ImeisKnown) as refused, ledger.begin(KITTO) as work:
        actions.add_identifier(work, tag=str(phone.tag), kind=IdentifierKind.IMEI, value=THIRD)
    assert "End the wrong one first" in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "value", "refusal"),
    [(IdentifierKind.IMEI, IMEI[:-1] + "9", ImeiWrong), (IdentifierKind.EID, EID[:-1] + "6", EidWrong)],
)
def test_a_misread_number_is_refused_and_nothing_is_changed(
    ledger: Ledger, kind: IdentifierKind, value: str, refusal: type[Refusal]
) -> None:
    phone = make_pc(ledger, code="phone")
    with pytest.raises(refusal), ledger.begin(KITTO) as work:
        actions.add_identifier(work, tag=str(phone.tag), kind=kind, value=value)
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert [i.kind for i in queries.identifiers_of(work, phone.id)] == ["tag", "serial"]
