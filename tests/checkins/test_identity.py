"""Who a machine is: the order of the evidence, and what must never be merged in silence."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitto.checkins.rules.identity import (
    By,
    Candidate,
    Evidence,
    Verdict,
    decide,
    mac_key,
    serial_key,
    uuid_key,
)

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "inventory" / "public"
ROG = Evidence(
    serial="8XK2QZ3",
    uuid=uuid_key("4c4c4544-0058-4b10-8032-b8c04f515a33"),
    macs=frozenset({"a44cc8112233"}),
    maker="dell",
    model="LATITUDE 7450",
    hostname="pc-000042",
)


def known(asset_id: int, **given_: object) -> Candidate:
    return Candidate(asset_id, Evidence(**given_))  # type: ignore[arg-type]


def test_a_serial_of_the_ledger_names_its_device() -> None:
    decision = decide(ROG, [known(1, serial="8XK2QZ3"), known(2, hostname="pc-000042")])
    assert (decision.verdict, decision.by, decision.asset_id) == (Verdict.MATCHED, By.SERIAL, 1)


def test_without_a_serial_the_uuid_counts_then_the_network_card() -> None:
    bare = Evidence(uuid=ROG.uuid, macs=ROG.macs, hostname=ROG.hostname)
    assert decide(bare, [known(1, uuid=ROG.uuid)]).by is By.UUID
    assert decide(bare, [known(1, macs=ROG.macs, hostname=ROG.hostname)]).by is By.MAC
    assert decide(bare, [known(1, macs=ROG.macs)]).verdict is Verdict.PENDING


def test_a_host_name_alone_only_suggests() -> None:
    decision = decide(ROG, [known(7, hostname="pc-000042")])
    assert (decision.verdict, decision.asset_id, decision.suggested) == (Verdict.PENDING, None, (7,))


def test_one_uuid_with_two_serials_is_a_conflict() -> None:
    decision = decide(ROG, [known(1, serial="9E113232I", uuid=ROG.uuid, hostname="pc-000042")])
    assert (decision.verdict, decision.asset_id) == (Verdict.CONFLICT, None)


def test_a_serial_whose_uuid_and_cards_all_changed_is_a_conflict() -> None:
    other = known(1, serial="8XK2QZ3", uuid="1" * 31 + "2", macs=frozenset({"a44cc8ffffff"}))
    assert decide(ROG, [other]).verdict is Verdict.CONFLICT
    board_kept = known(1, serial="8XK2QZ3", uuid="1" * 31 + "2", macs=ROG.macs)
    assert decide(ROG, [board_kept]).verdict is Verdict.MATCHED


def test_serial_and_uuid_that_point_to_two_devices_are_a_conflict() -> None:
    decision = decide(ROG, [known(1, serial="8XK2QZ3"), known(2, uuid=ROG.uuid)])
    assert (decision.verdict, decision.suggested) == (Verdict.CONFLICT, (1, 2))


def test_a_card_that_moved_with_its_dock_does_not_outweigh_the_serial() -> None:
    docked = known(2, serial="OTHER1234", macs=ROG.macs, model=ROG.model)
    assert decide(ROG, [known(1, serial="8XK2QZ3"), docked]).asset_id == 1


def test_one_serial_of_two_makers_is_not_one_machine() -> None:
    assert decide(ROG, [known(1, serial="8XK2QZ3", maker="lenovo")]).verdict is Verdict.PENDING


def test_a_token_for_one_device_and_the_serial_of_another_are_a_conflict() -> None:
    decision = decide(ROG, [known(2, serial="8XK2QZ3")], bound_to=1)
    assert (decision.verdict, decision.by) == (Verdict.CONFLICT, By.TOKEN)


def test_an_unknown_machine_waits() -> None:
    assert decide(ROG, []).verdict is Verdict.PENDING


@pytest.mark.parametrize("text", ["0", "NA", "Default string", "To be filled by O.E.M.", "000000", "123", ""])
def test_fillers_are_no_serial(text: str) -> None:
    assert serial_key(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "-8",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "4c4c4544-0000-2010-8020-80c04f202020",
        "12345678-9abc-0000-0000-000000000000",
        "9774d56d682e549c",
    ],
)
def test_uuids_that_many_machines_share_are_no_evidence(text: str) -> None:
    assert uuid_key(text) == ""


def test_both_byte_orders_of_a_uuid_are_one_machine() -> None:
    assert uuid_key("{564D3A9B-1C2D-3E4F-8899-AABBCCDDEEFF}") == uuid_key(
        "9b3a4d56-2d1c-4f3e-8899-aabbccddeeff"
    )


@pytest.mark.parametrize(
    "text",
    ["0a:00:27:00:00:00", "08:00:27:8d:c0:4d", "02:e5:1b:70:f4:63", "50:50:54:50:30:30", "ff:ff:ff:ff:ff:ff",
     "00:00:00:00:00:00", "20:41:53:59:4e:ff", "00:1A:7D:DA:71:0A", "not a mac", "01:00:5e:00:00:01"],
)  # fmt: skip
def test_addresses_of_software_are_no_evidence(text: str) -> None:
    assert mac_key(text) == ""


def test_an_address_of_a_real_card_is_evidence() -> None:
    assert mac_key("A4-4C-C8-11-22-33") == "a44cc8112233"


words = st.sampled_from(["", "A", "B"])
evidence = st.builds(
    Evidence,
    serial=words,
    uuid=words,
    macs=st.frozensets(st.sampled_from(["m", "n"])),
    board=words,
    model=words,
    hostname=words,
)


@given(evidence, st.lists(evidence, max_size=4), st.randoms(use_true_random=False))
def test_the_order_in_which_devices_are_found_does_not_matter(
    machine: Evidence, others: list[Evidence], random: object
) -> None:
    found = [Candidate(number, item) for number, item in enumerate(others)]
    shuffled = found[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = decide(machine, found), decide(machine, shuffled)
    assert (one.verdict, one.by, one.asset_id) == (other.verdict, other.by, other.asset_id)
    assert set(one.suggested) == set(other.suggested)


@given(evidence, st.lists(evidence, max_size=4))
def test_no_match_contradicts_a_serial(machine: Evidence, others: list[Evidence]) -> None:
    decision = decide(machine, [Candidate(number, item) for number, item in enumerate(others)])
    if decision.asset_id is not None:
        chosen = others[decision.asset_id]
        assert not (machine.serial and chosen.serial) or machine.serial == chosen.serial


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the recorded inventories are not on this machine")
def test_recorded_machines_that_differ_never_become_one() -> None:
    expected = json.loads((CORPUS / "expected.json").read_text())
    identity = json.loads((CORPUS / "identity.json").read_text())
    said = {name: _evidence(document) for name, document in _documents(expected).items()}
    for group in identity["different_devices"]:
        for first in group["members"]:
            for second in group["members"]:
                if first != second:
                    assert decide(said[first], [Candidate(1, said[second])]).verdict is not Verdict.MATCHED
    for group in identity["ambiguous"]:
        first, second = (said[name] for name in group["members"])
        assert decide(first, [Candidate(1, second)]).verdict is Verdict.CONFLICT
    for group in identity["same_device"]:
        first, second = (said[name] for name in group["members"])
        assert decide(first, [Candidate(1, second)]).verdict is Verdict.MATCHED


def _documents(expected: object) -> dict[str, dict[str, object]]:
    assert isinstance(expected, dict)
    return expected


def _evidence(document: dict[str, object]) -> Evidence:
    from kitto.checkins.actions.enrol import evidence_of
    from kitto.checkins.rules.wire import Machine

    def text(name: str) -> str:
        return str(document.get(name) or "")

    macs = document.get("macs")
    return evidence_of(
        Machine(
            vendor=text("manufacturer"),
            model=text("model"),
            serial=text("serial"),
            uuid=text("uuid"),
            hostname=text("hostname"),
            macs=[str(mac) for mac in macs] if isinstance(macs, list) else [],
        )
    )
