"""Probes and credentials: what people may set, what is refused, and what ends with a device."""

import pytest
from sqlalchemy import func, select

from kitto.assets import actions as assets
from kitto.base.errors import NotAllowed, VersionStale
from kitto.base.journal import FactRow
from kitto.base.net import AddressRefused
from kitto.base.seal import Secret
from kitto.base.work import Actor, Ledger
from kitto.health import actions, queries
from kitto.health.actions import CredentialSpec, ProbeChanges
from kitto.health.jobs import WATCH
from kitto.health.models import Health, Probe, ProbeCredential, Problem, ReadingKept, ReadingLast
from kitto.health.rules.probes import (
    CredentialIncomplete,
    CredentialInUse,
    CredentialKind,
    CredentialUnfit,
    HostKeyNotShown,
    ProbeExists,
    ProbeKind,
)
from kitto.health.rules.states import HealthState, Reason, Sign
from kitto.health.rules.values import Answer, Measured, Unit
from tests.counterparts.keys import new_key_pair
from tests.health.test_watch import make_probe, play
from tests.make import KITTO, make_pc


def make_credential(ledger: Ledger, actor: Actor, name: str = "read only") -> ProbeCredential:
    spec = CredentialSpec(name=name, kind=CredentialKind.COMMUNITY, secret=Secret("canary-7Q"))
    with ledger.begin(actor) as work:
        return actions.set_credential(work, spec)


def test_a_shown_host_key_is_pinned_only_by_its_fingerprint(ledger: Ledger, sato: Actor) -> None:
    from kitto.health.adapters.ssh_keys import fingerprint  # beside its one use

    probe = make_probe(ledger, make_pc(ledger))
    shown = new_key_pair().public
    play(ledger, 0, {probe.id: Answer(Sign.DENIED, Reason.HOST_KEY_UNKNOWN, detected_key=shown)})
    with pytest.raises(HostKeyNotShown), ledger.begin(sato) as work:
        actions.pin_host_key(work, probe_id=probe.id, shown="SHA256:another")
    with ledger.begin(sato) as work:
        pinned = actions.pin_host_key(work, probe_id=probe.id, shown=fingerprint(shown))
        assert fingerprint(pinned.host_key) == fingerprint(shown)


def test_no_secret_is_kept_in_clear(ledger: Ledger, sato: Actor) -> None:
    credential = make_credential(ledger, sato)
    with ledger.read(sato) as work:
        work.allow("see")
        bodies = "".join(work.session.scalars(select(FactRow.body)))
    assert "canary" not in bodies + credential.sealed + repr(vars(credential))


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "printer.example", "fe80::1"])
def test_an_address_that_is_no_devices_is_refused(ledger: Ledger, address: str) -> None:
    with pytest.raises(AddressRefused):
        make_probe(ledger, make_pc(ledger), address)


def test_a_second_probe_of_one_kind_is_refused(ledger: Ledger) -> None:
    pc = make_pc(ledger)
    make_probe(ledger, pc)
    with pytest.raises(ProbeExists):
        make_probe(ledger, pc)


def test_a_credential_must_fit(ledger: Ledger, sato: Actor) -> None:
    pc, credential = make_pc(ledger), make_credential(ledger, sato)
    for given in (credential.id, None):
        with pytest.raises(CredentialUnfit), ledger.begin(sato) as work:
            actions.add_probe(
                work, tag=str(pc.tag), kind=ProbeKind.SSH, address="192.0.2.1", credential_id=given
            )


def test_a_credential_in_use_stays(ledger: Ledger, sato: Actor) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    with pytest.raises(CredentialInUse), ledger.begin(sato) as work:
        actions.remove_credential(work, credential_id=probe.credential_id or 0)


@pytest.mark.parametrize(
    "spec",
    [
        CredentialSpec(name="", kind=CredentialKind.COMMUNITY, secret=Secret("x")),
        CredentialSpec(name="a", kind=CredentialKind.COMMUNITY, secret=Secret("")),
        CredentialSpec(name="a", kind=CredentialKind.PASSWORD, secret=Secret("x")),
        CredentialSpec(name="a", kind=CredentialKind.USER, account="sato", secret=Secret("short")),
        CredentialSpec(name="a", kind=CredentialKind.SSH_KEY, account="sato", secret=Secret("no key")),
    ],
)
def test_an_incomplete_credential_is_refused(ledger: Ledger, sato: Actor, spec: CredentialSpec) -> None:
    with pytest.raises(CredentialIncomplete), ledger.begin(sato) as work:
        actions.set_credential(work, spec)


def test_a_change_needs_the_version_that_was_seen(ledger: Ledger, sato: Actor) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    with ledger.begin(sato) as work:
        actions.change_probe(
            work, probe_id=probe.id, changes=ProbeChanges(enabled=False), version=probe.version
        )
    with pytest.raises(VersionStale), ledger.begin(sato) as work:
        actions.change_probe(
            work, probe_id=probe.id, changes=ProbeChanges(enabled=True), version=probe.version
        )


def test_who_may_do_nothing_watches_nothing(ledger: Ledger, guest: Actor) -> None:
    pc = make_pc(ledger)
    with pytest.raises(NotAllowed), ledger.begin(guest) as work:
        actions.add_probe(work, tag=str(pc.tag), kind=ProbeKind.TCP, address="192.0.2.1", port=80)


def test_removing_a_probe_leaves_nothing_of_it(ledger: Ledger) -> None:
    probe = make_probe(ledger, make_pc(ledger))
    row = Measured("ups_load", 99.0, Unit.PERCENT)
    play(ledger, 0, {probe.id: Answer(Sign.ANSWERED, Reason.ANSWERED, readings=(row,))})
    with ledger.begin(KITTO) as work:
        actions.remove_probe(work, probe_id=probe.id, version=None)
    with ledger.read(KITTO) as work:
        work.allow("see")
        for table in (Probe, Health, ReadingLast, ReadingKept):
            assert work.session.scalar(select(func.count()).select_from(table)) == 0
        assert work.session.scalar(select(Problem.closed_at)) is not None


def test_a_retired_device_is_not_asked_any_more(ledger: Ledger, suzuki: Actor) -> None:
    pc = make_pc(ledger)
    probe = make_probe(ledger, pc)
    with ledger.begin(suzuki) as work:
        assets.retire(work, tag=str(pc.tag), reason="old")
    with ledger.begin(WATCH) as work:
        assert actions.claim_due(work, ProbeKind.SNMP, 9) == []
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert not queries.probe(work, probe.id).enabled


def test_due_probes_are_counted_by_kind(ledger: Ledger) -> None:
    pc = make_pc(ledger)
    make_probe(ledger, pc)
    with ledger.begin(KITTO) as work:
        actions.add_probe(work, tag=str(pc.tag), kind=ProbeKind.TCP, address="192.0.2.1", port=22)
    with ledger.read(WATCH) as work:
        work.allow("watch")
        assert queries.due_count(work) == {ProbeKind.SNMP: 1, ProbeKind.TCP: 1}
        assert queries.counts(work) == {}
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert queries.counts(work) == {HealthState.UNKNOWN: 2}
