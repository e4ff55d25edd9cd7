"""Everything people and the clock can do with the watch."""

from kitto.health.actions.credentials import CredentialSpec, remove_credential, set_credential
from kitto.health.actions.probes import (
    ProbeChanges,
    add_probe,
    ask_second_opinion,
    change_probe,
    pause_probes_of,
    pin_host_key,
    poll_now,
    remove_probe,
)
from kitto.health.actions.problems import acknowledge
from kitto.health.actions.watch import claim_due, forget_old_readings, keep_opinion, record_answers

__all__ = [
    "CredentialSpec",
    "ProbeChanges",
    "acknowledge",
    "add_probe",
    "ask_second_opinion",
    "change_probe",
    "claim_due",
    "forget_old_readings",
    "keep_opinion",
    "pause_probes_of",
    "pin_host_key",
    "poll_now",
    "record_answers",
    "remove_credential",
    "remove_probe",
    "set_credential",
]
