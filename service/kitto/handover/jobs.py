"""Papers are made after the commit, by a job that may be run again."""

import hashlib
import os
from pathlib import Path

from kitto.base.jobs import SHORT, JobRun, job
from kitto.base.paper import documents
from kitto.base.settings import settings
from kitto.base.work import Ledger, system_actor
from kitto.handover import actions, queries
from kitto.handover.queries.papers import address
from kitto.handover.rules import Kind
from kitto.identity.rules import Permission

TEMPLATES = {Kind.RECEIPT: "receipt.typ", Kind.RETURN: "return.typ"}
FOLDER = "documents"


@job(SHORT)
def make_document(run: JobRun, handover_id: int) -> None:
    """Make the PDF of a hand-over or return, once. The same values give the same file."""
    run.step("make", _make, run.ledger, handover_id)


def _make(ledger: Ledger, handover_id: int) -> str:
    desk = system_actor("desk", Permission.SEE, Permission.HAND_OVER)
    with ledger.read(desk) as work:
        row = queries.handover(work, handover_id)
        if row.document is not None:
            return row.document.sha256
        paper, kind, number, year = queries.paper_of(row), row.kind, row.number, row.on.year
    template = settings().shipped("label_templates") / "documents" / TEMPLATES[kind]
    pdf = documents.render_document(template, paper, qr_codes={"number": address(number)})
    path = f"{FOLDER}/{year}/{number}.pdf"
    _keep(settings().data / path, pdf)
    sha256 = hashlib.sha256(pdf).hexdigest()
    with ledger.begin(desk) as work:
        actions.note_document(work, handover_id, path=path, sha256=sha256, size=len(pdf))
    return sha256


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.replace(path)
