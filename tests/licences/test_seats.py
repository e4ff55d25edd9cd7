"""Seats: never more than owned, never less than none, whoever asks."""

from collections import Counter
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from httpx2 import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.queries import find_holder
from kitto.assets.rules import HolderKind, State, Step
from kitto.base.db import Base, Database
from kitto.base.jobs import JobRef
from kitto.base.journal import FactRow
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.licences import actions, queries
from kitto.licences.models import Pool, Seat
from kitto.licences.rules import (
    CapTooLow,
    Metric,
    Policy,
    PoolDetails,
    SeatHeldAlready,
    SeatsUsedUp,
    TitleDetails,
)
from kitto.people import actions as people
from kitto.people.rules import PersonDetails
from tests.make import KITTO, make_pc, make_person
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
SUZUKI = {"Authorization": "Bearer suzuki"}
GUEST = {"Authorization": "Bearer guest"}
MANY = 60
_numbers = count(1)


def make_pool(ledger: Ledger, **given: Any) -> Pool:
    with ledger.begin(KITTO) as work:
        known = queries.title_by_name(work, "Office")
        title = known or actions.add_title(work, TitleDetails(name="Office"))
        wanted: dict[str, Any] = {"name": "2026", "metric": Metric.USER, "cap": 2}
        return actions.open_pool(work, PoolDetails(title_id=title.id, **(wanted | given)))


def used(ledger: Ledger, pool: Pool) -> tuple[int, int]:
    """What the pool says, and what its seats add up to."""
    with ledger.read(KITTO) as work:
        given = select(func.coalesce(func.sum(Seat.quantity), 0)).where(
            Seat.pool_id == pool.id, Seat.freed_at.is_(None)
        )
        return queries.pool(work, pool.id).used, work.session.scalar(given) or 0


def grant(client: TestClient | Client, pool: Pool, person_id: int, **given: Any) -> Any:
    body = {"holder_kind": "person", "holder_id": person_id, **given}
    return client.post(f"/api/v1/licence-pools/{pool.id}/seats", json=body, headers=SATO)


def test_a_seat_is_granted_and_freed(ledger: Ledger, client: TestClient) -> None:
    pool, tanaka = make_pool(ledger), make_person(ledger)
    seat = grant(client, pool, tanaka.id)
    assert seat.status_code == 201, seat.text
    assert used(ledger, pool) == (1, 1)
    free = f"/api/v1/licence-seats/{seat.json()['id']}/free"
    assert client.post(free, headers=SATO).json()["freed_why"] == "by_hand"
    assert used(ledger, pool) == (0, 0)
    assert client.post(free, headers=SATO).json()["code"] == "licences.seat_freed_already"


def test_sixty_clients_get_exactly_the_last_seven_seats(ledger: Ledger, over_http: Client) -> None:
    pool = make_pool(ledger, cap=7)
    people_ = [make_person(ledger, name=f"田中 {n}") for n in range(MANY)]
    answers = at_once(MANY, lambda n: grant(over_http, pool, people_[n].id))
    assert Counter(answer.status_code for answer in answers) == {201: 7, 409: MANY - 7}
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes == {"licences.seats_used_up"}
    assert used(ledger, pool) == (7, 7)


def test_one_seat_freed_by_many_at_once_comes_back_once(ledger: Ledger, client: TestClient) -> None:
    pool, tanaka = make_pool(ledger), make_person(ledger)
    seat = grant(client, pool, tanaka.id, quantity=2).json()
    answers = at_once(10, lambda _: client.post(f"/api/v1/licence-seats/{seat['id']}/free", headers=SATO))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    assert used(ledger, pool) == (0, 0)


def test_a_warning_pool_goes_over_and_leaves_a_flagged_fact(ledger: Ledger, client: TestClient) -> None:
    pool = make_pool(ledger, cap=1, policy=Policy.WARN)
    for _ in range(2):
        assert grant(client, pool, make_person(ledger).id).status_code == 201
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        flagged = select(FactRow).where(FactRow.kind == "licences.seats_over_cap")
        (fact,) = work.session.scalars(flagged)
    assert (fact.flagged, fact.data["used"], fact.data["cap"]) == (True, 2, 1)


def test_a_counting_pool_only_counts(ledger: Ledger, client: TestClient) -> None:
    pool = make_pool(ledger, cap=0, policy=Policy.COUNT)
    assert grant(client, pool, make_person(ledger).id, quantity=5).status_code == 201
    assert used(ledger, pool) == (5, 5)


@pytest.mark.parametrize("end", ["taken back", "retired", "found"])
def test_a_device_that_ends_its_use_frees_its_seats(ledger: Ledger, end: str) -> None:
    pool, pc = make_pool(ledger, metric=Metric.DEVICE), make_pc(ledger, State.IN_STOCK)
    tag, owner = str(pc.tag), make_person(ledger)
    with ledger.begin(KITTO) as work:
        actions.grant_seat(work, pool.id, find_holder(work, HolderKind.ASSET, pc.id))
    assert used(ledger, pool) == (1, 1)
    if end == "retired":
        with ledger.begin(KITTO) as work:
            assets.retire(work, tag=tag, reason="too old")
    else:
        for step in (Step.START_KITTING, Step.FINISH_KITTING):
            with ledger.begin(KITTO) as work:
                assets.take_step(work, tag=tag, step=step)
        with ledger.begin(KITTO) as work:
            work.allow(Permission.SEE)
            assets.hand_over(work, tag=tag, holder=find_holder(work, HolderKind.PERSON, owner.id))
        assert used(ledger, pool) == (1, 1)
        with ledger.begin(KITTO) as work:
            if end == "found":
                assets.take_step(work, tag=tag, step=Step.REPORT_LOST)
                assets.take_step(work, tag=tag, step=Step.FOUND)
            else:
                assets.take_back(work, tag=tag)
    assert used(ledger, pool) == (0, 0)


def test_a_pool_of_devices_takes_no_people(ledger: Ledger, client: TestClient) -> None:
    pool = make_pool(ledger, metric=Metric.DEVICE)
    answer = grant(client, pool, make_person(ledger).id)
    assert (answer.status_code, answer.json()["code"]) == (422, "licences.holder_does_not_fit")


def test_one_holder_has_one_seat_of_a_pool(ledger: Ledger, client: TestClient) -> None:
    pool, tanaka = make_pool(ledger, cap=50), make_person(ledger)
    answers = at_once(10, lambda _: grant(client, pool, tanaka.id))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
    assert used(ledger, pool) == (1, 1)


def test_an_ended_pool_and_a_leaver_get_nothing(ledger: Ledger, client: TestClient) -> None:
    ended = make_pool(ledger, ends_on=date(2020, 3, 31))
    answer = grant(client, ended, make_person(ledger).id)
    assert answer.json()["code"] == "licences.pool_not_valid"
    leaver = make_person(ledger, leaves_on=date(2020, 3, 31))
    answer = grant(client, make_pool(ledger, name="2027"), leaver.id)
    assert answer.json()["code"] == "licences.holder_not_active"


def test_a_hard_limit_cannot_go_below_what_is_given(ledger: Ledger, client: TestClient) -> None:
    pool = make_pool(ledger)
    grant(client, pool, make_person(ledger).id, quantity=2)
    url = f"/api/v1/licence-pools/{pool.id}"

    def change(version: str, **given: Any) -> Any:
        return client.patch(url, json=given, headers=SUZUKI | {"If-Match": version})

    etag = client.get(url, headers=SATO).headers["etag"]
    assert change(etag, cap=1).json()["code"] == "licences.cap_too_low"
    assert change(etag, metric="device").json()["code"] == "licences.metric_fixed"
    assert change(etag, cap=1, policy="warn").status_code == 200
    assert change(etag, cap=3).status_code == 412
    assert client.patch(url, json={"cap": 3}, headers=SUZUKI).status_code == 428


def test_grants_and_a_falling_limit_at_once_never_pass_it(ledger: Ledger, client: TestClient) -> None:
    pool = make_pool(ledger, cap=10)
    people_ = [make_person(ledger) for _ in range(10)]
    etag = {"If-Match": '"1"'}

    def act(n: int) -> Any:
        if n == 10:
            url = f"/api/v1/licence-pools/{pool.id}"
            return client.patch(url, json={"cap": 5}, headers=SUZUKI | etag)
        return grant(client, pool, people_[n].id)

    answers = at_once(11, act)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    with ledger.read(KITTO) as work:
        found = queries.pool(work, pool.id)
        assert found.used <= found.cap
    assert used(ledger, pool)[0] == used(ledger, pool)[1]


def test_lists_say_what_is_short(ledger: Ledger, client: TestClient) -> None:
    full, free = make_pool(ledger, cap=1), make_pool(ledger, name="2027")
    grant(client, full, make_person(ledger).id)
    found = client.get("/api/v1/licence-pools?short=true", headers=SATO).json()["items"]
    assert [item["id"] for item in found] == [full.id]
    found = client.get("/api/v1/licence-pools?q=ｏｆｆｉｃｅ　2027", headers=SATO).json()["items"]
    assert [item["id"] for item in found] == [free.id]
    assert client.get("/api/v1/licence-pools?q=%25", headers=SATO).json()["items"] == []


def test_who_may_not_is_refused(ledger: Ledger, client: TestClient) -> None:
    pool = make_pool(ledger)
    body = {"holder_kind": "person", "holder_id": 1}
    seats = f"/api/v1/licence-pools/{pool.id}/seats"
    assert client.post(seats, json=body, headers=GUEST).status_code == 403
    assert client.get("/api/v1/licence-pools", headers=GUEST).status_code == 403
    given = {"title_id": pool.title_id, "name": "x", "metric": "user", "cap": 1}
    assert client.post("/api/v1/licence-pools", json=given, headers=SATO).status_code == 403
    given["cap"] = -1
    assert client.post("/api/v1/licence-pools", json=given, headers=SUZUKI).status_code == 422


def test_pages_show_positions_and_give_seats(ledger: Ledger, client: TestClient) -> None:
    pool, tanaka = make_pool(ledger), make_person(ledger, "E-0042")
    page = client.post(f"/licences/{pool.id}/seats", data={"holder": "ｅ-0042"}, headers=SATO)
    assert page.status_code == 200
    assert tanaka.name in page.text
    for path in ("/licences", f"/licences/{pool.id}?freed=true", f"/people/{tanaka.id}"):
        answer = client.get(path, headers=SATO)
        assert answer.status_code == 200, path
        assert pool.label in answer.text
    form = {"title": "New", "name": "2026", "metric": "device", "cap": "3", "policy": "warn"}
    made = client.post("/licences", data=form, headers=SUZUKI)
    assert "New / 2026" in made.text
    assert client.post("/licences", data=form, headers=SATO).status_code == 403


class _NoJobs:
    """An outbox for works that queue nothing."""

    def enqueue(self, _session: Any, job: JobRef, _args: Any, **_: Any) -> None:
        raise AssertionError(job.name)

    def keys_at_work(self, _session: Any, _job: JobRef) -> set[str]:
        return set()


class Seats(RuleBasedStateMachine):
    """Any order of grants, frees and changed limits keeps the sums right."""

    where: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.where, _NoJobs())
        with self.ledger.begin(KITTO) as work:
            self.people = [
                people.join(work, PersonDetails(number=str(next(_numbers)), name="P")).id for _ in range(4)
            ]
        self.pool = make_pool(self.ledger, cap=4)
        self.open: list[int] = []
        self.cap, self.policy = 4, Policy.HARD
        self.refused_rightly = True

    @rule(who=st.integers(0, 3), quantity=st.integers(1, 3))
    def grant(self, who: int, quantity: int) -> None:
        before, _ = used(self.ledger, self.pool)
        try:
            with self.ledger.begin(KITTO) as work:
                holder = find_holder(work, HolderKind.PERSON, self.people[who])
                self.open.append(actions.grant_seat(work, self.pool.id, holder, quantity=quantity).id)
        except SeatHeldAlready:
            return
        except SeatsUsedUp:
            self.refused_rightly = self.policy is Policy.HARD and before + quantity > self.cap

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99))
    def free(self, which: int) -> None:
        with self.ledger.begin(KITTO) as work:
            actions.free_seat(work, self.open.pop(which % len(self.open)))

    @rule(cap=st.integers(0, 8), policy=st.sampled_from(Policy))
    def limit(self, cap: int, policy: Policy) -> None:
        details = PoolDetails(
            title_id=self.pool.title_id, name="2026", metric=Metric.USER, cap=cap, policy=policy
        )
        try:
            with self.ledger.begin(KITTO) as work:
                actions.change_pool(work, self.pool.id, details)
        except CapTooLow:
            self.refused_rightly = policy is Policy.HARD and used(self.ledger, self.pool)[0] > cap
        else:
            self.cap, self.policy = cap, policy

    @invariant()
    def sums_are_right(self) -> None:
        says, adds_up = used(self.ledger, self.pool)
        assert self.refused_rightly
        assert says == adds_up >= 0
        assert self.policy is not Policy.HARD or says <= self.cap


def test_any_order_of_grants_and_limits_keeps_the_sums(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'kitto.sqlite3'}")
    Base.metadata.create_all(database.write)

    class Here(Seats):
        where = database

    quick = settings(
        max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
    )
    try:
        run_state_machine_as_test(Here, settings=quick)
    finally:
        database.close()
