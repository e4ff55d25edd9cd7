"""First contact with Kitto: let Kitto in by SSH certificate, keep everybody else out, enrol the agent.

Made for one machine; the token in it works once. Run as root. Python 3.8 and its standard library.
Exit codes: 0 done, 1 try again later, 2 somebody must do something.
"""

import argparse
import base64
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

ORDER = {}  # type: Dict[str, Any]  # what follows is put here by Kitto

IS_MAC = sys.platform == "darwin"
SBIN = "/usr/sbin:/usr/local/sbin:/sbin"
SSH = Path("/etc/ssh")
DMI = Path("/sys/class/dmi/id")
AGENT = Path("/usr/local/lib/kitto/agent.pyz")
AGENT_CREDENTIAL = Path("/var/lib/kitto-agent/credential.json")
ORDER_FOLDER = Path("/var/lib/kitto-bootstrap")
UNIT = Path("/etc/systemd/system/kitto-bootstrap.service")
DAEMON = Path("/Library/LaunchDaemons/jp.kitto.bootstrap.plist")
CLOUD = Path("/var/lib/cloud")
CLOUD_OFF = Path("/etc/cloud/cloud-init.disabled")
INSTALLER = Path("/var/log/installer/cdebconf")
WANTED = Path("/etc/systemd/system/multi-user.target.wants/kitto-bootstrap.service")
OURS = "10-kitto.conf"
# Waiting for the network, for a busy Kitto, or for a person who has to confirm a new key.
PATIENCE_SECONDS = 4 * 3600
PAUSES = (2, 5, 10, 20, 30)
OUR_FAULT = 500
ANSWER_MOST = 64 * 1024 * 1024


class Later(Exception):  # noqa: N818 -- not ours to call an error
    """Kitto could not be reached in all that time."""


class NeedsPerson(Exception):  # noqa: N818 -- likewise
    """Trying again changes nothing; the message says what to do."""


def say(text: str) -> None:
    print("kitto: " + text, flush=True)


def run(*command: str, given: Optional[str] = None, check: bool = True) -> str:
    """Run a program; its output. Raises NeedsPerson with what it complained about."""
    try:
        done = subprocess.run(
            command,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            check=False,
        )
    except OSError as broken:
        if check:
            raise NeedsPerson("%s cannot be run: %s" % (command[0], broken)) from broken
        return ""
    if check and done.returncode:
        raise NeedsPerson("%s failed: %s" % (command[0], (done.stderr or done.stdout).strip()[-500:]))
    return done.stdout


# -- speaking with Kitto ---------------------------------------------------------------------------------


def _trust() -> Optional[ssl.SSLContext]:
    if not ORDER["server"].startswith("https:"):
        return None
    context = ssl.create_default_context()
    if ORDER["ca"]:
        context.load_verify_locations(cadata=ORDER["ca"])
    return context


def _once(door: str, message: Dict[str, Any]) -> bytes:
    request = urllib.request.Request(
        ORDER["server"] + "/bootstrap/v1/" + door,
        data=json.dumps(message).encode("utf-8"),
        headers={"Content-Type": "application/json"},
    )
    # No proxy: what it would be told is a token.
    handlers = [urllib.request.ProxyHandler({})]  # type: List[urllib.request.BaseHandler]
    trust = _trust()
    if trust is not None:
        handlers.append(urllib.request.HTTPSHandler(context=trust))
    with urllib.request.build_opener(*handlers).open(request, timeout=60) as answer:
        return bytes(answer.read(ANSWER_MOST))


def call(door: str, message: Dict[str, Any], patience: float = PATIENCE_SECONDS) -> bytes:
    """Call a door of Kitto until it answers. Raises NeedsPerson when it refuses, Later when time is over."""
    message = dict(message, token=ORDER["token"])
    end = time.monotonic() + patience
    tried = 0
    while True:
        try:
            return _once(door, message)
        except urllib.error.HTTPError as refused:
            why = _sentence(refused)
            # 409: a person has to confirm the key. 429, 5xx: too early. Everything else stays as it is.
            if refused.code not in (409, 429) and refused.code < OUR_FAULT:
                raise NeedsPerson(why) from refused
        except ssl.SSLCertVerificationError as wrong:
            raise NeedsPerson("This is not the Kitto that made this file: %s" % wrong) from wrong
        except (urllib.error.URLError, OSError) as broken:
            if isinstance(getattr(broken, "reason", None), ssl.SSLCertVerificationError):
                raise NeedsPerson("This is not the Kitto that made this file: %s" % broken) from broken
            why = str(broken)
        if time.monotonic() > end:
            raise Later(why)
        if tried == 0 or tried % 10 == 0:
            say("waiting: " + why)
        time.sleep(PAUSES[min(tried, len(PAUSES) - 1)])
        tried += 1


def _sentence(refused: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refused.read(10000).decode("utf-8"))["detail"])
    except (ValueError, KeyError, TypeError):
        return "Kitto answered %d." % refused.code


# -- who this machine is ---------------------------------------------------------------------------------


def identity() -> Dict[str, str]:
    """Serial number and UUID of the firmware, and what runs here."""
    if IS_MAC:
        told = run("ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
        fields = dict(re.findall(r'"(IOPlatform\w+)" = "([^"]*)"', told))
        serial, uuid = fields.get("IOPlatformSerialNumber", ""), fields.get("IOPlatformUUID", "")
        system = "macOS " + run("sw_vers", "-productVersion").strip()
    else:
        serial, uuid, system = _read(DMI / "product_serial"), _read(DMI / "product_uuid"), _release()
    return {"serial": serial, "uuid": uuid, "system": system, "hostname": socket.gethostname()}


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _release() -> str:
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)', _read(Path("/etc/os-release")), re.MULTILINE)
    return found.group(1) if found else "Linux"


def own_address() -> str:
    """The address by which this machine reaches Kitto."""
    host = re.sub(r"^\w+://", "", ORDER["server"]).split("/")[0]
    name = host.split("]")[0].lstrip("[") if host.startswith("[") else host.rsplit(":", 1)[0]
    for family, kind, number, _, place in socket.getaddrinfo(name, 443, type=socket.SOCK_DGRAM):
        with socket.socket(family, kind, number) as trial:
            try:
                trial.connect(place)  # sends nothing: only asks for the way
                return str(trial.getsockname()[0])
            except OSError:
                continue
    return ""


# -- letting Kitto in, and nobody else -------------------------------------------------------------------


def open_sshd() -> str:
    """An SSH server with its own key; returns the key's line."""
    if IS_MAC:
        run("launchctl", "enable", "system/com.openssh.sshd")
        run("launchctl", "bootstrap", "system", "/System/Library/LaunchDaemons/ssh.plist", check=False)
    elif not shutil.which("sshd", path=SBIN):
        raise NeedsPerson("This machine has no SSH server. Install openssh-server, then start this again.")
    run("ssh-keygen", "-A")
    key = _read(SSH / "ssh_host_ed25519_key.pub")
    if not key:
        raise NeedsPerson("This machine has no Ed25519 host key. Make one with ssh-keygen -A.")
    return key


def make_account(name: str) -> None:
    """The account that Kitto signs in to: no password, root by sudo."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        if IS_MAC:
            once = base64.b64encode(os.urandom(24)).decode()
            run("sysadminctl", "-addUser", name, "-fullName", "Kitto", "-password", "-", given=once + "\n")
            run("dscl", ".", "-create", "/Users/" + name, "IsHidden", "1")
        else:
            run("useradd", "--create-home", "--shell", "/bin/bash", "--password", "*", name)
    rule = Path("/etc/sudoers.d/kitto-bootstrap")
    rule.parent.mkdir(mode=0o750, exist_ok=True)
    fresh = rule.with_name(".kitto-bootstrap.new")  # sudo reads no name with a dot
    fresh.write_text("%s ALL=(ALL) NOPASSWD: ALL\n" % name)
    fresh.chmod(0o440)
    run("visudo", "-cqf", str(fresh))
    fresh.replace(rule)


def harden_sshd(answer: Dict[str, Any]) -> None:
    """Believe Kitto's certificates only, from Kitto's addresses only. Puts back what sshd does not take."""
    account = answer["account"]
    files = {
        SSH / "kitto_user_ca.pub": (answer["user_ca"] + "\n").encode(),
        SSH / "kitto_revoked": base64.b64decode(answer["revoked"]),
        SSH / "ssh_host_ed25519_key-cert.pub": (answer["host_certificate"] + "\n").encode(),
    }
    lines = [
        "# Written by Kitto at the first connection of this machine.",
        "TrustedUserCAKeys %s" % (SSH / "kitto_user_ca.pub"),
        "RevokedKeys %s" % (SSH / "kitto_revoked"),
        "HostCertificate %s" % (SSH / "ssh_host_ed25519_key-cert.pub"),
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin no",
        "AllowUsers " + " ".join("%s@%s" % (account, place) for place in answer["places"]),
    ]
    settings = "\n".join(lines) + "\n"
    main = SSH / "sshd_config"
    if re.search(r"(?im)^\s*include\s+(/etc/ssh/)?sshd_config\.d/\*", _read(main)):
        (SSH / "sshd_config.d").mkdir(mode=0o755, exist_ok=True)
        files[SSH / "sshd_config.d" / OURS] = settings.encode()
    else:  # the first word on a matter counts, so ours come first
        old = re.sub(r"(?s)^# Written by Kitto.*?\n# The end of Kitto's\n", "", main.read_text())
        files[main] = (settings + "# The end of Kitto's\n" + old).encode()
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    for path, content in files.items():
        _write(path, content)
    try:
        run(shutil.which("sshd", path=SBIN) or "sshd", "-t")
    except NeedsPerson:
        for path, content in before.items():
            if content is None:
                path.unlink()
            else:
                _write(path, content)
        raise


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".kitto-new")
    fresh.write_bytes(content)
    fresh.chmod(0o644)
    fresh.replace(path)


def reload_sshd(address: str, port: int) -> None:
    """Let sshd read its settings. It starts itself anew and is deaf for a moment: wait until it greets."""
    if not IS_MAC:
        pid = _read(Path("/run/sshd.pid"))
        if Path("/run/systemd/system").is_dir():
            if not any(_works("systemctl", "try-reload-or-restart", name) for name in ("ssh", "sshd")):
                raise NeedsPerson("sshd could not be reloaded. Start it, then start this again.")
        elif pid.isdigit():
            os.kill(int(pid), signal.SIGHUP)
        else:
            raise NeedsPerson("sshd does not run. Start it, then start this again.")
    end = time.monotonic() + 30
    while not _greets(address, port):
        if time.monotonic() > end:
            raise NeedsPerson("sshd does not answer on port %d any more. Look at its log." % port)
        time.sleep(0.1)


def _works(*command: str) -> bool:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def _greets(place: str, port: int) -> bool:
    try:
        with socket.create_connection((place, port), timeout=5) as trial:
            return trial.recv(4) == b"SSH-"
    except OSError:
        return False


# -- the agent, and tidying up ---------------------------------------------------------------------------


def enrol_agent(answer: Dict[str, Any], serial: str) -> None:
    """Fetch Kitto's agent, check it, enrol it, put it on a timer, let it report."""
    content = call("agent", {"serial": serial}, 600)
    if hashlib.sha256(content).hexdigest() != answer["agent"]:
        raise NeedsPerson("The agent that came is not the one that Kitto announced. Start this again.")
    AGENT.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    _write(AGENT, content)
    AGENT.chmod(0o755)
    trust = []
    if ORDER["ca"]:
        authority = AGENT.with_name("ca.pem")
        _write(authority, ORDER["ca"].encode())
        trust = ["--ca", str(authority)]
    program = [sys.executable, str(AGENT)]
    if not AGENT_CREDENTIAL.exists():
        enrol = [*program, "enrol", "--server", ORDER["server"], "--token-stdin", *trust]
        run(*enrol, given=answer["enrolment_token"])
    _works(*program, "install-timer")
    if not _works(*program, "checkin", "--full"):
        say("the agent will report by its timer")


def tidy_up() -> List[str]:
    """Remove what brought us here: this file with its token, and every copy of it."""
    removed = []
    own = Path(__file__).resolve() if "__file__" in globals() else None
    copies = [UNIT, DAEMON, ORDER_FOLDER]
    copies += [own] if own is not None and own.is_file() and own.name.startswith("kitto-bootstrap") else []
    copies += [path for path in CLOUD.glob("**/*") if _mentions(path, ORDER["token"], "kitto-bootstrap")]
    copies += [path for path in INSTALLER.glob("*") if _mentions(path, "kitto-bootstrap")]
    for path in copies:
        if path.is_dir():
            shutil.rmtree(str(path))
        elif path.exists() or path.is_symlink():
            path.unlink()
        else:
            continue
        removed.append(str(path))
    if WANTED.is_symlink():
        WANTED.unlink()
    if any(path.startswith(str(CLOUD)) for path in removed):
        # It would take the next start for a new machine, and make other host keys.
        CLOUD_OFF.touch()
    return removed


def _mentions(path: Path, *words: str) -> bool:
    try:
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    except OSError:
        return False
    return any(word.encode() in content for word in words)


def _step(text: str, do: Callable[[], Any]) -> Any:
    say(text)
    return do()


def first_contact(address: str, port: int) -> None:
    """From the first call to the last. May be run again until Kitto has heard the last one."""
    who = identity()
    key = _step("SSH server", open_sshd)
    address = address or own_address()
    hello = dict(who, transport="ssh", key=key, address=address, port=port)
    answer = _step("calling Kitto for " + ORDER["tag"], lambda: json.loads(call("hello", hello)))
    _step("account " + answer["account"], lambda: make_account(answer["account"]))
    _step("SSH for Kitto only", lambda: harden_sshd(answer))
    reload_sshd(address or "127.0.0.1", port)
    _step("agent", lambda: enrol_agent(answer, who["serial"]))
    closed = _step("tidying up", tidy_up)
    call("done", {"serial": who["serial"], "agent": "enrolled", "closed": closed[:32]}, 600)


def main() -> int:
    """Run it; 0 done, 1 try again later, 2 somebody must do something."""
    parser = argparse.ArgumentParser(description="First contact with Kitto.")
    parser.add_argument("--address", default="", help="address of this machine, where it has several")
    parser.add_argument("--port", type=int, default=22, help="port of its SSH server")
    wanted = parser.parse_args()
    if os.geteuid() != 0:
        say("run this as root")
        return 2
    try:
        first_contact(wanted.address, wanted.port)
    except Later as why:
        say("Kitto did not answer in time: %s" % why)
        return 1
    except NeedsPerson as why:
        say(str(why))
        return 2
    say("done: %s belongs to Kitto now" % ORDER["tag"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
