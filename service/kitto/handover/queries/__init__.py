"""Everything that reads the desk: the open session as it stands, and what was handed over or back."""

from kitto.handover.queries.desk import DeskLineView, DeskView, actor_key, own_session, view
from kitto.handover.queries.papers import (
    by_number,
    document_file,
    handover,
    handovers,
    of_asset,
    of_holder,
    paper_of,
)

__all__ = [
    "DeskLineView",
    "DeskView",
    "actor_key",
    "by_number",
    "document_file",
    "handover",
    "handovers",
    "of_asset",
    "of_holder",
    "own_session",
    "paper_of",
    "view",
]
