"""The parameters of a profile as a form that was filled, or is to be filled again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from kitto.kitting.pages import schema_form
from kitto.kitting.pages.schema_form import FormField
from kitto.kitting.rules.profiles import ProfileSpec


@dataclass(frozen=True)
class Filled:
    """A profile's form. `is_open`: it is to be shown again, with a row more or less or with what is wrong."""

    spec: ProfileSpec
    values: dict[str, Any]
    fields: Sequence[FormField]
    wrong: dict[str, str]
    is_open: bool

    @property
    def general(self) -> str:
        """What is wrong with no field of its own."""
        return self.wrong.get(schema_form.ROOT, "")


def filled(
    specs: Sequence[ProfileSpec],
    name: str,
    form: FormData | None,
    locale: str,
    *,
    begin: dict[str, Any] | None = None,
) -> Filled | None:
    """The form of the profile of this name (the first one if there is none); None without any profile.

    `form` None: as it begins, with the defaults and over them `begin`.
    """
    spec = next((one for one in specs if one.name == name), specs[0] if specs and form is None else None)
    if spec is None:
        return None
    if form is None:
        values = schema_form.defaults(spec.parameters) | (begin or {})
        return Filled(spec, values, schema_form.fields(spec.parameters, values, locale, {}), {}, is_open=True)
    values = schema_form.read(spec.parameters, form)
    do = str(form.get("do", ""))
    wrong: dict[str, str] = {}
    if do:
        values = schema_form.with_new_row(spec.parameters, values, do)
    else:
        wrong = schema_form.complaints(
            spec.parameters, schema_form.defaults(spec.parameters) | values, locale
        )
    shown = schema_form.fields(spec.parameters, values, locale, wrong)
    return Filled(spec, values, shown, wrong, is_open=bool(do or wrong))
