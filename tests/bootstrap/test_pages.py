"""People make files, see how far they have come, and decide; programs do the same by JSON."""

import base64
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kitto.assets.models import Asset
from kitto.base.ids import digest
from kitto.base.work import Ledger
from kitto.bootstrap import actions, queries
from kitto.bootstrap.models import BootstrapToken
from kitto.bootstrap.rules.refusals import SerialNeeded
from kitto.bootstrap.rules.states import ArtifactKind
from kitto.identity.rules import Permission
from tests.bootstrap.conftest import SERIAL, Call, hello, make, token_in
from tests.counterparts import keys
from tests.make import KITTO

SATO = {"Authorization": "Bearer sato"}
ARTIFACTS = "/api/v1/bootstrap/artifacts"


@pytest.fixture
def page(client: TestClient) -> TestClient:
    client.headers.update({**SATO, "Accept": "text/html", "Accept-Language": "en"})
    return client


@pytest.mark.parametrize("kind", list(ArtifactKind))
def test_a_file_is_shown_once_with_what_to_do(page: TestClient, pc: Asset, kind: ArtifactKind) -> None:
    asked = page.get(f"/devices/{pc.tag}/first-connection")
    assert SERIAL in asked.text
    shown = page.post(f"/devices/{pc.tag}/first-connection", data={"kind": kind, "hours": 1})
    assert shown.status_code == 200, shown.text[:500]
    assert "base64," in shown.text
    assert "<li>Delete the file from the stick" in shown.text.replace("&#39;", "'")
    assert shown.headers["Cache-Control"] == "private, no-store"
    listed = page.get(f"/devices/{pc.tag}").text
    assert "not used yet" in listed
    assert "base64," not in listed


def test_the_device_page_shows_a_changed_key_and_a_person_decides(
    page: TestClient, call: Call, ledger: Ledger, pc: Asset, host_key: str
) -> None:
    token = token_in(make(ledger, str(pc.tag))[1])
    call("hello", **hello(token, host_key))
    call("hello", **hello(token, keys.new_key_pair().public))
    shown = page.get(f"/devices/{pc.tag}").text
    assert "showed a key that Kitto does not know" in shown
    assert "called, not finished" in shown
    assert str(pc.tag) in page.get("/").text
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        waiting = queries.keys_that_wait(work)[0]
    done = page.post(
        f"/first-connections/keys/{waiting.id}/reject",
        data={"version": str(waiting.version)},
        follow_redirects=False,
    )
    assert done.status_code in (200, 303), done.text
    assert "showed a key that Kitto does not know" not in page.get(f"/devices/{pc.tag}").text


def test_programs_make_list_and_revoke(client: TestClient, ledger: Ledger, pc: Asset) -> None:
    client.headers.update(SATO)
    made = client.post(ARTIFACTS, json={"tag": pc.tag, "kind": "linux_script"})
    assert made.status_code == 201, made.text
    body = made.json()
    token = body["typed"].partition("token=")[2].split()[0]
    assert token.encode() in base64.b64decode(body["content"])
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        row = work.session.get_one(BootstrapToken, body["artifact"]["id"])
        assert row.digest == digest(token)
    listed = client.get(ARTIFACTS, params={"tag": pc.tag})
    assert [item["state"] for item in listed.json()["items"]] == ["open"]
    assert token not in listed.text
    one = f"{ARTIFACTS}/{body['artifact']['id']}"
    assert client.delete(one).status_code == 428
    gone = client.delete(one, headers={"If-Match": client.get(one).headers["ETag"]})
    assert gone.json()["state"] == "revoked"


def test_a_repeated_command_is_one_file_and_keeps_no_token(client: TestClient, pc: Asset) -> None:
    client.headers.update(SATO)
    command = {"json": {"tag": pc.tag, "kind": "linux_script"}, "headers": {"Idempotency-Key": "stick-1"}}
    first, second = client.post(ARTIFACTS, **command), client.post(ARTIFACTS, **command)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "token=" not in second.text
    assert len(client.get(ARTIFACTS).json()["items"]) == 1


def test_the_authorities_are_made_once_and_take_back_what_they_signed(
    client: TestClient, ledger: Ledger, pc: Asset
) -> None:
    client.headers.update({"Authorization": "Bearer admin"})
    public = client.post("/api/v1/ssh-ca/user").json()["public_key"]
    assert client.post("/api/v1/ssh-ca/user").json()["public_key"] == public
    with ledger.begin(KITTO) as work:
        key = keys.new_key_pair().public
        actions.sign_user_key(work, asset=pc, run="k9-1-1", number=99, public_key=key)
    (signed,) = client.get("/api/v1/ssh-ca/user/certificates").json()["items"]
    assert (signed["serial"], signed["name"], signed["revoked_at"]) == (99, "k9-1-1", None)
    revoke = "/api/v1/ssh-ca/revocations"
    assert client.post(revoke, json={"serial": 98}).json()["code"] == "bootstrap.certificate_unknown"
    assert client.post(revoke, json={"serial": 99}).json() == {"certificates": 1}
    listed = client.get("/api/v1/ssh-ca/user/krl")
    assert listed.content.startswith(b"SSHKRL\n\0")
    client.headers.update(SATO)
    assert client.post(revoke, json={"serial": 99}).status_code == 403


def test_who_may_not_kit_makes_no_file(client: TestClient, pc: Asset) -> None:
    for name in ("tanaka", "guest"):
        client.headers.update({"Authorization": f"Bearer {name}"})
        refused = client.post(ARTIFACTS, json={"tag": pc.tag, "kind": "preseed"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_device_without_serial_number_gets_no_file(ledger: Ledger, pc: Asset) -> None:
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        work.unrecorded("a device as it arrives")
        work.session.merge(pc).serial = None
    with pytest.raises(SerialNeeded):
        make(ledger, str(pc.tag))


def test_the_typed_line_fetches_the_script_of_an_unused_token(
    app: FastAPI, call: Call, ledger: Ledger, pc: Asset, host_key: str
) -> None:
    made = make(ledger, str(pc.tag))[1]
    token = token_in(made)
    with TestClient(app) as machine:
        for _ in range(2):
            answer = machine.post("/bootstrap/v1/script", data={"token": token})
            assert answer.content == made.content
        assert machine.post("/bootstrap/v1/script", data={"token": "z" * 43}).status_code == 403
        call("hello", **hello(token, host_key))
        assert machine.post("/bootstrap/v1/script", data={"token": token}).status_code == 403
        assert machine.get(f"/bootstrap/v1/script?token={quote(token)}").status_code == 405
