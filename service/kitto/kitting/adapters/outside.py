"""Steps that ask something outside once: whether a device answers as itself, and other systems by webhook."""

import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import msgspec
import paramiko

from kitto.assets.rules import normalised
from kitto.base.i18n import N_
from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.kitting.adapters import windows
from kitto.kitting.adapters.plays import Outcome, PlayOutcome
from kitto.kitting.adapters.ports import answers

SECONDS: Final = 10.0
MOST_ANSWER: Final = 10_000
NO_ANSWER = N_("Nothing answers at {address} port {port}. Switch the device on and connect it.")
OTHER_KEY = N_(
    "The device at {address} shows another host key than the one in the ledger. Find out why first."
)
OTHER_DEVICE = N_(
    "The device at {address} has serial number {seen}, the ledger says {known}. Find the right one."
)
NOT_ALLOWED = N_("The address {url} is not among those that Kitto may call. An administrator names its host.")
REFUSED = N_("The other system answered {status}: {text}")
SILENT = N_("The other system did not answer: {problem}")


@dataclass(frozen=True)
class Target:
    """How a device is reached, and the host key or certificate it must show.

    WinRM signs in: with `user` and `password`, and the device must have this `serial`.
    """

    address: str
    port: int
    host_key: str = ""
    user: str = ""
    password: Secret | None = None
    serial: str = ""


def probe_tcp(target: Target) -> PlayOutcome:
    """Whether something listens there."""
    began = time.monotonic()
    if not answers(target.address, target.port):
        return _unreachable(target, began)
    return PlayOutcome(outcome=Outcome.SUCCEEDED, seconds=time.monotonic() - began)


def probe_ssh(target: Target) -> PlayOutcome:
    """Whether the device answers SSH with the host key of the ledger; nobody signs in."""
    began = time.monotonic()
    try:
        with socket.create_connection((target.address, target.port), timeout=SECONDS) as line:
            transport = paramiko.Transport(line)
            try:
                transport.start_client(timeout=SECONDS)
                shown = transport.get_remote_server_key()
            finally:
                transport.close()
    except (OSError, paramiko.SSHException, EOFError):
        return _unreachable(target, began)
    seconds = time.monotonic() - began
    if f"{shown.get_name()} {shown.get_base64()}" != " ".join(target.host_key.split()[:2]):
        reason = OTHER_KEY.format(address=target.address)
        return PlayOutcome(outcome=Outcome.FAILED, cause="host_key_changed", reason=reason, seconds=seconds)
    return PlayOutcome(outcome=Outcome.SUCCEEDED, seconds=seconds)


def probe_winrm(target: Target) -> PlayOutcome:
    """Whether the device answers WinRM with the ledger's certificate, lets us in, and is the right one."""
    began = time.monotonic()
    asked = windows.WindowsTarget(
        target.address, target.port, target.user, target.password or Secret(""), target.host_key
    )
    try:
        found = windows.probe(asked)
    except windows.WindowsTrouble as trouble:
        silent = trouble.cause in ("no_answer", "too_long")
        ended = Outcome.UNREACHABLE if silent else Outcome.FAILED
        seconds = time.monotonic() - began
        return PlayOutcome(outcome=ended, cause=trouble.cause, reason=str(trouble), seconds=seconds)
    seconds = time.monotonic() - began
    if target.serial and normalised(found.serial) != normalised(target.serial):
        reason = OTHER_DEVICE.format(address=target.address, seen=found.serial[:64], known=target.serial)
        return PlayOutcome(outcome=Outcome.FAILED, cause="wrong_device", reason=reason, seconds=seconds)
    return PlayOutcome(outcome=Outcome.SUCCEEDED, seconds=seconds)


PROBES: Final[dict[str, Callable[[Target], PlayOutcome]]] = {
    "tcp": probe_tcp,
    "ssh": probe_ssh,
    "winrm": probe_winrm,
}


def _unreachable(target: Target, began: float) -> PlayOutcome:
    return PlayOutcome(
        outcome=Outcome.UNREACHABLE,
        cause="no_answer",
        reason=NO_ANSWER.format(address=target.address, port=target.port),
        seconds=time.monotonic() - began,
    )


def call_webhook(url: str, body: dict[str, Any], *, key: str) -> PlayOutcome:
    """POST a JSON body to another system; 2xx is success, everything else a failure that may be tried again.

    `key` goes as `Idempotency-Key`, the same for every try of the same run. With the setting `webhook_secret`
    the header `X-Kitto-Signature` holds `sha256=` and the HMAC-SHA256 of the body in hex. Only hosts of the
    setting `webhook_hosts` are called, over HTTPS; redirects are not followed.
    """
    if not _may_call(url):
        return _failed("refused", NOT_ALLOWED.format(url=url[:200]))
    content = msgspec.json.encode(body)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "Kitto"}
    secret = settings().webhook_secret.get_secret_value()
    if secret:
        signed = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
        headers["X-Kitto-Signature"] = f"sha256={signed}"
    began = time.monotonic()
    try:
        with httpx2.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
            answer = client.post(url, content=content, headers=headers)
    except httpx2.HTTPError as problem:
        return _failed("no_answer", SILENT.format(problem=type(problem).__name__))
    seconds = time.monotonic() - began
    if not answer.is_success:
        text = answer.text[:MOST_ANSWER][:200]
        return _failed("answered", REFUSED.format(status=answer.status_code, text=text))
    return PlayOutcome(outcome=Outcome.SUCCEEDED, rc=answer.status_code, seconds=seconds)


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


def _failed(cause: str, reason: str) -> PlayOutcome:
    return PlayOutcome(outcome=Outcome.FAILED, cause=cause, reason=reason)
