"""The drawing board: a plan becomes a finished, read-back and kept PDF. Slow; holds no transaction."""

from pathlib import Path

from kitto.base.paper.sheets import render_labels
from kitto.labels.adapters import folder
from kitto.labels.rules import Drawn, Plan


def draw(plan: Plan, store: Path) -> Drawn:
    """Draw, read back, keep. Refuses as `kitto.base.paper.sheets.render_labels` does."""
    order = plan.order
    made = render_labels(
        plan.template,
        plan.labels(),
        skip=order.skip,
        calibration=plan.calibration,
        border=order.border,
        others=plan.others,
    )
    warnings = {warn.value: count for warn, count in made.warnings.items()}
    return Drawn(plan, folder.keep(store, made.pdf), made.pages, len(made.pdf), warnings)
