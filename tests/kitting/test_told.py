"""What Kitto tells every play beside what its order says."""

from pathlib import Path

import pytest

from kitto.base import settings as settings_module
from kitto.base.work import Ledger
from kitto.kitting import queries
from kitto.kitting.jobs import plays
from kitto.kitting.jobs.plays import kitto
from tests.kitting.shop import claimed


@pytest.mark.parametrize("name", ["KITTO_DEVICE_CA", "KITTO_TLS_CERTIFICATE"])
def test_a_play_is_told_where_kitto_is_and_which_authority_is_its_own(
    name: str, ledger: Ledger, own_profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "authority.pem").write_text("of the office", encoding="ascii")
    monkeypatch.setenv("KITTO_BASE_URL", "https://kitto.example/")
    kit_id, todo = claimed(ledger, own_profiles)
    told = []
    for given in ("", str(tmp_path / "authority.pem")):
        if given:
            monkeypatch.setenv(name, given)
        settings_module.settings.cache_clear()
        with ledger.begin(kitto()) as work:
            work.unrecorded("reads what a play is told")
            spec, _, _ = plays._ready(work, queries.kit(work, kit_id), todo.step, todo.run)
        told.append((spec.variables["kitto_server"], spec.variables["kitto_ca"]))
    assert told == [("https://kitto.example", ""), ("https://kitto.example", "of the office")]
