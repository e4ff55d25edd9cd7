"""Facts: what happened, past tense, frozen, without secrets."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from kitto.base.i18n import Told

if TYPE_CHECKING:
    from kitto.base.work import Work

Changes = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Base of all facts.

    `kind` is "<room>.<past tense>"; `about` and `also` name the subject and a second one as
    (kind of subject, attribute that holds its id); `says` is the sentence on the timeline,
    filled from the fact's own fields.
    """

    kind: ClassVar[str]
    says: ClassVar[str]
    about: ClassVar[tuple[str, str]]
    also: ClassVar[tuple[str, str] | None] = None
    flagged: ClassVar[bool] = False

    changes: Changes = field(default_factory=dict)

    def subject(self) -> tuple[str, str]:
        kind, attribute = self.about
        return kind, str(getattr(self, attribute))

    def second_subject(self) -> tuple[str, str] | None:
        if self.also is None or getattr(self, self.also[1]) is None:
            return None
        return self.also[0], str(getattr(self, self.also[1]))

    def data(self) -> dict[str, Any]:
        """The fields as JSON values; `changes` as {field: [before, after]}."""
        found: dict[str, Any] = plain(asdict(self))
        if not found["changes"]:
            del found["changes"]
        return found


def plain(value: Any) -> Any:
    """JSON-ready copy of a value: dates in ISO 8601, enums by value, sentences by what they are made of."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum | Told):
        return plain(value.value if isinstance(value, Enum) else value.parts())
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def all_facts() -> dict[str, type[Fact]]:
    """Every fact that has been imported, by kind."""
    return {cls.kind: cls for cls in _subclasses(Fact) if "kind" in vars(cls)}


def field_names(cls: type[Fact]) -> set[str]:
    return {item.name for item in fields(cls)}


def _subclasses(cls: type[Fact]) -> Iterator[type[Fact]]:
    for child in cls.__subclasses__():
        yield child
        yield from _subclasses(child)


Reaction = Callable[["Work", Any], None]
_reactions: dict[type[Fact], list[Reaction]] = {}


def reacts_to(*facts: type[Fact]) -> Callable[[Reaction], Reaction]:
    """Register what a room does, in the same transaction, when a lower room records a fact."""

    def register(reaction: Reaction) -> Reaction:
        for fact in facts:
            known = _reactions.setdefault(fact, [])
            if reaction not in known:
                known.append(reaction)
        return reaction

    return register


def reactions_to(fact: Fact) -> list[Reaction]:
    return list(_reactions.get(type(fact), ()))
