"""What each kind of step asks of the ledger when its turn comes; what acts outside is a job instead."""

from collections.abc import Callable
from typing import Final

from kitto.base.work import Work
from kitto.kitting.actions.kinds.licences import licence
from kitto.kitting.actions.kinds.reports import approval, file, person, report
from kitto.kitting.actions.kinds.secrets import secret
from kitto.kitting.actions.kinds.windows import window
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.states import StepKind
from kitto.kitting.rules.verdicts import Verdict

Look = Callable[[Work, Kit, KitStep], Verdict]
"""Looks at a step whose turn has come, and again whenever its kit goes on. Writes only what it must take."""

LOOKS: Final[dict[StepKind, Look]] = {
    StepKind.MANUAL: person,
    StepKind.PHOTO: person,
    StepKind.SCAN: person,
    StepKind.LABEL: person,
    StepKind.ARTIFACT: file,
    StepKind.HANDOVER: person,
    StepKind.APPROVAL: approval,
    StepKind.AGENT_WAIT: report,
    StepKind.CHECK: report,
    StepKind.LICENCE: licence,
    StepKind.SECRET: secret,
    StepKind.WINDOW: window,
}
