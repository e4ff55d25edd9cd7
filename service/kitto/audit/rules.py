"""What a line of the journal says and where it leads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from kitto.assets.rules.life import STATE_WORDS, STEP_WORDS, State, Step
from kitto.audit.fields import field_said
from kitto.base.errors import Refusal
from kitto.base.facts import all_facts
from kitto.base.i18n import N_, Told, Words, translate
from kitto.health.rules.wording import CHECK_SAYS, PROBE_SAYS
from kitto.kitting.rules.states import WAIT_WORDS
from kitto.licences.rules import LINE_STATES

# Where a subject has a page; `{id}` is its number, other names are fields of the fact.
PAGES: Final[Mapping[str, str]] = {
    "asset": "/devices/{tag}",
    "person": "/people/{id}",
    "project": "/projects/{id}",
    "kit": "/kitting/{id}",
    "kit_order": "/kitting/orders/{id}",
    "kit_profile": "/kitting/profiles/{name}",
    "recipe_check": "/kitting/checks/{id}",
    "handover": "/handovers/{id}",
    "account": "/settings/accounts/{id}",
    "pool": "/licences/{id}",
    "outside_run": "/runs/{id}",
    "phone_line": "/lines/{id}",
    "sim": "/sims/{id}",
}
SUBJECT_WORDS: Final[Mapping[str, str]] = {
    "account": N_("Account"),
    "agent": N_("Agent"),
    "asset": N_("Device"),
    "ci_trust": N_("CI trust"),
    "department": N_("Department"),
    "enrolment_token": N_("Enrolment token"),
    "handover": N_("Hand-over"),
    "key": N_("Key"),
    "kit": N_("Kit"),
    "kit_order": N_("Order of kits"),
    "kit_profile": N_("Kitting profile"),
    "label_print": N_("Label print"),
    "label_printer": N_("Label printer"),
    "master": N_("Master data"),
    "outside_run": N_("Run from elsewhere"),
    "person": N_("Person"),
    "phone_line": N_("Line"),
    "pool": N_("Licence pool"),
    "probe_credential": N_("Probe credential"),
    "problem": N_("Problem"),
    "project": N_("Project"),
    "recipe_check": N_("Recipe check"),
    "sim": N_("SIM"),
    "software_title": N_("Software"),
    "token": N_("Token"),
}
ROOM_WORDS: Final[Mapping[str, str]] = {
    "assets": N_("Devices"),
    "bootstrap": N_("First connection"),
    "checkins": N_("Check-ins"),
    "handover": N_("Desk"),
    "health": N_("Health"),
    "identity": N_("Sign-in and accounts"),
    "kitting": N_("Kitting"),
    "labels": N_("Labels"),
    "licences": N_("Licences"),
    "people": N_("People and projects"),
    "runs": N_("Runs from elsewhere"),
}
# Fields whose values are words of the house and are said in the reader's language.
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "state": {state.value: STATE_WORDS[state] for state in State},
    "step": {step.value: STEP_WORDS[step] for step in Step if step in STEP_WORDS},
    "line_state": {state.value: says for state, says in LINE_STATES.items()},
    "check": {check.value: says for check, says in CHECK_SAYS.items()},
    "waits_for": {wait.value: says for wait, says in WAIT_WORDS.items()},
    "probe": {kind.value: says for kind, says in PROBE_SAYS.items()},
}


# What would stand there as a bare number says what it is; where there is none, nothing stands there.
_NAMED: Final[Mapping[str, str]] = {"order_no": N_("(order {number})")}


class DatesReversed(Refusal):
    code = "audit.dates_reversed"
    status = 422
    says = N_("Nothing is shown: the first day comes after the last one. Swap them.")


@dataclass(frozen=True)
class JournalFilter:
    """What a list of facts shows. Empty means everything; days count in the reader's time zone."""

    subject_kind: str = ""
    subject_id: str = ""
    actor: str = ""
    room: str = ""
    kind: str = ""
    text: str = ""
    first_day: date | None = None
    last_day: date | None = None
    flagged: bool = False

    def __post_init__(self) -> None:
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise DatesReversed


@dataclass(frozen=True)
class Change:
    """One field, before and after, as it is shown."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One fact as it is shown."""

    seq: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    request_id: str
    kind: str
    subject_kind: str
    subject_id: str
    flagged: bool
    data: Mapping[str, Any]
    prev_hash: str
    hash: str
    link: str = ""
    changes: tuple[Change, ...] = field(default=())

    def sentence(self, locale: str) -> str:
        """What happened, in the reader's language. A fact of a room that is gone says its kind."""
        known = all_facts().get(self.kind)
        if known is None:
            return self.kind
        values = _Values({name: _said(name, value) for name, value in self.data.items()})
        try:
            return translate(locale, known.says, **values.over(known.says)).strip()
        except (KeyError, ValueError, IndexError):
            return self.kind


class _Values(dict[str, Any]):
    """Fields of a fact that was written by an older version may be missing: they show as a dash."""

    def over(self, sentence: str) -> dict[str, Any]:
        names = [part.split("}")[0] for part in sentence.split("{")[1:]]
        return dict.fromkeys(names, "–") | self


def changes_of(data: Mapping[str, Any], locale: str) -> tuple[Change, ...]:
    """The changes of a fact, one line each."""
    found = data.get("changes")
    if not isinstance(found, dict):
        return ()
    return tuple(
        Change(field_said(name, locale), _shown(name, pair[0], locale), _shown(name, pair[1], locale))
        for name, pair in found.items()
        if isinstance(pair, list) and len(pair) == 2  # noqa: PLR2004 -- before and after
    )


def link_of(subject_kind: str, subject_id: str, data: Mapping[str, Any]) -> str:
    """The page of the subject, or nothing where it has none."""
    page = PAGES.get(subject_kind, "")
    names = {key: quote(str(value), safe="") for key, value in data.items()} | {
        "id": quote(subject_id, safe="")
    }
    needed = page.partition("{")[2].partition("}")[0]
    return page.format_map(names) if page and names.get(needed) and subject_id != "unknown" else ""


def _said(name: str, value: Any) -> Any:
    if isinstance(value, dict) and value.keys() - {"also"} == {"code", "says", "names"}:
        return Told.of(value)
    if name in _NAMED and value:
        return Words(_NAMED[name], {"number": value})
    words = _WORDS.get(name, {}).get(value) if isinstance(value, str) else None
    return Words(words) if words else value


def _shown(name: str, value: Any, locale: str) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return translate(locale, "Yes" if value else "No")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    said = _said(name, value)
    return said.said(locale) if isinstance(said, Words | Told) else str(said)
