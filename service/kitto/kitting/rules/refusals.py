"""What kitting will not do, and what to do instead."""

from collections.abc import Sequence
from typing import Any

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


class NoWay(Refusal):
    code = "kitting.no_way"
    says = N_(
        "Nobody said how {tag} is reached, with the key or certificate that it must show. Enter both; the kit"
        " goes on by itself."
    )


class NamesUsedUp(Refusal):
    code = "kitting.names_used_up"
    says = N_(
        "Nothing was ordered: every host name like {pattern} is taken. Give the profile a longer number."
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


class DeviceBusy(Refusal):
    code = "kitting.device_busy"
    says = N_("Nothing was started: {tag} is worked on by {holder}. Wait until it is done, or end it first.")


class FenceStale(Refusal):
    code = "kitting.fence_stale"
    says = N_("Nothing was written: {tag} was given to somebody else meanwhile. Start again if it is needed.")


class SamePerson(Refusal):
    code = "kitting.same_person"
    status = 403
    says = N_("Not approved: you worked on {what} yourself. Ask a colleague.")


class ApprovedAlready(Refusal):
    code = "kitting.approved_already"
    says = N_("Nothing was changed: you have approved this step already. Another person is needed.")


class PhotoNeeded(Refusal):
    code = "kitting.photo_needed"
    status = 422
    says = N_("The step was not confirmed: it wants {count} photos, and there are {have}. Take the rest.")


class PhotoUnreadable(Refusal):
    code = "kitting.photo_unreadable"
    status = 422
    says = N_("The photo was not kept: {reason}. Send a JPEG, PNG or WebP picture of up to 10 MB.")


class OrderUndecided(Refusal):
    code = "kitting.order_not_open"
    says = N_("Nothing was changed: order #{number} is {state}.")


class OrderFull(Refusal):
    code = "kitting.order_full"
    says = N_("{tag} was not taken: order #{number} has all its {quantity} devices. Raise the order first.")


class QuantityWrong(Refusal):
    code = "kitting.quantity_wrong"
    status = 422
    says = N_("The order was not made: it asks for {quantity} devices. Give a number from 1 to {most}.")


class NotHeld(Refusal):
    code = "kitting.not_held"
    says = N_("Nothing was changed: kit #{number} is not on hold.")


class HasNoDevice(Refusal):
    code = "kitting.has_no_device"
    says = N_("Nothing was changed: kit #{number} has no device yet. Scan one into its order first.")


class NotReadyToStart(Refusal):
    code = "kitting.not_ready_to_start"
    says = N_("Kit #{number} was not started: {tag} is {state}. Receive and accept it first.")


class SecretGone(Refusal):
    code = "kitting.secret_gone"
    says = N_("Not shown: it was shown to {name} on {day} already. Make a new one if it is needed.")


class ProfileNameTaken(Refusal):
    code = "kitting.profile_name_taken"
    says = N_("Not published: “{name}” is a recipe that comes with a folder. Choose another name.")


class ProfileChanged(Refusal):
    code = "kitting.profile_changed"
    says = N_(
        "Not started: the profile “{name}” or a recipe it uses was changed since v{number} was published."
        " Look at the change and publish it under Kitting, Profiles; then start."
    )


class RecipeUnfit(Refusal):
    code = "kitting.recipe_unfit"
    says = N_(
        "Not started: {count} things are wrong with the recipe “{name}”. The first: {first} Correct the"
        " recipe and publish the profile again."
    )


class OrderUnfit(Refusal):
    code = "kitting.order_unfit"
    says = N_(
        "No kit of order #{number} starts: {count} things are wrong with the recipe “{name}”. The first:"
        " {first} Correct the recipe, publish the profile, and lift the order to it on the order's page."
    )


class OrderIsNewest(Refusal):
    code = "kitting.order_is_newest"
    says = N_(
        "Nothing was lifted: order #{number} has v{version}, the newest published version of “{name}”."
        " Correct the profile or its recipe and publish it; then lift the order."
    )


class NothingToLift(Refusal):
    code = "kitting.nothing_to_lift"
    says = N_(
        "Nothing was lifted: every kit of order #{number} has begun, and keeps the version it began with."
        " Lift its devices on the profile's page once they are ready."
    )


class RecipeUnanswered(Refusal):
    code = "kitting.recipe_unanswered"
    says = N_(
        "Not started: Ansible gave no answer about the recipe “{name}”, so nobody knows whether its plays can"
        " run. It is asked again each hour; publish the profile again to have it asked now."
    )


class ProfileRejected(Refusal):
    code = "kitting.profile_rejected"
    status = 422
    findings: Sequence[Any] = ()
    says = N_("Not published: {count} things are wrong with “{name}”. The first: {first}")


class CannotBePredicted(Refusal):
    code = "kitting.cannot_be_predicted"
    says = N_("No dry run: nobody can tell beforehand what step “{step}” would change. Look at its recipe.")


class NeverReady(Refusal):
    code = "kitting.never_ready"
    says = N_("Not compared: kit #{number} never made its device ready. Finish a kit on the device first.")


class NothingInHand(Refusal):
    code = "kitting.nothing_in_hand"
    status = 422
    says = N_("Nothing was confirmed: no device is in hand. Scan the device first.")


class FileUnknown(Refusal):
    code = "kitting.file_unknown"
    status = 422
    says = N_(
        "No file was made: the profile asks for “{kind}”, which nobody here makes. Correct the profile."
    )


class CodeLacks(Refusal):
    code = "kitting.code_lacks"
    status = 422
    says = N_(
        "No code was made: the kit has no {names}. Skip the step with that reason, or start the kit again "
        "with them."
    )


class CodeNotShown(Refusal):
    code = "kitting.code_not_shown"
    status = 422
    says = N_("The step was not confirmed: its code was not shown. Show it and let the phone read it first.")


class FileNotMade(Refusal):
    code = "kitting.file_not_made"
    status = 422
    says = N_("The step was not confirmed: its file was not made. Make it and use it on the device first.")
