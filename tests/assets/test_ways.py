"""How a device is reached: by SSH or WinRM, with a pinned key or certificate, and a password nobody sees."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.assets import queries
from kitto.base.seal import unseal
from kitto.base.work import Actor, Ledger
from kitto.identity.rules import Permission
from tests.counterparts.windows.pc import certificate_for
from tests.make import make_pc

ADDRESS = "192.0.2.44"
PASSWORD = "合言葉-Kanshi-42"
SUZUKI = {"Authorization": "Bearer suzuki"}


@pytest.fixture
def tag(ledger: Ledger) -> str:
    return make_pc(ledger).name


def body(**more: Any) -> dict[str, Any]:
    told = {
        "address": ADDRESS,
        "port": 5986,
        "account": "kitto",
        "host_key": certificate_for(ADDRESS),
        "password": PASSWORD,
    }
    return {key: value for key, value in (told | more).items() if value is not None}


def put(client: TestClient, tag: str, told: dict[str, Any], kind: str = "winrm") -> Any:
    return client.put(f"/api/v1/assets/{tag}/endpoints/{kind}", json=told, headers=SUZUKI)


def test_winrm_is_set_with_certificate_and_password_which_is_never_given_back(
    client: TestClient, tag: str, ledger: Ledger, admin: Actor
) -> None:
    answer = put(client, tag, body())
    assert answer.status_code == 200, answer.text
    assert PASSWORD not in answer.text
    assert answer.json() == {
        "kind": "winrm",
        "address": ADDRESS,
        "port": 5986,
        "account": "kitto",
        "host_key": answer.json()["host_key"],
        "way": "psrp",
        "has_password": True,
    }
    with ledger.read(admin) as work:
        work.allow(Permission.SEE)
        found = queries.endpoint(work, queries.by_tag(work, tag).id, "winrm")
        assert found is not None
        assert PASSWORD not in found.sealed
        assert unseal(found.sealed).reveal() == PASSWORD
    page = client.get(f"/devices/{tag}/endpoint?kind=winrm", headers=SUZUKI).text
    assert PASSWORD not in page
    assert found.sealed not in page


def test_the_password_stays_until_the_certificate_is_another_one(client: TestClient, tag: str) -> None:
    told = body()
    put(client, tag, told)
    kept = put(client, tag, {**told, "way": "winrm", "password": None})
    assert (kept.status_code, kept.json()["way"], kept.json()["has_password"]) == (200, "winrm", True)
    other = put(client, tag, body(password=None))
    assert (other.status_code, other.json()["code"]) == (422, "assets.sign_in_incomplete")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"host_key": "ssh-ed25519 AAAA"}, "assets.certificate_unreadable"),
        (
            {"host_key": "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----"},
            "assets.certificate_unreadable",
        ),
        ({"address": "192.0.2.45"}, "assets.certificate_elsewhere"),
        ({"way": "ssh"}, "assets.way_unknown"),
        ({"account": ""}, "assets.sign_in_incomplete"),
        ({"password": "abc"}, "assets.sign_in_incomplete"),
        ({"password": None}, "assets.sign_in_incomplete"),
        ({"address": "169.254.169.254"}, "address_refused"),
    ],
)
def test_what_cannot_work_is_refused(client: TestClient, tag: str, wrong: dict[str, Any], code: str) -> None:
    answer = put(client, tag, body(**wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert PASSWORD not in answer.text


def test_an_expired_certificate_is_refused(client: TestClient, tag: str) -> None:
    answer = put(client, tag, body(host_key=certificate_for(ADDRESS, days=3)))
    assert answer.json()["code"] == "assets.certificate_over"


def test_ssh_is_set_as_ever_and_may_lead_to_windows(client: TestClient, tag: str) -> None:
    told = {"address": ADDRESS, "port": 22, "account": "kitto", "host_key": "ssh-ed25519 AAAA"}
    assert put(client, tag, told, "ssh").json()["way"] == "ssh"
    assert put(client, tag, {**told, "way": "ssh_windows"}, "ssh").json()["way"] == "ssh_windows"


def test_the_form_sets_winrm_and_the_page_of_the_device_says_so(client: TestClient, tag: str) -> None:
    form = client.get(f"/devices/{tag}/endpoint?kind=winrm", headers=SUZUKI)
    assert "WinRM" in form.text
    sent = {"kind": "winrm", "address": ADDRESS, "port": "5986", "account": "kitto", "way": "psrp"}
    secret = {"host_key": certificate_for(ADDRESS), "password": PASSWORD}
    answer = client.post(
        f"/devices/{tag}/endpoint", data=sent | secret, headers=SUZUKI, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    assert f"winrm {ADDRESS}:5986" in client.get(f"/devices/{tag}", headers=SUZUKI).text
