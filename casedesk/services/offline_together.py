"""Rules beside a model over files: what alerts say of each payment, and both in one order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.domain.alerts import Alert
from casedesk.modelling.measures import Floats
from casedesk.modelling.payments import Payments
from casedesk.modelling.scorer import account_scores
from casedesk.modelling.together import together_by_payment
from casedesk.services.model_data import Reading
from casedesk.services.offline_detecting import detect_files


def severities(payments: Payments, alerts: Iterable[Alert]) -> Floats:
    """Return for each payment the sum of the worst severities of the alerts that name it, one a rule."""
    worst: dict[str, dict[str, int]] = defaultdict(dict)
    for alert in alerts:
        for name in alert.transaction_ids:
            worst[name][alert.rule] = max(worst[name].get(alert.rule, 0), alert.severity)
    return np.array([float(sum(worst[name].values())) if name in worst else 0.0 for name in payments.ids.to_pylist()])


def by_rules(payments: Payments, data: str, reading: Reading) -> Floats:
    """Run the rules over files, and return what they say of each payment in them.

    :raises Invalid: naming what does not fit.
    """
    found = detect_files(
        paths=[data], base_currency=reading.base_currency, format=reading.format, zone=reading.zone, start=reading.start,
        rates=reading.rates, mapping=reading.mapping,
    )  # fmt: skip
    return severities(payments, found.result.alerts)


def beside(
    table: pa.Table, payments: Payments, probabilities: Floats, rules: Floats, drift: Mapping[str, float]
) -> pa.Table:
    """Add to a table of scores what rules say of each payment, and what both make of payment and account.

    The columns are ``rules``, ``together`` and ``account_together``.
    """
    both = together_by_payment(probabilities, rules, drift.values())
    payment = pc.index_in(table["transaction_id"], value_set=payments.ids)
    account = pc.index_in(table["account"], value_set=payments.accounts)
    for name, values, place in (
        ("rules", rules, payment), ("together", both, payment), ("account_together", account_scores(payments, both), account),
    ):  # fmt: skip
        table = table.append_column(name, pa.array(values).take(place))
    return table
