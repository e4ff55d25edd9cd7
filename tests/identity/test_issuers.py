"""The keys of issuers: asked for rarely, over https only, from nowhere that a rule does not lead to."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base import clock
from kitto.base import settings as settings_module
from kitto.identity.adapters import issuers
from kitto.identity.rules.refusals import IdTokenForged, IssuerSilent
from tests.counterparts.issuer import Issuer
from tests.identity.test_exchange import claims, issuer

__all__ = ["issuer"]


def test_new_keys_are_found_by_asking_once_and_guessing_names_of_keys_asks_no_more(
    issuer: Issuer, own_settings: object
) -> None:
    known, now = issuers.Issuers(), clock.now()

    def prove(token: str, seconds: int) -> dict[str, Any]:
        return known.claims(issuers.read(token), "", now + timedelta(seconds=seconds))

    assert prove(issuer.sign(claims(issuer)), 0)["repository_id"] == "4711"
    issuer.rotate()
    fresh = issuer.sign(claims(issuer))
    with pytest.raises(IdTokenForged):
        prove(fresh, 30)
    assert prove(fresh, 61)["repository_id"] == "4711"
    asked = len(issuer.asked)
    for number in range(5):
        with pytest.raises(IdTokenForged):
            prove(issuer.sign(claims(issuer), kid=f"guess-{number}"), 90)
    assert len(issuer.asked) == asked


def test_keys_outlive_an_issuer_that_is_silent_for_a_while_but_not_for_ever(
    issuer: Issuer, own_settings: object
) -> None:
    answers = [{"keys": True}]

    def fetch(where: str, jwks_url: str) -> list[dict[str, Any]]:
        if answers:
            answers.pop()
            return issuers.fetch_keys(where, jwks_url)
        raise issuers.Fault("silent")

    known, now = issuers.Issuers(fetch), clock.now()
    found = issuers.read(issuer.sign(claims(issuer)))
    for hours in (0, 1, 5):
        assert known.claims(found, "", now + timedelta(hours=hours))["iss"] == issuer.url
    with pytest.raises(IssuerSilent):
        known.claims(found, "", now + timedelta(hours=7))


BAD_ISSUERS: dict[str, tuple[dict[str, Any], str]] = {
    "keys over http": ({"jwks_uri": "http://localhost:1/jwks"}, "https only"),
    "keys at cloud metadata": ({"jwks_uri": "https://169.254.169.254/jwks"}, "no address of a device"),
    "another issuer": ({"issuer": "https://evil.example"}, "another issuer"),
    "keys nowhere": ({"jwks_uri": "https://localhost:1/jwks"}, "cannot be asked"),
}


@pytest.mark.parametrize(("extra", "says"), BAD_ISSUERS.values(), ids=BAD_ISSUERS.keys())
def test_an_issuer_that_leads_elsewhere_is_not_followed(
    issuer: Issuer, extra: dict[str, Any], says: str, own_settings: object
) -> None:
    issuer.extra = extra
    with pytest.raises((issuers.Fault, issuers.AddressRefused), match=says):
        issuers.fetch_keys(issuer.url, "")


def test_an_endless_answer_is_cut_off(issuer: Issuer, own_settings: object) -> None:
    issuer.padding = "x" * 300_000
    with pytest.raises(issuers.Fault, match="too large"):
        issuers.fetch_keys(issuer.url, "")


def test_a_certificate_of_nobody_we_know_is_refused(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, own_settings: object
) -> None:
    monkeypatch.delenv("KITTO_ISSUER_CA")
    settings_module.settings.cache_clear()
    with pytest.raises(issuers.Fault, match="cannot be asked"):
        issuers.fetch_keys(issuer.url, "")


def test_this_very_machine_is_no_issuer_unless_it_is_allowed(
    issuer: Issuer, door: TestClient, monkeypatch: pytest.MonkeyPatch, own_settings: object
) -> None:
    monkeypatch.setenv("KITTO_ALLOW_LOOPBACK_TARGETS", "false")
    settings_module.settings.cache_clear()
    with pytest.raises(issuers.AddressRefused):
        issuers.fetch_keys(issuer.url, "")
