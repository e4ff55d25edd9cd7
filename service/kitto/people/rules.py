"""Who people are and when they belong: kinds, dates, names as they are searched, and refusals."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kitto.base.errors import InvalidInput, Refusal
from kitto.base.i18n import N_, Words


class PersonKind(StrEnum):
    """How a person belongs to the organisation."""

    EMPLOYEE = "employee"
    TEMPORARY = "temporary"
    PARTNER = "partner"
    OFFICER = "officer"


KINDS: Final = {
    PersonKind.EMPLOYEE: N_("Employee"),
    PersonKind.TEMPORARY: N_("Temporary staff"),
    PersonKind.PARTNER: N_("Business partner"),
    PersonKind.OFFICER: N_("Officer"),
}


class Presence(StrEnum):
    """Whether a person belongs on a date."""

    COMING = "coming"
    ACTIVE = "active"
    LEFT = "left"


def presence(starts_on: date | None, ends_on: date | None, day: date) -> Presence:
    """The one rule for "active on a date": first and last day count, no date means no limit."""
    if starts_on is not None and day < starts_on:
        return Presence.COMING
    if ends_on is not None and day > ends_on:
        return Presence.LEFT
    return Presence.ACTIVE


LONGEST: Final = {
    "number": 32,
    "code": 32,
    "name": 100,
    "kana": 100,
    "mail": 254,
    "badge": 64,
    "cost_centre": 32,
}
_MAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−ｰ－"), "-")  # what IMEs type for a hyphen
# Old and rare forms of kanji in names, and the form they are searched by.
_KANJI: Final = str.maketrans(
    "髙﨑嵜碕邊邉齋齊斉濵濱澤廣國櫻嶋嶌槇眞德惠栁榮關瀨龍靜與萬豐圓壽實條淺瀧黑增步緖薰會來學礒舘舩曾冨峯埜𠮷桒枩柗穐彌鐵鷗鄕晧桝應藏縣將彥羽祐",
    "高崎崎崎辺辺斎斎斎浜浜沢広国桜島島槙真徳恵柳栄関瀬竜静与万豊円寿実条浅滝黒増歩緒薫会来学磯館船曽富峰野吉桑松松秋弥鉄鴎郷皓枡応蔵県将彦羽祐",
)
_KANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)} | {0x30F5: ord("か"), 0x30F6: ord("け")}
_SELECTORS: Final = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
MOST_TERMS: Final = 8
DEEPEST: Final = 20


def search_key(text: str) -> str:
    """A name as it is searched: NFKC, hiragana, new kanji, lower case, no spaces or variants."""
    key = _folded(text)
    # Some signs unfold into a space and an accent, which then joins the letter before it.
    while (again := _folded(key)) != key:
        key = again
    return key


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.translate(_SELECTORS)).casefold()
    kept = "".join(sign for sign in plain if not (sign.isspace() or unicodedata.category(sign)[0] == "C"))
    return unicodedata.normalize("NFKC", kept).translate(_KANA).translate(_KANJI)


def search_terms(text: str) -> list[str]:
    """What someone typed, as keys that must all be found."""
    return [key for word in text.split()[:MOST_TERMS] if (key := search_key(word))]


def tidy(text: str) -> str:
    """Text as it is kept: composed, without control signs, single spaces, trimmed."""
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def code_key(text: str) -> str:
    """A number, code or badge as it is kept: NFKC, upper case, plain hyphens, no spaces."""
    plain = unicodedata.normalize("NFKC", text.translate(_DASHES)).translate(_DASHES)
    return "".join(tidy(plain).split()).upper()


def needed(field: str, text: str) -> str:
    """The text, or a refusal when it is empty or too long."""
    if not text:
        raise InvalidInput(field=field, reason=Words(N_("Fill this in.")))
    return fitting(field, text)


def fitting(field: str, text: str) -> str:
    """The text, or a refusal when it is too long."""
    if len(text) > LONGEST[field]:
        raise InvalidInput(
            field=field, reason=Words(N_("Use at most {most} characters."), {"most": LONGEST[field]})
        )
    return text


@dataclass(frozen=True, kw_only=True)
class PersonDetails:
    """What is known of a person. Making one tidies and checks; raises InvalidInput."""

    number: str
    name: str
    kana: str = ""
    kind: PersonKind = PersonKind.EMPLOYEE
    department_id: int | None = None
    mail: str = ""
    joins_on: date | None = None
    leaves_on: date | None = None
    badge: str | None = None
    locale: str = "ja"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "number", needed("number", code_key(self.number)))
        put(self, "name", needed("name", tidy(self.name)))
        put(self, "kana", fitting("kana", tidy(self.kana)))
        put(self, "mail", fitting("mail", tidy(self.mail)))
        put(self, "badge", fitting("badge", code_key(self.badge or "")) or None)
        if self.mail and not _MAIL.fullmatch(self.mail):
            raise InvalidInput(field="mail", reason=Words(N_("Write it like name@example.jp.")))
        if self.locale not in ("ja", "en"):
            raise InvalidInput(field="locale", reason=Words(N_("Choose ja or en.")))
        in_order(self.joins_on, self.leaves_on)


@dataclass(frozen=True, kw_only=True)
class ProjectDetails:
    """What is known of a project. Making one tidies and checks; raises InvalidInput."""

    code: str
    name: str
    manager_id: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    cost_centre: str = ""

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "code", needed("code", code_key(self.code)))
        put(self, "name", needed("name", tidy(self.name)))
        put(self, "cost_centre", fitting("cost_centre", tidy(self.cost_centre)))
        in_order(self.starts_on, self.ends_on)


@dataclass(frozen=True, kw_only=True)
class DepartmentDetails:
    """What is known of a department. Making one tidies and checks; raises InvalidInput."""

    code: str
    name: str
    parent_id: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "code", needed("code", code_key(self.code)))
        put(self, "name", needed("name", tidy(self.name)))
        in_order(self.valid_from, self.valid_to)


def in_order(first: date | None, last: date | None) -> None:
    """Refuse a last day before the first."""
    if first is not None and last is not None and last < first:
        raise DatesReversed(first=first, last=last)


class DatesReversed(Refusal):
    code = "people.dates_reversed"
    status = 422
    says = N_("Nothing was changed: the last day {last} is before the first day {first}. Correct them.")


class NumberTaken(Refusal):
    code = "people.number_taken"
    says = N_("Nothing was changed: number {number} belongs to {name}. Use another number.")


class BadgeTaken(Refusal):
    code = "people.badge_taken"
    says = N_("Nothing was changed: this badge belongs to {name} ({number}). Take it from them first.")


class CodeTaken(Refusal):
    code = "people.code_taken"
    says = N_("Nothing was changed: code {key} belongs to {name}. Use another code.")


class BadgeUnknown(Refusal):
    code = "people.badge_unknown"
    status = 404
    says = N_("No person has this badge. Scan the staff badge again, or type the staff number.")


class DepartmentLoop(Refusal):
    code = "people.department_loop"
    says = N_("Nothing was changed: {name} cannot stand below itself. Choose another parent.")


class DepartmentTooDeep(Refusal):
    code = "people.department_too_deep"
    status = 422
    says = N_("Nothing was changed: departments stand at most {most} below each other. Choose a higher one.")


class DepartmentClosed(Refusal):
    code = "people.department_closed"
    says = N_("Nothing was changed: the department {name} is not valid on {day}. Choose another one.")


class MembershipOverlaps(Refusal):
    code = "people.membership_overlaps"
    says = N_("Nothing was changed: {name} is in {project} on these dates already. Change those dates.")
