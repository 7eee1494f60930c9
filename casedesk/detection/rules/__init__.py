"""The rule library. A typology is added by writing its file and naming it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casedesk.detection.rule import Rule
from casedesk.detection.rules.geography import Geography
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.velocity import Velocity
from casedesk.errors import Invalid

#: All rules with their default parameters, in the order they run.
RULES: Final[tuple[Rule, ...]] = (Structuring(), Velocity(), Geography())


class UnknownRule(Invalid):
    """No rule has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no rule “{name}”; choose one of {', '.join(rule.name for rule in RULES)}.")


def rules_with(changes: Mapping[str, Mapping[str, object]]) -> tuple[Rule, ...]:
    """Return all rules, those named in ``changes`` with other parameter values.

    :raises UnknownRule: if a name is no rule's.
    :raises BadParameter: if a rule cannot take a value.
    """
    known = {rule.name for rule in RULES}
    for name in changes:
        if name not in known:
            raise UnknownRule(name)
    return tuple(rule.with_values(changes.get(rule.name, {})) for rule in RULES)
