"""WinRM reads of a bench PC that speaks WS-Management: identity, readings, and every way to be refused."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
import tree_sitter
import tree_sitter_powershell
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.rules import fingerprint
from kitto.assets.rules.ways import CertificateElsewhere
from kitto.base.seal import Secret
from kitto.base.winrm import Ran
from kitto.base.work import Ledger
from kitto.health import actions
from kitto.health.actions import CredentialSpec
from kitto.health.adapters.winrm import SCRIPT, WinRmTarget, ask, read, sweep
from kitto.health.jobs import poll_probes
from kitto.health.models import Probe
from kitto.health.rules.probes import CredentialKind, CredentialUnfit, HostKeyNotShown, ProbeKind
from kitto.health.rules.states import HealthState, Reason, Sign
from kitto.health.rules.values import DeviceKind
from kitto.health.rules.watches import Check
from tests.counterparts.windows.pc import WindowsPc, certificate_for, windows_pc
from tests.health.test_watch import facts, health, open_checks, play
from tests.make import KITTO, make_pc

SERIAL = "5CG4221X9K"


@pytest.fixture
def pc() -> Iterator[WindowsPc]:
    with windows_pc(SERIAL) as made:
        yield made


@pytest.fixture
def target(pc: WindowsPc) -> WinRmTarget:
    return WinRmTarget(1, pc.address, pc.user, Secret(pc.password), pc.certificate, port=pc.port)


def test_a_pc_says_who_it_is_and_how_it_feels(target: WinRmTarget, pc: WindowsPc) -> None:
    answer = ask(target)
    assert (answer.sign, answer.detail) == (Sign.ANSWERED, "")
    who = answer.identity
    assert who is not None
    assert (who.kind, who.serial, who.serial_from) == (DeviceKind.HOST, SERIAL, "Win32_BIOS")
    assert (who.vendor, who.model, who.name) == ("HP", "HP ProBook 450 G10", pc.windows.name)
    assert who.version == "Microsoft Windows 11 Pro 10.0.26100"
    assert answer.uptime is not None
    assert 0 <= answer.uptime.total_seconds() < 60
    assert [(row.name, row.instance, row.value) for row in answer.readings] == [
        ("memory_used", "", 62.5),
        ("disk_used", "C:", 60.0),
        ("disk_free", "C:", 204_400_000_000.0),
    ]
    assert not pc.service.shells
    assert pc.windows.done == []


def test_an_unknown_certificate_is_named_and_nobody_signs_in(target: WinRmTarget, pc: WindowsPc) -> None:
    answer = ask(replace(target, certificate="", password=Secret("canary")))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.HOST_KEY_UNKNOWN)
    assert fingerprint(answer.detected_key) == fingerprint(pc.certificate)
    assert fingerprint(pc.certificate) in answer.detail
    assert pc.service.sealed == []


def test_a_changed_certificate_is_named_and_no_credential_is_sent(target: WinRmTarget, pc: WindowsPc) -> None:
    answer = ask(replace(target, certificate=certificate_for(pc.address)))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.HOST_KEY_CHANGED)
    assert fingerprint(answer.detected_key) == fingerprint(pc.certificate)
    assert pc.service.sealed == []


def test_a_pinned_certificate_that_names_another_address_is_told_apart() -> None:
    with windows_pc(certificate_names=("192.0.2.9",)) as elsewhere:
        answer = ask(
            WinRmTarget(
                1, elsewhere.address, elsewhere.user, Secret(elsewhere.password), elsewhere.certificate
            )
        )
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.CERTIFICATE_UNFIT)
    assert answer.detected_key == ""


def test_another_password_is_denied_and_stays_out_of_the_answer(target: WinRmTarget) -> None:
    answer = ask(replace(target, password=Secret("canary-3F")))
    assert (answer.sign, answer.reason) == (Sign.DENIED, Reason.CREDENTIALS)
    assert "canary" not in answer.detail


@pytest.mark.parametrize("certificate", ["", "pinned"])
def test_a_closed_port_is_refused(target: WinRmTarget, pc: WindowsPc, certificate: str) -> None:
    pc.power_off()
    answer = ask(replace(target, certificate=pc.certificate if certificate else ""))
    assert (answer.sign, answer.reason) == (Sign.SILENT, Reason.REFUSED)


def test_what_listens_and_is_no_windows_is_silent(pc: WindowsPc, target: WinRmTarget) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        deaf = replace(target, address="127.0.0.1", port=other.getsockname()[1], certificate="")
        answer = ask(deaf)
    assert (answer.sign, answer.reason) == (Sign.SILENT, Reason.NO_ANSWER)
    assert pc.windows.done == []


def test_one_dead_pc_does_not_hold_up_the_others(target: WinRmTarget) -> None:
    answers = sweep([target, replace(target, key=2, address="127.0.0.1", port=1)])
    assert {number: answer.sign for number, answer in answers.items()} == {1: Sign.ANSWERED, 2: Sign.SILENT}
    assert sweep([]) == {}


def test_a_pc_that_says_little_is_still_alive_and_nonsense_is_unreadable() -> None:
    little = {"serial": None, "uptime": None, "disks": [{"name": "E:", "size": 0, "free": 0}]}
    answer = read(Ran(0, json.dumps(little), ""))
    assert (answer.sign, answer.readings, answer.uptime) == (Sign.ANSWERED, (), None)
    assert answer.identity is not None
    assert answer.identity.serial == ""
    for ran in (
        Ran(0, "Willkommen", ""),
        Ran(0, '{"disks": 3}', ""),
        Ran(1, "", "Get-CimInstance : Access denied"),
    ):
        assert (read(ran).sign, read(ran).reason) == (Sign.SILENT, Reason.UNREADABLE)
    assert "Access denied" in read(Ran(1, "", "Access denied")).detail


def test_the_script_is_powershell_and_only_reads() -> None:
    language = tree_sitter.Language(tree_sitter_powershell.language())
    assert not tree_sitter.Parser(language).parse(SCRIPT.encode()).root_node.has_error
    verbs = {word.split("-")[0] for word in SCRIPT.split() if word[:1].isupper() and "-" in word}
    assert verbs == {"Get", "ForEach", "ConvertTo"}


def watched(ledger: Ledger, pc: WindowsPc, host_key: str = "", serial: str = SERIAL) -> Probe:
    """A probe of this PC by WinRM."""
    device = make_pc(ledger, serial=serial)
    with ledger.begin(KITTO) as work:
        spec = CredentialSpec(
            name="windows", kind=CredentialKind.PASSWORD, secret=Secret(pc.password), account=pc.user
        )
        opener = actions.set_credential(work, spec)
    with ledger.begin(KITTO) as work:
        return actions.add_probe(
            work,
            tag=str(device.tag),
            kind=ProbeKind.WINRM,
            address=pc.address,
            credential_id=opener.id,
            host_key=host_key,
        )


def test_a_pc_is_pinned_polled_suspected_and_down(ledger: Ledger, pc: WindowsPc, target: WinRmTarget) -> None:
    probe = watched(ledger, pc)
    assert (probe.port, probe.interval_seconds, probe.host_key) == (5986, 300, "")
    poll_probes(ledger, [probe.id])
    first = health(ledger, probe)
    assert (first.state, first.reason) == (HealthState.AUTH_FAILED, Reason.HOST_KEY_UNKNOWN)
    with pytest.raises(HostKeyNotShown), ledger.begin(KITTO) as work:
        actions.pin_host_key(work, probe_id=probe.id, shown="3A:5F")
    with ledger.begin(KITTO) as work:  # as .NET shows it
        shown = fingerprint(pc.certificate).replace(":", "").lower()
        actions.pin_host_key(work, probe_id=probe.id, shown=shown)
    poll_probes(ledger, [probe.id])
    known = health(ledger, probe)
    assert known.state is HealthState.OK
    assert known.known is not None
    assert known.known.serial == SERIAL
    assert open_checks(ledger) == []
    pc.power_off()
    silent = ask(target)
    for seconds, state in ((0, "suspect"), (60, "suspect"), (120, "down")):
        play(ledger, seconds, {probe.id: silent})
        assert health(ledger, probe).state == state
    assert open_checks(ledger) == [Check.REACH]
    assert {"health.host_key_pinned", "health.went_down"} <= set(facts(ledger))


def test_another_pc_than_the_ledgers_and_a_full_disk_are_findings(ledger: Ledger, pc: WindowsPc) -> None:
    pc.windows.fixed_disks = {"C:": (100_000_000_000, 3_000_000_000)}
    probe = watched(ledger, pc, pc.certificate, serial="5CG0000000")
    poll_probes(ledger, [probe.id])
    assert sorted(open_checks(ledger)) == [Check.DISK, Check.IDENTITY]


def test_a_certificate_that_does_not_hold_any_more_is_a_finding_that_ends(
    ledger: Ledger, pc: WindowsPc, target: WinRmTarget
) -> None:
    probe = watched(ledger, pc, pc.certificate)
    with windows_pc(certificate_names=("192.0.2.9",)) as elsewhere:
        unfit = ask(
            WinRmTarget(
                1, elsewhere.address, elsewhere.user, Secret(elsewhere.password), elsewhere.certificate
            )
        )
    play(ledger, 0, {probe.id: unfit})
    assert open_checks(ledger) == [Check.CERTIFICATE]
    play(ledger, 60, {probe.id: ask(target)})
    assert open_checks(ledger) == []


def test_a_certificate_that_the_ledger_knows_is_taken_over(ledger: Ledger, pc: WindowsPc) -> None:
    device = make_pc(ledger)
    with ledger.begin(KITTO) as work:
        assets.set_endpoint(
            work,
            tag=str(device.tag),
            kind="winrm",
            address=pc.address,
            port=pc.port,
            account=pc.user,
            host_key=pc.certificate,
            password=Secret(pc.password),
        )
        spec = CredentialSpec(
            name="w", kind=CredentialKind.PASSWORD, secret=Secret(pc.password), account=pc.user
        )
        opener = actions.set_credential(work, spec).id
    given = {"tag": str(device.tag), "kind": ProbeKind.WINRM, "credential_id": opener}
    with pytest.raises(CertificateElsewhere), ledger.begin(KITTO) as work:
        actions.add_probe(work, address="192.0.2.8", host_key=pc.certificate, **given)  # type: ignore[arg-type]
    with pytest.raises(CredentialUnfit), ledger.begin(KITTO) as work:
        actions.add_probe(work, address=pc.address, **(given | {"credential_id": None}))  # type: ignore[arg-type]
    with ledger.begin(KITTO) as work:
        made = actions.add_probe(work, address=pc.address, **given)  # type: ignore[arg-type]
    assert made.host_key == pc.certificate


def test_the_pages_speak_of_a_certificate_and_the_api_shows_its_fingerprint(
    client: TestClient, ledger: Ledger, pc: WindowsPc
) -> None:
    client.headers["Authorization"] = "Bearer sato"
    probe = watched(ledger, pc)
    poll_probes(ledger, [probe.id])
    page = client.get(f"/health/probes/{probe.id}").text
    assert "A certificate that is not pinned" in page
    assert fingerprint(pc.certificate) in page
    told = client.get(f"/api/v1/health/probes/{probe.id}").json()
    assert (told["kind"], told["shown_key"]) == ("winrm", fingerprint(pc.certificate))
    pinned = client.post(
        f"/api/v1/health/probes/{probe.id}/pin", json={"fingerprint": fingerprint(pc.certificate)}
    )
    assert pinned.status_code == 200, pinned.text
    assert pinned.json()["host_key"] == fingerprint(pc.certificate)
    assert "WinRM" in client.get("/health/probes/new").text
