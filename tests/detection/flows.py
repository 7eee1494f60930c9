"""Payments between named accounts, days and hours after noon, for the tests of the rules about flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pyarrow as pa

from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.domain.alerts import Alert
from tests.detection.bank import NOON, SMALL, Tx, arrow, named

MICROSECOND = timedelta(microseconds=1)


def pay(source: str, target: str, day: float = 0, minor: int = 500_00, *, late: int = 0, **more: str) -> Tx:
    """One transfer, so many days and ``late`` microseconds after noon; a blank side makes it cash."""
    channel = more.pop("channel", "ACH" if source and target else "CASH")
    return Tx(NOON + timedelta(days=day, microseconds=late), source, target, minor, channel, **more)


def raised(
    rule: Rule,
    transactions: Iterable[Tx],
    *,
    own: Mapping[str, str] | None = None,
    opened: Mapping[str, str] | None = None,
    **values: object,
) -> tuple[Alert, ...]:
    """Run one rule; only the accounts in ``own`` (default: A, of customer C-A) belong to customers of the desk."""
    bank = named(transactions)
    customers = {"A": "C-A"} if own is None else own
    names = sorted({name for tx in bank for name in (tx.source, tx.target) if name} | customers.keys())
    accounts = pa.table(
        {
            "account_id": names,
            "customer_id": [customers.get(name, "") for name in names],
            "opened_on": [(opened or {}).get(name, "") for name in names],
        }
    )
    changed = rule.with_values(values) if values else rule
    return detect(arrow(bank), accounts, rules=(changed,), limits=SMALL).alerts
