"""What all parts of a report have in common: frozen, nothing unknown, text as it will be written."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails


class Part(BaseModel):
    """A part of a report. A value that is not known is empty: an analyst saves what there is and goes on later."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


#: What no XML document can hold, not even as a reference (XML 1.0, production 2).
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _storable(text: str) -> str:
    if found := _UNWRITABLE.search(text):
        raise ValueError(f"it holds the character U+{ord(found[0]):04X}, which XML cannot hold; remove it")
    return unicodedata.normalize("NFC", text)


#: Text in Unicode NFC, so that the same words have the same digest.
Text = Annotated[str, AfterValidator(_storable), Field(max_length=4000)]

#: Whole dollars; fifteen digits are what FinCEN's form takes.
Dollars = Annotated[int, Field(ge=0, le=999_999_999_999_999)]


def shaped(pattern: str, words: str) -> AfterValidator:
    """Return what refuses a text of another shape, and says in words which is wanted."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {words}")
        return text

    return AfterValidator(check)


#: A code of FinCEN's lists.
Code = Annotated[str, shaped("[0-9]{1,5}", "a code of the form's list, in digits")]


def wrong_fields(error: ValidationError, whole: str, most: int = 20) -> str:
    """Say which fields are wrong, and how: for people, so that lists count from 1.

    :param whole: what to call the thing where no single field is wrong.
    """
    found = error.errors(include_url=False)
    more = [f"And {len(found) - most} more."] if len(found) > most else []
    return " ".join([*(_sentence(one, whole) for one in found[:most]), *more])


def _sentence(one: ErrorDetails, whole: str) -> str:
    steps = [str(step + 1) if isinstance(step, int) else str(step) for step in one["loc"]]
    said = _SAYS.get(one["type"]) or one["msg"].removeprefix("Value error, ").rstrip(".")
    given = one.get("input")
    shown = f", got “{given}”" if isinstance(given, str | int | float) and len(str(given)) <= 60 else ""
    return f"{'.'.join(steps) or whole}: {said[:1].lower()}{said[1:]}{shown}."


#: Pydantic's words where ours are plainer.
_SAYS = {"missing": "it is missing", "extra_forbidden": "there is no such field"}
