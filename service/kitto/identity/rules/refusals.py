"""What identity refuses, and what to do then."""

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class SignInRefused(Refusal):
    code = "identity.sign_in_refused"
    status = 401
    says = N_("You are not signed in: name, password or code do not fit. Check them and try again.")


class SignInNeeded(Refusal):
    code = "identity.sign_in_needed"
    status = 401
    says = N_("Sign in first.")


class TooManyTries(Refusal):
    code = "identity.too_many_tries"
    status = 429
    says = N_("Too many failed tries. Wait {minutes} minutes, then try again.")


class TooManyRequests(Refusal):
    code = "identity.too_many_requests"
    status = 429
    says = N_("Nothing was done: this token asks more often than its quota allows. Wait and try again.")


class FormExpired(Refusal):
    code = "identity.form_expired"
    status = 403
    says = N_("Nothing was changed: the form is too old or came from elsewhere. Reload and try again.")


class PasswordTooWeak(Refusal):
    code = "identity.password_too_weak"
    status = 422
    says = N_("The password was not set: use {least} to {most} characters that are not easy to guess.")


class NameTaken(Refusal):
    code = "identity.name_taken"
    says = N_("The account was not made: the sign-in name “{name}” is taken. Choose another.")


class CodeRefused(Refusal):
    code = "identity.code_refused"
    status = 422
    says = N_("The six-digit code does not fit. Check the clock of your phone and type the newest code.")


class LastAdministrator(Refusal):
    code = "identity.last_administrator"
    says = N_("Nothing was changed: this is the last administrator. Make another one first.")


class TokenTooLong(Refusal):
    code = "identity.token_too_long"
    status = 422
    says = N_("The token was not made: it may live at most {days} days. Choose an earlier end.")


class ScopeTooWide(Refusal):
    code = "identity.scope_too_wide"
    status = 403
    says = N_("The token was not made: it would have rights that you do not have ({permission}).")


class NameUnfit(Refusal):
    code = "identity.name_unfit"
    status = 422
    says = N_(
        "The account was not made: a sign-in name has 2 to 64 small letters, digits and . _ @ + -, "
        "and starts with a letter or digit."
    )


class TokenRefused(Refusal):
    code = "identity.token_refused"
    status = 401
    says = N_("The token is unknown, expired or revoked. Ask its maker for a new one.")


class PasswordRefused(Refusal):
    code = "identity.password_refused"
    status = 422
    says = N_("Nothing was changed: the present password or code does not fit. Type them again.")


class LinkUnusable(Refusal):
    code = "identity.link_unusable"
    status = 410
    says = N_("The link was used already or is too old. Ask an administrator for a new one.")


class CodeNotBegun(Refusal):
    code = "identity.code_not_begun"
    says = N_("Nothing was changed: no code app is being set up. Begin again and scan the new picture.")


class PeopleOnly(Refusal):
    code = "identity.people_only"
    status = 403
    says = N_("A token cannot do this. Sign in as a person.")


class EndUnfit(Refusal):
    code = "identity.end_unfit"
    status = 422
    says = N_("The token was not made: its end lies in the past. Choose a later one.")


class RolesUnfit(Refusal):
    code = "identity.roles_unfit"
    status = 422
    says = N_("Nothing was changed: a scope needs a kind and an identifier, or neither.")


class NotYourself(Refusal):
    code = "identity.not_yourself"
    says = N_("Nothing was changed: you cannot deactivate yourself. Ask another administrator to.")


class PreferenceUnfit(Refusal):
    code = "identity.preference_unfit"
    status = 422
    says = N_("Nothing was changed: “{value}” cannot be chosen here. Choose one from the list.")


class TrustUnfit(Refusal):
    code = "identity.trust_unfit"
    status = 422
    says = N_(
        "Nothing was changed: “{field}” does not fit. Addresses begin with https, the audience is not empty, "
        "pins name who may come in (such as repository_id or sub), and tokens live 5 to 15 minutes."
    )


class IdTokenUnreadable(Refusal):
    code = "identity.id_token_unreadable"
    status = 400
    says = N_("No token was given: the id-token cannot be read, or its kind of signature is not accepted.")


class IdTokenUntrusted(Refusal):
    code = "identity.id_token_untrusted"
    status = 401
    says = N_("No token was given: this issuer is not trusted here. Ask an administrator to add it.")


class IdTokenForged(Refusal):
    code = "identity.id_token_forged"
    status = 401
    says = N_("No token was given: the id-token is not signed with a key of its issuer. Get a new one.")


class IdTokenUnfit(Refusal):
    code = "identity.id_token_unfit"
    status = 401
    says = N_("No token was given: “{claim}” of the id-token does not fit. Check how the job asks for it.")


class IdTokenOld(Refusal):
    code = "identity.id_token_old"
    status = 401
    says = N_("No token was given: the id-token is too old. Exchange it soon after the job starts.")


class IdTokenForeign(Refusal):
    code = "identity.id_token_foreign"
    status = 403
    says = N_("No token was given: “{claim}” of the id-token is not the one that is pinned.")


class IdTokenUsed(Refusal):
    code = "identity.id_token_used"
    status = 401
    says = N_("No token was given: this id-token was exchanged before. Each one is good for one token.")


class IssuerSilent(Refusal):
    code = "identity.issuer_silent"
    status = 503
    says = N_("No token was given: the keys of the issuer cannot be read now. Try again in a minute.")
