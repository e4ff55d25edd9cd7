"""What Kitto tells every play beside what its order says."""

from pathlib import Path

import pytest

from kitto.base import settings as settings_module
from kitto.base.errors import Fault
from kitto.base.work import Ledger
from kitto.bootstrap.adapters.certificates import trusted
from kitto.kitting import queries
from kitto.kitting.jobs import plays
from kitto.kitting.jobs.plays import kitto
from tests.counterparts.issuer import signed_certificate
from tests.kitting.shop import claimed


def test_a_play_is_told_where_kitto_is_and_which_authority_is_its_own(
    ledger: Ledger, own_profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, signed, _ = signed_certificate(tmp_path)
    monkeypatch.setenv("KITTO_BASE_URL", "https://kitto.example/")
    kit_id, todo = claimed(ledger, own_profiles)
    for given, expected in (
        ({}, ""),
        ({"KITTO_TLS_CERTIFICATE": authority}, authority.read_text()),
        ({"KITTO_TLS_CERTIFICATE": signed}, ""),  # no device would take it for an authority
        ({"KITTO_TLS_CERTIFICATE": signed, "KITTO_DEVICE_CA": authority}, authority.read_text()),
    ):
        for name, file in given.items():
            monkeypatch.setenv(name, str(file))
        settings_module.settings.cache_clear()
        with ledger.begin(kitto()) as work:
            work.unrecorded("reads what a play is told")
            spec, _, _ = plays._ready(work, queries.kit(work, kit_id), todo.step, todo.run)
        assert spec.variables["kitto_server"] == "https://kitto.example"
        assert spec.variables["kitto_ca"] == expected


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.pem").write_text("")
    for file in ("missing.pem", "empty.pem"):
        monkeypatch.setenv("KITTO_DEVICE_CA", str(tmp_path / file))
        settings_module.settings.cache_clear()
        with pytest.raises(Fault, match=file):
            trusted(settings_module.settings())
