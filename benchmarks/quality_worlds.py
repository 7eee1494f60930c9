"""The labelled worlds of the quality report: what happened in the engine's columns, and apart from it who did what.

Labels are read here and in ``detection_quality`` only; no rule sees them.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from casedesk.detection.paid import OWN_AMOUNT
from casedesk.domain.money import MINOR_DIGITS, Money
from seeds.places import convert
from seeds.world import DEFAULT_END, build_world

#: Dollars for one unit, as the conversions within AMLworld's own files imply.
AMLWORLD_RATES: Final = {
    "US Dollar": 1.0, "Euro": 1.17, "UK Pound": 1.29, "Yen": 0.0095, "Yuan": 0.149, "Rupee": 0.0136,
    "Swiss Franc": 1.09, "Shekel": 0.296, "Canadian Dollar": 0.758, "Australian Dollar": 0.708, "Ruble": 0.0128,
    "Mexican Peso": 0.0473, "Brazil Real": 0.177, "Saudi Riyal": 0.2666, "Bitcoin": 11_000.0,
}  # fmt: skip
AMLWORLD_CODES: Final = {
    "US Dollar": "USD", "Euro": "EUR", "UK Pound": "GBP", "Yen": "JPY", "Yuan": "CNY", "Rupee": "INR",
    "Swiss Franc": "CHF", "Shekel": "ILS", "Canadian Dollar": "CAD", "Australian Dollar": "AUD", "Ruble": "RUB",
    "Mexican Peso": "MXN", "Brazil Real": "BRL", "Saudi Riyal": "SAR", "Bitcoin": "XBT",
}  # fmt: skip
AMLWORLD_CHANNELS: Final = {
    "Cash": "CASH", "ACH": "ACH", "Wire": "WIRE", "Credit Card": "CARD", "Cheque": "CHEQUE", "Bitcoin": "CRYPTO",
    "Reinvestment": "INTERNAL",
}  # fmt: skip
SMOKE_CHANNELS: Final = {
    "transfer": "ACH", "payment": "ACH", "withdrawal": "CASH", "deposit": "CASH", "trade_payment": "WIRE"
}  # fmt: skip
GENTEX_TYPES: Final = {
    1: "fan-out", 2: "fan-in", 3: "cycle", 4: "bipartite", 5: "stack", 7: "scatter-gather", 8: "gather-scatter"
}  # fmt: skip
COLUMNS: Final = (
    "transaction_id", "booked_at", "from_account", "to_account", "base_minor", "channel", "from_country", "to_country"
)  # fmt: skip


#: AMLSim counts days from nowhere.
DAY_ONE: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pattern:
    """One labelled attempt: its typology and its transactions."""

    typology: str
    transaction_ids: frozenset[str]


@dataclass(frozen=True)
class World:
    """Transactions and accounts for the engine; patterns and, where labels name them, guilty and innocent accounts."""

    transactions: pa.Table
    accounts: pa.Table
    patterns: tuple[Pattern, ...] = ()
    guilty: frozenset[str] = frozenset()
    innocent: dict[str, str] = field(default_factory=dict)  # customer id -> which look-alike


def hi_small(shared: Path) -> World:
    """Read AMLworld's labelled attempts: positives only."""
    rows: list[tuple[Any, ...]] = []
    found: list[tuple[str, set[str]]] = []
    for line in (shared / "data" / "amlworld_HI-Small_Patterns.txt").read_text(encoding="utf-8").splitlines():
        begun = re.match(r"BEGIN LAUNDERING ATTEMPT - ([A-Z-]+)", line)
        if begun:
            found.append((begun[1].lower(), set()))
        elif line and not line.startswith("END"):
            rows.append(_amlworld(f"T{len(rows)}", next(csv.reader([line]))))
            found[-1][1].add(rows[-1][0])
    return World(_table(rows), _holders(rows), tuple(Pattern(kind, frozenset(ids)) for kind, ids in found))


def benign(shared: Path) -> World:
    """Read AMLworld's half hour without laundering."""
    with (shared / "data" / "amlworld_benign_30min_12308.csv").open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        next(reader)
        rows = [_amlworld(f"T{number}", row) for number, row in enumerate(reader)]
    return World(_table(rows), _holders(rows))


def gentex(shared: Path, name: str) -> World:
    """Read an AMLGentex world; its source and its sink are external accounts, and opening balances are no payments."""
    table = pq.read_table(shared / "data" / f"amlgentex_{name}_tx.parquet")
    table = table.filter(pc.equal(table["type"], "TRANSFER"))
    transactions = pa.table(
        {
            "transaction_id": table["tx_id"].cast(pa.string()),
            "booked_at": table["tx_date"].cast(pa.timestamp("us")),
            "from_account": table["nameOrig"].cast(pa.string()),
            "to_account": table["nameDest"].cast(pa.string()),
            "base_minor": pc.multiply(table["amount"], pa.scalar(100)).cast(pa.int64()),
            "channel": pa.repeat("ACH", table.num_rows),
            "from_country": pa.repeat("", table.num_rows),
            "to_country": pa.repeat("", table.num_rows),
        }
    )
    names = sorted(
        {*transactions["from_account"].unique().to_pylist(), *transactions["to_account"].unique().to_pylist()}
    )
    accounts = pa.table({"account_id": names, "customer_id": ["" if n.startswith("-") else f"C{n}" for n in names]})
    labelled = table.filter(pc.equal(table["is_sar"], 1)).to_pylist()
    attempts: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in labelled:
        attempts[GENTEX_TYPES.get(row["model_type"], "other"), row["pattern_id"]].add(str(row["tx_id"]))
    ends = {row[side] for row in labelled for side in ("nameOrig", "nameDest")}
    patterns = tuple(Pattern(kind, frozenset(ids)) for (kind, _), ids in sorted(attempts.items()))
    return World(transactions, accounts, patterns, frozenset(str(end) for end in ends if end >= 0))


def smoke(shared: Path) -> World:
    """Read the smoke set; each labelled transaction is a pattern of its own, because nothing ties them together."""
    rows, patterns, guilty = [], [], set[str]()
    with (shared / "data" / "typology_smoke_quantsingularity_9973.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
            sides = (row["sender_id"], row["receiver_id"])
            minor, channel = round(float(row["amount"]) * 100), SMOKE_CHANNELS[row["transaction_type"]]
            rows.append(
                (row["transaction_id"], at, *sides, minor, channel, row["sender_country"], row["receiver_country"])
            )
            if row["is_fraud"] == "1":
                patterns.append(Pattern(row["fraud_typology"], frozenset({row["transaction_id"]})))
                guilty.update(sides)
    return World(_table(rows), _holders(rows), tuple(patterns), frozenset(guilty))


def amlsim(shared: Path) -> World:
    """Read the AMLSim sample; it labels nodes only, and has no channel, no country and no hour."""
    with gzip.open(shared / "data" / "amlsim_20K_fanin200_transactions.csv.gz", "rt", encoding="utf-8") as lines:
        rows = [
            (f"T{number}", DAY_ONE + timedelta(days=int(row["time"])), row["sourceNodeId"], row["targetNodeId"],
             round(float(row["value"]) * 100), "ACH", "", "")
            for number, row in enumerate(csv.DictReader(lines))
        ]  # fmt: skip
    with gzip.open(shared / "data" / "amlsim_20K_fanin200_nodes.csv.gz", "rt", encoding="utf-8") as lines:
        guilty = frozenset(row["nodeid"] for row in csv.DictReader(lines) if row["isFraud"] == "1")
    moving = {side for row in rows for side in row[2:4]}
    return World(_table(rows), _holders(rows), guilty=guilty & moving)


def demo(seed: int = 7, customers: int = 400, days: int = 120, end: date = DEFAULT_END) -> World:
    """Make a demo bank: that of the seeds by default, another one from another seed."""
    bank = build_world(customers=customers, days=days, seed=seed, end=end)
    rows = [
        (
            row.transaction_id,
            datetime.fromisoformat(row.booked_at),
            row.from_account,
            row.to_account,
            convert(round(float(row.amount) * 100), row.currency, "USD"),
            row.channel,
            row.from_country,
            row.to_country,
            Money.parse(row.amount, row.currency).minor,
            row.currency,
        )
        for row in bank.transactions
    ]
    segments = {customer.customer_id: customer.segment for customer in bank.customers}
    accounts = pa.table(
        {
            "account_id": [one.account_id for one in bank.accounts],
            "customer_id": [one.customer_id for one in bank.accounts],
            "opened_on": ["" if one.opened_on is None else one.opened_on.isoformat() for one in bank.accounts],
            "peer_group": [segments.get(one.customer_id, "") for one in bank.accounts],
        }
    )
    planted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for label in bank.labels:
        planted[label.typology, label.label_id].add(label.transaction_id)
    patterns = tuple(Pattern(kind, frozenset(ids)) for (kind, _), ids in sorted(planted.items()))
    return World(_table(rows), accounts, patterns, innocent={one.customer_id: one.kind for one in bank.lookalikes})


def _amlworld(name: str, row: list[str]) -> tuple[Any, ...]:
    at = datetime.strptime(row[0], "%Y/%m/%d %H:%M").replace(tzinfo=UTC)
    minor = round(float(row[7]) * AMLWORLD_RATES[row[8]] * 100)
    code = AMLWORLD_CODES[row[8]]
    paid = round(Decimal(row[7]).scaleb(MINOR_DIGITS[code]))
    return name, at, f"{row[1]}/{row[2]}", f"{row[3]}/{row[4]}", minor, AMLWORLD_CHANNELS[row[9]], "", "", paid, code


def _table(rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    kinds = {"booked_at": pa.timestamp("us", "UTC"), "base_minor": pa.int64(), "amount_minor": pa.int64()}
    names = (*COLUMNS, *OWN_AMOUNT)[: len(columns)]
    return pa.table(
        {name: pa.array(values, kinds.get(name, pa.string())) for name, values in zip(names, columns, strict=True)}
    )


def _holders(rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    """Give every account a customer of its own."""
    names = sorted({side for row in rows for side in row[2:4] if side})
    return pa.table({"account_id": names, "customer_id": [f"H-{name}" for name in names]})
