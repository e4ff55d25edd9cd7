"""What the fields of a change are called on the journal; a test finds a name that is missing."""

from collections.abc import Mapping
from typing import Final

from kitto.base.i18n import N_, translate

FIELD_SAYS: Final[Mapping[str, str]] = {
    "accessories": N_("Accessories"),
    "address": N_("Address"),
    "audience": N_("Audience"),
    "badge": N_("Badge"),
    "cap": N_("Seats"),
    "carrier": N_("Carrier"),
    "code": N_("Code"),
    "condition": N_("Condition"),
    "contract_no": N_("Contract number"),
    "cost_centre": N_("Cost centre"),
    "credential_id": N_("Credential"),
    "department_id": N_("Department"),
    "display_name": N_("Shown name"),
    "due_on": N_("Due"),
    "enabled": N_("Switched on"),
    "ends_on": N_("Last day"),
    "holder": N_("Holder"),
    "host_key": N_("Host key"),
    "hostname": N_("Host name"),
    "interval_seconds": N_("Every (seconds)"),
    "joins_on": N_("Joins"),
    "kana": N_("Kana"),
    "kind": N_("Kind"),
    "leaves_on": N_("Leaves"),
    "line_state": N_("State"),
    "locale": N_("Language"),
    "location_id": N_("Location"),
    "mail": N_("Mail"),
    "manager_id": N_("Manager"),
    "metric": N_("Counted by"),
    "missing": N_("Missing"),
    "name": N_("Name"),
    "note": N_("Note"),
    "number": N_("Number"),
    "offsets": N_("Offsets"),
    "order_no": N_("Order number"),
    "ownership": N_("Ownership"),
    "parent_id": N_("Above it"),
    "permissions": N_("Rights"),
    "person_id": N_("Person"),
    "pins": N_("Pinned claims"),
    "plan": N_("Plan"),
    "platform": N_("Platform"),
    "policy": N_("When none is left"),
    "port": N_("Port"),
    "price": N_("Price"),
    "project_id": N_("Project"),
    "reference": N_("Reference"),
    "roles": N_("Roles"),
    "scope": N_("Where"),
    "starts_on": N_("First day"),
    "state": N_("State"),
    "time_zone": N_("Time zone"),
    "title_id": N_("Software"),
    "valid_from": N_("Valid from"),
    "valid_to": N_("Valid to"),
    "warranty_until": N_("Warranty until"),
}


def field_said(name: str, locale: str) -> str:
    """The field in the reader's language; a field that is no longer known keeps its own name."""
    says = FIELD_SAYS.get(name)
    return translate(locale, says) if says else name
