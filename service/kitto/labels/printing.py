"""A print from order to history: read, let go, draw, and only then write."""

from kitto.base.work import Actor, Ledger
from kitto.labels import actions, queries
from kitto.labels.adapters import folder
from kitto.labels.adapters.board import draw
from kitto.labels.models import LabelPrint
from kitto.labels.rules import Drawn, LabelFileGone, PrintOrder


def prepare(ledger: Ledger, actor: Actor, order: PrintOrder) -> Drawn:
    """Draw and read back an order while no transaction is open: a thousand labels take seconds."""
    with ledger.read(actor) as work:
        plan = queries.plan(work, order)
    return draw(plan, queries.store())


def print_now(ledger: Ledger, actor: Actor, order: PrintOrder) -> LabelPrint:
    """The whole way, for commands and jobs; doors enter the print in their own work."""
    drawn = prepare(ledger, actor, order)
    with ledger.begin(actor) as work:
        return actions.print_labels(work, drawn)


def file_of(made: LabelPrint) -> bytes:
    """The PDF of a print as it was made. Refuses with labels.file_gone."""
    pdf = folder.take(queries.store(), made.sha256)
    if pdf is None:
        raise LabelFileGone(key=made.id)
    return pdf
