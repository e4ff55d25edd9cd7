"""Codes that a phone's camera reads: every sign arrives, nothing is stored, what is too large is refused."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pypdfium2  # noqa: F401 -- the reader of the house needs it loaded before threads start
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

from kitto.base.db import Database
from kitto.base.seal import Secret
from kitto.base.work import Ledger
from kitto.phones.adapters.proof import MOST_VERSION, proved
from kitto.phones.rules.android import EXTRA, Component, OwnerCode, payload
from kitto.phones.rules.refusals import CodeTooLarge, OwnerAppWrong, WifiWrong
from kitto.phones.rules.wifi import Security, Wifi, joining, read_joining
from tests.make import make_pc
from tests.phones.apks import PACKAGE, RECEIVER, V2, der, make_certificate, signer, unsigned, with_block

SATO = {"Authorization": "Bearer sato"}
TANAKA = {"Authorization": "Bearer tanaka"}
CANARY = "c4nary-wifi-PASS_9x"
CHECKSUM = "I5YvS0O5hXY46mb01BlRjq4oJJGs2kuUcHvVkAPEXlg"
SIGNS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=40)
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=10)


def read_back(drawn: str) -> str:
    """What a camera reads from a drawing: its path, module by module, as a picture."""
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn)
    assert found
    wide, high = int(found[1]), int(found[2])
    picture = Image.new("L", (wide, high), 255)
    for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawn):
        picture.paste(0, (int(x), int(y), int(x) + int(run), int(y) + 1))
    (code,) = zxingcpp.read_barcodes(picture.resize((wide * 4, high * 4), Image.Resampling.NEAREST))
    text: str = code.text
    return text


def owner(**given: Any) -> OwnerCode:
    wanted: dict[str, Any] = {
        "component": Component.parse(f"{PACKAGE}/{RECEIVER}"),
        "url": "https://kit.example.jp/dpc.apk",
        "checksum": CHECKSUM,
    }
    return OwnerCode(**(wanted | given))


@given(SIGNS)
def test_every_sign_of_a_password_arrives(password: str) -> None:
    text = joining(Wifi(ssid="bench", password=Secret(password)))
    assert read_joining(text) == {"T": "WPA", "S": "bench", "P": password}


@settings(max_examples=60, deadline=None)
@given(NAMES.filter(lambda name: len(name.encode()) <= 32))
def test_every_name_arrives(ssid: str) -> None:
    assert read_joining(joining(Wifi(ssid=ssid, security=Security.OPEN)))["S"] == ssid


@pytest.mark.parametrize(
    ("wifi", "text"),
    [
        (
            Wifi(ssid='a;b,c:"d\\', password=Secret("12345678 ;")),
            r'WIFI:T:WPA;S:a\;b\,c\:\"d\\;P:12345678 \;;;',
        ),
        (Wifi(ssid="abcd", password=Secret("deadbeef")), 'WIFI:T:WPA;S:"abcd";P:"deadbeef";;'),
        (
            Wifi(ssid="作業台", security=Security.WPA3, password=Secret("鍵"), hidden=True),
            "WIFI:T:SAE;S:作業台;P:鍵;H:true;;",
        ),
        (Wifi(ssid="guest", security=Security.OPEN), "WIFI:T:nopass;S:guest;;"),
    ],
)  # fmt: skip
def test_a_network_is_written_as_phones_read_it(wifi: Wifi, text: str) -> None:
    assert joining(wifi) == text
    assert proved(text).symbol.text == text


@pytest.mark.parametrize(
    "given",
    [
        {"ssid": ""}, {"ssid": "あ" * 11}, {"ssid": "a\nb"}, {"password": Secret("short")},
        {"password": Secret("x" * 64)}, {"password": Secret("pass\tword1")},
        {"security": Security.OPEN}, {"security": Security.WPA3, "password": Secret("")},
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_joined_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(WifiWrong) as refused:
        Wifi(**({"ssid": "bench", "password": Secret(CANARY)} | given))
    assert CANARY not in str(refused.value)


def test_the_code_holds_every_extra_as_android_wants_it() -> None:
    wifi = Wifi(ssid="bench", security=Security.WPA, password=Secret(CANARY), hidden=True)
    code = owner(
        wifi=wifi, skip_encryption=True, mobile_data=True, extras={"server": "https://mdm.example.jp"}
    )
    said = {name.removeprefix(EXTRA): value for name, value in json.loads(payload(code)).items()}
    assert said == {
        "DEVICE_ADMIN_COMPONENT_NAME": "jp.example.dpc/.AdminReceiver",
        "DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION": "https://kit.example.jp/dpc.apk",
        "DEVICE_ADMIN_SIGNATURE_CHECKSUM": CHECKSUM,
        "WIFI_SSID": "bench",
        "WIFI_SECURITY_TYPE": "WPA",
        "WIFI_PASSWORD": CANARY,
        "WIFI_HIDDEN": True,
        "LOCALE": "ja_JP",
        "TIME_ZONE": "Asia/Tokyo",
        "LEAVE_ALL_SYSTEM_APPS_ENABLED": True,
        "SKIP_ENCRYPTION": True,
        "USE_MOBILE_DATA": True,
        "ADMIN_EXTRAS_BUNDLE": {"server": "https://mdm.example.jp"},
    }
    assert proved(payload(code)).version <= MOST_VERSION


@pytest.mark.parametrize(
    "given",
    [
        {"url": "http://kit.example.jp/dpc.apk"}, {"url": "https://a:b@kit.example.jp/x"}, {"url": "file:///x"},
        {"url": "https://kit.example.jp/d pc.apk"}, {"checksum": CHECKSUM + "="}, {"checksum": CHECKSUM[:-1]},
        {"checksum": CHECKSUM[:-1] + "+"}, {"locale": "japanese"}, {"time_zone": "東京"},
        {"extras": {"x": "y" * 2000}},
    ],
)  # fmt: skip
def test_a_code_that_would_fail_on_the_phone_is_refused_before(given: dict[str, Any]) -> None:
    with pytest.raises(OwnerAppWrong):
        owner(**given)


@pytest.mark.parametrize("size", [1400, 3000, 9000])
def test_a_code_too_large_for_a_camera_is_refused(size: int) -> None:
    with pytest.raises(CodeTooLarge) as refused:
        proved("x" * size)
    assert str(size) in str(refused.value)


def everything_kept(database: Database, folder: Path) -> bytes:
    """All that is in the database and in the data folder."""
    with database.read.connect() as connection:
        tables = _tables(database)
        rows = [repr(connection.exec_driver_sql(f'SELECT * FROM "{table}"').fetchall()) for table in tables]
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return "\n".join(rows).encode() + b"\n".join(files)


def _tables(database: Database) -> list[str]:
    from kitto.base.db import Base  # the tables are known once the house is imported

    return sorted(Base.metadata.tables)


def forms_of(password: str) -> list[bytes]:
    plain = password.encode()
    return [plain, base64.b64encode(plain), base64.urlsafe_b64encode(plain), plain.hex().encode()]


def test_no_password_of_a_code_is_stored_anywhere(
    ledger: Ledger,
    client: TestClient,
    database: Database,
    own_settings: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    wifi = {"ssid": "bench", "password": CANARY}
    phone = str(make_pc(ledger, code="phone").tag)
    body = {
        "component": f"{PACKAGE}/{RECEIVER}",
        "url": "https://kit.example.jp/a.apk",
        "checksum": CHECKSUM,
        "wifi": wifi,
        "tag": phone,
    }
    made = client.post("/api/v1/phones/owner-code", json=body, headers=SATO)
    assert json.loads(read_back(made.json()["svg"]))[EXTRA + "WIFI_PASSWORD"] == CANARY
    joined = client.post("/api/v1/phones/wifi-code", json=wifi, headers=SATO)
    assert read_joining(read_back(joined.json()["svg"]))["P"] == CANARY
    page = client.post("/phones/wifi", data=wifi, headers=SATO)
    assert read_joining(read_back(page.text))["P"] == CANARY
    assert page.headers["cache-control"] == "no-store"
    key = SATO | {"Idempotency-Key": "once-more"}
    assert client.post("/api/v1/phones/wifi-code", json=wifi, headers=key).status_code == 422
    wrong = client.post("/api/v1/phones/wifi-code", json=wifi | {"ssid": ""}, headers=SATO)
    kept = everything_kept(database, own_settings.data)
    said = "".join(capfd.readouterr()).encode() + wrong.content
    assert b"bench" in kept, "the fact is there"
    assert [form for form in forms_of(CANARY) if form in kept or form in said] == []


def test_the_page_computes_the_checksum_from_the_app_file(client: TestClient) -> None:
    _, certificate = make_certificate()
    apk = with_block(unsigned(), (V2, signer(der(certificate))))
    form = {"component": f"{PACKAGE}/{RECEIVER}", "url": "https://kit.example.jp/a.apk"}
    files = {"apk": ("dpc.apk", io.BytesIO(apk), "application/octet-stream")}
    page = client.post("/phones", data=form, files=files, headers=SATO)
    assert page.status_code == 200, page.text
    checksum = json.loads(read_back(page.text))[EXTRA + "DEVICE_ADMIN_SIGNATURE_CHECKSUM"]
    assert len(base64.urlsafe_b64decode(checksum + "=")) == 32
    other = client.post("/phones", data=form | {"component": "jp.other/.X"}, files=files, headers=SATO)
    assert other.status_code == 422
    assert "jp.other" in other.text
    empty = {"apk": ("", b"", "application/octet-stream")}
    by_hand = client.post("/phones", data=form | {"checksum": CHECKSUM}, files=empty, headers=SATO)
    assert json.loads(read_back(by_hand.text))[EXTRA + "DEVICE_ADMIN_SIGNATURE_CHECKSUM"] == CHECKSUM


def test_a_viewer_makes_no_codes(client: TestClient) -> None:
    for path in ("/api/v1/phones/wifi-code", "/api/v1/phones/owner-code", "/api/v1/phones/profiles"):
        body = {"ssid": "x", "security": "open"} if "wifi" in path else None
        assert client.post(path, json=body, headers=TANAKA).status_code in (403, 422)
    assert client.get("/phones", headers=TANAKA).status_code == 403
