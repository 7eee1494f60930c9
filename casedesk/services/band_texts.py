"""A band below a line as one types it: ``count=4``, or several values after commas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES, UnknownRule
from casedesk.domain.line_sampling import BadLineTest

#: Between two parameters, and not between two words of a parameter that is a set.
_NEXT: Final = re.compile(r",(?=[^,=]*=)")


def read_band(rule: str, text: str, library: Sequence[Rule] = RULES) -> dict[str, object]:
    """Read ``name=value,name=value``; a parameter that is a set takes its words after commas as well.

    :raises UnknownRule: if no rule has the name.
    :raises BadLineTest: if the text is not of this form, or a parameter stands in it twice.
    """
    known = next((one for one in library if one.name == rule), None)
    if known is None:
        raise UnknownRule(rule)
    shipped = known.parameters.values()
    values: dict[str, object] = {}
    for part in _NEXT.split(text):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name or not value:
            raise BadLineTest(f"The band “{text}” is not understood; write name=value, and more values after commas.")
        if name in values:
            raise BadLineTest(f"The band “{text}” gives {name} a second value; keep one.")
        words = [word.strip() for word in value.split(",") if word.strip()]
        values[name] = words if isinstance(shipped.get(name), list) else value
    return values
