"""What the bodies of all JSON doors share."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from kitto.base.i18n import N_

Number = Annotated[int, Field(ge=1, le=2**53)]
Short = Annotated[str, Field(max_length=200)]
NUL: Final = N_("a character is in it that no text may hold (NUL). Type it again.")

# An empty field of a form or an address means that nothing was chosen.
Empty: Final = BeforeValidator(lambda value: None if value == "" else value)
MaybeNumber = Annotated[Number | None, Empty]
MaybeDay = Annotated[date | None, Empty]


class Strict(BaseModel):
    """A body that takes no fields it does not know, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _holds_no_nul(cls, value: Any) -> Any:
        """One database keeps it and the other does not, so neither gets it."""
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and "\x00" in text for text in texts):
            raise ValueError(NUL)
        return value


# Named and not given as a model: FastAPI would build the same model again for every door and status.
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in {
        400: "The request cannot be read.",
        401: "Sign in, or give a token.",
        403: "Not allowed.",
        404: "There is no such thing.",
        409: "Refused; the detail says what to do.",
        412: "Changed since you saw it.",
        422: "Some entries are not accepted.",
        428: "If-Match is missing.",
        429: "Too many requests.",
        503: "Busy; try again.",
    }.items()
}
