"""Profiles for iPhones: signed so that others verify them, given out once, forgotten when nobody comes."""

import plistlib
import shutil
import subprocess
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from sqlalchemy import update
from starlette.testclient import TestClient

from kitto.base.settings import Settings
from kitto.base.work import Ledger
from kitto.phones import actions
from kitto.phones.models import ProfileLink
from kitto.phones.rules.apple import AppleProfile, plist
from kitto.phones.rules.refusals import ProfileWrong
from tests.make import KITTO
from tests.phones.apks import make_certificate
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
CANARY = "c4nary-wifi-PASS_9x"
_, ROOT = make_certificate("Example root")
PEM = ROOT.public_bytes(serialization.Encoding.PEM).decode()
BODY: dict[str, Any] = {
    "identifier": "jp.example.phones",
    "name": "社用 iPhone",
    "wifi": {"ssid": "office", "security": "wpa3", "password": CANARY},
    "certificates": PEM,
    "web_clips": [{"label": "社内ポータル", "url": "https://intra.example.jp/"}],
    "mail": {"address": "tanaka@example.jp", "incoming": "imap.example.jp", "outgoing": "smtp.example.jp"},
    "restrictions": ["allowScreenShot"],
}


def make(client: TestClient, **given: Any) -> str:
    answer = client.post("/api/v1/phones/profiles", json=BODY | given, headers=SATO)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"]).partition("/p/")[2]


def verified(content: bytes, folder: Path) -> dict[str, Any]:
    """The profile inside, after OpenSSL has verified its signature."""
    signed, plain = folder / "signed.der", folder / "plain.plist"
    signed.write_bytes(content)
    told = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", signed, "-out", plain, "-noverify"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = plistlib.loads(plain.read_bytes())
    return found


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")


@needs_openssl
def test_an_iphone_fetches_a_profile_that_openssl_verifies(client: TestClient, tmp_path: Path) -> None:
    token = make(client)
    assert client.get(f"/p/{token}").status_code == 200, "a preview fetches nothing"
    answer = client.get(f"/p/{token}/profile.mobileconfig")
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    profile = verified(answer.content, tmp_path)
    parts = {part["PayloadType"]: part for part in profile["PayloadContent"]}
    assert (profile["PayloadDisplayName"], profile["PayloadIdentifier"]) == (
        "社用 iPhone",
        "jp.example.phones",
    )
    wifi = parts["com.apple.wifi.managed"]
    assert (wifi["SSID_STR"], wifi["EncryptionType"], wifi["Password"]) == ("office", "WPA3", CANARY)
    assert parts["com.apple.security.root"]["PayloadContent"] == ROOT.public_bytes(serialization.Encoding.DER)
    assert parts["com.apple.webClip.managed"]["URL"] == "https://intra.example.jp/"
    assert parts["com.apple.mail.managed"]["IncomingMailServerHostName"] == "imap.example.jp"
    assert parts["com.apple.applicationaccess"]["allowScreenShot"] is False
    assert len({part["PayloadUUID"] for part in profile["PayloadContent"]}) == 5


@needs_openssl
def test_a_certificate_of_the_settings_signs_with_its_chain(
    client: TestClient, own_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = make_certificate("IT desk")
    paths = tmp_path / "sign.pem", tmp_path / "sign.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    given = own_settings.model_copy(update={"profile_certificate": paths[0], "profile_key": paths[1]})
    monkeypatch.setattr("kitto.phones.adapters.signing.settings", lambda: given)
    content = client.get(f"/p/{make(client)}/profile.mobileconfig").content
    signed = tmp_path / "x.der"
    signed.write_bytes(content)
    subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", signed, "-CAfile", paths[0], "-purpose", "any",
         "-no_check_time", "-out", "/dev/null"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def test_a_profile_is_given_out_once_whoever_asks_at_once(client: TestClient) -> None:
    token = make(client)
    answers = at_once(12, lambda _: client.get(f"/p/{token}/profile.mobileconfig").status_code)
    assert Counter(answers) == {200: 1, 404: 11}
    late = client.get(f"/p/{token}", headers={"Accept": "application/json"})
    assert late.json()["code"] == "phones.link_over"


def test_what_is_fetched_or_late_is_sealed_no_more_and_before_that_it_is_sealed(
    ledger: Ledger, client: TestClient
) -> None:
    fetched, late, waits = make(client), make(client), make(client)
    client.get(f"/p/{fetched}/profile.mobileconfig")
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        work.unrecorded("time passes")
        work.session.execute(
            update(ProfileLink).where(ProfileLink.id == 2).values(expires_at=work.now - timedelta(seconds=1))
        )
    assert client.get(f"/p/{late}/profile.mobileconfig").status_code == 404
    with ledger.begin(KITTO) as work:
        actions.forget_profiles(work)
    with ledger.read(KITTO) as work:
        work.allow("see")
        rows = [work.session.get_one(ProfileLink, number) for number in (1, 2, 3)]
        assert [row.sealed is None for row in rows] == [True, True, False]
        assert CANARY not in (rows[2].sealed or "")
        assert waits not in repr(vars(rows[2]))


def test_kittos_own_key_is_for_its_owner_only(client: TestClient, own_settings: Settings) -> None:
    make(client)
    key = own_settings.data / "phones" / "profile-signing.pem"
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x\0y"},
        {"identifier": "Example"}, {"name": " "}, {"certificates": "no PEM"}, {"restrictions": ["allowAll"]},
        {"web_clips": [{"label": "x", "url": "javascript:alert(1)"}]},
        {"wifi": {"ssid": "office", "password": "short"}},
        {"mail": {"address": "x", "incoming": "a", "outgoing": "b"}},
    ],
)  # fmt: skip
def test_a_profile_that_a_phone_would_not_take_is_refused(client: TestClient, wrong: dict[str, Any]) -> None:
    answer = client.post("/api/v1/phones/profiles", json=BODY | wrong, headers=SATO)
    assert answer.status_code == 422, answer.text
    assert CANARY not in answer.text


def test_the_same_profile_has_the_same_numbers_so_that_it_replaces_itself() -> None:
    def numbers(name: str) -> Any:
        made = plistlib.loads(plist(AppleProfile(identifier=name, name="x", certificates=(("r", b"x"),))))
        return made["PayloadUUID"], made["PayloadContent"][0]["PayloadUUID"]

    assert numbers("jp.example.a") == numbers("jp.example.a") != numbers("jp.example.b")
    with pytest.raises(ProfileWrong):
        AppleProfile(identifier="jp.example.a", name="x")


def test_the_page_shows_the_code_of_the_link(client: TestClient) -> None:
    form = {"identifier": "jp.example.phones", "name": "社用", "ssid": "office", "password": CANARY,
            "restrictions": ["allowScreenShot", "allowAssistantWhileLocked"]}  # fmt: skip
    page = client.post("/phones/iphone", data=form, headers=SATO)
    assert page.status_code == 200, page.text
    assert "/p/" in page.text
    assert CANARY not in page.text
