"""Which passwords are too easy; rules only, no database."""

import random
import string

import pytest

from kitto.identity.rules.passwords import PIECES_LEAST, pieces, weigh
from kitto.identity.rules.refusals import PasswordTooWeak


@pytest.mark.parametrize(
    "good",
    ["four grey herons overhead", "k9#vTq2!mZx7", "橋の下を流れる水と九月の月", "Quiet-lantern-downstream-5"],
)
def test_long_and_odd_is_good(good: str) -> None:
    weigh(good, "sato", "佐藤 花子", "Kitto")


@pytest.mark.parametrize(
    "weak",
    [
        "Passw0rd!Passw0rd!",
        "administrator1",
        "123456789012345",
        "1qaz2wsx3edc4rfv",
        "sakura20260401",
        "佐藤花子佐藤花子2026",
        "sato.hanako.sato",
        "international",
        "3141592653589793",
    ],
)
def test_what_a_guesser_tries_first_is_refused(weak: str) -> None:
    with pytest.raises(PasswordTooWeak):
        weigh(weak, "sato", "佐藤 花子", "Kitto")


def test_twelve_random_characters_are_enough() -> None:
    chance = random.Random(11)
    signs = string.ascii_letters + string.digits
    made = ["".join(chance.choices(signs, k=12)) for _ in range(500)]
    assert sum(pieces(password) < PIECES_LEAST for password in made) <= 5


def test_weighing_the_longest_password_is_quick() -> None:
    chance = random.Random(7)
    assert pieces("".join(chance.choices(string.printable, k=128))) > PIECES_LEAST
