"""The watch in the ledger: probes, rounds, standings, problems, facts."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from kitto.assets.models import Asset
from kitto.base import clock
from kitto.base.errors import NotAllowed
from kitto.base.journal import FactRow
from kitto.base.seal import Secret
from kitto.base.work import Actor, Ledger
from kitto.health import actions, queries
from kitto.health.actions import CredentialSpec
from kitto.health.jobs import WATCH, poll_probes
from kitto.health.models import Health, Probe
from kitto.health.queries import ProblemFilter
from kitto.health.rules.probes import (
    CredentialKind,
    ProbeKind,
)
from kitto.health.rules.states import HealthState, Reason, Sign
from kitto.health.rules.values import Answer, DeviceKind, Identity, Measured, Unit
from kitto.health.rules.watches import Check
from tests.counterparts.keys import new_key_pair
from tests.counterparts.snmp import snmp_device
from tests.make import KITTO, make_pc

START = clock.now()
GOOD = Answer(Sign.ANSWERED, Reason.ANSWERED, latency=timedelta(milliseconds=3))
SILENT = Answer(Sign.SILENT, Reason.NO_ANSWER)


def make_probe(ledger: Ledger, asset: Asset, address: str = "192.0.2.7", **given: object) -> Probe:
    with ledger.read(KITTO) as work:
        work.allow("see")
        found = [row for row in queries.credentials(work) if row.name == "public"]
    if not found:
        spec = CredentialSpec(name="public", kind=CredentialKind.COMMUNITY, secret=Secret("public"))
        with ledger.begin(KITTO) as work:
            found = [actions.set_credential(work, spec)]
    with ledger.begin(KITTO) as work:
        return actions.add_probe(
            work,
            tag=str(asset.tag),
            kind=ProbeKind.SNMP,
            address=address,
            credential_id=found[0].id,
            **given,  # type: ignore[arg-type]
        )


def play(ledger: Ledger, seconds: int, answers: Mapping[int, Answer]) -> None:
    """One round, so many seconds after the start of the story."""
    with ledger.begin(WATCH) as work:
        work.now = START + timedelta(seconds=seconds)
        actions.record_answers(work, answers)


def health(ledger: Ledger, probe: Probe) -> Health:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return queries.probe(work, probe.id).health


def facts(ledger: Ledger, room: str = "health.") -> list[str]:
    with ledger.read(KITTO) as work:
        work.allow("see")
        kinds = work.session.scalars(select(FactRow.kind).order_by(FactRow.seq))
        return [kind for kind in kinds if kind.startswith(room)]


def open_checks(ledger: Ledger) -> list[Check]:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return [row.check for row in queries.problems(work, ProblemFilter()).items]


def test_a_real_printer_is_polled_and_its_numbers_are_kept(ledger: Ledger, sato: Actor) -> None:
    printer = make_pc(ledger, code="printer", serial="KWC35-0004711")
    with snmp_device("printer") as device:
        probe = make_probe(ledger, printer, device.address, port=device.port)
        poll_probes(ledger, [probe.id], in_full=True)
    after = health(ledger, probe)
    assert after.state is HealthState.OK
    assert after.known is not None
    assert (after.known.kind, after.known.serial) == (DeviceKind.PRINTER, "KWC35-0004711")
    with ledger.read(sato) as work:
        work.allow("see")
        readings = queries.readings(work, probe.id)
        assert {"supply", "waste", "pages", "paper"} <= {row.name for row in readings}
        assert queries.series(work, probe.id, "pages") != []
    assert Check.IDENTITY not in open_checks(ledger)
    assert Check.SUPPLY in open_checks(ledger)


def test_a_device_goes_down_and_comes_back_with_one_fact_each(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    story = [GOOD, SILENT, SILENT, SILENT, SILENT, GOOD, GOOD, GOOD]
    for number, answer in enumerate(story):
        play(ledger, number * 60, {probe.id: answer})
    kinds = facts(ledger)
    assert kinds.count("health.went_down") == kinds.count("health.came_back") == 1
    assert health(ledger, probe).state is HealthState.OK
    assert open_checks(ledger) == []


def test_a_heartbeat_writes_no_fact(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    before = facts(ledger)
    for number in range(5):
        play(ledger, number * 60, {probe.id: GOOD})
    assert facts(ledger) == before


def test_repeating_a_round_opens_no_second_problem(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    for seconds in (0, 60, 120, 120, 120):
        play(ledger, seconds, {probe.id: SILENT})
    assert open_checks(ledger) == [Check.REACH]


def test_another_serial_number_is_a_finding_and_overwrites_nothing(ledger: Ledger, sato: Actor) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    probe = make_probe(ledger, pc)
    who = Identity(serial="9YL3RA4", serial_from="ENTITY-MIB")
    for number in range(3):
        play(ledger, number * 60, {probe.id: Answer(Sign.ANSWERED, Reason.ANSWERED, identity=who)})
    assert facts(ledger).count("health.identity_differs") == 1
    assert open_checks(ledger) == [Check.IDENTITY]
    with ledger.read(sato) as work:
        work.allow("see")
        assert queries.probe(work, probe.id).asset.serial == "8XK2QZ3"
    right = Identity(serial="8xk2-qz3", serial_from="ENTITY-MIB")
    play(ledger, 200, {probe.id: Answer(Sign.ANSWERED, Reason.ANSWERED, identity=right)})
    assert open_checks(ledger) == []


def test_low_toner_opens_one_problem_and_new_toner_ends_it(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))

    def toner(level: float) -> Answer:
        row = Measured("supply", level, Unit.PERCENT, "1.1", "Black")
        return Answer(Sign.ANSWERED, Reason.ANSWERED, readings=(row,))

    for number, level in enumerate((40.0, 9.0, 12.0, 8.0, 100.0)):
        play(ledger, number * 60, {probe.id: toner(level)})
    kinds = facts(ledger)
    assert kinds.count("health.problem_raised") == kinds.count("health.problem_ended") == 1


def test_history_keeps_changes_and_one_value_each_quarter_of_an_hour(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    for minute in range(31):
        level = 50.0 if minute < 20 else 40.0
        row = Measured("ups_load", level, Unit.PERCENT)
        play(ledger, minute * 60, {probe.id: Answer(Sign.ANSWERED, Reason.ANSWERED, readings=(row,))})
    with ledger.read(KITTO) as work:
        work.allow("see")
        kept = queries.series(work, probe.id, "ups_load", since=START)
    assert [((at - START) // timedelta(minutes=1), value) for at, value in kept] == [
        (0, 50.0),
        (15, 50.0),
        (20, 40.0),
    ]


def test_a_restart_is_one_fact_and_a_wrapped_counter_is_none(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    wrap = timedelta(seconds=2**32 / 100)
    ups = [wrap - timedelta(seconds=60), timedelta(seconds=60), timedelta(seconds=180), timedelta(seconds=5)]
    for number, up in enumerate(ups):
        answer = Answer(Sign.ANSWERED, Reason.ANSWERED, uptime=up)
        play(ledger, number * 120, {probe.id: answer})
    assert facts(ledger).count("health.restarted") == 1


def test_a_fifth_of_a_round_falling_silent_is_one_problem_and_brings_nobody_down(ledger: Ledger) -> None:
    probes = [make_probe(ledger, make_pc(ledger), f"192.0.2.{n + 1}") for n in range(20)]
    ids = [probe.id for probe in probes]
    play(ledger, 0, dict.fromkeys(ids, GOOD))
    for number in range(1, 5):
        play(ledger, number * 60, {n: SILENT if n in ids[:10] else GOOD for n in ids})
    assert open_checks(ledger) == [Check.MANY_SILENT]
    assert "health.went_down" not in facts(ledger)
    for number in range(6, 12):
        play(ledger, number * 60, {n: SILENT if n in ids[:10] else GOOD for n in ids})
    assert facts(ledger).count("health.went_down") == 10
    play(ledger, 800, dict.fromkeys(ids, GOOD))
    assert Check.MANY_SILENT not in open_checks(ledger)


def test_a_silence_of_everybody_is_ours(ledger: Ledger) -> None:
    ids = [make_probe(ledger, make_pc(ledger), f"192.0.2.{n + 1}").id for n in range(10)]
    play(ledger, 0, dict.fromkeys(ids, GOOD))
    for number in range(1, 30):
        play(ledger, number * 60, dict.fromkeys(ids, SILENT))
    assert "health.went_down" not in facts(ledger)
    assert open_checks(ledger) == [Check.MANY_SILENT]


def test_a_changed_host_key_is_a_problem_with_a_fact(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    other = new_key_pair().public
    changed = Answer(Sign.DENIED, Reason.HOST_KEY_CHANGED, detected_key=other)
    play(ledger, 0, {probe.id: changed})
    play(ledger, 900, {probe.id: changed})
    assert open_checks(ledger) == [Check.HOST_KEY]
    assert facts(ledger).count("health.host_key_differs") == 1


def test_two_workers_never_claim_the_same_probe(ledger: Ledger) -> None:
    ids = {make_probe(ledger, make_pc(ledger), f"192.0.2.{n + 1}").id for n in range(5)}
    claimed: list[int] = []
    for _ in range(3):
        with ledger.begin(WATCH) as work:
            claimed += actions.claim_due(work, ProbeKind.SNMP, 2)
    assert sorted(claimed) == sorted(ids)


def test_what_a_dead_worker_claimed_is_free_again_later(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    with ledger.begin(WATCH) as work:
        assert actions.claim_due(work, ProbeKind.SNMP, 9) == [probe.id]
    with ledger.begin(WATCH) as work:
        work.now += timedelta(minutes=4)
        assert actions.claim_due(work, ProbeKind.SNMP, 9) == [probe.id]


def test_a_problem_is_acknowledged_once(ledger: Ledger, sato: Actor, tanaka: Actor) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    for seconds in (0, 60, 120):
        play(ledger, seconds, {probe.id: SILENT})
    with ledger.read(KITTO) as work:
        work.allow("see")
        (problem,) = queries.problems(work, ProblemFilter()).items
        assert queries.open_count(work) == 1
    with pytest.raises(NotAllowed), ledger.begin(tanaka) as work:
        actions.acknowledge(work, problem_id=problem.id)
    for note in ("電源を確認中", "again"):
        with ledger.begin(sato) as work:
            done = actions.acknowledge(work, problem_id=problem.id, note=note)
    assert (done.acknowledged_by, done.note) == (sato.name, "電源を確認中")
    assert facts(ledger).count("health.problem_acknowledged") == 1


def test_the_poll_of_a_dead_device_costs_no_fact_until_it_is_down(ledger: Ledger) -> None:
    with snmp_device("ups") as device:
        probe = make_probe(ledger, make_pc(ledger), device.address, port=device.port)
    before = facts(ledger)
    poll_probes(ledger, [probe.id])
    after = health(ledger, probe)
    assert (after.state, after.reason) == (HealthState.SUSPECT, Reason.REFUSED)
    assert facts(ledger) == before


def test_the_journal_says_in_the_readers_language_what_happened(ledger: Ledger) -> None:
    from kitto.audit import queries as journal  # the room above, to read what this one wrote

    probe = make_probe(ledger, make_pc(ledger))
    for seconds in (0, 60, 120):
        play(ledger, seconds, {probe.id: SILENT})
    with ledger.read(KITTO) as work:
        work.allow("see")
        said = [entry.sentence("ja") for entry in journal.timeline(work, "asset", str(probe.asset_id))]
    assert any("応答なし" in sentence for sentence in said)
    assert any("応答しません(SNMP)" in sentence for sentence in said)
