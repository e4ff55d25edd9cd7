"""The command line makes files and looks after the authorities."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kitto.assets.models import Asset
from kitto.base.work import Ledger
from kitto.bootstrap import actions
from kitto.bootstrap.rules.refusals import CertificateUnknown
from kitto.cli import root
from tests.counterparts import keys
from tests.make import KITTO


def told(*words: str) -> Any:
    done = CliRunner().invoke(root.app, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_file_is_made_for_its_owner_only_listed_and_revoked(pc: Asset, tmp_path: Path) -> None:
    made = told("bootstrap", "make", str(pc.tag), "linux_script", "--folder", str(tmp_path))
    path = Path(made["file"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert made["typed"].partition("token=")[2].split()[0] in path.read_text("utf-8")
    (row,) = told("bootstrap", "list", "--tag", str(pc.tag))
    assert (row["id"], row["state"]) == (made["id"], "open")
    told("bootstrap", "revoke", str(made["id"]))
    assert told("bootstrap", "list")[0]["state"] == "revoked"


def test_a_certificate_is_taken_back_and_the_list_says_so(ledger: Ledger, pc: Asset, tmp_path: Path) -> None:
    shown = told("ssh-ca", "show")
    assert shown["known_hosts"] == f"@cert-authority * {shown['host']}"
    with ledger.begin(KITTO) as work:
        key = keys.new_key_pair().public
        line = actions.sign_user_key(work, asset=pc, run="k1-1-1", number=7, public_key=key)
    signed, listed = tmp_path / "one-cert.pub", tmp_path / "krl"
    signed.write_text(line + "\n")
    for revoked in (False, True):
        if revoked:
            assert told("ssh-ca", "revoke", "7")["certificates"] == 1
        assert told("ssh-ca", "krl", str(listed))["certificates"] == int(revoked)
        asked = subprocess.run(["ssh-keygen", "-Q", "-f", listed, signed], capture_output=True, check=False)
        assert (asked.returncode != 0) is revoked, asked.stdout
    with pytest.raises(CertificateUnknown):
        told("ssh-ca", "revoke", "8")
