"""Ledger says, device says: differences are raised, settled by people, and never overwrite."""

import pytest
from sqlalchemy import select

from kitto.assets import actions as assets
from kitto.assets import queries as ledger_queries
from kitto.assets.actions.edit import Changes
from kitto.assets.models import Observed
from kitto.base.errors import NotAllowed
from kitto.base.journal import FactRow
from kitto.base.work import Actor, Ledger
from kitto.checkins import actions
from kitto.checkins.models import Finding
from kitto.checkins.rules.findings import Field, Sides
from kitto.checkins.rules.refusals import FindingClosed, FindingNotAcceptable
from kitto.checkins.rules.states import FindingState
from tests.checkins.conftest import IssueToken, MakeMachine
from tests.checkins.machines import Machine, hardware, system
from tests.make import KITTO, make_pc


@pytest.fixture
def renamed(ledger: Ledger, issue: IssueToken, machine: MakeMachine) -> tuple[str, Machine]:
    """A PC whose ledger says "old-name" and which says "new-name"."""
    pc = make_pc(ledger, serial="8XK2QZ3")
    tag = str(pc.tag)
    with ledger.begin(KITTO) as work:
        assets.change_asset(work, tag=tag, changes=Changes(hostname="old-name"), version=None)
    laptop = machine(serial="8XK2QZ3", hostname="new-name")
    laptop.enrol(issue(tag=tag))
    assert laptop.report().status_code == 200
    return tag, laptop


def test_a_difference_is_raised_once_and_the_ledger_stays(
    ledger: Ledger, renamed: tuple[str, Machine]
) -> None:
    tag, laptop = renamed
    laptop.report()
    assert [(item.declared, item.observed) for item in _findings(ledger)] == [("old-name", "new-name")]
    assert _hostname(ledger, tag) == "old-name"
    assert _kinds(ledger).count("checkins.finding_raised") == 1


def test_accepting_takes_over_what_the_device_says(
    ledger: Ledger, sato: Actor, renamed: tuple[str, Machine]
) -> None:
    tag, laptop = renamed
    with ledger.begin(sato) as work:
        actions.accept_finding(work, finding_id=_findings(ledger)[0].id)
    assert _hostname(ledger, tag) == "new-name"
    assert _findings(ledger)[0].state is FindingState.ACCEPTED
    laptop.report()
    assert len(_findings(ledger)) == 1
    with ledger.begin(sato) as work, pytest.raises(FindingClosed):
        actions.accept_finding(work, finding_id=_findings(ledger)[0].id)


def test_a_dismissed_difference_is_not_raised_again_but_a_new_one_is(
    ledger: Ledger, sato: Actor, renamed: tuple[str, Machine]
) -> None:
    tag, laptop = renamed
    with ledger.begin(sato) as work:
        actions.dismiss_finding(work, finding_id=_findings(ledger)[0].id)
    laptop.report()
    assert [item.state for item in _findings(ledger)] == [FindingState.DISMISSED]
    assert _hostname(ledger, tag) == "old-name"
    laptop.sections["os"] = system("third-name")
    laptop.report("os")
    assert [item.state for item in _findings(ledger)] == [FindingState.DISMISSED, FindingState.OPEN]


def test_a_difference_that_goes_away_is_settled_by_itself(
    ledger: Ledger, renamed: tuple[str, Machine]
) -> None:
    _, laptop = renamed
    laptop.sections["os"] = system("OLD-NAME.example.co.jp")
    laptop.report("os")
    assert [item.state for item in _findings(ledger)] == [FindingState.SETTLED]


def test_the_serial_number_cannot_be_taken_over(
    ledger: Ledger, sato: Actor, renamed: tuple[str, Machine]
) -> None:
    tag, laptop = renamed
    laptop.sections["hardware"] = hardware("SWAPPED99")
    laptop.report("hardware")
    finding = next(item for item in _findings(ledger) if item.field is Field.SERIAL)
    with ledger.begin(sato) as work, pytest.raises(FindingNotAcceptable):
        actions.accept_finding(work, finding_id=finding.id)
    with ledger.read(KITTO) as work:
        work.allow("see")
        asset = ledger_queries.by_tag(work, tag)
        assert asset.serial == "8XK2QZ3"
        said = work.session.get_one(Observed, (asset.id, "agent"))
        assert (said.serial, said.serial_fits) == ("SWAPPED99", False)


def test_a_serial_that_the_ledger_lacks_can_be_taken_over(
    ledger: Ledger, sato: Actor, issue: IssueToken, machine: MakeMachine
) -> None:
    with ledger.begin(KITTO) as work:
        work.allow("see")
        from tests.make import make_category, make_model

        make_category(work, "acc", needs_serial=False)
        model = make_model(work, "acc", "Stick PC")
        asset = assets.register(work, model_id=model.id)
    stick = machine(serial="STICK0042")
    stick.enrol(issue(tag=asset.tag))
    stick.report()
    with ledger.begin(sato) as work:
        actions.accept_observed(work, tag=str(asset.tag), field=Field.SERIAL)
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert ledger_queries.by_tag(work, str(asset.tag)).serial == "STICK0042"


def test_a_guest_settles_nothing(ledger: Ledger, guest: Actor, renamed: tuple[str, Machine]) -> None:
    number = _findings(ledger)[0].id
    for action in (actions.accept_finding, actions.dismiss_finding):
        with ledger.begin(guest) as work, pytest.raises(NotAllowed):
            action(work, finding_id=number)
    assert _findings(ledger)[0].state is FindingState.OPEN


@pytest.mark.parametrize(
    ("field", "declared", "observed", "differs"),
    [
        (Field.MODEL, "Latitude 7450", "Dell Latitude 7450", False),
        (Field.MODEL, "Latitude 7450", "Latitude 7440", True),
        (Field.MODEL, "ThinkPad X1", "", False),
        (Field.MAKER, "Dell", "Dell Inc.", False),
        (Field.MAKER, "HP", "Hewlett-Packard Company", False),
        (Field.MAKER, "株式会社マウスコンピューター", "マウスコンピューター", False),
        (Field.MAKER, "Dell", "LENOVO", True),
        (Field.SERIAL, "８ｘｋ２-qz3", "8XK2QZ3", False),
        (Field.HOSTNAME, "PC-000042", "pc-000042.corp.example", False),
        (Field.HOSTNAME, "", "pc-1", False),
    ],
)
def test_only_what_really_differs_is_different(
    field: Field, declared: str, observed: str, *, differs: bool
) -> None:
    assert Sides(field, declared, observed).is_different is differs


def _findings(ledger: Ledger) -> list[Finding]:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return list(work.session.scalars(select(Finding).order_by(Finding.id)))


def _hostname(ledger: Ledger, tag: str) -> str | None:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return ledger_queries.by_tag(work, tag).hostname


def _kinds(ledger: Ledger) -> list[str]:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return list(work.session.scalars(select(FactRow.kind)))
