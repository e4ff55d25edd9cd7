"""Differences between ledger and device: raised by reports, settled by people."""

from kitto.assets import actions as assets
from kitto.assets import queries as ledger
from kitto.assets.actions.edit import Changes
from kitto.assets.models import Asset
from kitto.assets.rules import IdentifierKind
from kitto.base.i18n import Words
from kitto.base.work import Work
from kitto.checkins import facts
from kitto.checkins.models import Agent, Finding
from kitto.checkins.queries import findings, observed
from kitto.checkins.rules.findings import FIELD_WORDS, Field, Sides
from kitto.checkins.rules.refusals import FindingNotAcceptable
from kitto.checkins.rules.states import FindingState
from kitto.identity.rules import Permission


def compare(work: Work, agent: Agent) -> Asset:
    """Raise what differs, settle what no longer does; gives the device. For actions only."""
    work.session.flush()  # the sections of this very report are compared
    asset = work.session.get_one(Asset, agent.asset_id)
    open_ones = {item.field: item for item in findings.of_device(work, asset.id, FindingState.OPEN)}
    settled = findings.of_device(work, asset.id, FindingState.DISMISSED)
    dismissed = {(item.field, item.declared, item.observed) for item in settled}
    for sides in observed.both_sides(work, asset, agent):
        there = open_ones.get(sides.field)
        if there is not None and (sides.declared, sides.observed) == (there.declared, there.observed):
            continue
        if there is not None:
            _close(work, asset, there, FindingState.SETTLED)
            work.session.flush()  # the index allows one open finding per field
        if sides.is_different and (sides.field, sides.declared, sides.observed) not in dismissed:
            _raise(work, asset, agent, sides)
    return asset


def _raise(work: Work, asset: Asset, agent: Agent, sides: Sides) -> None:
    made = work.add(
        Finding(
            asset_id=asset.id,
            agent_id=agent.id,
            field=sides.field,
            declared=sides.declared,
            observed=sides.observed,
            state=FindingState.OPEN,
            raised_at=work.now,
            closed_at=None,
            closed_by="",
        )
    )
    work.record(
        facts.FindingRaised(
            asset_id=asset.id,
            tag=asset.name,
            finding_id=made.id,
            field=sides.field,
            declared=sides.declared,
            observed=sides.observed,
        )
    )


def _close(work: Work, asset: Asset, finding: Finding, outcome: FindingState) -> None:
    finding.close(outcome, work.now, work.actor.name)
    work.record(
        facts.FindingClosed(
            asset_id=asset.id,
            tag=asset.name,
            finding_id=finding.id,
            field=finding.field,
            outcome=outcome,
        )
    )


def accept_observed(work: Work, *, tag: str, field: Field) -> Asset:
    """Take over into the ledger what the device says. Raises FindingNotAcceptable for what the
    device is known by, and when the device says nothing about it."""
    work.allow(Permission.ACCEPT_FINDINGS)
    asset = ledger.by_tag(work, tag)
    work.allow(Permission.ACCEPT_FINDINGS, asset.scopes)
    agent = observed.agent_of(work, asset.id)
    every = observed.both_sides(work, asset, agent) if agent else []
    sides = next((item for item in every if item.field is field), None)
    if sides is None or not sides.is_acceptable:
        raise FindingNotAcceptable(field=Words(FIELD_WORDS[field]))
    if field is Field.HOSTNAME:
        assets.change_asset(work, tag=tag, changes=Changes(hostname=sides.observed), version=None)
    else:
        assets.add_identifier(work, tag=tag, kind=IdentifierKind.SERIAL, value=sides.observed)
    for finding in findings.of_device(work, asset.id, FindingState.OPEN):
        if finding.field is field:
            _close(work, asset, finding, FindingState.ACCEPTED)
    return asset


def accept_finding(work: Work, *, finding_id: int, version: int | None = None) -> Finding:
    """Settle a finding by taking over what the device says. Raises FindingClosed."""
    work.allow(Permission.ACCEPT_FINDINGS)
    finding = findings.by_id(work, finding_id)
    work.expect(finding, version)
    if finding.state is not FindingState.OPEN:
        finding.close(FindingState.ACCEPTED, work.now, work.actor.name)
    accept_observed(work, tag=finding.asset.name, field=finding.field)
    return finding


def dismiss_finding(work: Work, *, finding_id: int, version: int | None = None) -> Finding:
    """Say that the ledger is right; the same difference is not raised again. Raises FindingClosed."""
    work.allow(Permission.ACCEPT_FINDINGS)
    finding = findings.by_id(work, finding_id)
    work.allow(Permission.ACCEPT_FINDINGS, finding.asset.scopes)
    work.expect(finding, version)
    _close(work, finding.asset, finding, FindingState.DISMISSED)
    return finding
