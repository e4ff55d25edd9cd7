"""An order whose recipe was found wrong is lifted to a newer version; what has begun stays as it is."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.kitting import actions, queries
from kitto.kitting.actions.checks import note_check
from kitto.kitting.adapters.publishing import Report
from kitto.kitting.adapters.publishing.findings import found
from kitto.kitting.models import KitEvidence
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.rules import Metric, Policy, PoolDetails, TitleDetails
from tests.kitting.shop import goes_on, reachable, shop_profile
from tests.make import KITTO, make_pc

SATO = {"Authorization": "Bearer sato"}
SUZUKI = {"Authorization": "Bearer suzuki"}
JAPANESE = {"Authorization": "Bearer sato-ja"}


@pytest.fixture(autouse=True)
def shop(own_profiles: Path, ledger: Ledger) -> Path:
    """The shop's recipe, published as its first version."""
    shop_profile(own_profiles)
    published(ledger)
    return own_profiles / "shop"


def published(ledger: Ledger) -> int:
    with ledger.begin(KITTO) as work:
        return actions.publish_recipe(work, name="shop").number


def changed(shop: Path, *changes: tuple[str, str], file: str = "profile.yml") -> None:
    text = (shop / file).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (shop / file).write_text(text, encoding="utf-8")


def found_wrong(ledger: Ledger) -> None:
    """Ansible looks at the newest version's recipe again, and does not accept it."""
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        (version,) = queries.newest_versions(work)
        ((name, content),) = version.recipes.items()
        report = Report(content=content, findings=(found("syntax", "base.yml", what="no such module"),))
        note_check(work, recipe=name, report=report, asked_ansible=True)


def order(client: TestClient, quantity: int = 2, who: dict[str, str] = SATO, **more: Any) -> str:
    body = {"profile": "shop", "quantity": quantity, **more}
    answer = client.post("/api/v1/kit-orders", json=body, headers=who)
    assert answer.status_code == 201, answer.text
    return f"/api/v1/kit-orders/{answer.json()['id']}"


def bound(client: TestClient, ledger: Ledger, at: str, *, start: bool = False) -> Any:
    tag = str(reachable(ledger, make_pc(ledger)).tag)
    return client.post(f"{at}/devices", json={"tag": tag, "start": start}, headers=SATO)


def lift(client: TestClient, at: str, who: dict[str, str] = SATO, **body: Any) -> Any:
    seen = who | {"If-Match": client.get(at, headers=who).headers["etag"]}
    return client.post(f"{at}/lift", json=body, headers=seen)


def kits_of(ledger: Ledger, at: str) -> list[tuple[int, list[str], dict[str, Any]]]:
    """Version, keys of the steps, and parameters of each kit of an order."""
    with ledger.read(KITTO) as work:
        work.allow("see")
        kits = queries.kits_of_order(work, int(at.rpartition("/")[2]))
        return [(kit.profile.number, [step.key for step in kit.steps], dict(kit.parameters)) for kit in kits]


def test_a_recipe_found_wrong_refuses_the_orders_kits_until_the_order_is_lifted(
    client: TestClient, ledger: Ledger, shop: Path
) -> None:
    at = order(client)
    kit = bound(client, ledger, at).json()["id"]
    found_wrong(ledger)
    refused = client.post(f"/api/v1/kits/{kit}/start", headers=SATO)
    assert (refused.status_code, refused.json()["code"]) == (409, "kitting.order_unfit")
    assert "lift the order" in refused.json()["detail"]
    page = client.get(at.removeprefix("/api/v1").replace("kit-orders", "kitting/orders"), headers=SATO).text
    assert "No kit of order #" in page
    none = lift(client, at)
    assert (none.status_code, none.json()["code"]) == (409, "kitting.order_is_newest")

    changed(shop, ("What was ordered", "What is wanted"), file="base.yml")
    assert published(ledger) == 2
    plan = client.get(f"{at}/lift", headers=SATO).json()
    assert (plan["before"], plan["after"], plan["kits"], plan["begun"]) == (1, 2, 2, 0)
    assert (plan["added"], plan["changed"], plan["left_out"]) == ([], ["base"], [])
    lifted = lift(client, at, to=2)
    assert (lifted.status_code, lifted.json()["profile_version"]) == (200, 2)
    assert [number for number, _, _ in kits_of(ledger, at)] == [2, 2]
    assert client.post(f"/api/v1/kits/{kit}/start", headers=SATO).json()["state"] == "queued"
    chain = client.get(f"/api/v1/kits/{kit}/chain", headers=SATO).json()
    assert chain["holds"] is True
    with ledger.read(KITTO) as work:
        work.allow("see")
        rows = work.session.scalars(select(KitEvidence).where(KitEvidence.kit_id == kit))
        said = [(one.kind, one.data.get("content")) for one in rows]
        assert ("lifted", client.get(at, headers=SATO).json()["content"]) in said
    facts = client.get("/api/v1/facts?kind=kitting.order_lifted", headers=SUZUKI).json()["items"]
    assert "2 kits were lifted from v1 to shop v2" in str(facts)


def test_what_has_begun_keeps_what_it_froze(client: TestClient, ledger: Ledger, shop: Path) -> None:
    at = order(client)
    bound(client, ledger, at, start=True)
    changed(shop, ("key: look", "key: seen"))
    published(ledger)
    plan = client.get(f"{at}/lift", headers=SATO).json()
    assert (plan["kits"], plan["begun"], plan["added"], plan["left_out"]) == (1, 1, ["seen"], ["look"])
    assert lift(client, at).status_code == 200
    (begun, old, _), (lifted, new, _) = kits_of(ledger, at)
    assert (begun, "look" in old, lifted, "seen" in new, "look" in new) == (1, True, 2, True, False)
    bound(client, ledger, at, start=True)
    changed(shop, ("key: seen", "key: viewed"))
    published(ledger)
    assert lift(client, at).json()["code"] == "kitting.nothing_to_lift"


def test_a_version_that_came_after_the_one_looked_at_is_looked_at_first(
    client: TestClient, ledger: Ledger, shop: Path
) -> None:
    at = order(client)
    changed(shop, ("key: look", "key: seen"))
    assert published(ledger) == 2
    changed(shop, ("key: seen", "key: viewed"))
    assert lift(client, at, to=2).json()["code"] == "kitting.profile_changed"
    assert published(ledger) == 3
    assert lift(client, at, to=2).json()["code"] == "changed_meanwhile"
    assert lift(client, at, to=3).json()["profile_version"] == 3


def test_parameters_go_along_and_what_the_new_version_asks_for_is_asked(
    client: TestClient, ledger: Ledger, shop: Path
) -> None:
    at = order(client, parameters={"owner": "Sales", "disks": 2})
    changed(
        shop,
        ("[owner]", "[owner, site]"),
        (
            "    disks: { type: integer, title: Disks,",
            "    site: { type: string, title: Site, x-ja: 拠点 }\n    plates: { type: integer, title: P,",
        ),
    )
    changed(shop, ("{{ disks }}", "{{ plates }} {{ site }}"), file="base.yml")
    published(ledger)
    plan = client.get(f"{at}/lift", headers=SATO).json()
    assert (plan["parameters"]["owner"], plan["dropped"]) == ("Sales", ["disks"])
    refused = lift(client, at)
    assert (refused.status_code, refused.json()["code"]) == (422, "kitting.parameter_wrong")
    assert [number for number, _, _ in kits_of(ledger, at)] == [1, 1]

    page = f"/kitting/orders/{at.rpartition('/')[2]}"
    assert "v2 へ引き上げる" in client.get(page, headers=JAPANESE).text
    asked = client.get(f"{page}/lift", headers=JAPANESE).text
    assert "拠点" in asked
    assert 'value="Sales"' in asked
    form = {"p.owner": "Sales", "p.colour": "red", "p.plates": "1", "p.site": ""}
    again = client.post(f"{page}/lift?to=2", data=form, headers=SATO)
    assert (again.status_code, "Fill it in." in again.text) == (422, True)
    done = client.post(
        f"{page}/lift?to=2", data=form | {"p.site": "Tokyo"}, headers=SATO, follow_redirects=False
    )
    assert done.status_code == 303
    for number, _, given in kits_of(ledger, at):
        assert (number, given["site"], given["owner"], "disks" in given) == (2, "Tokyo", "Sales", False)


def test_what_a_second_person_approved_is_lifted_by_a_second_person(
    client: TestClient, ledger: Ledger, shop: Path
) -> None:
    at = order(client, needs_approval=True)
    seen = SUZUKI | {"If-Match": client.get(at, headers=SUZUKI).headers["etag"]}
    assert client.post(f"{at}/approve", headers=seen).status_code == 200
    own = order(client, needs_approval=True, who=SUZUKI)
    changed(shop, ("key: look", "key: seen"))
    published(ledger)
    assert lift(client, at).status_code == 403
    lifted = lift(client, at, SUZUKI)
    assert (lifted.status_code, lifted.json()["profile_version"]) == (200, 2)
    # Nobody has approved this one yet, so whoever does will see the new version.
    assert lift(client, own, SATO).json()["profile_version"] == 2


def pool(ledger: Ledger, title: str, cap: int) -> int:
    with ledger.begin(KITTO) as work:
        known = licences.add_title(work, TitleDetails(name=title))
        details = PoolDetails(
            title_id=known.id, name="2026", metric=Metric.DEVICE, cap=cap, policy=Policy.HARD
        )
        return licences.open_pool(work, details).id


def counted(ledger: Ledger, number: int) -> tuple[int, int]:
    """Given and reserved seats of a pool."""
    with ledger.read(KITTO) as work:
        work.allow("see")
        found = positions.pool(work, number)
        return found.used, found.reserved


def test_seats_and_host_names_are_those_of_the_new_version(
    client: TestClient, ledger: Ledger, shop: Path
) -> None:
    office = pool(ledger, "Office", 9)
    pool(ledger, "CAD", 1)
    changed(shop, ("platform: linux", 'platform: linux\nlicences: [Office]\nhostname: "old-{n:03}"'))
    published(ledger)
    at = order(client, 3)
    begun = bound(client, ledger, at, start=True).json()["id"]
    bound(client, ledger, at)
    assert counted(ledger, office) == (2, 1)
    changed(shop, ("[Office]", "[CAD]"), ("old-", "new-"))
    published(ledger)
    refused = lift(client, at)
    assert (refused.status_code, refused.json()["code"]) == (409, "licences.seats_short")
    assert counted(ledger, office) == (2, 1)
    with ledger.begin(KITTO) as work:
        licences.open_pool(
            work,
            PoolDetails(
                title_id=positions.title_by_name(work, "CAD").id,  # type: ignore[union-attr]  # made above
                name="2027",
                metric=Metric.DEVICE,
                cap=9,
                policy=Policy.HARD,
            ),
        )
    lifted = lift(client, at).json()
    # The kit that had begun keeps its Office; of the others one has its device already.
    assert counted(ledger, office) == (1, 0)
    assert {one["title"]: (one["reserved"], one["given"], one["lacking"]) for one in lifted["seats"]} == {
        "CAD": (1, 1, 0),
        "Office": (0, 1, 0),
    }
    with ledger.read(KITTO) as work:
        work.allow("see")
        names = [kit.hostname for kit in queries.kits_of_order(work, lifted["id"])]
    assert names == ["old-001", "new-001", "new-002"]
    assert goes_on(ledger, begun) is None


def test_a_kit_that_was_held_before_it_was_begun_is_begun_like_any_other(
    client: TestClient, ledger: Ledger, shop: Path
) -> None:
    at = order(client)
    kit = bound(client, ledger, at).json()["id"]
    door = f"/api/v1/kits/{kit}"
    assert client.post(f"{door}/hold", json={"reason": "Box is damp"}, headers=SATO).json()["state"] == "held"
    found_wrong(ledger)
    assert client.post(f"{door}/resume", headers=SATO).json()["state"] == "registered"
    refused = client.post(f"{door}/start", headers=SATO)
    assert (refused.status_code, refused.json()["code"]) == (409, "kitting.order_unfit")
    changed(shop, ("What was ordered", "What is wanted"), file="base.yml")
    published(ledger)
    assert lift(client, at).status_code == 200
    assert client.post(f"{door}/start", headers=SATO).json()["state"] == "queued"
