"""Small made-up banks for the model's tests: everyday payments, and rings and fans that were planted and labelled."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    transaction_id: str
    booked_at: datetime
    from_account: str
    to_account: str
    base_minor: int
    channel: str = "ACH"
    from_country: str = ""
    to_country: str = ""


def table(rows: Sequence[Row]) -> pa.Table:
    columns = {name: [getattr(row, name) for row in rows] for name in Row._fields}
    columns["booked_at"] = pa.array(columns["booked_at"], pa.timestamp("us", "UTC"))
    return pa.table(columns)


_LEGS = pa.schema(
    [("account", pa.string()), ("other", pa.string()), ("out", pa.int8()), ("booked_at", pa.timestamp("us", "UTC"))]
)


def _micros(row: Row) -> int:
    return round(row.booked_at.timestamp() * 1e6)


@dataclass
class Shelf:
    """A store that holds some payments; of legs it gives what was asked for, and what lies so much (``slack``) around it."""

    rows: list[Row]
    slack: int = 0

    def between(self, accounts: Sequence[str], since: int, until: int) -> pa.Table:
        chosen = set(accounts)
        return table([
            row
            for row in self.rows
            if {row.from_account, row.to_account} & chosen and since < _micros(row) <= until
        ])  # fmt: skip

    def legs(self, accounts: Sequence[str], since: Sequence[int], until: Sequence[int]) -> pa.Table:
        spans = {
            name: (begin - self.slack, end + self.slack)
            for name, begin, end in zip(accounts, since, until, strict=True)
        }
        found = []
        for row in self.rows:
            for out, mine, its in ((1, row.from_account, row.to_account), (0, row.to_account, row.from_account)):
                if its and mine in spans and spans[mine][0] < _micros(row) <= spans[mine][1]:
                    found.append({"account": mine, "other": its, "out": out, "booked_at": row.booked_at})
        return pa.Table.from_pylist(found, _LEGS)


def town(seed: int, payments: int = 500, accounts: int = 24, days: int = 50) -> list[Row]:
    """Payments of a few accounts, many at the same midnight, some with the world outside, some to oneself, one busy shop."""
    dice = random.Random(seed)
    names = [f"A{number:02}" for number in range(accounts)]
    rows = []
    for number in range(payments):
        at = BEGIN + timedelta(days=dice.randrange(days), hours=dice.choice((0, 0, 0, 9, 17)))
        payer, payee = dice.choice([*names, ""]), dice.choice([*names, "", "SHOP"])
        if payer == payee == "":
            payer = names[0]
        countries = dice.choice((("", ""), ("DE", "DE"), ("DE", "FR")))
        rows.append(
            Row(f"T{number:05}", at, payer, payee, dice.randrange(1, 90_000), dice.choice(("ACH", "CASH")), *countries)
        )
    return rows


def planted(seed: int = 1, accounts: int = 150, days: int = 60) -> tuple[list[Row], set[str]]:
    """A bank whose launderers gather from many in a day and send it all on; returns the payments and the guilty ids."""
    dice = random.Random(seed)
    names = [f"B{number:03}" for number in range(accounts)]
    rows: list[Row] = []
    guilty = set()

    def pay(day: int, payer: str, payee: str, amount: int, bad: bool = False) -> None:
        rows.append(Row(f"P{len(rows):06}", BEGIN + timedelta(days=day), payer, payee, amount))
        if bad:
            guilty.add(rows[-1].transaction_id)

    for day in range(days):
        for _ in range(60):
            payer, payee = dice.sample(names, 2)
            pay(day, payer, payee if dice.random() < 0.5 else "", dice.randrange(1_000, 60_000))
        if day % 2:
            mule, *others = dice.sample(names, 7)
            for other in others:
                pay(day, other, mule, dice.randrange(20_000, 50_000), bad=True)
    return rows, guilty
