"""Where Ansible finds its hosts: filtered by the server, asked again only when something changed."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.models import Asset
from kitto.assets.rules import State
from kitto.base.work import Actor, Grant, Ledger
from kitto.identity.rules import Permission
from kitto.runs.queries import inventory
from tests.make import KITTO, make_pc
from tests.runs.conftest import Ansible, mode

PATH = "/api/v1/inventory"
SATO = {"Authorization": "Bearer sato"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2H7lPzM6uJ0zN0eYp1kq7Yf3cL0YV0l0n6Hq2b9XwQ"


@pytest.fixture
def office(ledger: Ledger) -> dict[str, str]:
    """Two places with Japanese names that look alike in a group name, and a PC in each; one is ready."""
    with ledger.begin(KITTO) as work:
        first = assets.make_location(work, code="TK3", name="東京本社(3F)")
        second = assets.make_location(work, code="TK-3", name="東京本社 3F ")
        ids = first.id, second.id
    stock = make_pc(ledger, location_id=ids[0]).name
    ready = make_pc(ledger, State.READY, location_id=ids[1]).name
    with ledger.begin(KITTO) as work:
        assets.set_endpoint(
            work, tag=stock, kind="ssh", address="192.0.2.7", port=22, account="kitto", host_key=KEY
        )
    return {"stock": stock, "ready": ready}


def asked(client: TestClient, **query: Any) -> dict[str, Any]:
    answer = client.get(PATH, params=query, headers=SATO)
    assert answer.status_code == 200, answer.text
    return {host["name"]: host["vars"] for host in answer.json()["hosts"]}


def test_a_device_is_a_host_with_how_it_is_reached(client: TestClient, office: dict[str, str]) -> None:
    host = asked(client)[office["stock"]]
    assert host["ansible_host"] == "192.0.2.7"
    assert (host["ansible_port"], host["ansible_user"], host["ansible_connection"]) == (22, "kitto", "ssh")
    assert host["kitto_host_key"] == KEY
    assert (host["kitto_state"], host["kitto_site"], host["kitto_site_name"]) == (
        "in_stock",
        "TK3",
        "東京本社(3F)",
    )
    assert host["kitto_needs_rekit"] is False


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": ["in_stock", "repair"]}, {"stock"}),
        ({"state": "ready"}, {"ready"}),
        ({"category": "pc"}, {"stock", "ready"}),
        ({"category": "phone"}, set()),
        ({"site": "TK-3"}, {"ready"}),
        ({"tag_prefix": "PC-"}, {"stock", "ready"}),
        ({"tag_prefix": "PC_"}, set()),
        ({"tag_prefix": "%"}, set()),
        ({"platform": "linux"}, set()),
        ({"needs_rekit": "true"}, set()),
        ({"needs_rekit": "false"}, {"stock", "ready"}),
    ],
)
def test_filters_are_the_servers_business(
    client: TestClient, office: dict[str, str], query: dict[str, Any], found: set[str]
) -> None:
    assert set(asked(client, **query)) == {office[name] for name in found}


@pytest.mark.parametrize("query", [{"state": "flying"}, {"limit": "0"}, {"cursor": "x"}, {"site": "\x00"}])
def test_a_wrong_filter_is_refused(client: TestClient, query: dict[str, str]) -> None:
    assert client.get(PATH, params=query, headers=SATO).status_code in (400, 422)


def test_an_unchanged_ledger_is_answered_with_304_and_a_changed_one_is_not(
    client: TestClient, ledger: Ledger, office: dict[str, str]
) -> None:
    first = client.get(PATH, headers=SATO)
    known = SATO | {"If-None-Match": first.headers["etag"]}
    assert not first.headers["etag"].startswith("W/")
    for _ in range(2):
        again = client.get(PATH, headers=known)
        assert (again.status_code, again.content) == (304, b"")
    with ledger.begin(KITTO) as work:
        assets.make_location(work, code="NEW", name="新しい")
    # The journal has grown; the hosts are the same, and so is the mark.
    assert client.get(PATH, headers=known).status_code == 304
    make_pc(ledger)
    assert client.get(PATH, headers=known).status_code == 200


def test_pages_hold_every_host_once(client: TestClient, ledger: Ledger, office: dict[str, str]) -> None:
    for _ in range(3):
        make_pc(ledger)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(PATH, params={"limit": 2, "cursor": cursor}, headers=SATO).json()
        found += [host["name"] for host in page["hosts"]]
        cursor = page["next"]
    assert len(found) == len(set(found)) == 5


def test_a_reader_sees_only_the_devices_within_reach(ledger: Ledger, office: dict[str, str]) -> None:
    def seen(actor: Actor) -> set[str]:
        with ledger.read(actor) as work:
            work.allow(Permission.SEE)
            every = inventory.InventoryFilter()
            return {host.name for host in inventory.hosts(work, every, cursor=None, limit=10).items}

    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        place = work.session.query(Asset).filter_by(tag=office["stock"]).one().location_id
    of_place = Actor("token", "1", "CI", (Grant(frozenset({"see"}), ("site", str(place))),))
    phones = Actor(
        "token", "2", "CI", (Grant(frozenset({"see"})),), settings={"inventory": {"categories": ["phone"]}}
    )
    prefix = Actor(
        "token", "3", "CI", (Grant(frozenset({"see"})),), settings={"inventory": {"tag_prefix": "PC-"}}
    )
    assert seen(of_place) == {office["stock"]}
    assert seen(phones) == set()
    assert seen(prefix) == set(office.values())


def test_who_may_not_see_gets_no_hosts(client: TestClient) -> None:
    assert client.get(PATH, headers={"Authorization": "Bearer guest"}).status_code == 403


def configured(home: Path, name: str = "all.kitto.yml", **given: Any) -> str:
    path = home / name
    path.write_text(json.dumps({"plugin": "kitto", **given}, ensure_ascii=False), encoding="utf-8")
    return str(path)


def test_the_real_ansible_inventory_lists_hosts_and_groups(
    ansible: Ansible, home: Path, office: dict[str, str]
) -> None:
    path = configured(
        home,
        group_by=["state", "site_name", "needs_rekit"],
        keyed_groups=[{"key": "kitto_maker", "prefix": "maker"}],
        compose={"bench": "kitto_site ~ '/' ~ inventory_hostname"},
    )
    told = ansible("ansible-inventory", "-i", path, "--list")
    assert told.returncode == 0, told.stderr
    assert "[WARNING]" not in told.stderr
    listed = json.loads(told.stdout)
    variables = listed["_meta"]["hostvars"]
    assert variables[office["stock"]]["kitto_site"] == "TK3"
    # Ansible itself does not trust what it composed, and shows it so.
    assert variables[office["stock"]]["bench"] == {"__ansible_unsafe": f"TK3/{office['stock']}"}
    assert listed["state_in_stock"]["hosts"] == [office["stock"]]
    assert set(listed["maker_Dell"]["hosts"]) == set(office.values())
    sites = {name: listed[name]["hosts"] for name in listed if name.startswith("site_name_東京本社_3F_")}
    assert sorted(map(len, sites.values())) == [1, 1]
    assert "needs_rekit" not in listed


def test_what_was_answered_is_kept_for_its_owner_only_and_asked_for_again_with_its_mark(
    ansible: Ansible, home: Path, office: dict[str, str], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configured(home)
    first = ansible("ansible-inventory", "-i", path, "--list")
    (kept,) = (home / ".cache/kitto").glob("inventory-*.json")
    assert mode(kept) == 0o600
    known = json.loads(kept.read_text())
    known["page"]["hosts"][0]["vars"]["kept"] = "yes"
    kept.write_text(json.dumps(known))
    again = ansible("ansible-inventory", "-i", path, "--list")
    assert first.returncode == again.returncode == 0
    assert '"kept": "yes"' in again.stdout
    make_pc(ledger)
    fresh = ansible("ansible-inventory", "-i", path, "--list")
    assert '"kept": "yes"' not in fresh.stdout


def test_a_name_with_braces_is_text_and_never_a_template(
    ansible: Ansible, home: Path, ledger: Ledger
) -> None:
    with ledger.begin(KITTO) as work:
        place = assets.make_location(work, code="EVIL", name="{{ lookup('env', 'KITTO_TOKEN') }}").id
    tag = make_pc(ledger, location_id=place).name
    told = ansible(
        "ansible", tag, "-i", configured(home), "-c", "local", "-m", "debug", "-a", "var=kitto_site_name"
    )
    assert told.returncode == 0, told.stderr
    assert "lookup('env'" in told.stdout
    assert "kitto_" in told.stdout
    assert not [line for line in told.stdout.splitlines() if "kitto_" in line and "site_name" not in line]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"KITTO_TOKEN": "kitto_wrong_token"}, "The token is unknown, expired or revoked"),
        ({"KITTO_URL": "http://127.0.0.1:9"}, "does not answer"),
    ],
)
def test_what_goes_wrong_is_said_in_one_sentence(
    ansible: Ansible, home: Path, environment: dict[str, str], says: str
) -> None:
    told = ansible(
        "ansible-inventory",
        "-i",
        configured(home),
        "--list",
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1",
        **environment,
    )
    assert told.returncode != 0
    assert says in told.stderr
    assert "Traceback" not in told.stderr


def test_ten_thousand_hosts_are_listed_in_pages(ledger: Ledger, client: TestClient) -> None:
    make_pc(ledger)
    with ledger.database.write.begin() as connection:
        names = [column.name for column in Asset.__table__.columns if column.name not in ("id", "tag")]
        connection.execute(
            text(
                f"INSERT INTO asset (tag, {', '.join(names)}) SELECT 'PC-' || n, {', '.join(names)} "
                "FROM asset, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
                "WHERE n < 10000) SELECT n FROM c) AS numbers"
            )
        )
    pages = 0
    cursor: str | None = ""
    found: set[str] = set()
    while cursor is not None:
        page = client.get(PATH, params={"cursor": cursor}, headers=SATO).json()
        found |= {host["name"] for host in page["hosts"]}
        cursor, pages = page["next"], pages + 1
    assert (len(found), pages) == (10_001, 11)
