"""Small banks in Arrow, written as a reader would say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count

import pyarrow as pa

from casedesk.detection.duck import Limits
from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.domain.alerts import Alert
from casedesk.domain.money import MINOR_DIGITS

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
SMALL = Limits(memory_mib=512, threads=1)
_numbers = count(1)

TRANSACTIONS = pa.schema(
    [
        ("transaction_id", pa.string()),
        ("booked_at", pa.timestamp("us")),
        ("from_account", pa.string()),
        ("to_account", pa.string()),
        ("base_minor", pa.int64()),
        ("channel", pa.string()),
        ("from_country", pa.string()),
        ("to_country", pa.string()),
        ("amount_minor", pa.int64()),
        ("currency", pa.string()),
    ]
)


@dataclass(frozen=True)
class Tx:
    """One transaction; ``at`` is aware UTC, ``minor`` its worth in the base currency, ``paid`` where that is another."""

    at: datetime
    source: str = ""
    target: str = ""
    minor: int = 100_00
    channel: str = "CASH"
    from_country: str = ""
    to_country: str = ""
    id: str = ""
    paid: int | None = None  # minor units of ``currency``; None for ``minor``
    currency: str = "USD"

    @property
    def own(self) -> Fraction:
        """The amount as it was paid, in whole units of its currency."""
        return Fraction(self.minor if self.paid is None else self.paid, 10 ** MINOR_DIGITS[self.currency])


def deposit(minutes: float, minor: int = 7_000_00, to: str = "A", channel: str = "CASH", **more: str) -> Tx:
    """Money from outside, so many minutes after noon."""
    source = "" if channel == "CASH" else "X"
    return Tx(NOON + timedelta(minutes=minutes), source, to, minor, channel, **more)


def named(transactions: Iterable[Tx]) -> list[Tx]:
    """Give every transaction without an id the next free one."""
    return [tx if tx.id else replace(tx, id=f"T{next(_numbers):06d}") for tx in transactions]


def apart(scenes: Mapping[int, Iterable[Tx]]) -> list[Tx]:
    """Put scenes side by side, each among accounts of its own: “A” of scene 3 is “A3”. One run then does for all."""
    return [
        replace(tx, source=f"{tx.source}{number}", target=f"{tx.target}{number}", id=f"{tx.id}/{number}")
        for number, scene in scenes.items()
        for tx in scene
    ]


def arrow(transactions: Sequence[Tx]) -> pa.Table:
    """Return the engine's transactions table."""
    rows = [
        {
            "transaction_id": tx.id,
            "booked_at": tx.at.astimezone(UTC).replace(tzinfo=None),
            "from_account": tx.source,
            "to_account": tx.target,
            "base_minor": tx.minor,
            "channel": tx.channel,
            "from_country": tx.from_country,
            "to_country": tx.to_country,
            "amount_minor": tx.minor if tx.paid is None else tx.paid,
            "currency": tx.currency,
        }
        for tx in transactions
    ]
    return pa.Table.from_pylist(rows, schema=TRANSACTIONS)


def accounts_of(transactions: Sequence[Tx], external: Iterable[str] = ("X", "Y", "Z")) -> pa.Table:
    """Return an accounts table with every account named; those in ``external`` belong to no customer."""
    names = sorted({name for tx in transactions for name in (tx.source, tx.target) if name} | {"A"})
    outside = set(external)
    return pa.table({"account_id": names, "customer_id": ["" if n in outside else f"C-{n}" for n in names]})


def alerts(rule: Rule, transactions: Iterable[Tx], **values: object) -> tuple[Alert, ...]:
    """Run one rule, with other parameter values where given."""
    bank = named(transactions)
    changed = rule.with_values(values) if values else rule
    return detect(arrow(bank), accounts_of(bank), rules=(changed,), limits=SMALL).alerts
