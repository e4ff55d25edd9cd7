"""The Linux script on a real bench PC: it ends enrolled, open to Kitto alone, without traces of itself."""

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from kitto.assets import queries as assets
from kitto.assets.models import Asset
from kitto.base import clock
from kitto.base import settings as settings_module
from kitto.base.seal import unseal
from kitto.base.work import Ledger
from kitto.bootstrap import actions, queries
from kitto.bootstrap.adapters import certificates
from kitto.bootstrap.models import BootstrapToken
from kitto.bootstrap.rules.authorities import AuthorityKind
from kitto.bootstrap.rules.states import TokenState
from kitto.checkins.models import Agent
from kitto.checkins.rules.states import AgentState
from kitto.identity.rules import Permission
from kitto.kitting import actions as kitting
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Outcome, Status
from tests.bootstrap.conftest import SERIAL, make, token_in
from tests.checkins.serving import serving
from tests.counterparts import keys
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.kitting.adapters import stage
from tests.make import KITTO, make_pc

pytestmark = pytest.mark.bench_pc
SCRIPT = "/root/kitto-bootstrap.py"
STRANGER = keys.new_key_pair()


@dataclass(frozen=True)
class Desk:
    """A Kitto that answers, and a PC that has never heard of it."""

    ledger: Ledger
    machine: BenchPc
    pc: Asset
    address: str

    def start(self, script: str) -> subprocess.CompletedProcess[str]:
        """Put the script on the PC and start it there, as a technician with a stick does."""
        self.machine.run(f"umask 077; cat > {SCRIPT}", stdin=script)
        wanted = f"--address {self.machine.address} --port {self.machine.port}"
        return self.machine.run(f"python3 {SCRIPT} {wanted}", check=False, timeout=120)


@pytest.fixture
def desk(app: FastAPI, ledger: Ledger, pc: Asset, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("KITTO_MANAGED_FROM", "127.0.0.1")
    with bench_pc(SERIAL, authorized_key=STRANGER.public) as machine, serving(app) as address:
        if machine.reduced:
            pytest.skip(machine.cannot)
        monkeypatch.setenv("KITTO_BASE_URL", address)
        settings_module.settings.cache_clear()
        # fresh from its box: nobody has put a key there, and passwords still open it
        machine.run("rm -rf /home/kitto/.ssh /etc/sudoers.d/kitto; userdel -r kitto 2>/dev/null; true")
        yield Desk(ledger, machine, pc, address)


def test_a_fresh_pc_ends_enrolled_and_open_to_kitto_alone(desk: Desk, tmp_path: Path) -> None:
    made = make(desk.ledger, str(desk.pc.tag))[1]
    told = desk.start(made.content.decode())
    assert told.returncode == 0, told.stdout + told.stderr
    _is_known(desk)
    _is_closed(desk, token_in(made))
    _lets_kitto_in(desk, tmp_path)
    again = desk.start(made.content.decode())
    assert again.returncode == 2
    assert "works once" in again.stdout


def _is_known(desk: Desk) -> None:
    with desk.ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        token = work.session.scalars(select(BootstrapToken)).one()
        assert token.state(work.now) is TokenState.FINISHED
        assert token.returns[0].agent == "enrolled"
        assert SCRIPT in token.returns[0].closed
        known = assets.endpoint(work, desk.pc.id, "ssh")
        assert known is not None
        assert (known.address, known.port) == (desk.machine.address, desk.machine.port)
        assert known.host_key == desk.machine.host_key
        agent = work.session.scalars(select(Agent)).one()
        assert (agent.asset_id, agent.state) == (desk.pc.id, AgentState.ACTIVE)
        seen = assets.seen_by(work, desk.pc.id, "agent")
        assert seen is not None
        assert seen.serial_fits


def _is_closed(desk: Desk, token: str) -> None:
    look = desk.machine.run
    assert look(f"ls {SCRIPT}", check=False).returncode != 0
    assert look(f"grep -rlF {token} /etc /root /home /var /usr/local /tmp", check=False).stdout == ""
    effective = look("sshd -T -C user=kitto,host=x,addr=127.0.0.1").stdout.lower()
    for line in (
        "passwordauthentication no",
        "permitrootlogin no",
        "trustedusercakeys /etc/ssh/kitto_user_ca.pub",
    ):
        assert line in effective
    assert look("getent shadow kitto").stdout.split(":")[1] == "*"
    assert look("ls /home/kitto/.ssh/authorized_keys", check=False).returncode != 0


def _lets_kitto_in(desk: Desk, folder: Path) -> None:
    with desk.ledger.begin(KITTO) as work:
        key = kitting.make_key(work)
        private, public = unseal(key.private_sealed).reveal(), key.public
        asset = assets.by_id(work, desk.pc.id)
        good, doomed = (
            actions.sign_user_key(work, asset=asset, run=f"k1-1-{number}", number=number, public_key=public)
            for number in (41, 42)
        )
    said = _read_by_ssh_keygen(good, folder)
    for part in ('Key ID: "k1-1-41"', "Serial: 41", "kitto\n", "permit-pty"):
        assert part in said
    assert "forwarding" not in said
    assert _sign_in(desk, folder, private, good).stdout.strip() == "kitto root"
    assert _sign_in(desk, folder, private, "").returncode == 255, "the bare key opens nothing"
    assert _sign_in(desk, folder, private, good, source="127.0.9.9").returncode == 255, "not from elsewhere"
    assert _sign_in(desk, folder, private, _expired(desk, public)).returncode == 255
    _revoke(desk, folder, private, good, 42)
    assert _sign_in(desk, folder, private, doomed).returncode == 255
    assert _sign_in(desk, folder, private, good).returncode == 0
    _plays(desk, folder, private, good)


def _read_by_ssh_keygen(line: str, folder: Path) -> str:
    path = folder / "read-cert.pub"
    path.write_text(line + "\n")
    return subprocess.run(
        ["ssh-keygen", "-L", "-f", str(path)], capture_output=True, text=True, check=True
    ).stdout


def _sign_in(
    desk: Desk, folder: Path, private: str, certificate: str, *, source: str = "127.0.0.1"
) -> subprocess.CompletedProcess[str]:
    """By OpenSSH, which knows the device by Kitto's host authority alone."""
    key, cert, known = folder / "key", folder / "key-cert.pub", folder / "known_hosts"
    key.unlink(missing_ok=True)
    key.write_text(private)
    key.chmod(0o600)
    cert.write_text(certificate + "\n")
    with desk.ledger.begin(KITTO) as work:
        known.write_text(f"@cert-authority * {actions.make_authority(work, AuthorityKind.HOST).public}\n")
    options = {
        "UserKnownHostsFile": known,
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "BatchMode": "yes",
        "LogLevel": "ERROR",
        **({"CertificateFile": cert} if certificate else {}),
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    if not certificate:
        cert.unlink()
    place = ["-b", source, "-p", str(desk.machine.port), "-l", "kitto", desk.machine.address]
    return subprocess.run(
        ["ssh", "-F", "/dev/null", "-i", str(key), *given, *place, "echo $(id -un) $(sudo -n id -un)"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _expired(desk: Desk, public: str) -> str:
    now = clock.now()
    with desk.ledger.begin(KITTO) as work:
        authority = actions.make_authority(work, AuthorityKind.USER)
    return certificates.sign(
        unseal(authority.private_sealed),
        public,
        is_host=False,
        name="old",
        serial=1,
        principals=["kitto"],
        valid=(now - timedelta(hours=2), now - timedelta(hours=1)),
    )


def _revoke(desk: Desk, folder: Path, private: str, certificate: str, number: int) -> None:
    """Take it back; the base step of the recipe brings the device the new list, once."""
    with desk.ledger.begin(KITTO) as work:
        assert actions.revoke_certificates(work, kind=AuthorityKind.USER, serial=number) == 1
        authority = actions.make_authority(work, AuthorityKind.USER)
        numbers = queries.revoked_serials(work, authority.id)
    listed = certificates.revocation_list(authority.public, numbers)
    given = {
        **stage.OFFICE,
        "kitto_tag": desk.pc.name,
        "kitto_serial": desk.pc.serial,
        "kitto_revoked": base64.b64encode(listed).decode(),
        "kitto_revoked_sha256": hashlib.sha256(listed).hexdigest(),
    }
    bench = stage.installation(folder)
    for run, changed in (("revokes", True), ("again", False)):
        spec = stage.order(
            desk.machine,
            stage.PLAYBOOKS / "linux-workstation",
            playbook="base.yml",
            run_id=run,
            variables=given,
            certificate=certificate,
        )
        bench.start(spec, {}, private)
        outcome = stage.finish(bench, run)
        assert outcome.outcome is Outcome.SUCCEEDED, stage.last_words(bench, run)
        assert ("Revoked certificates are known" in _changed(bench, run)) is changed
        bench.forget(run)


def _changed(bench: Ansible, run: str) -> set[str]:
    return {event.task for event in stage.told(bench, run) if event.status is Status.CHANGED}


def _plays(desk: Desk, folder: Path, private: str, certificate: str) -> None:
    """Kitto's own way: the run's agent holds key and certificate, the device knows the authority only."""
    tasks = """\
    - name: Who am I
      become: true
      ansible.builtin.raw: id -un >/root/played
      changed_when: true
"""
    bench = stage.installation(folder)
    spec = stage.order(desk.machine, stage.recipe(folder / "recipe", tasks), certificate=certificate)
    bench.start(spec, {}, private)
    outcome = stage.finish(bench, spec.run_id)
    assert outcome.outcome is Outcome.SUCCEEDED, stage.last_words(bench, spec.run_id)
    assert desk.machine.run("cat /root/played").stdout.strip() == "root"
    bench.forget(spec.run_id)


def test_a_script_for_another_pc_changes_nothing_here(desk: Desk) -> None:
    other = make_pc(desk.ledger, serial="ANOTHER99")
    told = desk.start(make(desk.ledger, str(other.tag))[1].content.decode())
    assert told.returncode == 2
    assert SERIAL in told.stdout
    assert desk.machine.run("ls /etc/ssh/kitto_user_ca.pub /usr/local/lib/kitto", check=False).stdout == ""
    assert desk.machine.run("id kitto", check=False).returncode != 0
