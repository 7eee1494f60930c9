"""From evidence to alerts: one alert for each episode of a rule on an account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

from casedesk.detection.rule import FAULTS, BrokenRule, Evidence, Explanation, Rule
from casedesk.detection.sentences import instant
from casedesk.domain.alerts import Alert, alert_id

#: What the engine hands over for each rule, sorted by account_id, episode, at and transaction_id: whose episode it is,
#: then the fields of ``Evidence``.
COLUMNS = ("account_id", "customer_id", "episode", *Evidence._fields)

_WORDS = ("account_id", "customer_id", "transaction_id", "direction", "channel", "country")
#: No evidence.
NOTHING = pa.schema(
    [(name, pa.string() if name in _WORDS else pa.bool_() if name == "fired" else pa.int64()) for name in COLUMNS]
).empty_table()

#: Rows of evidence that stand as Python objects at once; each takes several times the room that it has in Arrow.
AT_ONCE = 1 << 14


def alerts_of(rule: Rule, evidence: pa.Table, currency: str) -> Iterator[Alert]:
    """Yield the alerts of one rule, by account and time.

    Evidence stands in order of booking, transactions booked at the same instant by their id, so that the same data has
    the same alert ids whatever order it came in. An alert's amount is the sum of its evidence in the base currency.
    """
    if not evidence.num_rows:
        return
    parameters = rule.parameters.canonical()
    for (account_id, customer_id, _), group in groupby(_rows(evidence), key=itemgetter(0, 1, 2)):
        episode = tuple(Evidence(*row[3:]) for row in group)
        explanation = _explained(rule, episode, currency)
        yield Alert(
            alert_id=alert_id(rule.name, account_id, episode[0].transaction_id),
            rule=rule.name,
            rule_version=rule.version,
            parameters=parameters,
            customer_id=customer_id,
            account_id=account_id,
            window_start=instant(episode[0].at),
            window_end=instant(episode[-1].at),
            transaction_ids=tuple(piece.transaction_id for piece in episode),
            amount_minor=sum(piece.base_minor for piece in episode),
            severity=int(explanation.severity),
            sentence=explanation.sentence,
        )


def _explained(rule: Rule, episode: tuple[Evidence, ...], currency: str) -> Explanation:
    try:
        found = rule.explain(episode, currency)
        if found.severity not in range(101):
            raise TypeError(f"severity {found.severity!r} is no whole number from 0 to 100")
        if not found.sentence.strip():
            raise TypeError(f"sentence {found.sentence!r} says nothing")
    except FAULTS as error:
        fault = f"it cannot explain what it found from transaction “{episode[0].transaction_id}” on"
        raise BrokenRule(rule, fault, error) from error
    return found


def _rows(evidence: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in evidence.select(list(COLUMNS)).to_batches(max_chunksize=AT_ONCE):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
