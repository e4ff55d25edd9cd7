"""What the Unix script removes when it is done, and what it leaves alone."""

import base64
from pathlib import Path

import pytest

from kitto_bootstrap import first_contact

TOKEN = "one-time-token-0123456789-0123456789-0123456"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk as cloud-init and the installer leave it."""
    places = {
        "CLOUD": "lib/cloud",
        "INSTALLER": "log/cdebconf",
        "ORDER_FOLDER": "lib/kitto-bootstrap",
        "UNIT": "systemd/kitto-bootstrap.service",
        "WANTED": "systemd/wants.service",
        "DAEMON": "daemon.plist",
        "CLOUD_OFF": "cloud-init.disabled",
    }
    for name, place in places.items():
        monkeypatch.setattr(first_contact, name, tmp_path / place)
    monkeypatch.setattr(first_contact, "ORDER", {"token": TOKEN})
    for place, text in {
        "lib/cloud/instances/kitto-7/user-data.txt": "path: /var/lib/kitto-bootstrap/kitto-bootstrap.py",
        "lib/cloud/instances/kitto-7/obj.pkl": f"pickled {TOKEN}",
        "lib/cloud/data/previous-hostname": "debian",
        "log/cdebconf/questions.dat": "Value: echo H4sI | gunzip > kitto-bootstrap.py",
        "log/cdebconf/templates.dat": "Template: d-i",
        "lib/kitto-bootstrap/kitto-bootstrap.py": TOKEN,
        "systemd/kitto-bootstrap.service": "[Unit]",
    }.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    (tmp_path / "systemd/wants.service").symlink_to(tmp_path / "systemd/kitto-bootstrap.service")
    return tmp_path


def test_every_copy_of_the_token_goes_and_nothing_else(machine: Path) -> None:
    removed = first_contact.tidy_up()
    left = sorted(str(path.relative_to(machine)) for path in machine.rglob("*") if not path.is_dir())
    assert left == ["cloud-init.disabled", "lib/cloud/data/previous-hostname", "log/cdebconf/templates.dat"]
    assert len(removed) == 5
    assert first_contact.tidy_up() == []


def test_cloud_init_is_left_on_where_it_had_no_part(machine: Path) -> None:
    for path in (machine / "lib/cloud/instances/kitto-7").iterdir():
        path.unlink()
    first_contact.tidy_up()
    assert not (machine / "cloud-init.disabled").exists()


ANSWER = {
    "account": "kitto",
    "user_ca": "ssh-ed25519 AAAA",
    "host_certificate": "cert",
    "revoked": base64.b64encode(b"SSHKRL").decode(),
    "places": ["192.0.2.1/32"],
}


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an SSH server that takes what it is given."""
    monkeypatch.setattr(first_contact, "SSH", tmp_path / "ssh")
    monkeypatch.setattr(first_contact, "SBIN", str(tmp_path))
    (tmp_path / "ssh").mkdir()
    server_says(tmp_path, "true")
    return tmp_path / "ssh"


def server_says(folder: Path, verdict: str) -> None:
    program = folder / "sshd"
    program.write_text(f"#!/bin/sh\n{verdict}\n")
    program.chmod(0o755)


def on_disk(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_settings_that_sshd_does_not_take_are_put_back(ssh: Path) -> None:
    (ssh / "sshd_config").write_text("Include /etc/ssh/sshd_config.d/*.conf\n")
    before = on_disk(ssh)
    server_says(ssh.parent, "echo line 3: no such thing >&2; exit 255")
    with pytest.raises(first_contact.NeedsPerson, match="line 3"):
        first_contact.harden_sshd(ANSWER)
    assert on_disk(ssh) == before
    server_says(ssh.parent, "true")
    first_contact.harden_sshd(ANSWER)
    assert "AllowUsers kitto@192.0.2.1/32\n" in (ssh / "sshd_config.d/10-kitto.conf").read_text()
    assert (ssh / "kitto_revoked").read_bytes() == b"SSHKRL"


def test_without_a_folder_of_settings_ours_come_first_and_once(ssh: Path) -> None:
    (ssh / "sshd_config").write_text("PasswordAuthentication yes\n")
    for _ in range(2):
        first_contact.harden_sshd(ANSWER)
    lines = (ssh / "sshd_config").read_text().splitlines()
    assert lines.index("PasswordAuthentication no") < lines.index("PasswordAuthentication yes")
    assert lines.count("PasswordAuthentication no") == 1
