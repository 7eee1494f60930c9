"""Alerts that stood by what was known, and do not stand by what arrived since.

A late payment may explain what a rule had found, or join two episodes. An alert that was raised stays where it is, in its
case; what a run then finds of it, or that it finds it no longer, becomes an event of the case. So the alerts that stand are those
of one run over everything, in whatever order transactions arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache

from casedesk.detection.rule import Rule
from casedesk.domain.alerts import Alert
from casedesk.services.run_records import RunData
from casedesk.store.alert_store import Recognisable
from casedesk.store.run_store import Finding


def subjects(
    unsettled: Iterable[Alert], gone: Iterable[Finding], data: RunData, rules: Sequence[Rule]
) -> set[tuple[str, str]] | None:
    """Return the rules and accounts whose stored alerts a run has to compare with its findings; None for all.

    :param gone: what the last run found and this one does not.
    """
    if data.subjects is None:
        return None
    stirred = [one.account_id for one in data.subjects.chosen if one.since is None]
    return {
        *((alert.rule, alert.account_id) for alert in unsettled),
        *((one.rule, one.account_id) for one in gone),
        *((rule.name, account_id) for rule in rules for account_id in stirred),
    }


def judged(data: RunData, rules: Sequence[Rule], until: datetime | None) -> Callable[[Recognisable], bool]:
    """Return what tells whether a run looked where a stored alert lies, with the rule and the values that raised it.

    A run over what had been booked before an instant judges none.
    """
    if until is not None:
        return lambda _: False
    by_name = {rule.name: rule for rule in rules}
    moments = {rule.name: data.subjects.judged(rule) for rule in rules} if data.subjects else {}

    @cache
    def values(name: str) -> tuple[str, str] | None:
        rule = by_name.get(name)
        return None if rule is None else (rule.version, rule.parameters.canonical())

    def looked_at(alert: Recognisable) -> bool:
        if values(alert.rule) != alert.values:
            return False
        there = moments.get(alert.rule)
        return there is None or not there.stands(alert.account_id, alert.window_end)

    return looked_at
