"""JSON doors of the own account."""

from fastapi import APIRouter, Request, Response

from kitto.base.seal import Secret
from kitto.identity import actions, queries
from kitto.identity.adapters import codes
from kitto.identity.adapters.browser import ShownOnce, caller_of, give_cookie, ledger_of
from kitto.identity.api.bodies import (
    AccountOut,
    CodeIn,
    CodeOut,
    GrantOut,
    MeOut,
    PasswordIn,
    PreferIn,
    PresentIn,
    SignInOut,
)
from kitto.identity.rules import Permission
from kitto.identity.rules.refusals import PeopleOnly
from kitto.web.bodies import RESPONSES, Number
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

router = APIRouter(prefix="/api/v1/me", route_class=Door, tags=["me"], responses=RESPONSES)


@router.get("")
def who_am_i(work: ReadDep) -> MeOut:
    """Who speaks, and what they may do."""
    actor = work.actor
    if actor.kind == "token":
        work.allow_everyone("a token may ask what it is")
    else:
        work.allow(Permission.OWN_ACCOUNT)
    return MeOut(
        kind=actor.kind,
        id=actor.id,
        name=actor.name,
        locale=actor.locale,
        time_zone=actor.time_zone,
        grants=[GrantOut.of(grant) for grant in actor.grants],
    )


@router.get("/account")
def own_account(work: ReadDep, response: Response) -> AccountOut:
    """The own account; its version is what `If-Match` asks for."""
    work.allow(Permission.OWN_ACCOUNT)
    if work.actor.kind != "account":
        raise PeopleOnly
    account = queries.own_account(work)
    etag(response, account.version)
    return AccountOut.of(account)


@router.patch("/account")
def prefer(body: PreferIn, work: WorkDep, version: VersionDep, response: Response) -> AccountOut:
    """Choose language and time zone."""
    account = actions.prefer(work, locale=body.locale, time_zone=body.time_zone, version=version)
    work.session.flush()  # the answer carries the new version
    etag(response, account.version)
    return AccountOut.of(account)


@router.post("/password", status_code=204)
def change_password(request: Request, body: PasswordIn, work: WorkDep, response: Response) -> None:
    """Change the own password; every other sign-in ends."""
    work.allow(Permission.OWN_ACCOUNT)
    caller = caller_of(request)
    confirmed = actions.confirm(ledger_of(request), work.actor, body.secret(), body.code, caller)
    password = Secret(body.password.get_secret_value())
    secret = actions.change_password(work, confirmed=confirmed, password=password, caller=caller)
    give_cookie(response, secret)


@router.post("/code", status_code=201, response_model=CodeOut)
def begin_code(request: Request, body: PresentIn, work: WorkDep) -> Response:
    """Begin to set up a code app."""
    work.allow(Permission.OWN_ACCOUNT)
    caller = caller_of(request)
    confirmed = actions.confirm(ledger_of(request), work.actor, body.secret(), body.code, caller)
    seed = actions.begin_code(work, confirmed=confirmed)
    name = queries.own_account(work).name
    return ShownOnce(CodeOut(seed=seed.reveal(), address=codes.address(seed, name)))


@router.post("/code/confirm", status_code=204)
def finish_code(request: Request, body: CodeIn, work: WorkDep, response: Response) -> None:
    """Switch the code app on; every other sign-in ends."""
    give_cookie(response, actions.finish_code(work, code=body.code, caller=caller_of(request)))


@router.post("/code/remove", status_code=204)
def remove_code(request: Request, body: PresentIn, work: WorkDep, response: Response) -> None:
    """Switch the code app off; every other sign-in ends."""
    work.allow(Permission.OWN_ACCOUNT)
    caller = caller_of(request)
    confirmed = actions.confirm(ledger_of(request), work.actor, body.secret(), body.code, caller)
    give_cookie(response, actions.remove_code(work, confirmed=confirmed, caller=caller))


@router.get("/sign-ins")
def list_sign_ins(work: ReadDep) -> list[SignInOut]:
    """The browsers that are signed in as this account."""
    work.allow(Permission.OWN_ACCOUNT)
    if work.actor.kind != "account":
        raise PeopleOnly
    rows = queries.sign_ins(work, int(work.actor.id))
    return [SignInOut.of(row, work.actor.session_id) for row in rows]


@router.post("/sign-ins/end-others", status_code=204)
def sign_out_elsewhere(work: WorkDep) -> None:
    """Sign out everywhere else."""
    actions.sign_out_elsewhere(work)


@router.delete("/sign-ins/{sign_in_id}", status_code=204)
def end_sign_in(sign_in_id: Number, work: WorkDep) -> None:
    """End one of the own sign-ins."""
    actions.end_one_sign_in(work, sign_in_id)
