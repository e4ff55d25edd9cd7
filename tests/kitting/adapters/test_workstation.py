"""The recipe for Linux workstations on a real PC: each step changes what it says, a second run nothing."""

from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Outcome, PlayOutcome, Status, Value
from kitto_agent.build import build
from tests.counterparts import keys
from tests.counterparts.apt import apt_repository
from tests.counterparts.pcs import BenchPc
from tests.counterparts.windows.pc import certificate_and_key
from tests.kitting.adapters.enrolment import service
from tests.kitting.adapters.stage import OFFICE, PLAYBOOKS, TAG, last_words, order, play, told

pytestmark = pytest.mark.bench_pc
WORKSTATION = PLAYBOOKS / "linux-workstation"
TANAKA_KEY = keys.new_key_pair().public
TOKEN = "one-time-token-of-this-machine"


@pytest.mark.timeout(900)  # some seventy tasks over SSH; half a minute when the machine is ours alone
def test_every_step_changes_what_it_says_and_a_second_time_nothing(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    agent = build(tmp_path / "agent.pyz")
    with apt_repository() as repository, service(TOKEN) as (address, enrolled):
        given: dict[str, Value] = {
            **OFFICE,
            "kitto_accounts": [
                {"name": "tanaka", "full_name": "田中 花子", "keys": [TANAKA_KEY], "sudo": True},
                {"name": "sato", "full_name": "{{ 7 * 7 }}"},
            ],
            "kitto_apt_sources": [{"name": "bench", "line": repository.source}],
            "kitto_packages": ["kitto-bench-tool"],
            "kitto_server": address,
        }

        def kit(run_id: str) -> PlayOutcome:
            spec = order(
                pc,
                WORKSTATION,
                run_id=run_id,
                variables=given,
                files={"kitto_agent_pyz": str(agent)},
                secret_names=("enrolment_token",),
            )
            outcome = play(ansible, spec, {"enrolment_token": TOKEN})
            assert outcome.outcome is Outcome.SUCCEEDED, (outcome, last_words(ansible, run_id))
            return outcome

        pc.run("hostname unknown-to-itself")  # sudo complains before each answer
        assert kit("first").counts.changed
        assert pc.run("hostname").stdout.strip() == TAG
        assert TAG in pc.run("cat /etc/hosts").stdout
        assert pc.run("date +%Z").stdout.strip() == "JST"
        assert pc.run("cat /etc/default/locale").stdout == "LANG=ja_JP.UTF-8\n"
        assert pc.run("cat ~tanaka/.ssh/authorized_keys").stdout == f"{TANAKA_KEY}\n"
        assert "田中 花子" in pc.run("getent passwd tanaka").stdout
        assert "{{ 7 * 7 }}" in pc.run("getent passwd sato").stdout
        assert pc.run("sudo -l -U tanaka").stdout.rstrip().endswith("(ALL) ALL")
        assert pc.run("test -e /etc/sudoers.d/kitto-sato", check=False).returncode
        assert pc.run("kitto-bench-tool").stdout == "kitto-bench-tool 1.0\n"
        assert [told_by["token"] for told_by in enrolled] == [TOKEN]
        assert pc.run("stat -c %a /var/lib/kitto-agent/credential.json").stdout.strip() == "600"

        assert kit("second").counts.changed == 0, [
            event.task for event in told(ansible, "second") if event.status is Status.CHANGED
        ]
        assert len(enrolled) == 1

    pc.run("rm /var/lib/kitto-agent/credential.json")
    looked_for: dict[str, Value] = {**given, "kitto_disk_encrypted": False}
    verified = play(ansible, order(pc, PLAYBOOKS / "verify", run_id="verify", variables=looked_for))
    assert (verified.outcome, verified.cause) == (Outcome.FAILED, "agent_missing")
    assert verified.counts.changed == 0


def test_an_agent_the_service_does_not_want_is_explained_without_the_token(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    with service(TOKEN) as (address, _):
        spec = order(
            pc,
            WORKSTATION,
            playbook="agent.yml",
            variables={**OFFICE, "kitto_server": address},
            files={"kitto_agent_pyz": str(build(tmp_path / "agent.pyz"))},
            secret_names=("enrolment_token",),
        )
        outcome = play(ansible, spec, {"enrolment_token": "a-token-of-another-machine"})
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "agent_not_enrolled")
    assert outcome.reason.startswith("The agent could not be enrolled: ")
    assert "a-token-of-another-machine" not in str(told(ansible, "run-1"))


def test_the_agent_believes_an_authority_of_the_offices_own_where_it_is_given_one(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    for file, text in zip(files, certificate_and_key("kitto", ("127.0.0.1",)), strict=True):
        file.write_text(text)
    agent = str(build(tmp_path / "agent.pyz"))
    with service(TOKEN, files) as (address, enrolled):
        ends = []
        for number, authority in enumerate(("", files[0].read_text())):
            spec = order(
                pc,
                WORKSTATION,
                run_id=f"run-{number}",
                playbook="agent.yml",
                variables={**OFFICE, "kitto_server": address, "kitto_ca": authority},
                files={"kitto_agent_pyz": agent},
                secret_names=("enrolment_token",),
            )
            ends.append(play(ansible, spec, {"enrolment_token": TOKEN}))
            assert len(enrolled) == number
    assert ends[0].cause == "agent_not_enrolled"
    assert ends[1].outcome is Outcome.SUCCEEDED, last_words(ansible, "run-1")
