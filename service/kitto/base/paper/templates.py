"""Label sheets, tapes and single labels as data: what a pack of labels measures."""

import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from kitto.base.paper.refusals import TemplateUnreadable, UnknownTemplate

TOLERANCE: Final = 0.05
"""Millimetres by which printed tables of measures are rounded."""

Millimetres = Annotated[float, Field(gt=0, le=1000)]
Offset = Annotated[float, Field(ge=0, le=1000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=240)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Medium(StrEnum):
    """What goes into the printer."""

    SHEET = "sheet"
    TAPE = "tape"
    SINGLE = "single"


class Names(_Data):
    ja: Name
    en: Name

    def said(self, locale: str) -> str:
        return self.ja if locale == "ja" else self.en


class Size(_Data):
    width: Millimetres
    height: Millimetres


class LabelSize(Size):
    corner: Offset = 0


class Point(_Data):
    x: Offset = 0
    y: Offset = 0


class Grid(_Data):
    columns: int = Field(default=1, ge=1, le=50)
    rows: int = Field(default=1, ge=1, le=100)


class Inset(_Data):
    """The edge of each label that stays free of ink: tolerance of the cut, or out of the head's reach."""

    left: Offset = 1.5
    right: Offset = 1.5
    top: Offset = 1.0
    bottom: Offset = 1.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in millimetres from the upper left corner."""

    x: float
    y: float
    width: float
    height: float


class Template(_Data):
    """One layout of labels. All measures in millimetres from the upper left corner of the page."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")]
    name: Names
    medium: Medium
    parts: tuple[Name, ...] = ()
    page: Size
    label: LabelSize
    grid: Grid = Grid()
    first: Point = Point()
    pitch: Size | None = None
    inset: Inset = Inset()
    dpi: int = Field(default=600, ge=100, le=2400)
    source: str = Field(min_length=1)
    note: Names | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        step = self.step
        for axis, count, start, pitch, label, page in (
            ("across", self.grid.columns, self.first.x, step.width, self.label.width, self.page.width),
            ("down", self.grid.rows, self.first.y, step.height, self.label.height, self.page.height),
        ):
            if pitch < label - TOLERANCE:
                message = f"labels overlap {axis}: the pitch {pitch} mm is less than the label's {label} mm"
                raise ValueError(message)
            end = start + pitch * (count - 1) + label
            if end > page + TOLERANCE:
                message = f"labels run off the page {axis}: they end at {end:.2f} mm, the page at {page} mm"
                raise ValueError(message)
        if self.inset.left + self.inset.right >= self.label.width:
            message = "the inset leaves no width to print on"
            raise ValueError(message)
        if self.inset.top + self.inset.bottom >= self.label.height:
            message = "the inset leaves no height to print on"
            raise ValueError(message)
        return self

    @property
    def short(self) -> str:
        """The name on the pack, the same in every language."""
        return self.parts[0] if self.parts else self.id

    @property
    def step(self) -> Size:
        """Distance from one label's corner to the next one's."""
        return self.pitch or Size(width=self.label.width, height=self.label.height)

    @property
    def cells(self) -> int:
        """Labels on a page."""
        return self.grid.columns * self.grid.rows

    @property
    def dot(self) -> float:
        """One dot of the printer, in millimetres."""
        return 25.4 / self.dpi

    def cell(self, index: int) -> Box:
        """The place of a label on its page; row by row from the upper left."""
        row, column = divmod(index, self.grid.columns)
        return Box(
            self.first.x + column * self.step.width,
            self.first.y + row * self.step.height,
            self.label.width,
            self.label.height,
        )


class Catalogue:
    """All templates, found by id or by the part number on the pack."""

    def __init__(self, templates: tuple[Template, ...]) -> None:
        self._by_id = {template.id: template for template in templates}
        self._by_part = {
            folded(word): template for template in templates for word in (template.id, *template.parts)
        }
        for template in templates:
            for part in template.parts:
                # The number without its maker, as long as no whole part number is the same.
                self._by_part.setdefault(folded(part.split()[-1]), template)

    def __iter__(self) -> Iterator[Template]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, key: str) -> Template:
        """By id or part number, however it is spelled; raises `UnknownTemplate`."""
        found = self._by_id.get(key) or self._by_part.get(folded(key))
        if found is None:
            raise UnknownTemplate(key=key)
        return found


def folded(part: str) -> str:
    """A part number without case, spaces, hyphens and full-width forms: `ＥＬＭ-012` is `elm012`."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", part).casefold() if letter.isalnum())


@lru_cache(maxsize=8)
def load(folder: Path) -> Catalogue:
    """Every `*.toml` in the folder; raises `TemplateUnreadable` naming file, field and reason."""
    templates: list[Template] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        template = parse(path.name, path.read_bytes())
        for word in {folded(word) for word in (template.id, *template.parts)}:
            if word in seen:
                message = f"{path.name}: “{word}” is already taken by {seen[word]}"
                raise TemplateUnreadable(message)
            seen[word] = path.name
        templates.append(template)
    if not templates:
        message = f"{folder}: no label template found"
        raise TemplateUnreadable(message)
    order = {medium: place for place, medium in enumerate(Medium)}
    return Catalogue(tuple(sorted(templates, key=lambda item: (order[item.medium], item.id))))


def parse(name: str, content: bytes) -> Template:
    """One template file; `name` is for the message of `TemplateUnreadable`."""
    try:
        return Template.model_validate(tomllib.loads(content.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        message = f"{name}: {wrong}"
        raise TemplateUnreadable(message) from wrong
    except ValidationError as wrong:
        reasons = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'template'}: {error['msg']}" for error in wrong.errors()
        )
        message = f"{name}: {reasons}"
        raise TemplateUnreadable(message) from wrong
