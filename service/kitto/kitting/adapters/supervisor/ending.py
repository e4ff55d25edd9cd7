"""Turns what is known at the end of a play into an outcome that a person can act on."""

import re

import msgspec

from kitto.kitting.adapters.plays import Counts, Outcome, PlayOutcome
from kitto.kitting.adapters.supervisor.play import Watch

# ssh says these in English whatever the locale; each with the code and the sentence that we make of it.
_CHANGED = (
    "The device shows another host key than the ledger has: it was installed anew, or something else answers"
    " in its place. Check the device, then accept its new key."
)
_SSH = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "host_key_changed",
        _CHANGED,
    ),
    (
        "host key is known for",
        "host_key_changed",
        _CHANGED,
    ),
    (
        "Host key verification failed",
        "host_key_changed",
        "The device's host key could not be verified. Check the device, then accept its key.",
    ),
    (
        "Permission denied",
        "login_refused",
        "The device answered but did not let us in. Check its account and our key there.",
    ),
    ("Connection refused", "no_answer", "Nothing answers on the device's SSH port. Is SSH running there?"),
)
_NO_ANSWER = "The device does not answer. Check that it is switched on and connected."
_CODED = re.compile(r"\s*\[([a-z][a-z_]+)\]\s*")


def outcome_of(watch: Watch, rc: int | None) -> PlayOutcome:
    """The outcome, as far as Ansible and the clock tell; the caller adds what the clean-up found."""
    counts = watch.counts or Counts()
    base = PlayOutcome(outcome=Outcome.SUCCEEDED, counts=counts, rc=rc, seconds=watch.seconds)
    if watch.stopped_by is not None:
        return _with(base, watch.stopped_by, *_stopped(watch))
    if watch.counts is not None and counts.unreachable:
        text = watch.failure.text if watch.failure else ""
        return _with(base, Outcome.UNREACHABLE, *_unreachable(text))
    if rc == 0 and watch.counts is not None:
        return base
    if watch.failure is not None:
        return _with(base, Outcome.FAILED, *_failed(watch.failure.task, watch.failure.text))
    # No recap and no failed task: Ansible did not get as far as the first task.
    said = " ".join(line.strip() for line in watch.lines)[-1000:]
    return _with(base, Outcome.FAILED, "playbook_broken", f"Ansible could not run the playbook: {said}")


def _with(base: PlayOutcome, outcome: Outcome, cause: str, reason: str) -> PlayOutcome:
    return msgspec.structs.replace(base, outcome=outcome, cause=cause, reason=reason)


def _stopped(watch: Watch) -> tuple[str, str]:
    if watch.stopped_by is Outcome.CANCELLED:
        return "cancelled", "The play was cancelled."
    if watch.was_silent:
        return "too_silent", f"The play said nothing for {watch.silent_seconds:.0f} seconds and was ended."
    return "too_long", f"The play took longer than {watch.total_seconds:.0f} seconds and was ended."


def _unreachable(text: str) -> tuple[str, str]:
    for sign, cause, sentence in _SSH:
        if sign in text:
            return cause, sentence
    return "no_answer", _NO_ANSWER


def _failed(task: str, text: str) -> tuple[str, str]:
    """A recipe names its own causes: a message that begins with [wrong_device] gives that code."""
    coded = _CODED.match(text)
    if coded:
        return coded.group(1), text[coded.end() :].strip()
    if "Missing sudo password" in text or "a password is required" in text:
        return "sudo_refused", "The account on the device may not become root without a password."
    first = text.strip().splitlines()[0] if text.strip() else "no message"
    return "task_failed", f"“{task}” failed: {first[:500]}"
