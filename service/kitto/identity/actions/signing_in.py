"""Signing in and out. Tries are counted and passwords compared outside the caller's transaction:
a refusal must not undo the count, and slow hashing must not hold a lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, or_, update

from kitto.base import clock
from kitto.base.ids import digest, new_token
from kitto.base.seal import Secret, unseal
from kitto.base.settings import settings
from kitto.base.work import Actor, Ledger, Work, system_actor
from kitto.identity import queries
from kitto.identity.actions import tries
from kitto.identity.adapters import codes, passwords
from kitto.identity.facts import SignedIn, SignedOut, SignInBlocked, SignInFailed
from kitto.identity.models import Account, ApiToken, SignIn
from kitto.identity.rules import Permission
from kitto.identity.rules.limits import SEEN_EVERY, Caller, folded
from kitto.identity.rules.refusals import PasswordRefused, PeopleOnly, SignInRefused, TooManyTries


@dataclass(frozen=True)
class NewSignIn:
    """What the browser gets: the secret for its cookie, and the account's choices."""

    secret: Secret
    account: Account


@dataclass(frozen=True)
class Confirmed:
    """The person who acts has just typed the present password; `confirm` alone makes one."""

    account_id: int
    at: datetime


def sign_in(
    ledger: Ledger, *, name: str, password: Secret, code: str, caller: Caller, old: Secret | None
) -> NewSignIn:
    """Sign a person in. Raises SignInRefused, in the same words and after the same work whatever
    was wrong, or TooManyTries. `old` is the cookie the browser came with; it ends here.
    """
    folded_name = folded(name)
    _claim(ledger, folded_name, caller)
    with ledger.read(_door(caller)) as work:
        work.allow_everyone("somebody signs in")
        known = queries.known(work, folded_name)
    fit = passwords.fits(password, known.password_hash)
    step = codes.step_of(_seed(known.totp_sealed), code, clock.now())
    if not fit or known.account_id is None or (known.totp_sealed is not None and step is None):
        _refuse(ledger, folded_name, known.account_id, caller)
        raise SignInRefused
    rehashed = passwords.hashed(password) if passwords.is_outdated(known.password_hash or "") else None
    actor = Actor(
        kind="account", id=str(known.account_id), name=known.display_name, request_id=caller.request_id
    )
    with ledger.begin(actor) as work:
        work.allow_everyone("somebody signs in")
        account = queries.account(work, known.account_id)
        # Whatever changed since the comparison decides: another password, another state, a used code.
        if not account.active or account.password_hash != known.password_hash:
            raise SignInRefused
        if known.totp_sealed is not None and not spend(work, account.id, step):
            raise SignInRefused
        if rehashed is not None:
            account.password_hash = rehashed
        return _open(work, account, caller, old, folded_name)


def _open(work: Work, account: Account, caller: Caller, old: Secret | None, name: str) -> NewSignIn:
    tries.give_back(
        work, account_key=tries.key_of_account(name), address_key=tries.key_of_address(caller.address)
    )
    if old is not None:
        work.session.execute(delete(SignIn).where(SignIn.digest == digest(old.reveal())))
    _forget_ended(work, account.id)
    secret = begin_sign_in(work, account.id, caller)
    work.record(SignedIn(account_id=account.id, address=caller.address, with_code=account.has_code))
    return NewSignIn(secret, account)


def begin_sign_in(work: Work, account_id: int, caller: Caller) -> Secret:
    """A new signed-in browser; returns the secret for its cookie."""
    secret = Secret(new_token())
    work.add(
        SignIn(
            account_id=account_id,
            digest=digest(secret.reveal()),
            made_at=work.now,
            seen_at=work.now,
            ends_at=work.now + timedelta(hours=settings().session_hours),
            address=caller.address[:64],
            browser=caller.browser[:200],
        )
    )
    return secret


def spend(work: Work, account_id: int, step: int | None) -> bool:
    """Use a code's time step up. False if it, or a later one, was used before (RFC 6238 §5.2)."""
    if step is None:
        return False
    # a statement of its own, so that of two browsers with one code only one gets in
    spent = work.session.execute(
        update(Account)
        .where(Account.id == account_id, or_(Account.totp_counter.is_(None), Account.totp_counter < step))
        .values(totp_counter=step)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    return spent.one_or_none() is not None


def confirm(ledger: Ledger, actor: Actor, password: Secret, code: str, caller: Caller) -> Confirmed:
    """Ask for the present password, and the code if there is a code app, before something delicate.

    Raises PasswordRefused or TooManyTries. Call it before the work of the request has touched the
    database.
    """
    if actor.kind != "account":
        raise PeopleOnly
    with ledger.read(actor) as work:
        work.allow(Permission.OWN_ACCOUNT)
        account = queries.own_account(work)
    _claim(ledger, account.name, caller)
    step = codes.step_of(_seed(account.totp_sealed), code, clock.now())
    fit = passwords.fits(password, account.password_hash) and (step is not None or not account.has_code)
    if not fit or not _take_back(ledger, actor, account, step, caller):
        _refuse(ledger, account.name, account.id, caller)
        raise PasswordRefused
    return Confirmed(account.id, clock.now())


def _take_back(ledger: Ledger, actor: Actor, account: Account, step: int | None, caller: Caller) -> bool:
    with ledger.begin(actor) as work:
        work.allow(Permission.OWN_ACCOUNT)
        work.unrecorded("a counted try is given back")
        if account.has_code and not spend(work, account.id, step):
            return False
        tries.give_back(
            work,
            account_key=tries.key_of_account(account.name),
            address_key=tries.key_of_address(caller.address),
        )
    return True


def sign_out(work: Work, secret: Secret) -> None:
    """End the sign-in of one cookie. Idempotent."""
    work.allow_everyone("whoever holds a cookie may give it back")
    gone = work.session.execute(
        delete(SignIn).where(SignIn.digest == digest(secret.reveal())).returning(SignIn.account_id)
    ).scalar_one_or_none()
    if gone is None:
        work.unrecorded("there was nothing to end")
    else:
        work.record(SignedOut(account_id=gone, sign_ins=1))


def end_sign_ins(work: Work, account_id: int, *, but: str = "") -> int:
    """End the sign-ins of an account, all but one (its number as text). Returns how many."""
    statement = delete(SignIn).where(SignIn.account_id == account_id)
    if but:
        statement = statement.where(SignIn.id != int(but))
    return len(work.session.scalars(statement.returning(SignIn.id)).all())


def note_seen(ledger: Ledger, sign_in_id: int) -> None:
    """Keep a sign-in from going idle. Writes at most once a minute."""
    with ledger.begin(system_actor("doors", Permission.OWN_ACCOUNT)) as work:
        work.allow(Permission.OWN_ACCOUNT)
        work.unrecorded("last seen is no part of the history")
        work.session.execute(
            update(SignIn)
            .where(SignIn.id == sign_in_id, SignIn.seen_at <= work.now - SEEN_EVERY)
            .values(seen_at=work.now)
            .execution_options(synchronize_session=False)
        )


def note_used(ledger: Ledger, token_id: int) -> None:
    """Keep when a token was used last. Writes at most once a minute."""
    with ledger.begin(system_actor("doors", Permission.OWN_ACCOUNT)) as work:
        work.allow(Permission.OWN_ACCOUNT)
        work.unrecorded("last used is no part of the history")
        work.session.execute(
            update(ApiToken)
            .where(
                ApiToken.id == token_id,
                or_(ApiToken.used_at.is_(None), ApiToken.used_at <= work.now - SEEN_EVERY),
            )
            .values(used_at=work.now)
            .execution_options(synchronize_session=False)
        )


def _claim(ledger: Ledger, name: str, caller: Caller) -> None:
    with ledger.begin(_door(caller)) as work:
        work.allow_everyone("a try is counted")
        work.unrecorded("a counted try")
        wait = tries.claim(work, tries.key_of_account(name), tries.key_of_address(caller.address))
    if wait is not None:
        raise TooManyTries(minutes=ceil(wait / timedelta(minutes=1)), seconds=ceil(wait.total_seconds()))


def _refuse(ledger: Ledger, name: str, account_id: int | None, caller: Caller) -> None:
    with ledger.begin(_door(caller)) as work:
        work.allow_everyone("somebody could not sign in")
        who = "unknown" if account_id is None else str(account_id)
        work.record(SignInFailed(account=who, address=caller.address))
        if tries.was_last(work, tries.key_of_account(name)):
            work.record(SignInBlocked(account=who, address=caller.address))


def _forget_ended(work: Work, account_id: int) -> None:
    work.session.execute(delete(SignIn).where(SignIn.account_id == account_id, SignIn.ends_at <= work.now))


def _seed(sealed: str | None) -> Secret:
    # accounts without a code app cost the same work
    return codes.new_seed() if sealed is None else unseal(sealed)


def _door(caller: Caller) -> Actor:
    return Actor(kind="nobody", id="", name="", request_id=caller.request_id)
