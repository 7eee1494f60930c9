"""Which of a run's new alerts a suppression hides, and what becomes of those that were hidden before.

Only alerts that would be new are looked at: what the desk holds already grows as before. So a run over everything and a run
over what was touched hide the same, and an alert that was hidden is raised as soon as nothing covers it any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from casedesk.detection.reconcile import Reconciliation
from casedesk.domain.alerts import Alert
from casedesk.domain.suppressions import Hidden, Suppression, first_cover
from casedesk.store.unit_of_work import Writing


@dataclass(frozen=True, slots=True)
class Sorted:
    """A run's new alerts: ``raised`` become alerts; ``hidden`` do not.

    ``replaced`` rows make room for what grew out of them; ``released`` ones are hidden no more under their suppression.
    """

    raised: tuple[Alert, ...]
    hidden: tuple[Hidden, ...]
    replaced: tuple[Hidden, ...]
    released: tuple[Hidden, ...]


class _Standing:
    """What is hidden now, by its evidence."""

    def __init__(self, rows: Iterable[Hidden]) -> None:
        self._by_evidence: defaultdict[tuple[str, str, str], list[Hidden]] = defaultdict(list)
        for row in rows:
            for transaction_id in row.transaction_ids:
                self._by_evidence[row.rule, row.account_id, transaction_id].append(row)

    def sharing(self, alert: Alert) -> set[Hidden]:
        """Return what shares evidence with an alert of the same rule on the same account."""
        keys = ((alert.rule, alert.account_id, one) for one in alert.transaction_ids)
        return {row for key in keys for row in self._by_evidence.get(key, ())}


def covered(in_force: Sequence[Suppression], plan: Reconciliation) -> list[tuple[Alert, Suppression]]:
    """Return a run's new alerts that are not raised, each with the suppression that covers it."""
    return [(alert, cover) for alert in plan.new if (cover := first_cover(in_force, alert))]


def sort_out(
    standing: Iterable[Hidden], in_force: Sequence[Suppression], plan: Reconciliation, run_id: str, at: datetime
) -> Sorted:
    """Tell what of a run's new alerts is hidden and what is raised.

    :param standing: everything that is hidden before the run.
    """
    known = _Standing(standing)
    under = covered(in_force, plan)
    kept_back = {alert.alert_id for alert, _ in under}
    raised = [alert for alert in plan.new if alert.alert_id not in kept_back]
    released: set[Hidden] = set()
    for alert in (*raised, *(growth.alert for growth in plan.grown)):
        released |= known.sharing(alert)
    for alert, cover in under:
        released |= {row for row in known.sharing(alert) if row.suppression_id != cover.suppression_id}
    left, hidden = set(released), list[tuple[Alert, Suppression]]()
    while True:  # a row that one alert has outgrown no longer stands for another
        hidden = [(alert, cover) for alert, cover in under if not _told(known.sharing(alert) - left, alert)]
        gone = released.union(*(known.sharing(alert) for alert, _ in hidden))
        if gone == left:
            break
        left = gone
    return Sorted(
        tuple(raised),
        tuple(_row(cover, alert, run_id, at) for alert, cover in hidden),
        tuple(sorted(left - released, key=_key)),
        tuple(sorted(released, key=_key)),
    )


def _told(rows: set[Hidden], alert: Alert) -> bool:
    return any(set(row.transaction_ids).issuperset(alert.transaction_ids) for row in rows)


def store(uow: Writing, done: Sorted, run_id: str) -> None:
    """Record what a run hid, and what it did not leave hidden."""
    uow.suppressions.release(done.released, run_id)
    uow.suppressions.replace_hidden(done.replaced, done.hidden)


def _key(row: Hidden) -> tuple[str, str]:
    return row.suppression_id, row.alert_id


def _row(cover: Suppression, alert: Alert, run_id: str, at: datetime) -> Hidden:
    return Hidden(
        suppression_id=cover.suppression_id,
        alert_id=alert.alert_id,
        rule=alert.rule,
        customer_id=alert.customer_id,
        account_id=alert.account_id,
        window_start=alert.window_start,
        window_end=alert.window_end,
        severity=alert.severity,
        amount_minor=alert.amount_minor,
        transaction_ids=alert.transaction_ids,
        sentence=alert.sentence,
        run_id=run_id,
        hidden_at=at,
    )
