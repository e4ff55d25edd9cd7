"""Panels that upper rooms show on a page of a lower one, drawn when the page is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from kitto.base.work import Work
from kitto.web.hooks import Panel, filled
from kitto.web.render import templates


@dataclass(frozen=True)
class DrawnPanel:
    """One panel with what it shows; a template says `{{ panel.html() }}`."""

    panel: Panel
    values: Mapping[str, Any]

    @property
    def title(self) -> str:
        return self.panel.title

    def html(self) -> Markup:
        """The panel's template with its own values, as part of the page being drawn."""
        environment = templates()
        page = environment.globals["here"]()  # type: ignore[operator]  # the page being drawn
        names = {"page": page, "actor": page.actor, "now": page.now, **self.values}
        return Markup(environment.get_template(self.panel.template).render(names))  # noqa: S704 -- our own template, escaped there


def panels_of(page: str, work: Work, subject_id: int) -> list[DrawnPanel]:
    """The panels of a page that have something to show, in order."""
    return [DrawnPanel(item, values) for item, values in filled(page, work, subject_id)]
