"""Turns what is known at the end of a play into an outcome that a person can act on."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from kitto.base.i18n import N_
from kitto.kitting.adapters.plays import Counts, Outcome, PlayOutcome, ended
from kitto.kitting.adapters.supervisor.play import Watch

_KEY_CHANGED = N_(
    "The device shows another host key than the ledger has: it was installed anew, or something else answers"
    " in its place. Check the device, then accept its new key."
)
_LOGIN_REFUSED = N_(
    "The device answered but did not let Kitto in. Check Kitto's account and its public key on the device."
)
_NOTHING_LISTENS = N_("Nothing answers on the device's SSH port. Is SSH running there?")
_NO_ANSWER = N_("The device does not answer. Check that it is switched on and connected.")
_CANCELLED = N_("The play was cancelled.")
_TOO_LONG = N_("The play took longer than it may and was ended.")
_TOO_SILENT = N_("The play said nothing for too long and was ended.")
_SUDO_REFUSED = N_(
    "Kitto's account on the device may not become root without a password. Correct its sudoers."
)
_SUDO_PASSWORD = N_(
    "The device did not take the password that Kitto gave to sudo. Seal the right one as the device's secret"
    " “become_password”."
)
_NO_PYTHON = N_("There is no Python on the device, and Ansible needs one. Install python3 there.")
_TASK_FAILED = N_("“{task}” failed: {text}")
_BROKEN = N_("Ansible could not run the playbook: {text}")
_KILLED = N_("Ansible was killed in the middle of the play. How far it came is not known.")
# Shells give the number of a signal by adding it to this.
SIGNALLED = 128
_CERTIFICATE_CHANGED = N_(
    "The device shows another certificate than the ledger has: it was installed anew, or something else"
    " answers in its place. Check the device, then enter its new certificate."
)
_CERTIFICATE_ELSEWHERE = N_(
    "The device's certificate does not name the address at which it is reached. Make a new one on the device,"
    " or give the device the address that the certificate names."
)
_PASSWORD_REFUSED = N_(
    "The device answered but did not take Kitto's password. Check the account, its password, and that it may"
    " sign in over the network. Kitto does not try again by itself, as Windows would lock the account."
)
# What ssh, Mitogen and the WinRM clients say, in English whatever the locale, and what we make of it.
_SIGNS = (
    ("address mismatch", "certificate_elsewhere", _CERTIFICATE_ELSEWHERE),
    ("CERTIFICATE_VERIFY_FAILED", "certificate_changed", _CERTIFICATE_CHANGED),
    ("credentials were rejected", "password_refused", _PASSWORD_REFUSED),
    ("Failed to authenticate the user", "password_refused", _PASSWORD_REFUSED),
    (
        "NewConnectionError",
        "no_answer",
        N_("Nothing answers on the device's WinRM port. Is WinRM running there?"),
    ),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "host_key_changed", _KEY_CHANGED),
    ("host key is known for", "host_key_changed", _KEY_CHANGED),
    ("Host key verification failed", "host_key_changed", _KEY_CHANGED),
    ("mismatching host key", "host_key_changed", _KEY_CHANGED),
    ("Permission denied", "login_refused", _LOGIN_REFUSED),
    ("SSH password was requested", "login_refused", _LOGIN_REFUSED),
    ("SSH authentication is incorrect", "login_refused", _LOGIN_REFUSED),
    ("Connection refused", "no_answer", _NOTHING_LISTENS),
)
# The device answered, so that it is nothing to wait for, whatever Ansible or Mitogen call it.
_FAILURES = (
    (
        re.compile("Missing sudo password|a password is required|sudo password is required"),
        "sudo_refused",
        _SUDO_REFUSED,
    ),
    (re.compile("Incorrect sudo password|sudo password is incorrect"), "sudo_password_wrong", _SUDO_PASSWORD),
    (
        re.compile(
            r"module interpreter '\S+' was not found|python3: (command )?not found|not found: python3"
        ),
        "python_missing",
        _NO_PYTHON,
    ),
)
_CODED = re.compile(r"\s*\[([a-z][a-z_]+)\]\s*")


def outcome_of(watch: Watch, rc: int | None) -> PlayOutcome:
    """The outcome, as far as Ansible and the clock tell; the caller adds what the clean-up found."""
    counts = watch.counts or Counts()
    base = PlayOutcome(outcome=Outcome.SUCCEEDED, counts=counts, rc=rc, seconds=watch.seconds)
    if watch.stopped_by is not None:
        return _with(base, watch.stopped_by, *_stopped(watch))
    text = watch.failure.text if watch.failure else ""
    if watch.counts is not None and counts.unreachable and not _failure(text):
        # A line that broke in the middle of the work may have left some of it running there.
        base = msgspec.structs.replace(base, left_there=counts.ok > 0)
        return _with(base, Outcome.UNREACHABLE, *_unreachable(text))
    if rc == 0 and watch.counts is not None:
        return base
    if rc is not None and not 0 <= rc < SIGNALLED and watch.counts is None:
        # Nobody knows how far it came; what it had begun on the device may still run.
        return _with(msgspec.structs.replace(base, left_there=True), Outcome.LOST, "ansible_killed", _KILLED)
    if watch.failure is not None:
        return _failed(base, watch.failure.task, watch.failure.text)
    # No recap and no failed task: Ansible did not get as far as the first task.
    said = " ".join(line.strip() for line in watch.lines)[-1000:]
    return _with(base, Outcome.FAILED, "playbook_broken", _BROKEN, {"text": said})


def _with(
    base: PlayOutcome,
    outcome: Outcome,
    cause: str,
    says: str,
    names: Mapping[str, str] = MappingProxyType({}),
) -> PlayOutcome:
    told = ended(outcome, cause, says, names)
    return msgspec.structs.replace(
        base, outcome=outcome, cause=cause, reason=told.reason, says=says, names=told.names
    )


def _stopped(watch: Watch) -> tuple[str, str]:
    if watch.stopped_by is Outcome.CANCELLED:
        return "cancelled", _CANCELLED
    if watch.was_silent:
        return "too_silent", _TOO_SILENT
    return "too_long", _TOO_LONG


def _unreachable(text: str) -> tuple[str, str]:
    for sign, cause, sentence in _SIGNS:
        if sign in text:
            return cause, sentence
    return "no_answer", _NO_ANSWER


def _failure(text: str) -> tuple[str, str] | None:
    return next(((cause, sentence) for sign, cause, sentence in _FAILURES if sign.search(text)), None)


def _failed(base: PlayOutcome, task: str, text: str) -> PlayOutcome:
    """A recipe names its own causes: a message that begins with [wrong_device] gives that code."""
    coded = _CODED.match(text)
    if coded:
        # What a recipe says is in its own words, and nobody has them in another language.
        said = text[coded.end() :].strip()
        return msgspec.structs.replace(base, outcome=Outcome.FAILED, cause=coded.group(1), reason=said)
    if known := _failure(text):
        return _with(base, Outcome.FAILED, *known)
    first = text.strip().splitlines()[0] if text.strip() else "–"
    return _with(base, Outcome.FAILED, "task_failed", _TASK_FAILED, {"task": task, "text": first[:500]})
