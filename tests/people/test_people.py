"""People come, change, enter projects and leave; lists find them; only who may sees them."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from kitto.base.journal import FactRow
from kitto.base.work import Actor, Grant, Ledger
from kitto.identity.rules import RIGHTS, Permission, Role
from kitto.people import actions, queries
from kitto.people.models import Person
from kitto.people.rules import (
    DepartmentDetails,
    DepartmentLoop,
    PersonDetails,
    PersonKind,
    Presence,
    ProjectDetails,
    search_key,
)
from tests.make import KITTO, make_person
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
SUZUKI = {"Authorization": "Bearer suzuki"}
GUEST = {"Authorization": "Bearer guest"}


def join(client: TestClient, **given: Any) -> Any:
    body = {"number": "E-0042", "name": "髙橋 花子", "kana": "タカハシ ハナコ"} | given
    return client.post("/api/v1/people", json=body, headers=SUZUKI)


def test_a_person_joins_changes_and_leaves(client: TestClient) -> None:
    made = join(client, badge="b77")
    assert made.status_code == 201, made.text
    url, etag = made.headers["location"], made.headers["etag"]
    assert made.json()["has_badge"] is True
    assert "B77" not in made.text
    changed = client.patch(url, json={"mail": "h@example.jp"}, headers=SUZUKI | {"If-Match": etag})
    assert (changed.json()["mail"], changed.json()["has_badge"]) == ("h@example.jp", True)
    stale = client.patch(url, json={"mail": ""}, headers=SUZUKI | {"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    left = client.post(
        f"{url}/leave",
        json={"leaves_on": "2020-03-31"},
        headers=SUZUKI | {"If-Match": changed.headers["etag"]},
    )
    assert left.json()["presence"] == "left"
    assert client.patch(url, json={}, headers=SUZUKI).status_code == 428


def test_a_change_that_changes_nothing_leaves_no_fact(ledger: Ledger) -> None:
    person = make_person(ledger, "E-1", badge="B-1")
    with ledger.begin(KITTO) as work:
        assert actions.change(work, person.id, person.details()).version == person.version
        facts = work.session.scalars(select(FactRow.kind)).all()
    assert facts == ["people.person_joined"]


def test_a_number_given_to_many_at_once_is_taken_once(client: TestClient) -> None:
    answers = at_once(12, lambda n: join(client, name=f"P{n}"))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 11}
    assert join(client).json()["code"] == "people.number_taken"
    assert join(client, number="2", badge="B-1").status_code == 201
    assert join(client, number="3", badge="ｂ－１").json()["code"] == "people.badge_taken"


@pytest.mark.parametrize("q", ["高", "髙橋", "橋　花", "たか", "ﾊﾅｺ タカ", "e-0042", "0042"])
def test_one_and_two_letters_find_a_person(client: TestClient, q: str) -> None:
    join(client)
    join(client, number="E-1", name="佐藤 実", kana="サトウ ミノル")
    found = client.get("/api/v1/people", params={"q": q}, headers=SATO).json()["items"]
    assert [item["number"] for item in found] == ["E-0042"]


@pytest.mark.parametrize("q", ["%", "_", "\\", "'", "\x00", "該当なし"])
def test_what_is_no_name_finds_nobody(client: TestClient, q: str) -> None:
    join(client)
    answer = client.get("/api/v1/people", params={"q": q}, headers=SATO)
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == (1 if q == "\x00" else 0)


def test_pages_follow_each_other_without_gaps_or_repeats(ledger: Ledger, client: TestClient) -> None:
    for n in range(7):
        make_person(ledger, f"E-{n}", name="同名", kana="ドウメイ")
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        found = client.get("/api/v1/people", params=params, headers=SATO).json()
        seen += [item["number"] for item in found["items"]]
        cursor = found["next"]
        if cursor is None:
            break
    assert sorted(seen) == [f"E-{n}" for n in range(7)]
    assert len(seen) == 7


def test_a_search_among_twenty_thousand_reads_one_page(ledger: Ledger) -> None:
    rows = [
        {
            "number": f"N{n:05}",
            "name": f"社員 {n}",
            "kana": "",
            "kind": PersonKind.EMPLOYEE,
            "mail": "",
            "locale": "ja",
            "search": f"n{n:05}\n社員{n}\n\n",
            "sort_key": search_key(f"社員 {n}"),
            "version": 1,
        }
        for n in range(20_000)
    ]
    with ledger.begin(KITTO) as work:
        work.allow(Permission.MANAGE_PEOPLE)
        work.unrecorded("a crowd for the search")
        work.session.execute(insert(Person), rows)
    with ledger.read(KITTO) as work:
        for q, most in (("員", 50), ("19999", 1), ("社員", 50)):
            assert len(queries.people(work, queries.PeopleFilter(q=q)).items) == most


def test_departments_are_a_tree_that_moves_whole_and_never_bites_its_tail(ledger: Ledger) -> None:
    with ledger.begin(KITTO) as work:
        top = actions.open_department(work, DepartmentDetails(code="A", name="本部"))
        mid = actions.open_department(work, DepartmentDetails(code="B", name="部", parent_id=top.id))
        leaf = actions.open_department(work, DepartmentDetails(code="C", name="課", parent_id=mid.id))
        other = actions.open_department(work, DepartmentDetails(code="D", name="別", parent_id=None))
        details = PersonDetails(number="1", name="課員", department_id=leaf.id)
        actions.join(work, details)
    moved = DepartmentDetails(code="B", name="部", parent_id=other.id)
    with ledger.begin(KITTO) as work:
        actions.change_department(work, mid.id, moved)
    with ledger.read(KITTO) as work:
        assert [item.name for item in queries.departments(work)] == ["本部", "別", "部", "課"]
        found = queries.people(work, queries.PeopleFilter(department_id=other.id)).items
        assert [person.name for person in found] == ["課員"]
        assert queries.people(work, queries.PeopleFilter(department_id=top.id)).items == []
    loop = DepartmentDetails(code="D", name="別", parent_id=leaf.id)
    with pytest.raises(DepartmentLoop), ledger.begin(KITTO) as work:
        actions.change_department(work, other.id, loop)


def test_membership_has_dates_that_do_not_overlap_and_end_with_the_person(
    ledger: Ledger, client: TestClient
) -> None:
    person = make_person(ledger)
    with ledger.begin(KITTO) as work:
        project = actions.open_project(work, ProjectDetails(code="P-1", name="更改"))
    url = f"/api/v1/people/{person.id}/projects"
    body = {"project_id": project.id, "starts_on": "2026-04-01"}
    answers = at_once(5, lambda _: client.post(url, json=body, headers=SUZUKI))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 4}
    with ledger.begin(KITTO) as work:
        actions.leave(work, person.id, date(2026, 6, 30))
    (row,) = client.get(url, headers=SATO).json()
    assert row["ends_on"] == "2026-06-30"
    body["starts_on"] = "2026-06-30"
    answer = client.post(url, json=body, headers=SUZUKI)
    assert answer.json()["code"] == "people.membership_overlaps"


def test_a_grant_for_one_department_sees_and_changes_only_its_people(ledger: Ledger) -> None:
    with ledger.begin(KITTO) as work:
        mine = actions.open_department(work, DepartmentDetails(code="A", name="甲"))
        below = actions.open_department(work, DepartmentDetails(code="A1", name="甲一", parent_id=mine.id))
        other = actions.open_department(work, DepartmentDetails(code="B", name="乙"))
        near = actions.join(work, PersonDetails(number="1", name="近", department_id=below.id))
        far = actions.join(work, PersonDetails(number="2", name="遠", department_id=other.id))
    scoped = Actor(
        kind="account",
        id="9",
        name="甲の担当",
        grants=(Grant(RIGHTS[Role.ASSET_MANAGER], ("department", str(mine.id))),),
        locale="en",
    )
    with ledger.read(scoped) as work:
        assert [person.id for person in queries.people(work, queries.PeopleFilter()).items] == [near.id]
    with ledger.begin(scoped) as work:
        actions.change(work, near.id, PersonDetails(number="1", name="近く", department_id=below.id))
    for attempt in (
        lambda work: queries.person(work, far.id),
        lambda work: actions.leave(work, far.id, date(2026, 1, 1)),
        lambda work: actions.join(work, PersonDetails(number="3", name="新", department_id=other.id)),
        lambda work: actions.change(
            work, near.id, PersonDetails(number="1", name="近", department_id=other.id)
        ),
        lambda work: actions.open_project(work, ProjectDetails(code="X", name="x")),
    ):
        with pytest.raises(Exception, match="You may not do this"), ledger.begin(scoped) as work:
            attempt(work)


def test_the_file_holds_what_the_filter_shows(client: TestClient) -> None:
    join(client)
    join(client, number="E-9", name="=cmd|' /C calc'!A0", kana="")
    answer = client.get("/api/v1/people.csv?q=高橋&encoding=cp932", headers=SATO)
    text = answer.content.decode("cp932")
    assert "髙橋 花子" in text
    assert "E-9" not in text
    whole = client.get("/people.csv", headers=SATO).content.decode("utf-8-sig")
    assert "'=cmd|" in whole


def test_presence_filters_by_today(ledger: Ledger, client: TestClient) -> None:
    day = date(2026, 1, 1)
    make_person(ledger, "1", leaves_on=day)
    make_person(ledger, "2", joins_on=date(2999, 1, 1) - timedelta(days=1))
    make_person(ledger, "3")
    for presence, number in ((Presence.LEFT, "1"), (Presence.COMING, "2"), (Presence.ACTIVE, "3")):
        found = client.get(f"/api/v1/people?presence={presence}", headers=SATO).json()["items"]
        assert [item["number"] for item in found] == [number]


def test_who_may_not_is_refused(client: TestClient) -> None:
    assert join(client).status_code == 201
    assert client.get("/api/v1/people", headers=GUEST).status_code == 403
    assert client.get("/api/v1/people/1", headers=GUEST).status_code == 403
    assert client.get("/people/1", headers=GUEST).status_code == 403
    body = {"number": "E-7", "name": "x"}
    assert client.post("/api/v1/people", json=body, headers=SATO).status_code == 403
    assert client.post("/people", data=body, headers=SATO).status_code == 403
    assert client.get("/api/v1/people/999999", headers=SATO).json()["code"] == "not_found"


def test_pages_show_and_change_people_projects_and_departments(client: TestClient) -> None:
    form = {"number": "E-1", "name": "<script>alert(1)</script>", "kind": "partner", "badge": "B1"}
    page = client.post("/people", data=form, headers=SUZUKI)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    made = client.get("/api/v1/people", headers=SATO).json()["items"][0]
    form |= {"name": "木村", "joins_on": "2026-04-01", "version": str(made["version"])}
    assert "木村" in client.post(f"/people/{made['id']}", data=form, headers=SUZUKI).text
    assert client.post(f"/people/{made['id']}", data=form, headers=SUZUKI).status_code == 412
    project = {"code": "P-1", "name": "更改", "manager": "e-1", "ends_on": ""}
    assert "木村" in client.post("/projects", data=project, headers=SUZUKI).text
    assert (
        client.post("/departments", data={"code": "D", "name": "開発部"}, headers=SUZUKI).status_code == 200
    )
    for path in (
        "/people?q=&department=&kind=&presence=active",
        "/people/new",
        f"/people/{made['id']}/edit",
        f"/people/{made['id']}/leave",
        f"/people/{made['id']}/assign",
        "/projects",
        "/projects/new",
        "/projects/1",
        "/projects/1/edit",
        "/departments",
        "/departments/new",
        "/departments/1/edit",
    ):
        assert client.get(path, headers=SUZUKI).status_code == 200, path
