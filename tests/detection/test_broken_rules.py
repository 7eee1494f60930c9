"""A rule file that does not type-check is refused by name, before any alert exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from ibis.expr.types import Table

from casedesk.detection.legs import Views
from casedesk.detection.rule import BrokenRule, Evidence, Explanation
from casedesk.detection.rules.geography import Geography
from tests.detection.bank import alerts, deposit


def read(views: Views, **other: object) -> Table:
    return views.legs.mutate(**{"fired": True, "observed": 1, "needed": 1, "episode": 1, **other})


BROKEN: dict[str, Callable[[Views], Table]] = {
    "Literal(five):string are not comparable": lambda views: views.legs.filter(views.legs["at"] < "five"),
    "no attribute 'base_minr'": lambda views: views.legs.mutate(total=views.legs.base_minr.sum()),
    "name 'here' is not defined": lambda views: views.legs.filter(here),  # type: ignore[name-defined]  # noqa: F821
    "“observed” is float64, not a whole number": lambda views: read(views, observed=views.legs.base_minor / 2),
    "“fired” is int8, not boolean": lambda views: read(views, fired=1),
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


@pytest.mark.parametrize(
    ("explanation", "said"),
    [
        (lambda: Explanation(1 // 0, "x"), "integer division or modulo by zero"),
        (lambda: Explanation(101, "x"), "severity 101 is no whole number from 0 to 100"),
        (lambda: Explanation(0.5, "x"), "severity 0.5 is no whole number from 0 to 100"),
        (lambda: Explanation(50, ""), "sentence '' says nothing"),
        (lambda: "much money", "'str' object has no attribute 'severity'"),
    ],
)
def test_an_explanation_that_fails_is_named_with_its_rule_and_what_it_was_of(
    explanation: Callable[[], Any], said: str
) -> None:
    @dataclass(frozen=True)
    class Broken(Geography):
        def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
            return explanation()

    countries = [deposit(n, id=f"T-{n}", from_country=country) for n, country in enumerate(("DE", "FR", "JP"))]
    with pytest.raises(BrokenRule) as refusal:
        alerts(Broken(), countries)
    assert str(refusal.value) == (
        "Rule “Geography” (geography, version 1) cannot run, for it cannot explain what it found from transaction “T-0” on: "
        f"{said}. Mend {__name__}, or name the other rules to run. Nothing was stored."
    )
