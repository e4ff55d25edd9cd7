"""What this room refuses, in words for whoever stands before the machine."""

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class TokenUnknown(Refusal):
    code = "bootstrap.token_unknown"
    status = 403
    says = N_("Kitto does not know this file. Make a new one on the device's page.")


class TokenExpired(Refusal):
    code = "bootstrap.token_expired"
    status = 403
    says = N_("The file for {tag} has expired. Make a new one on the device's page.")


class TokenUsed(Refusal):
    code = "bootstrap.token_used"
    status = 403
    says = N_("The file for {tag} was used; it works once. Make a new one on the device's page.")


class TokenRevoked(Refusal):
    code = "bootstrap.token_revoked"
    status = 403
    says = N_("The file for {tag} was revoked. Make a new one on the device's page.")


class TokenLocked(Refusal):
    code = "bootstrap.token_locked"
    status = 403
    says = N_("The file for {tag} was tried on too many wrong machines. Make a new one.")


class WrongMachine(Refusal):
    code = "bootstrap.wrong_machine"
    status = 403
    says = N_(
        "This file is for {tag}, and this machine reports serial number {serial}. Take the stick to {tag},"
        " or correct the serial number in the ledger and make a new file."
    )


class KeyDiffers(Refusal):
    code = "bootstrap.key_differs"
    status = 409
    says = N_(
        "Kitto knows {tag} by another key. A person must confirm the new one on the device's page;"
        " the machine tries again by itself."
    )


class KeyRejected(Refusal):
    code = "bootstrap.key_rejected"
    status = 403
    says = N_("A person refused the new key of {tag}. Find out which machine this is.")


class KeyUnreadable(Refusal):
    code = "bootstrap.key_unreadable"
    status = 422
    says = N_("Nothing was taken: the key or certificate that the machine sent cannot be read.")


class MessageUnreadable(Refusal):
    code = "bootstrap.message_unreadable"
    status = 422
    says = N_("Nothing was taken: the message cannot be read ({reason}). Use the file as Kitto made it.")


class AddressUnusable(Refusal):
    code = "bootstrap.address_unusable"
    status = 422
    says = N_("Nothing was taken: the machine has no address that Kitto may use. Connect it to the network.")


class NotCalledYet(Refusal):
    code = "bootstrap.not_called_yet"
    says = N_("Nothing was noted: this machine has not called with its key yet. Start the file again.")


class TooManyFailures(Refusal):
    code = "bootstrap.too_many_failures"
    status = 429
    says = N_("Too many failed calls from this address. Wait {minutes} minutes, then try again.")


class SerialNeeded(Refusal):
    code = "bootstrap.serial_needed"
    says = N_("No file was made: {tag} has no serial number in the ledger. Scan it from the case first.")


class LifeTooLong(Refusal):
    code = "bootstrap.life_too_long"
    status = 422
    says = N_("No file was made: it may live at most {days} days.")


class HttpsNeeded(Refusal):
    code = "bootstrap.https_needed"
    says = N_(
        "No file was made: fresh machines may call only by HTTPS, and {address} is not. Set KITTO_BASE_URL."
    )


class PlacesUnknown(Refusal):
    code = "bootstrap.places_unknown"
    says = N_(
        "No file was made: a machine must know from which addresses Kitto comes. Set KITTO_MANAGED_FROM."
    )


class ReturnDecided(Refusal):
    code = "bootstrap.return_decided"
    says = N_("Nothing was changed: somebody has decided on this key already. Reload and look.")


class PasswordGone(Refusal):
    code = "bootstrap.password_gone"
    status = 410
    says = N_("The password of {tag} is not kept, or was shown before. Set a new one on the machine.")


class CertificateUnknown(Refusal):
    code = "bootstrap.certificate_unknown"
    status = 404
    says = N_("Nothing was revoked: Kitto has signed nothing with this number.")
