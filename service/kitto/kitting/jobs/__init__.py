"""Kits go on by themselves, waiting devices are looked for, and devices are compared with their profiles."""

from kitto.kitting.jobs.carry_on import carry_on
from kitto.kitting.jobs.check import ask_again, check_recipe
from kitto.kitting.jobs.compare import compare, compare_the_due, rehearse
from kitto.kitting.jobs.plays import ansible, kitto
from kitto.kitting.jobs.watch import look_at_the_late, look_for_devices, look_for_the_forgotten

__all__ = [
    "ansible",
    "ask_again",
    "carry_on",
    "check_recipe",
    "compare",
    "compare_the_due",
    "kitto",
    "look_at_the_late",
    "look_for_devices",
    "look_for_the_forgotten",
    "rehearse",
]
