"""A run beside alerts that were drawn below the line.

Such an alert holds an episode that the rule in force did not find, so what the rule finds later may overlap it in part. To grow
it then would take evidence away from a case that is being judged. Hence, for fresh alerts that share evidence with it:

- one that holds all of its evidence is the same episode, come over the line: it grows, as any alert does;
- one that lies within it is told already;
- any other is an alert of its own, under an id of its own, and the drawn one stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import replace

from casedesk.detection.reconcile import StoredAlert
from casedesk.domain.alerts import Alert, alert_id


def beside_samples(
    stored: Iterable[StoredAlert], fresh: Iterable[Alert], sampled: Set[str]
) -> tuple[list[StoredAlert], list[Alert]]:
    """Return what is left to be reconciled: of the stored alerts, and of the fresh ones.

    :param sampled: ids of the alerts that were drawn below the line.
    """
    known, new = list(stored), list(fresh)
    holders: defaultdict[tuple[str, str, str], list[StoredAlert]] = defaultdict(list)
    for alert in known:
        if alert.alert_id in sampled:
            for transaction_id in alert.transaction_ids:
                holders[alert.rule, alert.account_id, transaction_id].append(alert)
    if not holders:
        return known, new
    apart: set[str] = set()
    left: list[Alert] = []
    for one in new:
        evidence = frozenset(one.transaction_ids)
        shared = {
            held.alert_id: held for t in one.transaction_ids for held in holders.get((one.rule, one.account_id, t), ())
        }
        if any(held.transaction_ids >= evidence for held in shared.values()):
            continue
        partly = [held for held in shared.values() if not evidence >= held.transaction_ids]
        apart.update(held.alert_id for held in partly)
        left.append(_renamed(one, partly))
    return [alert for alert in known if alert.alert_id not in apart], left


def _renamed(alert: Alert, partly: list[StoredAlert]) -> Alert:
    """Give an alert another id where a drawn alert that stays as it is has the same: that of later evidence."""
    taken = {held.alert_id for held in partly}
    if alert.alert_id not in taken:
        return alert
    others = (alert_id(alert.rule, alert.account_id, one) for one in alert.transaction_ids)
    free = next((one for one in others if one not in taken), None)
    return replace(alert, alert_id=free or alert_id(alert.rule, alert.account_id, " ".join(alert.transaction_ids)))
