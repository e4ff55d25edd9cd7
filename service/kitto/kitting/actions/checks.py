"""What is looked at before a recipe may be used, and what was found. Ansible is asked in the background."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kitto.base.errors import Refusal
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.adapters import publishing, recipes
from kitto.kitting.adapters.publishing import Finding, Report
from kitto.kitting.adapters.publishing.asking import LINT
from kitto.kitting.adapters.publishing.findings import CODES
from kitto.kitting.facts import RecipeChecked
from kitto.kitting.models import KitOrder, KitProfileVersion, RecipeCheck
from kitto.kitting.rules.profiles import ProfileSpec
from kitto.kitting.rules.refusals import OrderUnfit, ProfileRejected, RecipeUnanswered, RecipeUnfit
from kitto.kitting.signals import CHECK_RECIPE

SILENT: Final = "ansible_silent"
HOPELESS: Final = frozenset({code for code in CODES if code.startswith("yaml_")} | {"playbook_missing"})
"""With these no play can run at all, so nobody need wait for one to find out."""


def look(work: Work, spec: ProfileSpec, *, thorough: bool = True) -> None:
    """Look at each recipe of a profile that is to be published, without Ansible. Refuses profile_rejected.

    A recipe that some version uses already is not looked at again. Not `thorough`: only whether it can run,
    and nothing is noted. A part of publishing, which has asked.
    """
    for recipe in spec.recipes:
        folder = recipes.folder(recipe)
        if folder.is_dir() and queries.is_used(work, recipe, recipes.keep(recipe)):
            continue
        report = publishing.check(folder, ask_ansible=False)
        errors = [
            finding
            for finding in report.findings
            if finding.is_error and (thorough or finding.code in HOPELESS)
        ]
        if errors:
            first = errors[0]
            where = f"{first.file}:{first.line} " if first.line else f"{first.file} "
            rejected = ProfileRejected(
                name=recipe, count=len(errors), first=f"{where}{first.sentence(work.locale)}".strip()
            )
            rejected.findings = errors
            raise rejected
        if thorough:
            _keep(work, recipe, report, asked_ansible=False)


def ask_ansible(work: Work, version: KitProfileVersion) -> None:
    """Queue Ansible's opinion of each recipe of a version. A part of publishing, which has asked."""
    for recipe, content in version.recipes.items():
        if not is_answered(queries.check_of(work, content)):
            work.enqueue(CHECK_RECIPE, recipe, content)


def ask_the_silent(work: Work) -> None:
    """Queue another check of each recipe that starts no kit because Ansible gave no answer about it."""
    work.allow(Permission.KIT)
    work.unrecorded("what the checks find is recorded")
    newest = {pair for version in queries.newest_versions(work) for pair in version.recipes.items()}
    for recipe, content in sorted(newest):
        if any(map(_is_blind, findings_of(queries.check_of(work, content)))):
            work.enqueue(CHECK_RECIPE, recipe, content)


def is_answered(check: RecipeCheck | None) -> bool:
    """Whether Ansible has been asked, and has answered. A part of asking it."""
    if check is None or not check.asked_ansible:
        return False
    return all(finding.code != SILENT for finding in findings_of(check))


def _is_blind(finding: Finding) -> bool:
    """Nobody knows whether Ansible accepts the plays at all; what only lint did not say is no such thing."""
    return finding.code == SILENT and LINT not in finding.names.get("what", "")


def note_check(work: Work, *, recipe: str, report: Report, asked_ansible: bool) -> None:
    """Note what was found in a recipe; what knew more before stays. Idempotent."""
    work.allow(Permission.KIT)
    row = _keep(work, recipe, report, asked_ansible=asked_ansible)
    errors = sum(1 for finding in report.findings if finding.is_error)
    work.record(
        RecipeChecked(
            check_id=row.id,
            name=recipe,
            content=report.content,
            count=errors,
            asked=_programs(report),
        )
    )


def _keep(work: Work, recipe: str, report: Report, *, asked_ansible: bool) -> RecipeCheck:
    row = queries.check_of(work, report.content)
    found: list[Any] = msgspec.to_builtins(report.findings)
    if row is None:
        row = RecipeCheck(
            content=report.content,
            recipe=recipe,
            findings=found,
            asked_ansible=asked_ansible,
            asked=_programs(report),
            checked_at=work.now,
        )
        return work.add(row)
    if asked_ansible or not row.asked_ansible:
        row.findings, row.asked_ansible, row.checked_at = found, asked_ansible, work.now
        row.asked = _programs(report)
    return row


def _programs(report: Report) -> str:
    return ", ".join(report.asked)[:200]


def refuse_unfit(work: Work, version: KitProfileVersion, asked: KitOrder | None = None) -> None:
    """Refuse what a check of its recipes tells against. A part of starting a kit, which has asked.

    Refuses recipe_unfit where it found an error (order_unfit for a kit of an order, which can be lifted),
    recipe_unanswered where Ansible was asked and said nothing.
    """
    refusal = unfit(work, version, asked)
    if refusal is not None:
        raise refusal


def unfit(work: Work, version: KitProfileVersion, asked: KitOrder | None = None) -> Refusal | None:
    """What refuses the kits of this version, or of this order, if anything does. Reads only."""
    work.allow(Permission.SEE)
    for recipe, content in version.recipes.items():
        found = findings_of(queries.check_of(work, content))
        # That nobody answered says nothing about the recipe.
        errors = [finding for finding in found if finding.is_error and finding.code != SILENT]
        if errors:
            told = {"name": recipe, "count": len(errors), "first": errors[0].sentence(work.locale)}
            return OrderUnfit(number=asked.id, **told) if asked is not None else RecipeUnfit(**told)
        if any(map(_is_blind, found)):
            return RecipeUnanswered(name=recipe)
    return None


def findings_of(check: RecipeCheck | None) -> Sequence[Finding]:
    """What a check found. A part of queries that have asked."""
    return msgspec.convert(check.findings, type=tuple[Finding, ...]) if check is not None else ()
