"""What this room refuses, in words for a person; agents pass them on to whoever runs them."""

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class TokenRefused(Refusal):
    """One sentence for unknown, used up and expired: a guesser learns nothing."""

    code = "checkins.token_refused"
    status = 403
    says = N_("The machine was not enrolled: the token is unknown, used up or expired. Make a new one.")


class SerialDiffers(Refusal):
    code = "checkins.serial_differs"
    status = 403
    says = N_(
        "The machine was not enrolled: the token is for another device. Compare the serial number"
        " on the machine with the ledger."
    )


class TokenTooLong(Refusal):
    code = "checkins.token_too_long"
    status = 422
    says = N_("The token was not made: it may live at most {days} days.")


class NotSigned(Refusal):
    code = "checkins.not_signed"
    status = 401
    says = N_("The report was not taken: signature or clock do not fit. Enrol this machine again.")


class AgentGone(Refusal):
    code = "checkins.agent_gone"
    status = 410
    says = N_("This agent was removed from the ledger. It may be uninstalled.")


class AgentQuarantined(Refusal):
    code = "checkins.agent_quarantined"
    status = 403
    says = N_(
        "The report was not taken: two machines use one credential. Enrol each of them again"
        " with a new token."
    )


class ReportUnreadable(Refusal):
    code = "checkins.report_unreadable"
    status = 422
    says = N_("The report was not taken: {reason}. Update the agent or tell whoever looks after Kitto.")


class ReportTooLarge(Refusal):
    code = "checkins.report_too_large"
    status = 413
    says = N_("The report was not taken: it is larger than {limit} bytes.")


class DoorFull(Refusal):
    code = "checkins.door_full"
    status = 503
    says = N_("The report was not taken: too many machines report at once. It is tried again later.")


class AgentStepRefused(Refusal):
    code = "checkins.step_refused"
    says = N_("Nothing was changed: this agent is {state}. Look at its page for what is possible now.")


class DeviceHasAgent(Refusal):
    code = "checkins.device_has_agent"
    says = N_("Nothing was changed: {tag} has another agent already. Revoke that one first.")


class FindingClosed(Refusal):
    code = "checkins.finding_closed"
    says = N_("Nothing was changed: this finding was settled already. Reload and look.")


class FindingNotAcceptable(Refusal):
    code = "checkins.finding_not_acceptable"
    says = N_(
        "Nothing was changed: the {field} is what the device is known by. Look at the machine;"
        " correct the ledger by hand if it is wrong."
    )
