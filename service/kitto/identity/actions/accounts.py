"""What administrators do with accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm.attributes import flag_modified

from kitto.base.ids import digest, new_token
from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.identity import queries
from kitto.identity.actions.own_account import (
    check_locale,
    check_strength,
    check_time_zone,
    forget_code,
)
from kitto.identity.actions.signing_in import end_sign_ins
from kitto.identity.adapters import passwords
from kitto.identity.facts import (
    AccountChanged,
    AccountDeactivated,
    AccountMade,
    AccountReactivated,
    PasswordChanged,
    PasswordLinkMade,
    RolesChanged,
    SignedOut,
    TotpRemoved,
)
from kitto.identity.models import Account, PasswordLink, RoleGrant
from kitto.identity.rules import Permission, Role, Scope, ScopeKind
from kitto.identity.rules.limits import KEY_MOST, LINK_LIVES, sign_in_name
from kitto.identity.rules.refusals import LastAdministrator, NameTaken, NotYourself, RolesUnfit
from kitto.identity.rules.rights import RIGHTS

# Accounts have no scope, so a right to manage them counts only where it holds everywhere.
EVERYWHERE: Sequence[Scope] = ()


@dataclass(frozen=True)
class RoleIn:
    """A role to hold: everywhere, or in one scope."""

    role: Role
    scope: Scope | None = None

    def __str__(self) -> str:
        return self.role.value + (f"@{self.scope[0]}:{self.scope[1]}" if self.scope else "")


def make_account(
    work: Work,
    *,
    name: str,
    display_name: str,
    roles: Sequence[RoleIn],
    locale: str = "",
    time_zone: str = "",
    person_id: int | None = None,
) -> tuple[Account, Secret]:
    """Make an account, and the link with which its person sets a password within a day.

    Raises NameUnfit, NameTaken, RolesUnfit, PreferenceUnfit.
    """
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    _may_give(work, roles)
    account = _make(work, name, display_name, roles, locale, time_zone, person_id)
    return account, _link(work, account)


def create_first_administrator(
    work: Work, *, name: str, display_name: str, password: Secret | None = None
) -> tuple[Account, Secret | None]:
    """Make an administrator from the command line; whoever may run it there owns the database anyway.

    Without a password there is a link to set one. Raises NameTaken, NameUnfit, PasswordTooWeak.
    """
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    roles = [RoleIn(Role.ADMINISTRATOR)]
    if password is None:
        account = _make(work, name, display_name, roles, "", "", None)
        return account, _link(work, account)
    check_strength(password, name, display_name)
    fresh_hash = passwords.hashed(password)
    account = _make(work, name, display_name, roles, "", "", None)
    account.password_hash, account.password_at = fresh_hash, work.now
    work.record(PasswordChanged(account_id=account.id))
    return account, None


def change_account(
    work: Work, account_id: int, *, display_name: str, person_id: int | None, version: int | None = None
) -> Account:
    """Change how an account is shown and whom it belongs to. Raises NotFound, VersionStale."""
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    account = queries.account(work, account_id)
    work.expect(account, version)
    wanted = {"display_name": display_name.strip(), "person_id": person_id}
    changes = {
        key: (getattr(account, key), after) for key, after in wanted.items() if getattr(account, key) != after
    }
    for key, after in wanted.items():
        setattr(account, key, after)
    if changes:
        work.record(AccountChanged(account_id=account.id, changes=changes))
    return account


def change_roles(
    work: Work, account_id: int, *, roles: Sequence[RoleIn], version: int | None = None
) -> Account:
    """Replace the roles of an account; its sign-ins end. Raises LastAdministrator, VersionStale."""
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    account = queries.account(work, account_id)
    work.expect(account, version)
    wanted = list(dict.fromkeys(roles))
    held = [RoleIn(grant.role, grant.scope) for grant in account.roles]
    if set(wanted) == set(held):
        return account
    _may_give(work, [*(set(wanted) - set(held)), *(set(held) - set(wanted))])
    if RoleIn(Role.ADMINISTRATOR) not in wanted and queries.is_only_administrator(work, account.id):
        raise LastAdministrator
    kept = [grant for grant in account.roles if RoleIn(grant.role, grant.scope) in wanted]
    account.roles = kept + _grants([role for role in wanted if role not in held])
    end_sign_ins(work, account.id)
    before, after = sorted(map(str, held)), sorted(map(str, wanted))
    work.record(RolesChanged(account_id=account.id, changes={"roles": (before, after)}))
    _touch(work, account)
    return account


def deactivate(work: Work, account_id: int, *, version: int | None = None) -> Account:
    """Shut an account out at once: sign-ins, links and tokens stop working. Idempotent.

    Raises LastAdministrator, NotYourself.
    """
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    account = queries.account(work, account_id)
    work.expect(account, version)
    if not account.active:
        return account
    if queries.maker_id(work) == account.id:
        raise NotYourself
    if queries.is_only_administrator(work, account.id):
        raise LastAdministrator
    _may_give(work, [RoleIn(grant.role, grant.scope) for grant in account.roles])
    account.active = False
    end_sign_ins(work, account.id)
    work.session.execute(delete(PasswordLink).where(PasswordLink.account_id == account.id))
    work.record(AccountDeactivated(account_id=account.id))
    return account


def reactivate(work: Work, account_id: int, *, version: int | None = None) -> Account:
    """Let an account in again, with its former roles. Idempotent."""
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    account = queries.account(work, account_id)
    work.expect(account, version)
    if account.active:
        return account
    _may_give(work, [RoleIn(grant.role, grant.scope) for grant in account.roles])
    account.active = True
    work.record(AccountReactivated(account_id=account.id))
    return account


def make_password_link(work: Work, account_id: int) -> Secret:
    """A new link for a password; older ones stop working, the present password goes on until it is
    used. The code app stays. Raises NotFound.
    """
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    account = queries.account(work, account_id)
    _may_give(work, [RoleIn(grant.role, grant.scope) for grant in account.roles])
    return _link(work, account)


def take_code_away(work: Work, account_id: int) -> Account:
    """Remove a lost code app, after the person was identified in another way; sign-ins end."""
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    account = queries.account(work, account_id)
    _may_give(work, [RoleIn(grant.role, grant.scope) for grant in account.roles])
    if account.has_code:
        forget_code(account)
        end_sign_ins(work, account.id)
        work.record(TotpRemoved(account_id=account.id))
    return account


def sign_out_account(work: Work, account_id: int) -> int:
    """End every sign-in of an account. Returns how many ended."""
    work.allow(Permission.MANAGE_USERS, EVERYWHERE)
    account = queries.account(work, account_id)
    ended = end_sign_ins(work, account.id)
    work.record(SignedOut(account_id=account.id, sign_ins=ended))
    return ended


def _make(
    work: Work,
    name: str,
    display_name: str,
    roles: Sequence[RoleIn],
    locale: str,
    time_zone: str,
    person_id: int | None,
) -> Account:
    kept = sign_in_name(name)
    check_locale(locale or settings().locale)
    check_time_zone(time_zone or settings().time_zone)
    if queries.known(work, kept).account_id is not None:
        raise NameTaken(name=kept)
    account = work.add(
        Account(
            name=kept,
            display_name=display_name.strip() or kept,
            locale=locale or settings().locale,
            time_zone=time_zone or settings().time_zone,
            active=True,
            person_id=person_id,
            made_at=work.now,
            roles=_grants(list(dict.fromkeys(roles))),
        )
    )
    told = tuple(map(str, roles))
    work.record(AccountMade(account_id=account.id, name=kept, display_name=account.display_name, roles=told))
    return account


def _grants(roles: Sequence[RoleIn]) -> list[RoleGrant]:
    return [
        RoleGrant(
            role=wanted.role,
            scope_kind=ScopeKind(wanted.scope[0]) if wanted.scope else None,
            scope_id=wanted.scope[1] if wanted.scope else None,
        )
        for wanted in roles
    ]


def _may_give(work: Work, roles: Sequence[RoleIn]) -> None:
    """Nobody gives or takes a right that they do not hold there themselves."""
    for wanted in roles:
        if wanted.scope is not None and not 0 < len(wanted.scope[1].strip()) <= KEY_MOST:
            raise RolesUnfit
        for permission in sorted(RIGHTS[wanted.role] - {Permission.OWN_ACCOUNT}):
            work.allow(permission, [wanted.scope] if wanted.scope else [])


def _link(work: Work, account: Account) -> Secret:
    work.session.execute(delete(PasswordLink).where(PasswordLink.account_id == account.id))
    secret = Secret(new_token())
    work.add(
        PasswordLink(
            account_id=account.id,
            digest=digest(secret.reveal()),
            made_at=work.now,
            expires_at=work.now + LINK_LIVES,
        )
    )
    work.record(PasswordLinkMade(account_id=account.id))
    return secret


def _touch(work: Work, account: Account) -> None:
    # Roles are rows of their own, so that the account's version moves when only they change.
    flag_modified(account, "made_at")
    work.session.flush()  # the caller shows the new version
