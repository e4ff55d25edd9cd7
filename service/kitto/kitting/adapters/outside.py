"""Steps that ask something outside once: whether a device answers as itself, and other systems by webhook."""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from kitto.assets.rules import normalised
from kitto.base import ears
from kitto.base.i18n import N_
from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.kitting.adapters.plays import Outcome, PlayOutcome, ended
from kitto.kitting.adapters.ports import answers

SECONDS: Final = 10.0
SNMP_PORT: Final = 161
MOST_ANSWER: Final = 10_000
WELL: Final = PlayOutcome(outcome=Outcome.SUCCEEDED)
NO_ANSWER = N_("Nothing answers at {address} port {port}. Switch the device on and connect it.")
OTHER_KEY = N_(
    "The device at {address} shows another host key than the one in the ledger. Find out why first."
)
OTHER_DEVICE = N_(
    "The device at {address} has serial number {seen}, the ledger says {known}. Find the right one."
)
NO_SNMP = N_(
    "The device at {address} does not answer SNMP at port {port}. See that it is switched on, that SNMP is"
    " on, and that Kitto's address may ask."
)
SNMP_REFUSED = N_(
    "The device at {address} answers SNMP but does not take the user {user} or its passwords. Run the"
    " step that sets them again."
)
NOT_ALLOWED = N_("The address {url} is not among those that Kitto may call. An administrator names its host.")
REFUSED = N_("The other system answered {status}: {text}")
SILENT = N_("The other system did not answer: {problem}")


@dataclass(frozen=True)
class Target:
    """How a device is reached, and the host key or certificate it must show.

    WinRM signs in: with `user` and `password`, and the device must have this `serial`. SNMP asks with `ear`.
    A phone on the cable is known by its `serial` alone; `wants` says what it must be.
    """

    address: str
    port: int
    host_key: str = ""
    user: str = ""
    password: Secret | None = None
    serial: str = ""
    ear: ears.Ear | None = None
    wants: tuple[str, ...] = ()


def probe_tcp(target: Target) -> PlayOutcome:
    """Whether something listens there."""
    if not answers(target.address, target.port):
        return _unreachable(target)
    return WELL


def probe_ssh(target: Target) -> PlayOutcome:
    """Whether the device answers SSH with the host key of the ledger; nobody signs in."""
    import paramiko  # large, and many never ask this way

    try:
        with socket.create_connection((target.address, target.port), timeout=SECONDS) as line:
            transport = paramiko.Transport(line)
            try:
                transport.start_client(timeout=SECONDS)
                shown = transport.get_remote_server_key()
            finally:
                transport.close()
    except (OSError, paramiko.SSHException, EOFError):
        return _unreachable(target)
    if f"{shown.get_name()} {shown.get_base64()}" != " ".join(target.host_key.split()[:2]):
        return ended(Outcome.FAILED, "host_key_changed", OTHER_KEY, {"address": target.address})
    return WELL


def probe_winrm(target: Target) -> PlayOutcome:
    """Whether the device answers WinRM with the ledger's certificate, lets us in, and is the right one."""
    from kitto.kitting.adapters import windows  # large, and many have none

    asked = windows.WindowsTarget(
        target.address, target.port, target.user, target.password or Secret(""), target.host_key
    )
    try:
        found = windows.probe(asked)
    except windows.WindowsTrouble as trouble:
        silent = trouble.cause in ("no_answer", "too_long")
        came = Outcome.UNREACHABLE if silent else Outcome.FAILED
        return PlayOutcome(outcome=came, cause=trouble.cause, reason=trouble.told)
    return _right_one(target, found.serial)


def probe_snmp(target: Target) -> PlayOutcome:
    """Whether the device answers SNMP as Kitto will ask it, and is the right one where it tells its serial.

    Not every device does (`entPhysicalSerialNum`); what it said of itself is in the evidence.
    """
    ear = target.ear or ears.Ear(target.address, target.port, Secret(""))
    heard = ears.ask(ear)
    if heard.denied:
        where = {"address": target.address, "user": ear.user or "–"}
        return ended(Outcome.FAILED, "snmp_refused", SNMP_REFUSED, where)
    if not heard.answered:
        where = {"address": target.address, "port": str(target.port)}
        return ended(Outcome.UNREACHABLE, "no_answer", NO_SNMP, where)
    came = _right_one(target, heard.serial) if heard.serial else WELL
    said = {"name": heard.name, "description": heard.description, "serial": heard.serial, "mac": heard.mac}
    return msgspec.structs.replace(came, seen={name: value[:200] for name, value in said.items() if value})


def probe_adb(target: Target) -> PlayOutcome:
    """Whether the phone is on the cable of the bench and lets us in; what it is goes into the evidence."""
    from kitto.kitting.adapters import cable  # many never have one

    return cable.ask(target.serial, target.wants)


def _right_one(target: Target, serial: str) -> PlayOutcome:
    if not target.serial or normalised(serial) == normalised(target.serial):
        return WELL
    who = {"address": target.address, "seen": serial[:64], "known": target.serial}
    return ended(Outcome.FAILED, "wrong_device", OTHER_DEVICE, who)


PROBES: Final[dict[str, Callable[[Target], PlayOutcome]]] = {
    "tcp": probe_tcp,
    "ssh": probe_ssh,
    "winrm": probe_winrm,
    "snmp": probe_snmp,
    "adb": probe_adb,
}


def _unreachable(target: Target) -> PlayOutcome:
    where = {"address": target.address, "port": str(target.port)}
    return ended(Outcome.UNREACHABLE, "no_answer", NO_ANSWER, where)


def call_webhook(url: str, body: dict[str, Any], *, key: str) -> PlayOutcome:
    """POST a JSON body to another system; 2xx is success, everything else a failure that may be tried again.

    `key` goes as `Idempotency-Key`, the same for every try of the same run. With the setting `webhook_secret`
    the header `X-Kitto-Signature` holds `sha256=` and the HMAC-SHA256 of the body in hex. Only hosts of the
    setting `webhook_hosts` are called, over HTTPS; redirects are not followed.
    """
    if not _may_call(url):
        return ended(Outcome.FAILED, "refused", NOT_ALLOWED, {"url": url[:200]})
    content = msgspec.json.encode(body)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "Kitto"}
    secret = settings().webhook_secret.get_secret_value()
    if secret:
        signed = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
        headers["X-Kitto-Signature"] = f"sha256={signed}"
    try:
        with httpx2.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
            answer = client.post(url, content=content, headers=headers)
    except httpx2.HTTPError as problem:
        return ended(Outcome.FAILED, "no_answer", SILENT, {"problem": type(problem).__name__})
    if not answer.is_success:
        text = answer.text[:MOST_ANSWER][:200]
        return ended(Outcome.FAILED, "answered", REFUSED, {"status": answer.status_code, "text": text})
    return PlayOutcome(outcome=Outcome.SUCCEEDED, rc=answer.status_code)


def _may_call(url: str) -> bool:
    parts = urlsplit(url)
    own = settings()
    allowed = {host.strip().lower() for host in own.webhook_hosts.split(",") if host.strip()}
    host = (parts.hostname or "").lower()
    if host not in allowed:
        return False
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    return parts.scheme == "https" or (loopback and own.allow_loopback_targets and parts.scheme == "http")
