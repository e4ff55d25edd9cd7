"""The kitting report (作業報告書) as PDF."""

from typing import Any

from kitto.base.paper import documents
from kitto.base.settings import settings


def report_pdf(said: dict[str, Any], link: str) -> bytes:
    """A4 pages, PDF/A-2b; the code on the first page holds `link` and is read back before it is given."""
    template = settings().shipped("label_templates") / "documents" / "kit.typ"
    return documents.render_document(template, said, qr_codes={"number": link})
