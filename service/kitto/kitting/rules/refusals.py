"""What kitting will not do, and what to do instead."""

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class ProfileUnknown(Refusal):
    code = "kitting.profile_unknown"
    status = 404
    says = N_("There is no kitting profile “{name}”. Choose one from the list of profiles.")


class ProfileBroken(Refusal):
    code = "kitting.profile_broken"
    status = 422
    says = N_("The profile “{name}” cannot be used: {reason}. Correct it, then start the kit again.")


class ParameterWrong(Refusal):
    code = "kitting.parameter_wrong"
    status = 422
    says = N_("The kit was not started: parameter “{name}”: {reason}. Correct it and start again.")


class KitRunning(Refusal):
    code = "kitting.kit_running"
    says = N_("The kit was not started: {tag} is in kit #{number} already. Finish or cancel that one first.")


class EndpointMissing(Refusal):
    code = "kitting.endpoint_missing"
    says = N_(
        "The kit was not started: nobody said how {tag} is reached. Give its address and SSH host key first."
    )


class SerialMissing(Refusal):
    code = "kitting.serial_missing"
    says = N_(
        "The kit was not started: {tag} has no serial number, so it could not be told apart. Enter it first."
    )


class StepNotWaiting(Refusal):
    code = "kitting.step_not_waiting"
    says = N_(
        "Nothing was changed: step “{step}” is {state}, it does not wait for a person. Reload and look."
    )


class ChecksOpen(Refusal):
    code = "kitting.checks_open"
    status = 422
    says = N_("The step was not confirmed: {count} points are not ticked. Look at each and tick it.")


class WrongScan(Refusal):
    code = "kitting.wrong_scan"
    says = N_("This is not {tag}: the scan says “{scanned}”. Look for the right device, or cancel this kit.")


class ScanNeeded(Refusal):
    code = "kitting.scan_needed"
    status = 422
    says = N_("The step was not confirmed: it wants a scan. Scan the label on the device.")


class ReasonNeeded(Refusal):
    code = "kitting.reason_needed"
    status = 422
    says = N_("Nothing was changed: say why in a sentence; it stays in the report.")


class KitOver(Refusal):
    code = "kitting.kit_over"
    says = N_("Nothing was changed: kit #{number} is {state}. Start a new one if it is needed.")


class NothingToRetry(Refusal):
    code = "kitting.nothing_to_retry"
    says = N_("Nothing was changed: kit #{number} is {state}. Only what failed or waits can be tried again.")


class StepUnknown(Refusal):
    code = "kitting.step_unknown"
    status = 404
    says = N_("Kit #{number} has no step “{step}”. Look at its page for the names.")
