"""CI jobs exchange their id-token for a token of a few minutes; whatever does not fit gets nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.base import clock
from kitto.base.work import Ledger
from kitto.identity import actions
from kitto.identity.doors import person_actor
from kitto.identity.models import Account
from kitto.identity.rules import Permission, Role
from kitto.identity.rules.trust import TrustWish
from tests.counterparts import issuer as counterpart
from tests.counterparts.issuer import Issuer
from tests.identity.conftest import Browser
from tests.make import KITTO, make_model, make_pc
from tests.stage import at_once

PATH = "/api/v1/token/exchange"
AUDIENCE = "https://kitto.example.jp"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
KIND = "urn:ietf:params:oauth:token-type:id_token"
SYSTEMS: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "GitHub": (
        {
            "sub": "repo:example/pcs:ref:refs/heads/main",
            "jti": "a1",
            "repository": "example/pcs",
            "repository_id": "4711",
            "ref": "refs/heads/main",
            "environment": "kitting",
            "job_workflow_ref": "example/pcs/.github/workflows/kit.yml@refs/heads/main",
        },
        {"repository_id": ["4711"], "ref": ["refs/heads/main"], "environment": ["kitting"]},
    ),
    "GitLab": (
        {
            "sub": "project_path:pso/kitting:ref_type:branch:ref:main",
            "jti": "b2",
            "project_path": "pso/kitting",
            "ref": "main",
            "ref_type": "branch",
            "ref_protected": "true",
        },
        {"project_path": ["pso/kitting"], "ref_protected": ["true"]},
    ),
    # The plugin oidc-provider gives no number of its own.
    "Jenkins": (
        {"sub": "https://jenkins.example.jp/job/kitting/", "build_number": 7},
        {"sub": ["https://jenkins.example.jp/job/kitting/"]},
    ),
}


@pytest.fixture(autouse=True)
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    with counterpart.running(tmp_path) as (made, authority):
        monkeypatch.setenv("KITTO_ISSUER_CA", str(authority))
        yield made


@pytest.fixture
def root(enrol: Callable[..., Account]) -> Account:
    return enrol("root", Role.ADMINISTRATOR)


@pytest.fixture
def trust(ledger: Ledger, root: Account, issuer: Issuer) -> Callable[..., int]:
    """Writes a rule for one of the systems."""

    def write(system: str = "GitHub", **given: Any) -> int:
        said: dict[str, Any] = {
            "name": system,
            "issuer": issuer.url,
            "audience": AUDIENCE,
            "pins": SYSTEMS[system][1],
            "permissions": ["see", "kit"],
        } | given
        with ledger.begin(person_actor(root)) as work:
            return actions.trust_ci(work, TrustWish(**said)).id

    return write


def claims(issuer: Issuer, system: str = "GitHub", **given: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    times = {"iat": now - 5, "nbf": now - 5, "exp": now + 300}
    said = {"iss": issuer.url, "aud": AUDIENCE} | times | SYSTEMS[system][0] | given
    return {name: value for name, value in said.items() if value is not None}


def ask(door: TestClient, token: str, **given: str) -> Any:
    form = {"grant_type": GRANT, "subject_token": token, "subject_token_type": KIND} | given
    return door.post(PATH, data=form, headers={"Accept-Language": "en"})


def packed(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_job_gets_a_token_of_a_few_minutes(
    door: TestClient, issuer: Issuer, trust: Callable[..., int], system: str, algorithm: str
) -> None:
    trust(system, minutes=7)
    answer = ask(door, issuer.sign(claims(issuer, system), algorithm))
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 420, "kit see")
    assert answer.headers["cache-control"] == "no-store"
    me = door.get("/api/v1/me", headers={"Authorization": f"Bearer {given['access_token']}"}).json()
    assert me["grants"] == [{"permissions": ["kit", "see"], "scope_kind": None, "scope_id": None}]
    assert me["name"].startswith(system)


def test_the_token_reaches_only_the_devices_of_its_rule(
    door: TestClient, issuer: Issuer, trust: Callable[..., int], ledger: Ledger
) -> None:
    pc = make_pc(ledger).name
    with ledger.begin(KITTO) as work:
        model = make_model(work, "phone", "Pixel 9")
        phone = assets.register(work, model_id=model.id, serial="PHONE0000042").name
    trust(categories=["pc"])
    token = ask(door, issuer.sign(claims(issuer))).json()["access_token"]
    seen = door.get("/api/v1/inventory", headers={"Authorization": f"Bearer {token}"}).json()
    assert [host["name"] for host in seen["hosts"]] == [pc]
    answer = door.get(f"/api/v1/assets/{phone}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "another audience": ({"aud": "https://other.example"}, "id_token_unfit", "“aud”"),
    "no audience": ({"aud": None}, "id_token_unfit", "“aud”"),
    "expired": ({"exp": 1_700_000_000}, "id_token_old", "too old"),
    "issued long ago": ({"iat": 1_700_000_000}, "id_token_old", "too old"),
    "no end": ({"exp": None}, "id_token_unfit", "“exp”"),
    "an end that is no number": ({"exp": "tomorrow"}, "id_token_unfit", "“exp”"),
    "a life of years": ({"exp": 4_000_000_000}, "id_token_unfit", "“exp”"),
    "from the future": ({"nbf": 4_000_000_000}, "id_token_unfit", "“nbf”"),
    "another repository": ({"repository_id": "666"}, "id_token_foreign", "“repository_id”"),
    "a fork's merge ref": ({"ref": "refs/pull/3/merge"}, "id_token_foreign", "“ref”"),
    "no environment": ({"environment": None}, "id_token_foreign", "“environment”"),
}


@pytest.mark.parametrize(("given", "code", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_refused(
    door: TestClient, issuer: Issuer, trust: Callable[..., int], given: dict[str, Any], code: str, says: str
) -> None:
    trust()
    answer = ask(door, issuer.sign(claims(issuer, **given)))
    assert answer.status_code in (401, 403)
    assert answer.json()["code"] == f"identity.{code}"
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("ref", ["refs/pull/3/merge", "refs/merge-requests/3/head"])
def test_a_ref_that_anybody_can_make_is_refused_even_where_no_ref_is_pinned(
    door: TestClient, issuer: Issuer, trust: Callable[..., int], ref: str
) -> None:
    trust(pins={"repository_id": ["4711"]})
    answer = ask(door, issuer.sign(claims(issuer, ref=ref)))
    assert (answer.status_code, answer.json()["code"]) == (403, "identity.id_token_foreign")


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_id_token_is_good_once_also_for_many_at_the_same_moment(
    door: TestClient, issuer: Issuer, trust: Callable[..., int], system: str
) -> None:
    trust(system)
    token = issuer.sign(claims(issuer, system))
    codes = at_once(8, lambda _: ask(door, token).status_code)
    assert codes.count(200) == 1
    again = ask(door, token)
    assert (again.status_code, again.json()["code"]) == (401, "identity.id_token_used")


def _unsigned(issuer: Issuer) -> str:
    return f"{packed({'alg': 'none', 'kid': issuer.rsa.kid})}.{packed(claims(issuer))}."


def _hmac_with_the_public_key(issuer: Issuer) -> str:
    body = f"{packed({'alg': 'HS256', 'kid': issuer.rsa.kid})}.{packed(claims(issuer))}"
    key = issuer.rsa.as_pem(private=False)
    return f"{body}.{packed(hmac.new(key, body.encode(), hashlib.sha256).digest())}"


def _changed_after_signing(issuer: Issuer) -> str:
    head, _, signature = issuer.sign(claims(issuer)).split(".")
    return f"{head}.{packed(claims(issuer, repository_id='4711', sub='evil'))}.{signature}"


def _with_a_key_in_its_head(issuer: Issuer) -> str:
    other = Issuer(issuer.url)
    return other.sign(claims(issuer), kid="mine", jwk=other.rsa.as_dict(private=False))


def _by_a_stranger_under_a_known_name(issuer: Issuer) -> str:
    return Issuer(issuer.url).sign(claims(issuer), kid=issuer.rsa.kid)


FORGED: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "alg none": (_unsigned, "id_token_unreadable"),
    "HS256 with the public key": (_hmac_with_the_public_key, "id_token_unreadable"),
    "changed": (_changed_after_signing, "id_token_forged"),
    "its own key": (_with_a_key_in_its_head, "id_token_forged"),
    "unknown kid": (lambda issuer: issuer.sign(claims(issuer), kid="who"), "id_token_forged"),
    "a stranger's key": (_by_a_stranger_under_a_known_name, "id_token_forged"),
    "an EC key for RS256": (lambda issuer: issuer.sign(claims(issuer), kid=issuer.ec.kid), "id_token_forged"),
    "no token": (lambda _: "not.a.token", "id_token_unreadable"),
    "too short": (lambda _: "x", "id_token_unreadable"),
    "another issuer": (
        lambda issuer: issuer.sign(claims(issuer, iss="https://evil.example")),
        "id_token_untrusted",
    ),
}


@pytest.mark.parametrize(("forge", "code"), FORGED.values(), ids=FORGED.keys())
def test_what_is_forged_is_refused_and_nothing_of_it_is_logged(
    door: TestClient,
    issuer: Issuer,
    trust: Callable[..., int],
    forge: Callable[[Issuer], str],
    code: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    trust()
    token = forge(issuer)
    answer = ask(door, token)
    assert answer.status_code in (400, 401)
    assert answer.json()["code"] == f"identity.{code}"
    said = "".join(capfd.readouterr())
    parts = [part for part in token.split(".") if len(part) > 20]
    assert [part for part in parts if part in said or part in answer.text] == []


@pytest.mark.parametrize(
    "given",
    [
        {"grant_type": "password"},
        {"subject_token": ""},
        {"subject_token_type": "saml"},
        {"client_secret": "x"},
    ],
)
def test_another_kind_of_request_is_refused(door: TestClient, given: dict[str, str]) -> None:
    answer = ask(door, "a.b.c", **given)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_an_issuer_nobody_trusts_is_never_asked(door: TestClient, issuer: Issuer) -> None:
    answer = ask(door, issuer.sign(claims(issuer)))
    assert answer.json()["code"] == "identity.id_token_untrusted"
    assert issuer.asked == []


def test_a_rule_that_ended_gives_nothing_and_takes_back_what_it_gave(
    door: TestClient, issuer: Issuer, trust: Callable[..., int], ledger: Ledger, root: Account
) -> None:
    rule = trust()
    token = ask(door, issuer.sign(claims(issuer))).json()["access_token"]
    with ledger.begin(person_actor(root)) as work:
        actions.end_trust(work, rule)
    assert door.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert ask(door, issuer.sign(claims(issuer, jti="c3"))).json()["code"] == "identity.id_token_untrusted"


def test_the_second_rule_of_an_issuer_counts_too(
    door: TestClient, issuer: Issuer, trust: Callable[..., int]
) -> None:
    trust(pins={"repository_id": ["1"], "ref": ["refs/heads/main"]})
    trust(pins={"repository_id": ["4711"], "ref": ["refs/heads/main"]})
    assert ask(door, issuer.sign(claims(issuer))).status_code == 200


UNFIT: list[dict[str, Any]] = [
    {"issuer": "http://issuer.example"},
    {"issuer": "https://user:pw@issuer.example"},
    {"issuer": "issuer.example"},
    {"pins": {"ref": ["refs/heads/main"]}},
    {"pins": {}},
    {"pins": {"sub": [" "]}},
    {"audience": " "},
    {"jwks_url": "http://issuer.example/jwks"},
]


@pytest.mark.parametrize("given", UNFIT)
def test_a_rule_that_lets_in_too_many_is_refused(
    door: TestClient, ledger: Ledger, root: Account, given: dict[str, Any]
) -> None:
    said = {
        "name": "CI",
        "issuer": "https://issuer.example",
        "audience": AUDIENCE,
        "pins": {"repository_id": ["4711"]},
        "permissions": ["see"],
    } | given
    with ledger.begin(person_actor(root)) as work:
        rights = (Permission.SEE, Permission.MANAGE_TOKENS)
        wish = actions.TokenWish("t", rights, clock.now() + timedelta(1), 600)
        _, secret = actions.make_token(work, wish)
    headers = {"Authorization": f"Bearer {secret.reveal()}", "Accept-Language": "en"}
    answer = door.post("/api/v1/ci-trust", json=said, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["code"] in ("identity.trust_unfit", "invalid_input")


def test_an_administrator_writes_changes_and_ends_a_rule_on_its_pages(
    browsers: Callable[[], Browser], root: Account
) -> None:
    browser = browsers()
    browser.look("/sign-in")
    assert browser.sign_in("root") == 303
    form = {
        "name": "GitLab 本社",
        "issuer": "https://gitlab.example.jp",
        "audience": AUDIENCE,
        "pins": "project_path = pso/kitting\nref = main\nref = release",
        "permissions": "see",
        "minutes": "5",
        "quota": "60",
    }
    assert browser.post("/settings/ci-trust/new", **form) == 303
    listed = browser.look("/settings/ci-trust")
    assert "GitLab 本社" in listed
    assert "main, release" in listed
    number = listed.split('href="/settings/ci-trust/')[2].split('"')[0]
    shown = browser.look(f"/settings/ci-trust/{number}")
    version = shown.split('name="version" value="')[1].split('"')[0]
    changed = form | {"audience": "https://other.example.jp", "version": version}
    assert browser.post(f"/settings/ci-trust/{number}", **changed) == 303
    assert browser.post(f"/settings/ci-trust/{number}", **changed) == 412
    assert browser.post("/settings/ci-trust/new", **(form | {"pins": "ref = main"})) == 422
    assert browser.post("/settings/ci-trust/new", **(form | {"pins": "nonsense"})) == 422
    assert browser.post(f"/settings/ci-trust/{number}/end") == 303
    assert "Ended" in browser.look("/settings/ci-trust")
