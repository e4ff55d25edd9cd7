"""Letting a kit go on: queues its job by name, so that actions need not know how it is done."""

from typing import Final

from kitto.base.jobs import KIT, SHORT, JobRef
from kitto.base.work import Work
from kitto.kitting.models import Kit

CARRY_ON: Final = JobRef("kitting.carry_on", KIT.name)
REHEARSE: Final = JobRef("kitting.rehearse", KIT.name)
CHECK_RECIPE: Final = JobRef("kitting.check_recipe", SHORT.name)
COMPARE: Final = JobRef("kitting.compare", KIT.name)


def go_on(work: Work, kit: Kit, *, delay: float = 0) -> None:
    """Queue the kit's job in this transaction. Harmless if it is queued or running already."""
    work.enqueue(CARRY_ON, kit.id, key=kit.key, delay=delay)
