"""Files that a fresh machine needs (answer files, first-contact scripts), as steps of a kit."""

import hashlib

from kitto.assets import queries as asset_queries
from kitto.base.i18n import Words
from kitto.base.work import Work
from kitto.bootstrap import actions as bootstrap
from kitto.bootstrap.rules.artifacts import Artifact
from kitto.bootstrap.rules.states import ArtifactKind
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.chain import prove
from kitto.kitting.rules.refusals import FileUnknown, StepNotWaiting
from kitto.kitting.rules.states import STEP_WORDS, StepKind, StepState

MADE = "file_made"
CALLED = "machine_called"


def make_file(work: Work, *, kit_id: int, step: str) -> Artifact:
    """The file of an artifact step, made anew with a one-time token of its own at each call.

    The step is done when the machine calls with that token, or when a person confirms it. Refuses steps
    that do not wait, and kinds of files that nobody can make.
    """
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    asset = asset_queries.by_id(work, kit.device)
    work.allow(Permission.KIT, asset.scopes)
    found = queries.step_of(kit, step)
    if found.kind is not StepKind.ARTIFACT or found.state is not StepState.WAITING:
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    wanted = str(found.with_.get("kind", ""))
    if wanted not in set(ArtifactKind):
        raise FileUnknown(kind=wanted[:64])
    made = bootstrap.artifact(work, asset, ArtifactKind(wanted))
    data = {
        "kind": wanted,
        "name": made.name,
        "token": made.token_id,
        "sha256": hashlib.sha256(made.content).hexdigest(),
    }
    prove(work, kit, found, MADE, data)
    return made
