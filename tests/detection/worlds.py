"""One small bank in which every rule has something to say: the demo bank of the seeds, and a circle."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache

import pyarrow as pa

from casedesk.domain.money import Money
from seeds.world import build_world
from tests.detection.bank import TRANSACTIONS

CIRCLE = ("C-CIRCLE-1", "C-CIRCLE-2", "C-CIRCLE-3")


@cache
def rich() -> tuple[pa.Table, pa.Table]:
    """Return transactions and accounts in the engine's columns; one unit of any currency is worth one of the base."""
    bank = build_world(customers=60, days=100, seed=7, end=date(2026, 6, 30))
    rows = [
        (row.transaction_id, datetime.fromisoformat(row.booked_at), row.from_account, row.to_account,
         round(float(row.amount) * 100), row.channel, row.from_country, row.to_country,
         Money.parse(row.amount, row.currency).minor, row.currency)
        for row in bank.transactions
    ]  # fmt: skip
    for number, (source, target) in enumerate(zip(CIRCLE, (*CIRCLE[1:], CIRCLE[0]), strict=True)):
        at = datetime(2026, 6, 10 + number, 9, tzinfo=UTC)
        rows.append(
            (f"CIRCLE-{number}", at, source, target, 4_000_00 - number, "WIRE", "US", "US", 4_000_00 - number, "USD")
        )
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[1] = [at.replace(tzinfo=None) for at in columns[1]]
    transactions = pa.table([pa.array(c, f.type) for c, f in zip(columns, TRANSACTIONS, strict=True)], TRANSACTIONS)
    segments = {customer.customer_id: customer.segment for customer in bank.customers}
    accounts = [
        (one.account_id, one.customer_id, "" if one.opened_on is None else one.opened_on.isoformat(),
         segments.get(one.customer_id, ""))
        for one in bank.accounts
    ]  # fmt: skip
    accounts += [(name, f"K-{name}", "", "") for name in CIRCLE]
    names = ("account_id", "customer_id", "opened_on", "peer_group")
    return transactions, pa.table(dict(zip(names, (list(c) for c in zip(*accounts, strict=True)), strict=True)))
