"""JSON doors of accounts, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity import actions, queries
from kitto.identity.adapters.browser import ShownOnce
from kitto.identity.api.bodies import (
    AccountChange,
    AccountIn,
    AccountOut,
    AccountsOut,
    LinkOut,
    RolesIn,
)
from kitto.identity.models import Account
from kitto.identity.rules import Permission
from kitto.identity.rules.links import link_address
from kitto.web.bodies import RESPONSES, Number
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

PATH = "/api/v1/accounts"
router = APIRouter(prefix=PATH, route_class=Door, tags=["accounts"], responses=RESPONSES)
Search = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("")
def list_accounts(
    work: ReadDep,
    q: Search = "",
    active: bool | None = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> AccountsOut:
    """Accounts by sign-in name; `q` finds parts of both names."""
    found = queries.accounts(work, text=q, active=active, cursor=cursor, limit=limit)
    return AccountsOut(items=[AccountOut.of(account) for account in found.items], next=found.next)


@router.post("", status_code=201, response_model=LinkOut)
def make_account(body: AccountIn, work: WorkDep) -> Response:
    """Make an account; the answer holds the link with which its person sets a password."""
    account, link = actions.make_account(
        work,
        name=body.name,
        display_name=body.display_name,
        roles=[role.wish() for role in body.roles],
        locale=body.locale,
        time_zone=body.time_zone,
        person_id=body.person_id,
    )
    return _link(account.id, link)


@router.get("/{account_id}")
def show_account(account_id: Number, work: ReadDep, response: Response) -> AccountOut:
    """One account."""
    work.allow(Permission.MANAGE_USERS)
    return _shown(work, queries.account(work, account_id), response)


@router.patch("/{account_id}")
def change_account(
    account_id: Number, body: AccountChange, work: WorkDep, version: VersionDep, response: Response
) -> AccountOut:
    """Change how an account is shown, and whom it belongs to."""
    account = actions.change_account(
        work, account_id, display_name=body.display_name, person_id=body.person_id, version=version
    )
    return _shown(work, account, response)


@router.put("/{account_id}/roles")
def change_roles(
    account_id: Number, body: RolesIn, work: WorkDep, version: VersionDep, response: Response
) -> AccountOut:
    """Replace the roles of an account; its sign-ins end."""
    roles = [role.wish() for role in body.roles]
    return _shown(work, actions.change_roles(work, account_id, roles=roles, version=version), response)


@router.post("/{account_id}/deactivate")
def deactivate(account_id: Number, work: WorkDep, version: VersionDep, response: Response) -> AccountOut:
    """Shut an account out at once."""
    return _shown(work, actions.deactivate(work, account_id, version=version), response)


@router.post("/{account_id}/reactivate")
def reactivate(account_id: Number, work: WorkDep, version: VersionDep, response: Response) -> AccountOut:
    """Let an account in again."""
    return _shown(work, actions.reactivate(work, account_id, version=version), response)


@router.post("/{account_id}/password-link", status_code=201, response_model=LinkOut)
def make_password_link(account_id: Number, work: WorkDep) -> Response:
    """A new link with which the person sets a password; older links stop working."""
    return _link(account_id, actions.make_password_link(work, account_id))


@router.post("/{account_id}/code/remove")
def take_code_away(account_id: Number, work: WorkDep, response: Response) -> AccountOut:
    """Remove a lost code app."""
    return _shown(work, actions.take_code_away(work, account_id), response)


@router.post("/{account_id}/sign-ins/end", status_code=204)
def sign_out_account(account_id: Number, work: WorkDep) -> None:
    """End every sign-in of an account."""
    actions.sign_out_account(work, account_id)


def _shown(work: Work, account: Account, response: Response) -> AccountOut:
    work.session.flush()  # the answer carries the new version
    etag(response, account.version)
    return AccountOut.of(account)


def _link(account_id: int, link: Secret) -> Response:
    shown = LinkOut(account_id=account_id, link=link_address(link))
    return ShownOnce(shown, location=f"{PATH}/{account_id}")
