"""What a play says when it fails, in both languages: its own sentence, found again in the recipe's words."""

import re
from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Final

from kitto.base.i18n import N_, Told

CODED: Final = re.compile(r"\s*\[([a-z][a-z_]+)\]\s*")
"""How a message begins whose first word is its code."""
LONGEST_VALUE: Final = 500
_PLACE: Final = re.compile(r"[a-z][a-z0-9_]*")

OURS: Final[Mapping[str, tuple[str, ...]]] = {
    "wrong_device": (
        N_(
            "This machine says its serial number is “{seen}”; the ledger says {tag} is “{known}”. Nothing was"
            " changed. Look at the label on the device."
        ),
        N_(
            "This device says its serial number is “{seen}”; the ledger says {tag} is “{known}”. Nothing was"
            " changed. Look at the label on the device."
        ),
    ),
    "not_taken": (N_("The device took these lines and does not show them: {lines}. Look at it by hand."),),
    "enable_refused": (N_("The device lets Kitto in, but not into privileged mode. Correct that password."),),
    "command_refused": (
        N_("The device has no configuration mode for this account."),
        N_("The device refused “{command}”: {text}"),
    ),
    "line_strange": (N_("{line} is no line of a configuration. Correct the order."),),
    "not_saved": (N_("The device did not save its configuration. Look at it by hand."),),
}
"""What our own tasks say in any recipe: `tasks/right_machine.yml`, and Kitto's plugins."""


def said_again(code: str, message: str, own: Iterable[tuple[str, str]]) -> Told | None:
    """The sentence of a play as it can be said in each reader's language, or None if nobody has words for it.

    `own` are the recipe's words for this code, English and Japanese, with the values of the message as
    `{name}`. They may be anybody's, so a place with more than a name in it is none.
    """
    for english, japanese in own:
        names = values(english, message)
        there = places(japanese)
        if names is not None and there is not None and there <= names.keys():
            return Told(english, names, code=code, also={"ja": japanese})
    for english in OURS.get(code, ()):
        names = values(english, message)
        if names is not None:
            return Told(english, names, code=code)
    return None


def values(words: str, message: str) -> dict[str, str] | None:
    """What stands in a message at the places of these words; None if it is another message.

    Takes time in proportion to the message, whatever stands in it.
    """
    split = _split(words)
    if split is None:
        return None
    texts, names = split
    if not names:
        return {} if _plain(message) == texts[0] else None
    first, *between, last = texts
    # Two places with nothing between them cannot be told apart.
    if len(set(names)) < len(names) or not all(between):
        return None
    said = _plain(message) + ("" if last else " ")
    end = len(said) - len(last)
    if not said.startswith(first) or not said.endswith(last) or len(first) > end:
        return None
    found, at = dict[str, str](), len(first)
    for name, text in zip(names, between, strict=False):
        here = said.find(text, at, end)
        if here < 0:
            return None
        found[name], at = said[at:here], here + len(text)
    found[names[-1]] = said[at:end]
    return {name: value.strip()[:LONGEST_VALUE] for name, value in found.items()}


def places(words: str) -> set[str] | None:
    """The names of the places in a sentence; None if there is more than a name in one of them."""
    split = _split(words)
    return None if split is None else set(split[1])


def _split(words: str) -> tuple[list[str], list[str]] | None:
    """The texts before, between and behind the places, and the names of these."""
    texts, names = [""], list[str]()
    try:
        for text, name, spec, conversion in Formatter().parse(_plain(words)):
            texts[-1] += text
            if name is None:
                continue
            if spec or conversion or not _PLACE.fullmatch(name):
                return None
            names.append(name)
            texts.append("")
    except ValueError:
        return None
    return texts, names


def _plain(text: str) -> str:
    return " ".join(text.split())
