"""The doors of the agents: what they take, and everything they do not."""

import gzip
import json
import threading
import time

from sqlalchemy import func, select
from starlette.testclient import TestClient

from kitto.base.journal import FactRow
from kitto.base.work import Ledger
from kitto.checkins import actions, queries
from kitto.checkins.models import Agent, EnrolmentToken, Observation, Sighting
from kitto.checkins.rules import wire as rules
from kitto.checkins.rules.states import AgentState
from kitto_agent import wire
from tests.checkins.conftest import IssueToken, MakeMachine
from tests.checkins.machines import Machine, system
from tests.make import KITTO, make_pc
from tests.stage import at_once


def test_a_pc_in_the_ledger_enrols_reports_and_is_then_only_noted(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    laptop = machine(serial="8XK2QZ3", hostname="pc-1")
    assert laptop.enrol(issue(tag=pc.tag)).json()["state"] == "active"
    first = laptop.check_in()
    assert (first.status_code, first.json()["want"]) == (200, ["hardware", "os", "software"])
    assert laptop.report().status_code == 200
    before = _facts(ledger)
    assert [laptop.check_in(s=None).status_code for _ in range(3)] == [204, 204, 204]
    assert _facts(ledger) == before, "a heartbeat writes no fact"
    with ledger.read(KITTO) as work:
        work.allow("see")
        identity = queries.identity_of(work, pc.id)
    assert identity is not None
    assert (identity.serial, identity.matches) == ("8XK2QZ3", True)
    assert identity.complete_at is not None


def test_only_the_section_that_changed_is_wanted(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue(tag=pc.tag))
    laptop.report()
    laptop.sections["os"] = system("renamed")
    assert laptop.check_in().json()["want"] == ["os"]
    assert laptop.report("os").status_code == 200
    assert laptop.check_in().status_code == 204


def test_a_server_that_forgot_asks_for_everything(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    laptop = machine(serial="UNKNOWN99")
    laptop.enrol(issue())
    assert laptop.check_in(s=None).json()["want"] == ["*"]


def test_a_token_for_one_device_does_not_enrol_another(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    token = issue(tag=pc.tag)
    answer = machine(serial="OTHER123").enrol(token)
    assert (answer.status_code, answer.json()["code"]) == (403, "checkins.serial_differs")
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert work.session.scalar(select(func.count()).select_from(Agent)) == 0
        assert work.session.scalar(select(EnrolmentToken.uses)) == 0, "the token is still good"
    assert machine(serial="8XK2QZ3").enrol(token).status_code == 201


def test_wrong_used_up_and_ended_tokens_are_refused_alike(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    used = issue()
    assert machine(serial="AAAA1111").enrol(used).status_code == 201
    ended = issue()
    with ledger.begin(KITTO) as work:
        newest = work.session.scalar(select(func.max(EnrolmentToken.id)))
        assert newest is not None
        actions.end_enrolment_token(work, token_id=newest)
    answers = [machine(serial="BBBB2222").enrol(token) for token in ("x" * 43, used, ended)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (403, "checkins.token_refused")
    }


def test_sixty_machines_and_one_single_use_token_make_exactly_one_agent(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    token = issue()
    crowd = [machine(serial=f"SERIAL{number:04d}", hostname=f"pc-{number}") for number in range(60)]
    codes = at_once(60, lambda number: crowd[number].enrol(token).status_code)
    assert (codes.count(201), codes.count(403)) == (1, 59)
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert work.session.scalar(select(func.count()).select_from(Agent)) == 1


def test_sixty_machines_check_in_at_once_and_each_is_answered_after_its_commit(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    token = issue(max_uses=60)
    crowd = [machine(serial=f"SERIAL{number:04d}", hostname=f"pc-{number}") for number in range(60)]
    for one in crowd:
        assert one.enrol(token).status_code == 201
    codes = at_once(60, lambda number: crowd[number].check_in(up=1000 + number).status_code)
    assert codes == [200] * 60
    with ledger.read(KITTO) as work:
        work.allow("see")
        uptimes = work.session.scalars(select(Sighting.uptime_s)).all()
    assert sorted(uptimes) == [1000 + number for number in range(60)]


def test_a_message_is_taken_once(ledger: Ledger, issue: IssueToken, machine: MakeMachine) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    body = wire.canonical(laptop.beat())
    signed = laptop.signature("checkin", body)
    first, again = (laptop.post("checkin", body, signed) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 401)
    older = laptop.signature("checkin", body, counter=laptop.counter - 5)
    assert laptop.post("checkin", body, older).status_code == 401


def test_the_same_message_sixty_times_at_once_is_taken_once(issue: IssueToken, machine: MakeMachine) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    body = wire.canonical(laptop.beat())
    signed = laptop.signature("checkin", body)
    codes = at_once(60, lambda _: laptop.post("checkin", body, signed).status_code)
    assert (codes.count(200), codes.count(401)) == (1, 59)


def test_a_report_is_taken_once(issue: IssueToken, machine: MakeMachine) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    hashes = laptop.hashes()
    sections = {"os": {"h": hashes["os"], "d": laptop.sections["os"]}}
    body = gzip.compress(wire.canonical({"h": hashes["os"], "v": "0.1.0", "sections": sections}))
    signed = laptop.signature("sections", body)
    codes = [laptop.post("sections", body, signed).status_code for _ in range(2)]
    assert codes == [200, 401]


def test_a_wrong_clock_is_told_the_time(issue: IssueToken, machine: MakeMachine) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    now = int(time.time() * 1000)
    for wrong in (now - 301_000, now + 301_000, now - 10**12):
        body = wire.canonical(laptop.beat())
        answer = laptop.send("checkin", body, counter=wrong)
        assert answer.status_code == 401
        assert abs(answer.json()["now"] - now) < 60_000


def test_a_changed_body_path_or_device_breaks_the_signature(issue: IssueToken, machine: MakeMachine) -> None:
    laptop, other = machine(serial="8XK2QZ3"), machine(serial="8XK2QZ4")
    token = issue(max_uses=2)
    laptop.enrol(token)
    other.enrol(token)
    body = wire.canonical(laptop.beat())
    assert laptop.post("checkin", body + b" ", laptop.signature("checkin", body)).status_code == 401
    assert laptop.post("sections", body, laptop.signature("checkin", body)).status_code == 401
    borrowed = laptop.signature("checkin", body).replace(laptop.device, other.device)
    assert laptop.post("checkin", body, borrowed).status_code == 401
    for header in ("", "Bearer x", "HMAC1 x", "HMAC1 " + "a" * 400):
        assert laptop.post("checkin", body, header).status_code == 401


def test_a_clone_quarantines_the_credential_for_both(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue(tag=pc.tag))
    laptop.report()
    answer = laptop.check_in(m="ffffffff")
    assert (answer.status_code, answer.json()["code"]) == (403, "checkins.agent_quarantined")
    assert laptop.check_in().status_code == 403
    assert laptop.report().status_code == 403
    assert laptop.enrol(issue(tag=pc.tag)).json()["state"] == "active", "enrolling anew is the way out"
    assert laptop.check_in().status_code == 200


def test_a_revoked_agent_is_told_to_remove_itself(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    laptop.check_in()
    _revoke(ledger)
    assert laptop.check_in().status_code == 410
    assert laptop.report().status_code == 410


def test_a_machine_says_goodbye(ledger: Ledger, issue: IssueToken, machine: MakeMachine) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    assert laptop.send("bye", b"").status_code == 204
    assert laptop.send("bye", b"").status_code == 204
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert work.session.scalar(select(Agent.state)) is AgentState.REVOKED


def test_a_reinstalled_pc_gets_a_new_credential_and_the_old_one_dies(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    before, after = machine(serial="8XK2QZ3"), machine(serial="8XK2QZ3")
    before.enrol(issue(tag=pc.tag))
    after.enrol(issue(tag=pc.tag))
    assert (before.check_in().status_code, after.check_in().status_code) == (410, 200)


def test_a_bomb_is_refused_before_it_is_unpacked(issue: IssueToken, machine: MakeMachine) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    bomb = gzip.compress(b" " * (64 * 2**20))
    assert laptop.send("sections", bomb).status_code == 413
    assert laptop.send("sections", b"x" * (rules.WIRE_MOST + 1)).status_code == 413
    assert laptop.send("checkin", b"x" * (rules.BEAT_MOST + 1)).status_code == 413


def test_unreadable_reports_are_refused_and_change_nothing(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    good = {"h": "0" * 16, "v": "1", "sections": {"os": {"h": "0" * 16, "d": {}}}}
    bad = [
        b"",
        b"no gzip",
        gzip.compress(b"{")[:-4],
        gzip.compress(b"not json"),
        gzip.compress(b"[" * 100_000),
        gzip.compress(b'{"h":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
        gzip.compress(json.dumps(good | {"sections": {}}).encode()),
        gzip.compress(json.dumps(good | {"h": "zz"}).encode()),
        gzip.compress(json.dumps(good | {"sections": {"users": {"h": "0" * 16, "d": []}}}).encode()),
        gzip.compress(
            json.dumps(good | {"sections": {"cpu": {"h": "0" * 16, "d": {"threads": -1}}}}).encode()
        ),
        gzip.compress(json.dumps(good | {"sections": {"os": {"h": "0" * 16, "d": [1]}}}).encode()),
        gzip.compress(
            json.dumps(
                good | {"sections": {"software": {"h": "0" * 16, "d": [["a", "1", "deb"]] * 20_001}}}
            ).encode()
        ),
        gzip.compress('{"h":"\ud800"}'.encode("utf-8", "surrogatepass")),
    ]
    codes = [laptop.send("sections", body).status_code for body in bad]
    assert codes == [422] * len(bad)
    for body in (b"", b"{}", b"[]", b'{"h":1}', b"\xff\xfe", b"[" * 4_000):
        assert laptop.send("checkin", body).status_code == 422
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert work.session.scalar(select(func.count()).select_from(Observation)) == 0


def test_text_of_a_machine_is_cleaned(ledger: Ledger, issue: IssueToken, machine: MakeMachine) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.sections["os"] = system("pc\u202e1\x07\x00")
    laptop.enrol(issue())
    assert laptop.report("os").status_code == 200
    with ledger.read(KITTO) as work:
        work.allow("see")
        kept = work.session.scalar(select(Observation.document))
    assert kept["hostname"] == "pc1"


def test_software_is_replaced_as_a_whole_and_a_missing_section_stays(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    pc = make_pc(ledger, serial="8XK2QZ3")
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue(tag=pc.tag))
    laptop.report()
    laptop.sections["software"] = [["bash", "5.3", "deb"], ["vim", "9.0", "deb"], ["vim", "9.0", "deb"]]
    laptop.report("software")
    laptop.report("os")
    with ledger.read(KITTO) as work:
        work.allow("see")
        agent = queries.agent_of(work, pc.id)
        assert agent is not None
        names = [(item.name, item.release) for item in queries.installed(work, agent.id)]
    assert names == [("bash", "5.3"), ("vim", "9.0")]


def test_two_machines_report_the_same_new_programs_at_once(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    token = issue(max_uses=8)
    crowd = [machine(serial=f"SERIAL{number:04d}") for number in range(8)]
    rows = [[f"program-{number}", "1.0", "deb"] for number in range(500)]
    for one in crowd:
        one.enrol(token)
        one.sections["software"] = rows
    assert at_once(8, lambda number: crowd[number].report("software").status_code) == [200] * 8


def test_a_new_secret_is_handed_out_and_the_old_one_ends_when_it_is_used(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    laptop = machine(serial="8XK2QZ3")
    laptop.enrol(issue())
    laptop.report()
    _age_secret(ledger)
    old = laptop.secret
    handed = laptop.check_in(s=None).json()["secret"]
    assert laptop.check_in(s=None).json()["secret"] == handed, "a lost answer is repeated"
    laptop.secret = rules_key(handed)
    assert laptop.check_in(s=None).status_code == 204
    laptop.secret = old
    assert laptop.check_in(s=None).status_code == 401
    assert laptop.report().status_code == 401
    laptop.secret = rules_key(handed)
    assert laptop.check_in(s=None).status_code == 204


def test_nothing_answered_is_lost_when_the_service_stops(
    ledger: Ledger, issue: IssueToken, client: TestClient, machine: MakeMachine
) -> None:
    token = issue(max_uses=20)
    crowd = [machine(serial=f"SERIAL{number:04d}") for number in range(20)]
    for one in crowd:
        one.enrol(token)
    taken: list[str] = []

    def keep_on(one: Machine) -> None:
        if one.check_in(up=4711).status_code == 200:
            taken.append(one.device)

    threads = [threading.Thread(target=keep_on, args=(one,)) for one in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ledger.read(KITTO) as work:
        work.allow("see")
        rows = select(Agent.device).join(Sighting).where(Sighting.uptime_s == 4711)
        assert set(work.session.scalars(rows)) >= set(taken)
    assert len(taken) == 20


def test_serials_that_say_nothing_are_no_identity(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    token = issue(max_uses=3)
    for number, serial in enumerate(("Default string", "0", "To be filled by O.E.M.")):
        answer = machine(serial=serial, hostname=f"pc-{number}").enrol(token)
        assert answer.json()["state"] == "pending"


def test_a_device_of_the_ledger_is_found_by_its_serial_without_a_token_of_its_own(
    ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    make_pc(ledger, serial="8XK2QZ3")
    assert machine(serial="８xk2qz3").enrol(issue()).json()["state"] == "active"
    assert machine(serial="NEWBOX77").enrol(issue()).json()["state"] == "pending"


def _facts(ledger: Ledger) -> int:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return work.session.scalar(select(func.count()).select_from(FactRow)) or 0


def _revoke(ledger: Ledger) -> None:
    with ledger.begin(KITTO) as work:
        number = work.session.scalar(select(func.max(Agent.id)))
        assert number is not None
        actions.revoke_agent(work, agent_id=number)


def _age_secret(ledger: Ledger) -> None:
    with ledger.begin(KITTO) as work:
        work.allow("see")
        work.unrecorded("time passes")
        agent = work.session.scalars(select(Agent)).one()
        agent.secret_made_at = agent.secret_made_at.replace(year=2020)


def rules_key(secret: str) -> bytes:
    from kitto.checkins.rules.signature import key_of

    return key_of(secret)
