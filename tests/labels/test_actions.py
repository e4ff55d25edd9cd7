"""Labels are printed, wait, and are scanned back, on a real database."""

from pathlib import Path

import pytest
from sqlalchemy import select

from kitto.assets.models import Asset
from kitto.assets.rules import State
from kitto.base.errors import NotAllowed, NotFound
from kitto.base.journal import FactRow
from kitto.base.paper import codes
from kitto.base.paper.proof import Calibration
from kitto.base.paper.refusals import UnknownTemplate
from kitto.base.work import Actor, Grant, Ledger
from kitto.identity.rules import Permission
from kitto.labels import actions, printing, queries
from kitto.labels.adapters import folder
from kitto.labels.adapters.folder import take
from kitto.labels.rules import DevicesUnknown, NoLabelScanned, OffsetTooFar, PrintOrder, WrongLabel
from kitto.people import actions as people
from kitto.people.rules import DepartmentDetails
from kitto.web.hooks import waiting
from tests.make import KITTO, make_pc


def order(*assets: Asset, template: str = "A-ONE 72224", **other: object) -> PrintOrder:
    return PrintOrder(tags=tuple(asset.name for asset in assets), template=template, **other)  # type: ignore[arg-type]


def waiting_tags(ledger: Ledger, actor: Actor) -> list[str]:
    with ledger.read(actor) as work:
        work.allow(Permission.PRINT_LABELS)
        return [asset.name for asset in queries.wanted(work)]


def test_a_received_pc_waits_for_its_label_until_it_is_printed(ledger: Ledger, sato: Actor) -> None:
    pc = make_pc(ledger, State.RECEIVED)
    assert waiting_tags(ledger, sato) == [pc.name]
    with ledger.read(sato) as work:
        work.allow(Permission.SEE)
        lines = [item for title, items in waiting(work) if title == "Labels to print" for item in items]
    assert [(line.sentence, line.link) for line in lines] == [("1 device waits for its label", "/labels")]
    printing.print_now(ledger, sato, order(pc))
    assert waiting_tags(ledger, sato) == []


def test_a_print_is_kept_with_every_code_readable(ledger: Ledger, sato: Actor) -> None:
    pcs = [make_pc(ledger) for _ in range(3)]
    made = printing.print_now(ledger, sato, order(*pcs, skip=4))
    assert (made.count, made.pages, made.skipped, made.tags) == (3, 1, 4, [pc.name for pc in pcs])
    pdf = take(queries.store(), made.sha256)
    assert pdf is not None
    read = codes.decode(next(codes.pages(pdf)))
    for pc in pcs:
        assert pc.name.replace("-", "") in read
    with ledger.read(sato) as work:
        work.allow(Permission.PRINT_LABELS)
        label = queries.label_of(work, pcs[0].id)
        kinds = work.session.scalars(select(FactRow.kind).order_by(FactRow.seq)).all()
    assert label is not None
    assert label.print_id == made.id
    assert list(kinds[-4:]) == ["labels.printed", *["labels.label_printed"] * 3]


def test_tags_may_be_written_or_scanned_in_any_way_and_count_once(ledger: Ledger, sato: Actor) -> None:
    pc = make_pc(ledger)
    compact = pc.name.replace("-", "")
    ways = (pc.name, compact.lower(), f"HTTPS://OLD.EXAMPLE/T/{compact}", f"　{pc.name}　")
    made = printing.print_now(ledger, sato, PrintOrder(tags=ways, template="72244"))
    assert made.tags == [pc.name]


def test_a_label_scanned_back_is_on_record(ledger: Ledger, sato: Actor) -> None:
    pc = make_pc(ledger)
    with ledger.begin(sato) as work:
        label = actions.scan_back(work, f"https://kitto.example/T/{pc.name.replace('-', '')}", tag=pc.name)
        assert label.verified_at == work.now
        assert label.wanted_since is None


def test_the_label_of_another_device_is_refused(ledger: Ledger, sato: Actor) -> None:
    pc, other = make_pc(ledger), make_pc(ledger)
    with ledger.begin(sato) as work:
        work.unrecorded("nothing is to be written")
        with pytest.raises(WrongLabel, match=f"says {other.name}, it should say {pc.name}"):
            actions.scan_back(work, other.name, tag=pc.name)


@pytest.mark.parametrize(
    ("scanned", "refusal"), [("8XK2Q93", NoLabelScanned), ("PC-999999-Z", NoLabelScanned)]
)
def test_what_is_no_label_is_refused(
    ledger: Ledger, sato: Actor, scanned: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal), ledger.begin(sato) as work:
        actions.scan_back(work, scanned)


def test_unknown_devices_and_templates_are_named(ledger: Ledger, sato: Actor) -> None:
    pc = make_pc(ledger)
    with pytest.raises(DevicesUnknown, match="nonsense"):
        printing.print_now(ledger, sato, PrintOrder(tags=(pc.name, "nonsense"), template="72224"))
    with pytest.raises(UnknownTemplate, match="A-ONE 1"):
        printing.print_now(ledger, sato, order(pc, template="A-ONE 1"))
    assert waiting_tags(ledger, sato) == [pc.name]


def test_a_printer_is_remembered_and_set_anew(ledger: Ledger, sato: Actor) -> None:
    for dx in (1.5, -0.5):
        with ledger.begin(sato) as work:
            actions.keep_printer(work, name="2F 複合機", calibration=Calibration(dx=dx))
    with ledger.read(sato) as work:
        work.allow(Permission.PRINT_LABELS)
        assert [(p.name, p.dx) for p in queries.printers(work)] == [("2F 複合機", -0.5)]
    pc = make_pc(ledger)
    moved = printing.print_now(ledger, sato, order(pc, printer="2F 複合機"))
    straight = printing.print_now(ledger, sato, order(pc))
    assert moved.sha256 != straight.sha256
    with pytest.raises(NotFound):
        printing.print_now(ledger, sato, order(pc, printer="nowhere"))
    with pytest.raises(OffsetTooFar), ledger.begin(sato) as work:
        actions.keep_printer(work, name="x", calibration=Calibration(dx=50))


def test_who_may_not_print_prints_nothing(ledger: Ledger, tanaka: Actor, guest: Actor) -> None:
    pc = make_pc(ledger)
    for actor in (tanaka, guest):
        with pytest.raises(NotAllowed):
            printing.print_now(ledger, actor, order(pc))
        with pytest.raises(NotAllowed), ledger.begin(actor) as work:
            actions.scan_back(work, pc.name)
        with pytest.raises(NotAllowed), ledger.begin(actor) as work:
            actions.keep_printer(work, name="x", calibration=Calibration())


def test_who_prints_in_one_department_reaches_no_other(ledger: Ledger, sato: Actor) -> None:
    with ledger.begin(KITTO) as work:
        ours = people.open_department(work, DepartmentDetails(code="A", name="開発部"))
        theirs_too = people.open_department(work, DepartmentDetails(code="B", name="営業部"))
    here = make_pc(ledger, department_id=ours.id)
    there = make_pc(ledger, department_id=theirs_too.id)
    rights = frozenset({Permission.SEE, Permission.PRINT_LABELS})
    local = Actor(
        kind="account",
        id="9",
        name="local",
        locale="en",
        grants=(Grant(rights, ("department", str(ours.id))),),
    )
    printing.print_now(ledger, local, order(here))
    with pytest.raises(DevicesUnknown):
        printing.print_now(ledger, local, order(there))
    theirs = printing.print_now(ledger, sato, order(there))
    with ledger.read(local) as work:
        work.allow(Permission.PRINT_LABELS)
        assert [made.tags for made in queries.prints(work).items] == [[here.name]]
        with pytest.raises(NotFound):
            queries.print_by_id(work, theirs.id)


def test_a_changed_file_is_not_given_out(tmp_path: Path) -> None:
    sha256 = folder.keep(tmp_path, b"%PDF-1")
    assert folder.keep(tmp_path, b"%PDF-1") == sha256
    assert folder.take(tmp_path, sha256) == b"%PDF-1"
    (tmp_path / f"{sha256}.pdf").write_bytes(b"%PDF-2")
    assert folder.take(tmp_path, sha256) is None
    (tmp_path / f"{sha256}.pdf").unlink()
    assert folder.take(tmp_path, sha256) is None
    assert list(tmp_path.iterdir()) == []
