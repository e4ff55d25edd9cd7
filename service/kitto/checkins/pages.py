"""Pages of agents, findings and enrolment tokens, and the panel "Device says" on a device's page."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from kitto.assets import queries as assets
from kitto.base.i18n import N_, translate
from kitto.base.work import Work
from kitto.checkins import actions, queries
from kitto.checkins.queries import agents, findings, observed
from kitto.checkins.rules import words
from kitto.checkins.rules.findings import FIELD_WORDS, Field
from kitto.checkins.rules.sections import SOFTWARE, opened
from kitto.checkins.rules.states import AgentState, FindingState, Freshness
from kitto.identity.rules import Permission
from kitto.web.bodies import Empty, MaybeNumber
from kitto.web.chips import Chip, register
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.hooks import Waiting, panel, waits
from kitto.web.nav import open_way
from kitto.web.render import redirect, render
from kitto.web.replays import once

router = APIRouter(route_class=Door, include_in_schema=False)

Id = Annotated[int, Path(ge=1, le=2**53)]
Cursor = Annotated[str | None, Query(max_length=500)]
Search = Annotated[str, Query(max_length=200)]
Version = Annotated[MaybeNumber, Form()]
LONGEST_HOURS: Final = 720

_AGENT_LOOKS: Final = {
    AgentState.PENDING: ("warn", "half"),
    AgentState.ACTIVE: ("good", "check"),
    AgentState.QUARANTINED: ("bad", "cross"),
    AgentState.REVOKED: ("plain", "dash"),
}
_FINDING_LOOKS: Final = {
    FindingState.OPEN: ("warn", "triangle"),
    FindingState.ACCEPTED: ("good", "check"),
    FindingState.DISMISSED: ("plain", "dash"),
    FindingState.SETTLED: ("plain", "ring"),
}
_FRESHNESS_LOOKS: Final = {
    Freshness.FRESH: ("good", "dot"),
    Freshness.LATE: ("warn", "half"),
    Freshness.SILENT: ("bad", "ring"),
    Freshness.NEVER: ("plain", "dash"),
}


def _looks(said: Mapping[Any, str], looks: Mapping[Any, tuple[Any, Any]]) -> dict[str, Chip]:
    return {state: Chip(said[state], tone, shape) for state, (tone, shape) in looks.items()}


register("checkins.agent", _looks(words.AGENT_WORDS, _AGENT_LOOKS))
register("checkins.finding", _looks(words.FINDING_WORDS, _FINDING_LOOKS))
register("checkins.freshness", _looks(words.FRESHNESS_WORDS, _FRESHNESS_LOOKS))
open_way("devices", "/agents", N_("Agents"), permission=Permission.SEE, rank=40)
open_way("devices", "/findings", N_("Findings"), permission=Permission.SEE, rank=41)


@router.get("/agents")
def show_agents(
    request: Request,
    work: ReadDep,
    state: Annotated[AgentState | None, Empty, Query()] = None,
    q: Search = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """All agents; those that wait for a person stand on top."""
    work.allow(Permission.SEE)
    chosen = agents.AgentFilter(states=(state,) if state else (), q=q)
    found = agents.listed(work, chosen, cursor=cursor)
    return render(
        request,
        "checkins/agents.html",
        found=found,
        fresh={item.id: observed.freshness_of(work, item) for item in found.items},
        waiting=agents.waiting(work),
        states=words.AGENT_WORDS,
        state=state or "",
        q=q,
    )


@router.get("/agents/tokens")
def show_tokens(request: Request, work: ReadDep, cursor: Cursor = None) -> HTMLResponse:
    """Enrolment tokens and the form for a new one."""
    work.allow(Permission.MANAGE_AGENTS)
    return render(request, "checkins/tokens.html", found=agents.tokens(work, cursor=cursor), made=None)


@router.post("/agents/tokens")
def issue_token(
    request: Request,
    work: WorkDep,
    tag: Annotated[str, Form(max_length=64)] = "",
    uses: Annotated[int, Form(ge=1, le=1000)] = 1,
    hours: Annotated[int, Form(ge=1, le=LONGEST_HOURS)] = 72,
    note: Annotated[str, Form(max_length=200)] = "",
) -> HTMLResponse:
    """The new token is on this page once; a redirect would have to keep it somewhere."""
    made = actions.issue_enrolment_token(
        work, tag=tag.strip() or None, max_uses=uses, lifetime=timedelta(hours=hours), note=note.strip()
    )
    return once(render(request, "checkins/tokens.html", found=agents.tokens(work), made=made))


@router.post("/agents/tokens/{token_id}/end")
def end_token(request: Request, work: WorkDep, token_id: Id) -> Response:
    actions.end_enrolment_token(work, token_id=token_id)
    return redirect(request, "/agents/tokens", N_("The token is ended."))


@router.get("/agents/{agent_id}")
def show_agent(request: Request, work: ReadDep, agent_id: Id, q: Search = "") -> HTMLResponse:
    """One agent: who it says it is, what it reported, and what a person can decide."""
    work.allow(Permission.SEE)
    agent = agents.by_id(work, agent_id)
    sections = {
        item.section: opened(item.section, item.document)
        for item in agents.sections_of(work, agent.id)
        if item.section != SOFTWARE
    }
    return render(
        request,
        "checkins/agent.html",
        agent=agent,
        fresh=observed.freshness_of(work, agent),
        verdicts=words.VERDICT_WORDS,
        by_words=words.BY_WORDS,
        suggestions=agents.suggestions(work, agent),
        sections=sections,
        programs=queries.installed(work, agent.id, q),
        q=q,
    )


@router.post("/agents/{agent_id}/confirm")
def confirm(
    request: Request,
    work: WorkDep,
    agent_id: Id,
    tag: Annotated[str, Form(max_length=64)],
    version: Version = None,
) -> Response:
    agent = actions.confirm_agent(work, agent_id=agent_id, tag=tag, version=version)
    return redirect(request, f"/agents/{agent.id}", N_("The machine is {tag}."), tag=tag)


@router.get("/agents/{agent_id}/revoke")
def ask_revoke(request: Request, work: ReadDep, agent_id: Id) -> HTMLResponse:
    work.allow(Permission.MANAGE_AGENTS)
    return render(request, "checkins/revoke.html", agent=agents.by_id(work, agent_id))


@router.post("/agents/{agent_id}/revoke")
def revoke(
    request: Request,
    work: WorkDep,
    agent_id: Id,
    reason: Annotated[str, Form(max_length=200)] = "",
    version: Version = None,
) -> Response:
    actions.revoke_agent(work, agent_id=agent_id, reason=reason.strip(), version=version)
    return redirect(request, "/agents", N_("The agent is removed; it takes itself away next time."))


@router.get("/findings")
def show_findings(
    request: Request,
    work: ReadDep,
    state: Annotated[FindingState, Query()] = FindingState.OPEN,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Differences between ledger and devices that a person settles."""
    work.allow(Permission.SEE)
    return render(
        request,
        "checkins/findings.html",
        found=findings.listed(work, state=state, cursor=cursor),
        fields=FIELD_WORDS,
        states=words.FINDING_WORDS,
        state=state,
    )


@router.post("/findings/{finding_id}/accept")
def accept(request: Request, work: WorkDep, finding_id: Id, version: Version = None) -> Response:
    found = actions.accept_finding(work, finding_id=finding_id, version=version)
    return redirect(request, "/findings", N_("The ledger of {tag} was changed."), tag=found.asset.name)


@router.post("/findings/{finding_id}/dismiss")
def dismiss(request: Request, work: WorkDep, finding_id: Id, version: Version = None) -> Response:
    found = actions.dismiss_finding(work, finding_id=finding_id, version=version)
    return redirect(request, "/findings", N_("The ledger of {tag} stays as it is."), tag=found.asset.name)


@router.post("/devices/{tag}/observed/{field}/accept")
def accept_field(request: Request, work: WorkDep, tag: str, field: Field) -> Response:
    asset = actions.accept_observed(work, tag=tag, field=field)
    return redirect(request, f"/devices/{asset.name}", N_("The ledger of {tag} was changed."), tag=asset.name)


@panel("asset", "observed", title=N_("Device says"), template="checkins/observed.html", order=20)
def fill_observed(work: Work, subject_id: int) -> Mapping[str, Any] | None:
    """What the device says, beside what the ledger says; nothing without an agent."""
    asset = assets.by_id(work, subject_id)
    found = queries.of_device(work, asset)
    if found is None:
        return None
    return {"asset": asset, "observed": found, "fields": FIELD_WORDS}


@waits("checkins.agents", title=N_("Machines that wait for confirmation"), order=60)
def waiting_agents(work: Work) -> Sequence[Waiting]:
    """Machines that enrolled and match no device, or contradict themselves."""
    if not work.actor.may(Permission.MANAGE_AGENTS):
        return []
    return [
        Waiting(
            sentence=f"{agent.hostname} · {agent.vendor} {agent.model}".strip(" ·"),
            link=f"/agents/{agent.id}",
            button=translate(work.locale, N_("Look")),
            since=agent.state_since,
            tone="bad" if agent.state is AgentState.QUARANTINED else "warn",
        )
        for agent in agents.waiting(work)
    ]


@waits("checkins.findings", title=N_("Ledger and device differ"), order=61)
def waiting_findings(work: Work) -> Sequence[Waiting]:
    """Open findings, the newest first."""
    if not work.actor.may(Permission.ACCEPT_FINDINGS):
        return []
    return [
        Waiting(
            sentence=translate(
                work.locale,
                N_("{tag}: the ledger says {declared}, the device says {observed}"),
                tag=item.asset.name,
                declared=item.declared,
                observed=item.observed,
            ),
            link=f"/devices/{item.asset.name}",
            button=translate(work.locale, N_("Compare")),
            since=item.raised_at,
            subject=item.asset.name,
        )
        for item in findings.listed(work, limit=20).items
    ]
