"""What people do with their own account: password, code app, language, sign-ins."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete

from kitto.base.i18n import LOCALES
from kitto.base.seal import Secret, seal, unseal
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.identity import queries
from kitto.identity.actions.signing_in import Confirmed, begin_sign_in, end_sign_ins
from kitto.identity.adapters import codes, passwords
from kitto.identity.facts import (
    AccountChanged,
    PasswordChanged,
    SignedOut,
    TotpEnabled,
    TotpRemoved,
)
from kitto.identity.models import Account, PasswordLink, SignIn
from kitto.identity.rules import Caller, Permission
from kitto.identity.rules.passwords import weigh
from kitto.identity.rules.refusals import (
    CodeNotBegun,
    CodeRefused,
    PasswordRefused,
    PeopleOnly,
    PreferenceUnfit,
)


def change_password(work: Work, *, confirmed: Confirmed, password: Secret, caller: Caller) -> Secret:
    """Set another password. Every sign-in ends; returns the secret of a new one for this browser.

    Raises PasswordTooWeak.
    """
    work.allow(Permission.OWN_ACCOUNT)
    check_strength(password, work.actor.name)
    fresh_hash = passwords.hashed(password)  # before the first row is read: hashing is slow
    account = _confirmed(work, confirmed)
    check_strength(password, account.name)
    set_password(work, account, fresh_hash)
    work.record(PasswordChanged(account_id=account.id))
    return begin_sign_in(work, account.id, caller)


def set_first_password(work: Work, *, link: Secret, password: Secret) -> Account:
    """Set a password with a link, which is then used up. Raises LinkUnusable, PasswordTooWeak."""
    work.allow_everyone("the link is the right")
    check_strength(password)
    fresh_hash = passwords.hashed(password)  # before the first row is read: hashing is slow
    found = queries.link_by(work, link)
    account = queries.account(work, found.account_id)
    check_strength(password, account.name, account.display_name)
    set_password(work, account, fresh_hash)
    work.record(PasswordChanged(account_id=account.id, by_link=True))
    return account


def check_strength(password: Secret, *names: str) -> None:
    """Raise PasswordTooWeak unless the password may be taken by a person with these names."""
    weigh(password.reveal(), "Kitto", "キット", settings().organisation, *names)


def set_password(work: Work, account: Account, fresh_hash: str) -> None:
    """Every sign-in and every link for a new password ends with the old password."""
    account.password_hash = fresh_hash
    account.password_at = work.now
    end_sign_ins(work, account.id)
    work.session.execute(delete(PasswordLink).where(PasswordLink.account_id == account.id))


def begin_code(work: Work, *, confirmed: Confirmed) -> Secret:
    """Begin to set up a code app; the seed waits, sealed, until `finish_code` proves that it arrived."""
    work.allow(Permission.OWN_ACCOUNT)
    account = _confirmed(work, confirmed)
    seed = codes.new_seed()
    account.totp_pending = seal(seed)
    work.unrecorded("nothing holds until a code proves it")
    return seed


def pending_code(work: Work) -> Secret:
    """The seed being set up, to show again. Raises CodeNotBegun."""
    work.allow(Permission.OWN_ACCOUNT)
    account = _own(work)
    if account.totp_pending is None:
        raise CodeNotBegun
    return unseal(account.totp_pending)


def finish_code(work: Work, *, code: str, caller: Caller) -> Secret:
    """Switch the code app on. Every sign-in ends; returns the secret of a new one for this browser.

    Raises CodeRefused, CodeNotBegun.
    """
    work.allow(Permission.OWN_ACCOUNT)
    account = _own(work)
    if account.totp_pending is None:
        raise CodeNotBegun
    step = codes.step_of(unseal(account.totp_pending), code, work.now)
    if step is None:
        raise CodeRefused
    account.totp_sealed, account.totp_pending = account.totp_pending, None
    account.totp_counter = step
    end_sign_ins(work, account.id)
    work.record(TotpEnabled(account_id=account.id))
    return begin_sign_in(work, account.id, caller)


def remove_code(work: Work, *, confirmed: Confirmed, caller: Caller) -> Secret:
    """Switch the code app off. Every sign-in ends; returns the secret of a new one for this browser.

    Raises CodeNotBegun.
    """
    work.allow(Permission.OWN_ACCOUNT)
    account = _confirmed(work, confirmed)
    if account.totp_sealed is None:
        raise CodeNotBegun
    forget_code(account)
    end_sign_ins(work, account.id)
    work.record(TotpRemoved(account_id=account.id))
    return begin_sign_in(work, account.id, caller)


def forget_code(account: Account) -> None:
    account.totp_sealed = account.totp_pending = None


def prefer(work: Work, *, locale: str, time_zone: str, version: int | None = None) -> Account:
    """Choose language and time zone. Raises PreferenceUnfit, VersionStale."""
    work.allow(Permission.OWN_ACCOUNT)
    account = _own(work)
    work.expect(account, version)
    check_locale(locale)
    check_time_zone(time_zone)
    changes = {
        name: (getattr(account, name), after)
        for name, after in (("locale", locale), ("time_zone", time_zone))
        if getattr(account, name) != after
    }
    account.locale, account.time_zone = locale, time_zone
    if changes:
        work.record(AccountChanged(account_id=account.id, changes=changes))
    return account


def check_locale(locale: str) -> None:
    if locale not in LOCALES:
        raise PreferenceUnfit(value=locale)


def check_time_zone(time_zone: str) -> None:
    """Raise PreferenceUnfit unless the time zone is one of the IANA database."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise PreferenceUnfit(value=time_zone) from unknown


def sign_out_elsewhere(work: Work) -> int:
    """End every other sign-in of the own account. Returns how many ended."""
    work.allow(Permission.OWN_ACCOUNT)
    account = _own(work)
    ended = end_sign_ins(work, account.id, but=work.actor.session_id)
    work.record(SignedOut(account_id=account.id, sign_ins=ended))
    return ended


def end_one_sign_in(work: Work, sign_in_id: int) -> None:
    """End one of the own sign-ins. Idempotent."""
    work.allow(Permission.OWN_ACCOUNT)
    account = _own(work)
    gone = work.session.execute(
        delete(SignIn).where(SignIn.id == sign_in_id, SignIn.account_id == account.id).returning(SignIn.id)
    ).one_or_none()
    if gone is not None:
        work.record(SignedOut(account_id=account.id, sign_ins=1))


def _own(work: Work) -> Account:
    if work.actor.kind != "account":
        raise PeopleOnly
    return queries.own_account(work)


def _confirmed(work: Work, confirmed: Confirmed) -> Account:
    account = _own(work)
    if confirmed.account_id != account.id:
        raise PasswordRefused
    return account
