"""Secrets as steps: one is generated, or one that a play handed in is made sure of."""

from typing import Final

from kitto.base.i18n import N_, Told
from kitto.base.ids import new_password
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.kitting.actions.secrets import keep_secret, newest_secret
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.verdicts import Done, Failed, Verdict

USUAL_LENGTH: Final = 20
NOT_HANDED_IN = N_("The play has not handed in the secret “{name}”. Run the step before this one again.")


def secret(work: Work, kit: Kit, step: KitStep) -> Verdict:
    """Generate the secret `name` of `length` signs; with `escrow`, see that this kit handed it in."""
    name = str(step.with_.get("name", step.key))[:64]
    known = newest_secret(work, kit.device, name)
    mine = known is not None and known.kit_id == kit.id
    if step.with_.get("escrow"):
        lacking = Told(NOT_HANDED_IN, {"name": name}, code="not_handed_in")
        return Done("secret_sealed", {"name": name}) if mine else Failed(lacking)
    if not mine:
        length = max(12, min(64, int(step.with_.get("length", USUAL_LENGTH))))
        keep_secret(work, kit=kit, name=name, value=Secret(new_password(length)))
    return Done("secret_sealed", {"name": name})
