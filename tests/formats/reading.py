"""Native rows and ways to read them, for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from casedesk.domain.rates import RateTable
from casedesk.formats import AccountSeen, RejectedRow, TransactionBatch, open_source

HEADER = (
    "transaction_id,booked_at,from_account,to_account,amount,currency,received_amount,received_currency,"
    "channel,from_country,to_country,branch,reference"
)
GOOD = {
    "transaction_id": "T1",
    "booked_at": "2024-07-01T09:30:00Z",
    "from_account": "A1",
    "to_account": "A2",
    "amount": "12.50",
    "currency": "USD",
    "received_amount": "",
    "received_currency": "",
    "channel": "ACH",
    "from_country": "US",
    "to_country": "GB",
    "branch": "B1",
    "reference": "rent",
}


def line(**changes: str) -> str:
    values = {**GOOD, **changes}.values()
    return ",".join(f'"{v.replace(chr(34), chr(34) * 2)}"' if any(c in v for c in ',"\n\r') else v for v in values)


def read(
    path: Path, rates: RateTable, start_chunk: int = 0, **options: Any
) -> tuple[list[dict[str, Any]], list[RejectedRow], list[AccountSeen]]:
    rows: list[dict[str, Any]] = []
    rejects: list[RejectedRow] = []
    accounts: list[AccountSeen] = []
    known: set[str] = set()
    for batch in open_source(path, rates=rates, **options).batches(start_chunk):
        assert isinstance(batch, TransactionBatch)
        assert batch.read == batch.table.num_rows + len(batch.rejects)
        names = batch.table.column_names
        rows += [dict(zip(names, row, strict=True)) for row in batch.rows()]
        rejects += batch.rejects
        accounts += batch.accounts_seen(known)
    return rows, rejects, accounts
