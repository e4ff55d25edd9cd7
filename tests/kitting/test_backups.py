"""A backup holds no secret in clear, whichever way it came in; nor a digest that a guess could meet."""

import base64
import hashlib
import html
import json
import re
import subprocess
import tarfile
from pathlib import Path
from urllib.parse import quote

from cryptography.fernet import Fernet
from sqlalchemy import select
from starlette.testclient import TestClient

from kitto.base.settings import Settings
from kitto.base.work import Ledger
from kitto.web.replays import KeptAnswer
from tests.counterparts.windows.pc import certificate_for
from tests.kitting.conftest import Await
from tests.kitting.test_kinds import profile, started
from tests.make import KITTO, make_pc
from tests.operations.conftest import Installation

ADMIN = {"Authorization": "Bearer admin"}
CANARY = "Kanarie-7'&<+x=="


def forms(secret: str) -> dict[str, bytes]:
    """What a secret may look like in a file."""
    raw, plain = secret.encode(), json.dumps(secret)[1:-1]
    return {
        "clear": raw,
        "json": plain.encode(),
        "base64": base64.b64encode(raw).rstrip(b"="),
        "in longer base64": base64.b64encode(b"user:" + raw)[8:-4],
        "url": quote(secret, safe="").encode(),
        "html": html.escape(secret).encode(),
        "hex": raw.hex().encode(),
        "sha256": hashlib.sha256(raw).hexdigest().encode(),
    }


def dumped(archive: Path, folder: Path) -> bytes:
    """Every byte of a backup; what PostgreSQL packed is unpacked by its own program."""
    with tarfile.open(archive) as whole:
        whole.extractall(folder, filter="data")
    manifest = json.loads((folder / "manifest.json").read_text())
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    if manifest["kind"] != "postgresql":
        return files
    told = subprocess.run(
        ["pg_restore", "--file=-", str(folder / "database")], capture_output=True, check=True
    )
    return files + told.stdout


def put_in(bench: TestClient, tag: str) -> list[str]:
    """Give Kitto secrets by every door that takes one, as a careful program does: each with a key."""
    given = []

    def sent(method: str, address: str, body: dict[str, object]) -> dict[str, object]:
        kept = {} if "/phones/" in address else {"Idempotency-Key": f"k{len(given)}"}
        answer = bench.request(method, address, json=body, headers=ADMIN | kept)
        assert answer.status_code in (200, 201), (address, answer.text)
        found: dict[str, object] = answer.json()
        return found

    def canary() -> str:
        given.append(f"{CANARY}{len(given)}")
        return given[-1]

    way = {"address": "192.0.2.7", "port": 5986, "account": "kitto", "host_key": certificate_for("192.0.2.7")}
    sent("PUT", f"/api/v1/assets/{tag}/endpoints/winrm", way | {"password": canary()})
    snmp = {"name": "v3", "kind": "user", "account": "watch", "snmp_version": "3"}
    sent("POST", "/api/v1/health/credentials", snmp | {"secret": canary(), "privacy": canary()})
    wifi = {"ssid": "bench", "password": canary()}
    sent("POST", "/api/v1/phones/wifi-code", wifi)
    phone = {"identifier": "jp.example.phones", "name": "社用", "wifi": wifi | {"password": canary()}}
    link = sent("POST", "/api/v1/phones/profiles", phone)
    given.append(str(link["url"]).rsplit("/", 1)[1])
    given.append(str(sent("POST", "/api/v1/checkins/tokens", {"tag": tag})["token"]))
    return given


def test_a_backup_holds_no_secret_in_clear(
    bench: TestClient,
    ledger: Ledger,
    kit_when: Await,
    own_profiles: Path,
    own_settings: Settings,
    tmp_path: Path,
) -> None:
    profile(
        own_profiles,
        "secretive",
        "  - { key: password, kind: secret, title: { ja: 秘密, en: Secret }, with: { name: local_admin } }\n",
    )
    pc = make_pc(ledger)
    given = put_in(bench, str(pc.tag))
    kit = started(bench, pc, "secretive")
    kit_when(kit, lambda found: found["state"] == "ready")
    shown = bench.post(
        f"/api/v1/assets/{pc.tag}/secrets/local_admin/show", headers=ADMIN | {"Idempotency-Key": "once"}
    )
    given.append(shown.json()["value"])
    page = bench.post(
        "/agents/tokens", data={"tag": "", "uses": "1"}, headers=ADMIN | {"Idempotency-Key": "p"}
    )
    assert page.status_code == 200, page.text
    given.append(re.search(r"<code[^>]*>([A-Za-z0-9_.-]{20,})</code>", page.text)[1])  # type: ignore[index]

    archive = tmp_path / "kitto.tar.gz"
    Installation(own_settings.data, own_settings.url(), 0).told("db", "backup", str(archive))

    everything = dumped(archive, tmp_path / "unpacked")
    assert str(pc.tag).encode() in everything  # else it would prove nothing
    seen = [(name, secret) for secret in given for name, form in forms(secret).items() if form in everything]
    one_time = {"sha256"}  # 256 random bits cannot be guessed; they are looked up by their digest
    assert [one for one in seen if not (one[0] in one_time and not one[1].startswith("Kanarie"))] == []


def test_what_a_command_said_is_known_again_only_with_the_key(
    bench: TestClient, ledger: Ledger, own_settings: Settings
) -> None:
    pc = make_pc(ledger)
    address = f"/api/v1/assets/{pc.tag}/endpoints/winrm"
    way = {"address": "192.0.2.7", "host_key": certificate_for("192.0.2.7"), "password": "1234"}
    body = json.dumps(way | {"port": 5986, "account": "kitto"}).encode()
    headers = ADMIN | {"Idempotency-Key": "pin", "Content-Type": "application/json"}

    def says(content: bytes = body) -> tuple[int, str | None]:
        answer = bench.put(address, content=content, headers=headers)
        return answer.status_code, answer.headers.get("idempotent-replayed")

    assert says() == (200, None)
    guess = hashlib.sha256(b"\x00".join((b"PUT", address.encode(), body))).hexdigest()
    with ledger.read(KITTO) as work:
        work.allow("see")
        kept = work.session.scalars(select(KeptAnswer)).one().fingerprint
    assert kept != guess
    assert len(kept) == 64
    # A key that was changed meanwhile, and rows of the release before, are known again.
    keys = own_settings.data / "sealing.key"
    keys.write_bytes(Fernet.generate_key() + b"\n" + keys.read_bytes())
    assert says() == (200, "true")
    assert says(body.replace(b'"1234"', b'"1235"'))[0] == 422
    with ledger.begin(KITTO) as work:
        work.allow("see")
        work.unrecorded("what an older release kept")
        work.session.scalars(select(KeptAnswer)).one().fingerprint = guess
    assert says() == (200, "true")
