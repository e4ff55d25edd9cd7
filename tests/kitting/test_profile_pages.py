"""Pages of profiles and of a device's secrets."""

from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kitto.base.seal import Secret
from kitto.base.work import Ledger
from kitto.kitting import queries
from kitto.kitting.actions.secrets import keep_secret
from kitto.kitting.models import Kit
from kitto.web.replays import KeptAnswer
from tests.kitting.shop import shop_profile, started
from tests.kitting.test_pages import SATO, SUZUKI, TANAKA
from tests.make import KITTO

ADMIN = {"Authorization": "Bearer admin"}
OWN = """\
name: dev
title: { ja: 開発用, en: For developers }
platform: linux
extends: shop
without: [look]
steps:
  - { key: badge, kind: manual, title: { ja: シール, en: Badge } }
"""
AT = "/kitting/profiles/publish"


@pytest.fixture(autouse=True)
def shop(own_profiles: Path) -> None:
    shop_profile(own_profiles)


def publish(client: TestClient, text: str) -> tuple[int, str]:
    answer = client.post(AT, data={"text": text}, headers=ADMIN, follow_redirects=False)
    return answer.status_code, answer.text or answer.headers.get("location", "")


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_a_profile_is_published_compared_and_retired(client: TestClient, ledger: Ledger, locale: str) -> None:
    client.cookies.set("kitto_locale", locale)
    assert publish(client, OWN) == (303, "/kitting/profiles/dev")
    publish(client, OWN.replace("en: Badge", "en: Sticker"))
    page = client.get("/kitting/profiles/dev", headers=SATO)
    assert page.status_code == 200
    assert "Sticker" in page.text or locale == "ja"
    assert "against=1" in page.text
    assert "Photo of the outside" not in page.text
    compared = client.get("/kitting/profiles/dev/versions/2?against=1", headers=SATO).text
    assert client.get(f"{AT}?name=dev", headers=ADMIN).text.count("badge") == 1
    assert "Sticker" in compared
    assert client.get("/kitting/profiles/dev/versions/1", headers=SATO).status_code == 200
    assert client.get("/kitting/profiles/dev/versions/9", headers=SATO).status_code == 404
    listed = client.get("/kitting/profiles", headers=SATO).text
    assert listed.index(">dev<") < listed.index(">shop<")
    client.post("/kitting/profiles/dev/retire", headers=ADMIN)
    assert ">dev<" not in client.get("/kitting/profiles", headers=SATO).text
    assert client.get("/kitting/profiles/dev", headers=SATO).status_code == 200
    assert client.get("/kitting/profiles/none", headers=SATO).status_code == 404


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: [", "YAML"),
        ("- a\n- b\n", "name: …"),
        ("a: &x 1\nb: *x\n", "Anchors and aliases"),
        (OWN.replace("extends: shop", "extends: nobody"), "nobody"),
        (OWN.replace("kind: manual", "kind: magic"), "magic"),
        (OWN.replace("name: dev", "name: shop"), "comes with a folder"),
        (OWN + "parameters: { type: 7 }\n", "schema of the parameters"),
    ],
)
def test_what_is_wrong_with_a_profile_stands_beside_its_text(
    client: TestClient, ledger: Ledger, text: str, says: str
) -> None:
    status, page = publish(client, text)
    assert status == 422
    assert says in page
    assert "<textarea" in page
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert queries.profile_row(work, "dev") is None


def test_only_who_keeps_the_masters_publishes(client: TestClient) -> None:
    assert client.get(AT, headers=TANAKA).status_code == 403
    assert client.post(AT, data={"text": OWN}, headers=SATO).status_code == 403


def kit_with_secret(ledger: Ledger) -> Kit:
    kit = started(ledger)
    with ledger.begin(KITTO) as work:
        found = queries.kit(work, kit.id)
        keep_secret(work, kit=found, name="local_password", value=Secret("correct horse 9"))
    return kit


def test_a_secret_is_shown_once_and_kept_nowhere(client: TestClient, ledger: Ledger) -> None:
    kit = kit_with_secret(ledger)
    device = client.get(f"/devices/{kit.tag}", headers=SUZUKI).text
    at = f"/kitting/secrets/{kit.tag}/local_password"
    assert at in device
    asked = client.get(at, headers=ADMIN)
    for page in (device, asked.text):
        assert "correct horse 9" not in page
    shown = client.post(at, headers=ADMIN | {"Idempotency-Key": "once"})
    assert "correct horse 9" in shown.text
    assert shown.headers["cache-control"] == "private, no-store"
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert [row.body for row in work.session.scalars(select(KeptAnswer))] == [b""]
    again = client.post(at, headers=ADMIN)
    assert (again.status_code, "correct horse 9" in again.text) == (409, False)
    assert f'href="{at}"' not in client.get(f"/devices/{kit.tag}", headers=SUZUKI).text


def test_who_may_not_reveal_secrets_sees_their_names_alone(client: TestClient, ledger: Ledger) -> None:
    kit = kit_with_secret(ledger)
    page = client.get(f"/devices/{kit.tag}", headers=TANAKA).text
    assert "local_password" in page
    assert "/kitting/secrets/" not in page
    assert client.post(f"/kitting/secrets/{kit.tag}/local_password", headers=TANAKA).status_code == 403


def test_lifting_nothing_is_refused(client: TestClient) -> None:
    assert client.post("/kitting/profiles/shop/lift", headers=SATO).status_code == 422
    assert client.post("/kitting/profiles/shop/lift", data={"tag": "PC-1"}, headers=TANAKA).status_code == 403
