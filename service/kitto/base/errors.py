"""Refusals, which people can act on, and faults of outside systems."""

from typing import Any, ClassVar

from kitto.base.i18n import N_, Told, translate


class Refusal(Exception):  # noqa: N818 -- one of the five words
    """Something Kitto will not do: a stable code, a status, a sentence that says what to do next."""

    code: ClassVar[str]
    status: ClassVar[int] = 409
    says: ClassVar[str]

    def __init__(self, **names: Any) -> None:
        super().__init__(self.says)
        self.names = names

    def sentence(self, locale: str) -> str:
        """The refusal in the reader's language."""
        return translate(locale, self.says, **self.names)

    def told(self) -> Told:
        """The refusal as a sentence that can be kept and said again."""
        return Told(self.says, self.names, code=self.code)

    def __str__(self) -> str:
        return self.sentence("en")


class Fault(Exception):  # noqa: N818 -- pairs with Refusal
    """An outside system misbehaved; adapters raise nothing else."""


class NotAllowed(Refusal):
    code = "not_allowed"
    status = 403
    says = N_("You may not do this ({permission}). Ask an administrator for the right to.")


class NotFound(Refusal):
    code = "not_found"
    status = 404
    says = N_("There is no {thing} “{key}”. Check the number or search for it.")


class ChangedMeanwhile(Refusal):
    code = "changed_meanwhile"
    says = N_("Nothing was changed: someone else changed this at the same moment. Reload and look.")


class VersionStale(Refusal):
    code = "version_stale"
    status = 412
    says = N_("Nothing was changed: your page is older than the record. Reload, look, and try again.")


class VersionMissing(Refusal):
    code = "version_missing"
    status = 428
    says = N_("Nothing was changed: say which version you saw with the If-Match header.")


class Busy(Refusal):
    code = "busy"
    status = 503
    says = N_("Nothing was changed: the ledger is busy. Try again in a few seconds.")


class StorageFull(Refusal):
    code = "storage_full"
    status = 507
    says = N_("Nothing was changed: the disk is full. Free space, then try again.")


PASSING = (ChangedMeanwhile, Busy, StorageFull)
"""Refusals that say nothing about what was asked: the same may succeed a moment later."""


class AlreadyThere(Refusal):
    code = "already_there"
    says = N_("Nothing was changed: this is in the ledger already. Search for it instead.")


class RefersToNothing(Refusal):
    code = "refers_to_nothing"
    status = 422
    says = N_("Nothing was changed: something that it names is not there. Check the numbers.")


class UnkeepableText(Refusal):
    code = "unkeepable_text"
    status = 422
    says = N_("Nothing was changed: a text holds a character that cannot be kept (NUL). Type it again.")


class InvalidInput(Refusal):
    code = "invalid_input"
    status = 422
    says = N_("{field}: {reason}")
