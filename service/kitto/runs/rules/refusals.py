"""What is refused to runs from elsewhere, and what to do then."""

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class EventsMissing(Refusal):
    code = "runs.events_missing"
    says = N_("Nothing was taken: event {expected} comes next, not {got}. Send from {expected} on.")


class RunOver(Refusal):
    code = "runs.run_over"
    says = N_("Nothing was taken: the run has ended. Report a new play under a new id.")


class RunForeign(Refusal):
    code = "runs.run_foreign"
    status = 403
    says = N_("Nothing was taken: somebody else opened this run. Report under an id of your own.")


class BatchUnreadable(Refusal):
    code = "runs.batch_unreadable"
    status = 422
    says = N_("Nothing was taken: line {line} cannot be read ({reason}). Mend it and send again.")


class BatchTooLarge(Refusal):
    code = "runs.batch_too_large"
    status = 413
    says = N_("Nothing was taken: a batch holds at most {limit} MB when unpacked. Send smaller ones.")


class SpoolUnreadable(Refusal):
    code = "runs.spool_unreadable"
    status = 422
    says = N_(
        "Nothing was imported: line {line} of the spool is damaged ({reason}). "
        "Import an undamaged copy, or remove the damaged line and all after it."
    )


class TooManyHosts(Refusal):
    code = "runs.too_many_hosts"
    status = 422
    says = N_("The run was not opened: it names more than {most} hosts. Split the play.")
