"""The rule library. A typology is added by writing its file and naming it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casedesk.detection.rule import Rule
from casedesk.detection.rule_files import assembled, rule_files
from casedesk.errors import Invalid

with rule_files():
    from casedesk.detection.rules.cash_aggregation import CashAggregation
    from casedesk.detection.rules.cycle import Cycle
    from casedesk.detection.rules.dormant import Dormant
    from casedesk.detection.rules.fan_in import FanIn
    from casedesk.detection.rules.fan_out import FanOut
    from casedesk.detection.rules.funnel import Funnel
    from casedesk.detection.rules.gather_scatter import GatherScatter
    from casedesk.detection.rules.geography import Geography
    from casedesk.detection.rules.high_risk_geography import HighRiskGeography
    from casedesk.detection.rules.new_account import NewAccount
    from casedesk.detection.rules.out_of_profile import OutOfProfile
    from casedesk.detection.rules.pass_through import PassThrough
    from casedesk.detection.rules.round_amounts import RoundAmounts
    from casedesk.detection.rules.scatter_gather import ScatterGather
    from casedesk.detection.rules.stack import Stack
    from casedesk.detection.rules.structuring import Structuring
    from casedesk.detection.rules.structuring_over_days import StructuringOverDays
    from casedesk.detection.rules.velocity import Velocity

    #: All rules with their default parameters, in the order they run.
    RULES: Final[tuple[Rule, ...]] = assembled(
        Structuring,
        Velocity,
        Geography,
        StructuringOverDays,
        CashAggregation,
        RoundAmounts,
        PassThrough,
        FanIn,
        FanOut,
        Funnel,
        GatherScatter,
        ScatterGather,
        Cycle,
        Stack,
        Dormant,
        NewAccount,
        OutOfProfile,
        HighRiskGeography,
    )


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
