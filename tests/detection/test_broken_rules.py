"""A rule file that does not type-check is refused by name, before any alert exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from ibis.expr.types import Table

from casedesk.detection.legs import Views
from casedesk.detection.rule import BrokenRule
from casedesk.detection.rules.geography import Geography
from tests.detection.bank import alerts, deposit

BROKEN: dict[str, Callable[[Views], Table]] = {
    "Literal(five):string are not comparable": lambda views: views.legs.filter(views.legs["at"] < "five"),
    "no attribute 'base_minr'": lambda views: views.legs.mutate(total=views.legs.base_minr.sum()),
    "'episode' is not found": lambda views: views.legs.mutate(fired=True, observed=1, needed=1),
}


@pytest.mark.parametrize("said", BROKEN)
def test_an_expression_that_does_not_fit_is_named_with_its_rule_and_its_file(said: str) -> None:
    @dataclass(frozen=True)
    class Broken(Geography):
        def evidence(self, views: Views) -> Table:
            return BROKEN[said](views)

    with pytest.raises(BrokenRule) as refusal:
        alerts(Broken(), [deposit(0)])
    told = str(refusal.value)
    assert told.startswith(
        "Rule “Geography” (geography, version 1) cannot run, for its expression does not type-check: "
    )
    assert said in told
    assert told.endswith(f"Mend {__name__}, or name the other rules to run. Nothing was stored.")
