"""The recipe for Macs against a real one that nobody minds being renamed: `make test-macos HOST=…`."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Outcome, Value
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import PLAYBOOKS, last_words, order

pytestmark = [pytest.mark.macos_real, pytest.mark.timeout(900)]
GIVEN = os.environ  # noqa: TID251 -- a Mac of somebody's own is named on the command line


@dataclass(frozen=True)
class RealMac:
    address: str
    host_key: str
    port: int = 22
    user: str = "kitto"


@pytest.mark.parametrize("book", ["base.yml", "accounts.yml"])
def test_a_real_mac_is_kitted_and_a_second_time_nothing_changes(ansible: Ansible, book: str) -> None:
    mac = RealMac(GIVEN["KITTO_MAC_HOST"], GIVEN["KITTO_MAC_HOST_KEY"])
    key = Path(GIVEN["KITTO_MAC_KEY"]).read_text("utf-8")
    variables: dict[str, Value] = {
        "kitto_tag": GIVEN["KITTO_MAC_TAG"],
        "kitto_serial": GIVEN["KITTO_MAC_SERIAL"],
        "kitto_time_zone": "Asia/Tokyo",
        "kitto_locale": "ja_JP.UTF-8",
        "kitto_accounts": [{"name": "kittotest", "full_name": "キット 試験"}],
    }
    changed = []
    for number, check in enumerate((True, False, False, True)):
        run = f"{book.partition('.')[0]}-{number}"
        spec = order(
            mac,
            PLAYBOOKS / "macos-workstation",
            run_id=run,
            playbook=book,
            variables=variables,
            check=check,
        )
        ansible.start(spec, {}, key)
        outcome = stage.finish(ansible, run, 600)
        assert outcome.outcome is Outcome.SUCCEEDED, (outcome, last_words(ansible, run))
        changed.append(outcome.counts.changed)
    assert changed[2:] == [0, 0]
