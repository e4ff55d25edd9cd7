"""What was handed over or back, and what its paper says."""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from kitto.assets.rules import HolderKind
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words, translate
from kitto.base.paging import USUAL, Page, page
from kitto.base.paper import fonts
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.handover.models import Handover, HandoverLine
from kitto.handover.rules import CONDITION_WORDS, DocumentDamaged, DocumentNotReady, Kind
from kitto.identity.rules import Permission
from kitto.people.rules import code_key

BIGGEST = 2**63 - 1
GETA = "〓"
"""What Japanese printers have always set where a type was missing."""


def handover(work: Work, handover_id: int) -> Handover:
    """One hand-over or return with its lines, seats and document. Refuses NotFound."""
    work.allow(Permission.SEE)
    wanted = handover_id if 0 < handover_id <= BIGGEST else 0
    found = work.session.scalar(
        select(Handover)
        .options(selectinload(Handover.lines), selectinload(Handover.seats), joinedload(Handover.document))
        .where(Handover.id == wanted)
    )
    if found is None:
        raise NotFound(thing=Words(N_("hand-over")), key=handover_id)
    return found


def by_number(work: Work, number: str) -> Handover:
    """The hand-over with this document number. Refuses NotFound."""
    work.allow(Permission.SEE)
    found = work.session.scalar(select(Handover.id).where(Handover.number == code_key(number)))
    if found is None:
        raise NotFound(thing=Words(N_("document")), key=number[:32])
    return handover(work, found)


def handovers(work: Work, *, cursor: str | None = None, limit: int = USUAL) -> Page[Handover]:
    """A page of hand-overs and returns, the newest first."""
    work.allow(Permission.SEE)
    return page(
        work,
        select(Handover).options(selectinload(Handover.lines), joinedload(Handover.document)),
        by=(Handover.id.expression,),
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def of_holder(work: Work, kind: HolderKind, holder_id: int, *, limit: int = 20) -> Sequence[Handover]:
    """The latest papers of a person or project."""
    work.allow(Permission.SEE)
    return work.session.scalars(
        select(Handover)
        .options(selectinload(Handover.lines), joinedload(Handover.document))
        .where(Handover.holder_kind == kind, Handover.holder_id == holder_id)
        .order_by(Handover.id.desc())
        .limit(limit)
    ).all()


def of_asset(work: Work, asset_id: int, *, limit: int = 20) -> Sequence[Handover]:
    """The latest papers that name a device."""
    work.allow(Permission.SEE)
    return work.session.scalars(
        select(Handover)
        .options(joinedload(Handover.document))
        .where(Handover.id.in_(select(HandoverLine.handover_id).where(HandoverLine.asset_id == asset_id)))
        .order_by(Handover.id.desc())
        .limit(limit)
    ).all()


def address(number: str) -> str:
    """Where the paper is found; printed on it as a QR code."""
    return f"{settings().public_url()}/d/{number}"


def paper_of(row: Handover) -> Mapping[str, object]:
    """What the paper says, as the templates in label_templates/documents want it.

    A letter without a shape in the fonts stands as 〓, and a note names its code: a rare name must
    not keep anybody from getting a receipt, and nothing is replaced in silence.
    """
    said = _said(row)
    strange = dict.fromkeys(sign for text in _strings(said) for sign in fonts.missing_glyphs(text))
    if not strange:
        return said
    codes = ", ".join(" ".join(f"U+{ord(sign):04X}" for sign in cluster) for cluster in strange)
    note = translate(row.language, N_("The letters {codes} cannot be printed and stand as 〓."), codes=codes)
    marked = _marked({**said, "note": ""}, list(strange))
    return {**marked, "note": f"{_marked_text(row.note, list(strange))} {note}".strip()}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _marked(values: Mapping[str, object], strange: Sequence[str]) -> dict[str, object]:
    return {key: _marked_value(value, strange) for key, value in values.items()}


def _marked_value(value: object, strange: Sequence[str]) -> object:
    if isinstance(value, str):
        return _marked_text(value, strange)
    if isinstance(value, Mapping):
        return _marked(value, strange)
    if isinstance(value, list):
        return [_marked_value(item, strange) for item in value]
    return value


def _marked_text(text: str, strange: Sequence[str]) -> str:
    text = unicodedata.normalize("NFC", text)
    for cluster in sorted(strange, key=len, reverse=True):
        text = text.replace(cluster, GETA)
    return text


def _said(row: Handover) -> dict[str, object]:
    stands = {"name": row.by_name}
    between = "、" if row.language == "ja" else ", "
    own = settings()
    return {
        "language": row.language,
        "number": row.number,
        "date": row.on.isoformat(),
        "organisation": own.organisation or "Kitto",
        "contact": own.contact,
        "note": row.note,
        "receiver": {
            "name": row.holder_name,
            "kana": row.holder_kana,
            "number": row.holder_number,
            "department": row.holder_department,
        },
        "handed-by" if row.kind is Kind.RECEIPT else "taken-by": stands,
        "due": row.due_on.isoformat() if row.due_on else "",
        "devices": [
            {
                "tag": line.tag,
                "serial": line.serial,
                "model": line.model,
                "accessories": between.join(line.accessories),
                "missing": between.join(line.missing),
                "condition": translate(row.language, CONDITION_WORDS[line.condition]),
            }
            for line in row.lines
        ],
        "licences": [
            {
                "name": seat.name,
                "seat": seat.holder,
                "until": seat.until.isoformat() if seat.until else "",
            }
            for seat in row.seats
        ],
    }


def document_file(row: Handover) -> bytes:
    """The PDF of a paper, checked against its hash. Refuses DocumentNotReady, DocumentDamaged."""
    if row.document is None:
        raise DocumentNotReady(number=row.number)
    try:
        content = (settings().data / row.document.path).read_bytes()
    except OSError as gone:
        raise DocumentDamaged(number=row.number) from gone
    if hashlib.sha256(content).hexdigest() != row.document.sha256:
        raise DocumentDamaged(number=row.number)
    return content
