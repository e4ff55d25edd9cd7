"""Why a play failed, in the words that its recipe has for it in both languages."""

import msgspec

from kitto.base.i18n import Told
from kitto.kitting.adapters import recipes
from kitto.kitting.adapters.plays import Outcome, PlayOutcome
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.causes import said_again


def in_both_languages(kit: Kit, step: KitStep, outcome: PlayOutcome) -> PlayOutcome:
    """The outcome with its reason as a sentence for each reader; what nobody has words for stays as it is.

    A part of noting how a step ended, which has asked. The words are those of the recipe as the kit froze it.
    """
    is_ours = outcome.says or isinstance(outcome.reason, Told)
    if outcome.outcome is not Outcome.FAILED or is_ours or not outcome.cause:
        return outcome
    told = sentence(kit, step, outcome.cause, outcome.reason)
    return msgspec.structs.replace(outcome, reason=told) if isinstance(told, Told) else outcome


def sentence(kit: Kit, step: KitStep, code: str, message: str) -> str:
    """What a play of this step said with a code, for each reader; as it is where nobody has words for it.

    A part of noting what a play said, which has asked.
    """
    content = kit.profile.recipes.get(step.spec.get("recipe", ""), "")
    own = recipes.causes(content).get(code, ()) if content else ()
    told = said_again(code, message, ((said.en, said.ja) for said in own))
    return message if told is None else told
