"""A machine that comes back: of its people nothing is left, which is proved; a second run changes nothing."""

import subprocess
from pathlib import Path

import pytest

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayOutcome, Status
from kitto_agent.build import build
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters.stage import OFFICE, PLAYBOOKS, last_words, order, play, told

pytestmark = [pytest.mark.bench_pc, pytest.mark.timeout(600)]
WIPE = PLAYBOOKS / "wipe-and-return"
DIARY = "the-diary-of-tanaka"
LIVED_IN = f"""
set -e
useradd -m -s /bin/bash tanaka
useradd -m -s /bin/bash sato
mkdir -p ~tanaka/.ssh ~tanaka/Documents /var/spool/cron/crontabs /etc/NetworkManager/system-connections
mkdir -p /etc/wpa_supplicant /usr/local/lib/kitto /var/lib/kitto-agent /var/mail
echo {DIARY} >~tanaka/Documents/diary
echo private-key >~tanaka/.ssh/id_ed25519
echo 'ls' >/root/.bash_history
echo '* * * * * true' >/var/spool/cron/crontabs/tanaka
echo {DIARY} >/var/tmp/notes; echo {DIARY} >/var/mail/tanaka
chown -R tanaka: ~tanaka /var/tmp/notes /var/spool/cron/crontabs/tanaka
echo 'tanaka ALL=(ALL) ALL' >/etc/sudoers.d/kitto-tanaka
cd /etc/NetworkManager/system-connections
printf '[connection]\\ntype=wifi\\n[wifi-security]\\npsk=office-psk\\n' >office
printf '[connection]\\ntype=ethernet\\n' >wired
printf 'network={{\\n psk="home-psk"\\n}}\\n' >/etc/wpa_supplicant/wpa_supplicant.conf
ln ~tanaka/.ssh/id_ed25519 /root/other-name-of-the-key
"""
LEFT = f"grep -rls -e {DIARY} -e office-psk -e home-psk -e private-key /home /root /etc /var /tmp; true"


@pytest.fixture
def lived_in(pc: BenchPc, tmp_path: Path) -> BenchPc:
    """A PC on which people have worked, with an agent whose service cannot be reached any more."""
    pc.run(LIVED_IN)
    agent = build(tmp_path / "agent.pyz")
    put = "base64 -d >/usr/local/lib/kitto/agent.pyz"
    encoded = subprocess.run(["base64", str(agent)], capture_output=True, text=True, check=True).stdout
    pc.run(put, stdin=encoded)
    pc.run(
        'printf \'%s\' \'{"server": "http://127.0.0.1:9", "id": "agent-1", "secret": "\''
        "$(printf s%.0s $(seq 43))'\"}' >/var/lib/kitto-agent/credential.json"
    )
    return pc


def run(
    ansible: Ansible, pc: BenchPc, book: str, name: str, **more: object
) -> tuple[PlayOutcome, list[str], str]:
    """How a book ended, which tasks changed something, and what it said."""
    spec = order(pc, WIPE, playbook=book, run_id=name, **more)
    outcome = play(ansible, spec)
    events = told(ansible, name)
    changed = [e.task for e in events if e.kind is Kind.RESULT and e.status is Status.CHANGED]
    return outcome, changed, "\n".join(event.text for event in events)


def test_nothing_of_the_people_is_left_and_a_second_time_nothing_changes(
    ansible: Ansible, lived_in: BenchPc
) -> None:
    pc = lived_in
    pc.run("setsid su tanaka -c 'sleep 900' >/dev/null 2>&1 </dev/null &")
    before, _, _ = run(ansible, pc, "proof.yml", "before")
    assert (before.outcome, before.cause) == (Outcome.FAILED, "people_left")

    outcome, changed, said = run(ansible, pc, "wipe.yml", "wipe")
    assert outcome.outcome is Outcome.SUCCEEDED, (outcome, last_words(ansible, "wipe"))
    assert "revoke the agent on its page" in said
    assert pc.run("getent passwd tanaka sato", check=False).stdout == ""
    assert not [process for process in pc.processes() if "sleep 900" in process.command]
    assert pc.run(LEFT).stdout == ""
    assert pc.run("cat /root/other-name-of-the-key").stdout != "private-key\n", "the key was only unlinked"
    assert pc.run("ls /etc/NetworkManager/system-connections").stdout.split() == ["wired"]
    assert pc.run("ls /etc/sudoers.d").stdout.split() == ["README", "kitto"]
    assert pc.run("ls -d /usr/local/lib/kitto /var/lib/kitto-agent 2>/dev/null", check=False).stdout == ""
    assert pc.run("ls /home").stdout.split() == ["kitto"]

    pc.run("rm /root/other-name-of-the-key")  # the proof would find it, rightly
    proof, nothing, said = run(ansible, pc, "proof.yml", "proof")
    assert (proof.outcome, nothing) == (Outcome.SUCCEEDED, []), (proof, last_words(ansible, "proof"))
    assert "People: none. Homes: none. Files of nobody: none. Networks with keys: none. Agent: none." in said
    assert "no sanitisation of the disk (NIST SP 800-88)" in said

    outcome, changed, _ = run(ansible, pc, "wipe.yml", "again")
    assert (outcome.outcome, changed) == (Outcome.SUCCEEDED, [])


def test_a_dry_run_shows_who_would_go_and_touches_nobody(ansible: Ansible, lived_in: BenchPc) -> None:
    outcome, changed, _ = run(ansible, lived_in, "wipe.yml", "dry", check=True, diff=True)
    assert outcome.outcome is Outcome.SUCCEEDED, last_words(ansible, "dry")
    assert "Their accounts and homes are gone" in changed
    assert lived_in.run("cat ~tanaka/Documents/diary").stdout == f"{DIARY}\n"
    assert lived_in.run("cat ~tanaka/.ssh/id_ed25519").stdout == "private-key\n"


def test_another_machine_is_not_wiped(ansible: Ansible, lived_in: BenchPc) -> None:
    wrong = {**OFFICE, "kitto_serial": "OTHER-1"}
    outcome, changed, _ = run(ansible, lived_in, "wipe.yml", "wrong", variables=wrong)
    assert (outcome.outcome, outcome.cause, changed) == (Outcome.FAILED, "wrong_device", [])
    assert lived_in.run("cat ~tanaka/Documents/diary").stdout == f"{DIARY}\n"


def test_what_the_wipe_does_not_know_is_found_by_the_proof(ansible: Ansible, pc: BenchPc) -> None:
    pc.run("mkdir -p /home/old-colleague /etc/wireguard && touch /etc/wireguard/office.conf")
    pc.run("touch /usr/share/forgotten && chown 4711 /usr/share/forgotten")
    outcome, _, said = run(ansible, pc, "proof.yml", "proof")
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "homes_left")
    for code in ("homes_left", "files_left", "networks_left"):
        assert f"[{code}]" in said
    assert "/usr/share/forgotten" in said
