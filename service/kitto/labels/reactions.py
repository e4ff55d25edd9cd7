"""What labels do when something happens to a device, and what they show on its page and on Today."""

from collections.abc import Mapping, Sequence
from typing import Any

from kitto.assets.facts import AssetReceived
from kitto.base.facts import reacts_to
from kitto.base.i18n import N_, translate_plural
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.labels import actions, queries
from kitto.web.hooks import Waiting, panel, waits


@reacts_to(AssetReceived)
def queue_label(work: Work, fact: AssetReceived) -> None:
    """A device that has just got its tag waits for its label."""
    actions.want_label(work, fact.asset_id)


@waits("labels", title=N_("Labels to print"), order=20)
def labels_to_print(work: Work) -> Sequence[Waiting]:
    """One line for all devices that wait for a label."""
    if not work.actor.may(Permission.PRINT_LABELS):
        return []
    count = queries.wanted_count(work)
    if not count:
        return []
    oldest = queries.label_of(work, queries.wanted(work, limit=1)[0].id)
    sentence = translate_plural(
        work.locale, N_("{n} device waits for its label"), N_("{n} devices wait for their labels"), count
    )
    since = oldest.wanted_since if oldest and oldest.wanted_since else work.now
    return [Waiting(sentence=sentence, link="/labels", button=N_("Print"), since=since)]


@panel("asset", "label", title=N_("Label"), template="labels/panel.html", order=60)
def label_panel(work: Work, asset_id: int) -> Mapping[str, Any] | None:
    """The label on the device's page: code, when printed, when scanned back."""
    found = queries.tagged(work, asset_id)
    if found is None:
        return None
    return {"tag": found, "label": queries.label_of(work, asset_id)}
