"""Features of single payments, out of what a store holds around them, against those of the whole bank."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import numpy as np
import pytest

from casedesk.modelling import serving
from casedesk.modelling.building import Features, build
from casedesk.modelling.features import catalogue
from casedesk.modelling.payments import Payments
from casedesk.modelling.serving import SPAN_DAYS, features_of
from casedesk.modelling.sides import DAY
from tests.modelling.towns import BEGIN, Row, Shelf, table, town


def crowd(seed: int) -> list[Row]:
    """A town of four months: rings and middlemen, and a market that is a hub for a week and quiet in the one after it.

    Then what the market did within a week holds payments that it made while it was a hub.
    """
    dice = random.Random(seed)
    rows = town(seed, payments=700, accounts=24, days=120)
    names = [f"A{number:02}" for number in range(24)]

    def pay(at: datetime, payer: str, payee: str) -> None:
        rows.append(Row(f"C{len(rows):05}", at, payer, payee, dice.randrange(1, 5_000)))

    for number in range(280):
        at = BEGIN + timedelta(days=60, minutes=30 * number)
        ends = [f"N{number}" if number > 256 else dice.choice(names), "MARKET"]
        pay(at, *(ends if number % 3 else ends[::-1]))
        if number > 256:  # whom it deals with only while it is a hub
            pay(at - timedelta(days=dice.randrange(1, 29)), ends[0], dice.choice(names))
            pay(at - timedelta(days=dice.randrange(1, 6)), dice.choice(names), ends[0])
    for number in range(12):
        pay(BEGIN + timedelta(days=67, hours=2 * number), *dice.choice([("MARKET", "A01"), ("A02", "MARKET")]))
    for day in range(3, 120, 4):
        first, middle, last, other = dice.sample(names, 4)
        at = BEGIN + timedelta(days=day, hours=dice.choice((0, 9)))
        pay(at, first, middle)
        pay(at + timedelta(days=dice.choice((0, 2, 6, 7))), middle, last)
        pay(at + timedelta(days=1), first, other)
        pay(at + timedelta(days=dice.randrange(2, 9)), other, last)
        pay(at + timedelta(days=dice.randrange(7, 16)), last, first)
    # a middleman who is looked at for what he passed on two weeks before alone, a pair that dealt 90 days before, and the
    # last microsecond of a week
    at = BEGIN + timedelta(days=90)
    for after, payer, payee in (
        (0, "SOURCE", "EARLY"), (6.5, "EARLY", "SINK"), (15, "SOURCE", "LATE"), (17, "LATE", "SINK"), (-72.5, "LATE", "SINK"),
    ):  # fmt: skip
        pay(at + timedelta(days=after), payer, payee)
    pay(at, "GIVER", "TAKER")
    pay(at + timedelta(days=7, microseconds=-1), "GIVER", "TAKER")
    return rows


def like_the_batch(batch: Features, shelf: Shelf, group: list[Row]) -> None:
    served = features_of(shelf, table(group))
    assert served.ids.to_pylist() == [row.transaction_id for row in group]
    place = {name: number for number, name in enumerate(batch.ids.to_pylist())}
    expected = batch.matrix[[place[row.transaction_id] for row in group]]
    np.testing.assert_array_equal(served.matrix, expected, err_msg=str([one.name for one in catalogue()]))


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_any_payments_within_a_month_have_the_features_they_have_among_all(seed: int) -> None:
    """With payments that came later in the store, of one instant, to oneself and in cash; legs as asked for, and more of them."""
    rows = crowd(seed)
    batch = build(Payments.of(table(rows)), threads=1)
    dice = random.Random(seed)
    begins = [BEGIN + timedelta(days=dice.randrange(100)) for _ in range(8)]
    begins += [BEGIN + timedelta(days=day) for day in (63, 66, 67)]
    for begin in begins:
        month = [row for row in rows if begin <= row.booked_at < begin + timedelta(days=SPAN_DAYS)]
        for size, slack in ((1, 0), (16, 0), (60, 0), (16, 40 * DAY)):
            like_the_batch(batch, Shelf(rows, slack), dice.sample(month, min(size, len(month))))
    market = [row for row in rows if "MARKET" in (row.from_account, row.to_account)]
    for row in (market[250], market[275], *market[-12:]):
        like_the_batch(batch, Shelf(rows), [row])
    for row in rows[-7:]:
        like_the_batch(batch, Shelf(rows), [row])
    midnight = BEGIN + timedelta(days=70)
    like_the_batch(batch, Shelf(rows), [row for row in rows if row.booked_at == midnight])


def test_an_engine_gives_the_same_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = crowd(24)
    batch = build(Payments.of(table(rows)), threads=1)
    monkeypatch.setattr(serving, "fits", lambda _payments: False)
    late = [row for row in rows if row.booked_at > BEGIN + timedelta(days=100)]
    like_the_batch(batch, Shelf(rows), late[::9])
