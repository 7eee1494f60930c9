"""Read parameters of rules, and of the exposure, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from casedesk.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casedesk.services.detecting import Rule


def changes(options: Sequence[str], rules: Sequence[Rule]) -> Mapping[str, Mapping[str, object]]:
    """Read ``rule.name=value``; a parameter that is a set takes its words separated by commas."""
    sets = {rule.name: {k for k, v in rule.parameters.values().items() if isinstance(v, list)} for rule in rules}
    changes: dict[str, dict[str, object]] = {}
    for option in options:
        left, equals, value = option.partition("=")
        rule, dot, name = left.strip().partition(".")
        if not equals or not dot or not rule or not name:
            raise Invalid(f"“--param {option}” is not understood; write --param rule.name=value.")
        words = [word.strip() for word in value.split(",") if word.strip()]
        if name in changes.get(rule, {}):
            raise Invalid(f"“--param {option}” gives {rule}.{name} a second value; keep one.")
        changes.setdefault(rule, {})[name] = words if name in sets.get(rule, ()) else value.strip()
    return changes


def values_of(options: Sequence[str]) -> dict[str, object]:
    """Read ``name=value``, the value being JSON."""
    values: dict[str, object] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise Invalid(f"“--param {option}” has no value; write it as half_life_days=180 or hop_weights=[1,0.5].")
        try:
            values[name.strip()] = json.loads(value)
        except ValueError:
            raise Invalid(f"“--param {option}”: “{value}” is not JSON; write a number, or a list as [1,0.5].") from None
    return values
