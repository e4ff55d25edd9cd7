"""What is not made for a phone, and what to do instead."""

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class WifiWrong(Refusal):
    code = "phones.wifi_wrong"
    status = 422
    says = N_("Nothing was made: the Wi-Fi network cannot be joined like this. {reason}")


class OwnerAppWrong(Refusal):
    code = "phones.owner_app_wrong"
    status = 422
    says = N_("Nothing was made: {reason}")


class CodeTooLarge(Refusal):
    code = "phones.code_too_large"
    status = 422
    says = N_(
        "Nothing was made: the code would have {size} bytes and needs version {version}; a phone reads up to "
        "version {most} well. Shorten the admin extras or the address."
    )


class CodeUnreadable(Refusal):
    code = "phones.code_unreadable"
    status = 500
    says = N_(
        "The code was not made: it could not be read back from the finished picture. Report this with what "
        "was typed, without the password."
    )


class ApkUnreadable(Refusal):
    code = "phones.apk_unreadable"
    status = 422
    says = N_("The app file was not taken: {reason} Get the APK again from its maker.")


class ProfileWrong(Refusal):
    code = "phones.profile_wrong"
    status = 422
    says = N_("The profile was not made: {reason}")


class LinkOver(Refusal):
    code = "phones.link_over"
    status = 404
    says = N_(
        "There is nothing at this address any more: a profile is given out once, for a short time. "
        "Ask for a new code."
    )


class AnswerNotKept(Refusal):
    code = "phones.answer_not_kept"
    status = 422
    says = N_(
        "Nothing was made: this answer holds a password, so it is never kept for a second time. "
        "Send the request without Idempotency-Key."
    )
