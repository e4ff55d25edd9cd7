"""Fresh machines call: token and serial number must fit, once; keys are pinned and never overwritten."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kitto.assets import queries as assets
from kitto.assets.models import Asset, Endpoint
from kitto.base import clock
from kitto.base.journal import FactRow
from kitto.base.seal import unseal
from kitto.base.work import Actor, Ledger
from kitto.bootstrap import actions, queries
from kitto.bootstrap.rules.states import ReturnState
from kitto.identity.rules import Permission
from tests.bootstrap.conftest import SERIAL, Call, hello, make, token_in
from tests.counterparts import keys
from tests.make import KITTO, make_pc
from tests.stage import at_once


@pytest.fixture
def token(ledger: Ledger, pc: Asset) -> str:
    return token_in(make(ledger, str(pc.tag))[1])


def endpoint_of(ledger: Ledger, pc: Asset, kind: str = "ssh") -> Endpoint | None:
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        return assets.endpoint(work, pc.id, kind)


def told(ledger: Ledger, kind: str) -> list[dict[str, Any]]:
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        rows = work.session.scalars(select(FactRow).where(FactRow.kind == f"bootstrap.{kind}"))
        return [row.data for row in rows]


def test_the_right_machine_is_taken_in_and_gets_what_it_needs(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str
) -> None:
    answer = call("hello", **hello(token, host_key + " root@debian"))
    assert answer.status_code == 200, answer.text
    welcome = answer.json()
    assert welcome["tag"] == pc.tag
    assert welcome["account"] == "kitto"
    assert welcome["places"] == ["127.0.0.0/8"]
    assert welcome["user_ca"].startswith("ssh-ed25519 ")
    assert welcome["host_certificate"].startswith("ssh-ed25519-cert-v01@openssh.com ")
    assert base64.b64decode(welcome["revoked"])[:8] == b"SSHKRL\n\0"
    assert len(welcome["enrolment_token"]) > 40
    assert len(welcome["agent"]) == 64
    known = endpoint_of(ledger, pc)
    assert known is not None
    assert (known.address, known.port, known.account) == ("192.0.2.10", 22, "kitto")
    assert known.host_key == host_key
    assert told(ledger, "machine_called")[0]["source"] == "192.0.2.77"
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        seen = assets.seen_by(work, pc.id, "bootstrap")
    assert seen is not None
    assert seen.serial_fits


def test_a_repeated_call_of_the_same_machine_gets_the_same_answer_until_it_is_done(
    call: Call, ledger: Ledger, token: str, host_key: str
) -> None:
    first = call("hello", **hello(token, host_key)).json()
    assert call("hello", **hello(token, host_key)).json() == first
    assert len(told(ledger, "machine_called")) == 1
    last = {"token": token, "serial": SERIAL, "agent": "enrolled", "closed": ["/var/lib/kitto-bootstrap"]}
    assert call("done", **last).status_code == 204
    assert call("done", **last).status_code == 204
    assert len(told(ledger, "finished")) == 1
    refused = call("hello", **hello(token, host_key))
    assert (refused.status_code, refused.json()["code"]) == (403, "bootstrap.token_used")
    assert call("agent", token=token, serial=SERIAL).json()["code"] == "bootstrap.token_used"


def test_the_agent_is_given_to_a_machine_that_has_called(call: Call, token: str, host_key: str) -> None:
    import hashlib  # only here

    assert call("agent", token=token, serial=SERIAL).status_code >= 400
    welcome = call("hello", **hello(token, host_key)).json()
    answer = call("agent", token=token, serial=SERIAL)
    assert hashlib.sha256(answer.content).hexdigest() == welcome["agent"]


def test_behind_a_translated_address_the_machines_own_one_counts(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str
) -> None:
    call("hello", **hello(token, host_key, address="10.1.2.3", port=2222))
    known = endpoint_of(ledger, pc)
    assert known is not None
    assert (known.address, known.port) == ("10.1.2.3", 2222)


def test_a_machine_that_knows_no_address_of_its_own_is_reached_where_it_called_from(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str
) -> None:
    call("hello", **hello(token, host_key, address="169.254.7.7"))
    known = endpoint_of(ledger, pc)
    assert known is not None
    assert known.address == "192.0.2.77"


def test_a_stick_in_the_wrong_pc_is_refused_noted_and_still_good_for_the_right_one(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str
) -> None:
    wrong = call("hello", **hello(token, host_key, serial="OTHER-9"))
    assert (wrong.status_code, wrong.json()["code"]) == (403, "bootstrap.wrong_machine")
    assert str(pc.tag) in wrong.json()["detail"]
    assert "OTHER-9" in wrong.json()["detail"]
    assert endpoint_of(ledger, pc) is None
    assert told(ledger, "wrong_machine_called")[0]["serial"] == "OTHER-9"
    assert call("hello", **hello(token, host_key)).status_code == 200


def test_five_wrong_machines_lock_the_token(call: Call, ledger: Ledger, token: str, host_key: str) -> None:
    for _ in range(3):  # one machine that is tried again is one machine
        call("hello", **hello(token, host_key, serial="WRONG-0"))
    for number in range(1, 5):
        call("hello", **hello(token, host_key, serial=f"WRONG-{number}"))
    refused = call("hello", **hello(token, host_key))
    assert (refused.status_code, refused.json()["code"]) == (403, "bootstrap.token_locked")


def test_an_unknown_token_learns_nothing(call: Call, ledger: Ledger, pc: Asset, host_key: str) -> None:
    refused = call("hello", **hello("x" * 43, host_key))
    assert (refused.status_code, refused.json()["code"]) == (403, "bootstrap.token_unknown")
    assert str(pc.tag) not in refused.text


def test_an_expired_token_is_refused(
    call: Call, token: str, host_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(hours=73)
    monkeypatch.setattr(clock, "now", lambda: later)
    refused = call("hello", **hello(token, host_key))
    assert (refused.status_code, refused.json()["code"]) == (403, "bootstrap.token_expired")


def test_a_revoked_token_is_refused(call: Call, ledger: Ledger, pc: Asset, host_key: str) -> None:
    number, made = make(ledger, str(pc.tag))
    with ledger.begin(KITTO) as work:
        actions.revoke_artifact(work, token_id=number)
    refused = call("hello", **hello(token_in(made), host_key))
    assert (refused.status_code, refused.json()["code"]) == (403, "bootstrap.token_revoked")
    assert told(ledger, "token_refused")[0]["reason"] == "revoked"


def test_a_changed_key_waits_for_a_person_and_overwrites_nothing(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str
) -> None:
    call("hello", **hello(token, host_key))
    call("done", token=token, serial=SERIAL, agent="enrolled")
    other, fresh = keys.new_key_pair().public, token_in(make(ledger, str(pc.tag))[1])
    for _ in range(2):
        waits = call("hello", **hello(fresh, other))
        assert (waits.status_code, waits.json()["code"]) == (409, "bootstrap.key_differs")
        assert waits.headers["Retry-After"] == "30"
    known = endpoint_of(ledger, pc)
    assert known is not None
    assert known.host_key == host_key
    assert len(told(ledger, "key_differs")) == 1
    with ledger.begin(KITTO) as work:
        waiting = queries.keys_that_wait(work)
        assert len(waiting) == 1
        actions.accept_key(work, return_id=waiting[0].id)
    assert call("hello", **hello(fresh, other)).status_code == 200
    known = endpoint_of(ledger, pc)
    assert known is not None
    assert known.host_key == other


def test_a_key_that_a_person_refused_stays_refused(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str
) -> None:
    call("hello", **hello(token, host_key))
    other = keys.new_key_pair().public
    call("hello", **hello(token, other))
    with ledger.begin(KITTO) as work:
        found = queries.keys_that_wait(work)[0]
        assert found.state is ReturnState.WAITING
        actions.reject_key(work, return_id=found.id)
    assert call("hello", **hello(token, other)).json()["code"] == "bootstrap.token_revoked"
    known = endpoint_of(ledger, pc)
    assert known is not None
    assert known.host_key == host_key


def test_failures_are_limited_and_a_good_token_is_served_all_the_same(
    call: Call, ledger: Ledger, token: str, host_key: str
) -> None:
    codes = [call("hello", **hello("y" * 43, host_key)).status_code for _ in range(52)]
    assert codes == [403] * 50 + [429] * 2
    assert call("hello", **hello(token, host_key)).status_code == 200


def test_two_calls_at_once_make_one_device(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str
) -> None:
    answers = at_once(2, lambda _: call("hello", **hello(token, host_key)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert len(told(ledger, "machine_called")) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"token": 7},
        {"serial": "x" * 300},
        {"transport": "telnet"},
        {"port": 99999},
        {"key": "ssh-ed25519 not-a-key-at-all"},
        {"key": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
    ],
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(
    call: Call, ledger: Ledger, pc: Asset, token: str, host_key: str, broken: dict[str, Any]
) -> None:
    answer = call("hello", **{**hello(token, host_key), **broken})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"].startswith("bootstrap.")
    assert endpoint_of(ledger, pc) is None


def test_a_windows_pc_brings_certificate_and_password(
    call: Call, ledger: Ledger, pc: Asset, token: str, admin: Actor
) -> None:
    from tests.bootstrap.windows import certificate  # cryptography is slow to load

    pem = certificate()
    said = hello(token, pem, transport="winrm", port=5986, password="Very-Secret-Word-0")
    welcome = call("hello", **said)
    assert welcome.status_code == 200, welcome.text
    assert welcome.json()["host_certificate"] == ""
    known = endpoint_of(ledger, pc, "winrm")
    assert known is not None
    assert (known.port, known.account, known.host_key) == (5986, "kitto", pem)
    assert unseal(known.sealed).reveal() == "Very-Secret-Word-0"
    call("hello", **{**said, "password": "Very-Secret-Word-1"})
    known = endpoint_of(ledger, pc, "winrm")
    assert known is not None
    assert unseal(known.sealed).reveal() == "Very-Secret-Word-1"
    assert len(told(ledger, "machine_called")) == 1
    with ledger.begin(admin) as work:
        assert actions.show_password(work, tag=str(pc.tag)).reveal() == "Very-Secret-Word-1"
    with pytest.raises(Exception, match="shown before"), ledger.begin(admin) as work:
        actions.show_password(work, tag=str(pc.tag))
    assert "Very-Secret-Word-1" not in json.dumps(told(ledger, "machine_called"))


def test_one_device_cannot_be_reached_by_the_token_of_another(
    call: Call, ledger: Ledger, token: str, host_key: str
) -> None:
    other = make_pc(ledger, serial="OTHERPC1")
    refused = call("hello", **hello(token, host_key, serial="OTHERPC1"))
    assert refused.status_code == 403
    assert endpoint_of(ledger, other) is None
