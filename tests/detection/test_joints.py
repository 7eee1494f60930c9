"""Transfers that join no other: no path ends with them, so a rule along paths need not be run, and would have found nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from casedesk.detection import joints
from casedesk.detection.duck import LoadedData, loaded
from casedesk.detection.engine import KeptData, digests_of
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules.cycle import Cycle
from casedesk.detection.rules.scatter_gather import ScatterGather
from casedesk.detection.rules.stack import Stack
from casedesk.detection.subjects import Subjects
from tests.detection.bank import NOON, Tx, accounts_of, arrow, named
from tests.detection.test_subjects import coded, micros, small_world

LIMITS = Limits(memory_mib=512, threads=1)
NARROW = {"lowest_percent": 80, "highest_percent": 125}
CYCLE = Cycle().with_values({**NARROW, "window_days": 2, "slack_hours": 6})
STACK = Stack().with_values({**NARROW, "window_days": 2, "gap_days": 1, "smallest_minor": 500_00, "customers": 1})
DEEP = STACK.with_values({"customers": 3})
WAYS = ScatterGather().with_values({"window_days": 1, "between": 2, "least_percent": 80, "most_percent": 125})
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("rule", "apart", "minor", "may"),
    [
        (STACK, timedelta(days=1), 800_00, True),
        (STACK, timedelta(days=1) + TICK, 800_00, False),
        (STACK, -TICK, 1_000_00, False),
        (STACK, timedelta(0), 799_99, False),
        (STACK, timedelta(0), 1_250_01, False),
        (WAYS, timedelta(days=1), 800_00, True),
        (WAYS, timedelta(days=1) + TICK, 800_00, False),
    ],
)
def test_a_transfer_may_end_a_path_where_it_carries_on_a_neighbours_money(
    rule: Rule, apart: timedelta, minor: int, may: bool
) -> None:
    first, then = Tx(NOON, "A", "B", 1_000_00, "WIRE"), Tx(NOON + apart, "B", "X", minor, "WIRE")
    beside = [Tx(then.at, "A", "Z", 1_000_00, "WIRE"), Tx(then.at, "Z", "X", 1_000_00, "WIRE")]
    rows = named([first, then, *(beside if rule is WAYS else [])])
    assert may_join(rule, rows, max(first.at, then.at)) is may


def may_join(rule: Rule, rows: list[Tx], since: datetime) -> bool:
    with loaded(arrow(rows), accounts_of(rows), LIMITS, Subjects.whole(["A", "B"])) as data:
        return data._may_join(rule, micros(since))


@pytest.mark.parametrize(
    ("apart", "minor", "may"),
    [
        (timedelta(days=2), 800_00, True),
        (timedelta(days=2) + TICK, 800_00, False),
        (timedelta(hours=-6), 1_250_00, True),  # it is the later hop of the two that began the circle
        (timedelta(0), 799_99, False),
        (timedelta(0), 1_250_01, False),
    ],
)
def test_money_may_come_back_that_carries_on_what_left(apart: timedelta, minor: int, may: bool) -> None:
    first, back = Tx(NOON, "A", "B", 1_000_00, "WIRE"), Tx(NOON + apart, "B", "A", minor, "WIRE")
    assert may_join(CYCLE, named([first, back]), max(first.at, back.at)) is may


HOUR = timedelta(hours=1)
RING = ["A", "X", "B", "Y", "Z"]


def ring(hours: list[int], *, minor: int = 1_000_00) -> list[Tx]:
    """Return a circle, each hop so many hours after noon; the last one of another amount."""
    ends = [*RING[1 : len(hours)], RING[0]]
    amounts = [1_000_00] * (len(hours) - 1) + [minor]
    return [
        Tx(NOON + after * HOUR, source, target, amount, "WIRE")
        for after, source, target, amount in zip(hours, RING, ends, amounts, strict=False)
    ]


@pytest.mark.parametrize(
    ("hops", "may"),
    [
        (ring([0, 1, 2, 3, 4]), True),
        (ring([0, 12, 24, 36, 48]), True),
        (ring([0, 12, 24, 36, 49]), False),  # two days are the window
        (ring([0, 1, 2, 3, 4], minor=1_251_00), False),
        (ring([6, 0, 1, 2, 3]), True),  # each no more than six hours before any hop before it
        (ring([3, 1, 9, 4, 3]), True),
        (ring([0, 10, 20, 16, 14]), True),  # the last two within six hours of the latest
        (ring([0, 10, 20, 16, 13]), False),
        (ring([0, 10, 20, 13, 14]), False),
        (ring([19, 15, 10, 30]), False),  # the first is more than six hours after one behind it
        (ring([0, 20, 8, 30, 40]), False),
        (ring([0, 1, 2, 3, 4])[1:], False),
        (ring([0, 1, 2, 3, 4])[:2] + ring([0, 1, 2, 3, 4])[3:], False),
    ],
    ids=[
        "whole",
        "at the rim",
        "too long",
        "other money",
        "first late",
        "middle late",
        "late",
        "last too early",
        "one too early",
        "first too late",
        "no order",
        "no first",
        "gap",
    ],
)
@pytest.mark.parametrize("hub", [0, 200], ids=["alone", "beside a shop"])
def test_a_circle_is_looked_for_from_its_latest_hop(hops: list[Tx], may: bool, hub: int) -> None:
    shop = [Tx(NOON, f"C{n}", "Z", 1_000_00, "WIRE") for n in range(hub)]
    rows = named([*hops, *shop])
    assert may_join(CYCLE, rows, max(one.at for one in hops)) is may


def test_a_circle_has_no_more_hops_than_the_rule_allows() -> None:
    rows = named(ring([0, 1, 2, 3, 4]))
    for most, may in ((5, True), (4, False)):
        assert may_join(CYCLE.with_values({"most_hops": most}), rows, rows[-1].at) is may
    mixed = named(ring([3, 5, 1]))  # the latest is in the middle, and the way on from it is the way back to it
    for most, may in ((3, True), (2, False)):
        assert may_join(CYCLE.with_values({"most_hops": most}), mixed, NOON + 5 * HOUR) is may


def test_others_are_asked_for_as_far_back_as_a_path_reaches() -> None:
    assert CYCLE.joint.reach == micros_of(timedelta(days=2, hours=6))  # all of a circle lies in its window
    assert STACK.joint is not None
    assert STACK.joint.reach == micros_of(
        timedelta(days=2)
    )  # the last hop but one may carry on another, each a day before


def micros_of(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def test_where_too_many_ways_are_to_be_compared_a_circle_may_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = named([*ring([0, 1, 2])[:2], *(Tx(NOON, f"C{n}", "X", 1_000_00, "WIRE") for n in range(5))])
    assert not may_join(CYCLE, rows, NOON + HOUR)
    monkeypatch.setattr(joints, "_MOST_PAIRS", 5)
    assert may_join(CYCLE, rows, NOON + HOUR)


@pytest.mark.parametrize("rule", [CYCLE, STACK], ids=["closed", "open"])
def test_a_closed_path_comes_back(rule: Rule) -> None:
    rows = named([Tx(NOON, "A", "B", 1_000_00, "WIRE"), Tx(NOON + TICK, "B", "X", 1_000_00, "WIRE")])
    assert may_join(rule, rows, NOON + TICK) is (rule is STACK)


def meeting(
    *, apart: timedelta = timedelta(0), payer: str = "Z", channel: str = "ACH", source: str = "A", minor: int = 1_000_00
) -> list[Tx]:
    """Return two ways from A to X, the later one over B, of the other one all that is said."""
    last = NOON + timedelta(hours=2)
    one = [Tx(NOON, "A", "B", 1_000_00, "WIRE"), Tx(last, "B", "X", 1_000_00, "WIRE")]
    return [
        *one,
        Tx(last + apart - timedelta(hours=3), source, payer, minor, "WIRE"),
        Tx(last + apart, payer, "X", 1_000_00, channel),
    ]


@pytest.mark.parametrize(
    ("otherwise", "may"),
    [
        ({}, True),
        ({"apart": timedelta(days=-1)}, True),
        ({"apart": timedelta(days=-1) - TICK}, False),
        ({"apart": TICK}, True),
        ({"channel": "CARD"}, False),
        ({"payer": "B"}, False),
        ({"source": "C"}, False),
        ({"minor": 1_251_00}, False),
    ],
    ids=[
        "at once",
        "at the rim",
        "too soon",
        "after it",
        "by card",
        "over the same",
        "of another one",
        "of other money",
    ],
)
def test_ways_meet_where_one_party_pays_over_as_many(otherwise: dict[str, Any], may: bool) -> None:
    rows = named(meeting(**otherwise))
    with loaded(arrow(rows), accounts_of(rows), LIMITS, Subjects.whole(["A", "B"])) as data:
        assert data._may_join(WAYS, micros(NOON + timedelta(hours=2))) is may


@pytest.mark.parametrize(
    ("values", "apart", "minor", "may"),
    [
        ({"customers": 2}, None, 0, False),
        ({"customers": 1}, None, 0, True),
        ({"customers": 2}, timedelta(days=1), 1_000_00, True),
        ({"customers": 2}, timedelta(days=1) + TICK, 1_000_00, False),
        ({"customers": 2}, timedelta(hours=1), 1_251_00, False),
        ({"customers": 2}, -TICK, 1_000_00, False),
        ({"hops": 3}, None, 0, False),
        ({"hops": 3}, timedelta(days=1), 1_000_00, True),
    ],
)
def test_a_chain_has_its_customers_and_hops_or_goes_back_further(
    values: dict[str, int], apart: timedelta | None, minor: int, may: bool
) -> None:
    chain = [Tx(NOON, "X", "B", 1_000_00, "WIRE"), Tx(NOON + timedelta(hours=2), "B", "Y", 1_000_00, "WIRE")]
    if apart is not None:
        chain.append(Tx(NOON - apart, "A", "X", minor, "WIRE"))
    rows = named(chain)
    accounts = accounts_of(rows, external=["X", "Y"])
    with loaded(arrow(rows), accounts, LIMITS, Subjects.whole(["B"])) as data:
        assert data._may_join(STACK.with_values(values), micros(chain[1].at)) is may


def test_a_transfer_below_the_smallest_joins_none() -> None:
    first, then = Tx(NOON, "A", "B", 500_00, "WIRE"), Tx(NOON + TICK, "B", "A", 499_99, "WIRE")
    rows = named([first, then])
    with loaded(arrow(rows), accounts_of(rows), LIMITS, Subjects.whole(["A"])) as data:
        assert not data._may_join(STACK, micros(NOON + TICK))
        assert data._may_join(CYCLE, micros(NOON + TICK))


@pytest.mark.parametrize(("every", "last"), [(3, 28), (1, 16)])
def test_where_none_joins_another_no_path_ends(every: int, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data, accounts = small_world(7)
    data = data.take(pa.array(np.argsort(data["booked_at"].to_numpy(), kind="stable")[::every]))
    asked = LoadedData._may_join
    monkeypatch.setattr(LoadedData, "_may_join", lambda *_: True)
    seen, may = data.num_rows - last, set[tuple[bool, bool]]()
    kept = KeptData(coded(data.slice(0, seen)), accounts, LIMITS, "USD")
    digests = digests_of(data, accounts, LIMITS, "USD")
    for place in range(seen, seen + 7):
        kept.add(data.slice(place, 1), accounts.slice(0, 0), digests)
        since = micros(data["booked_at"][place].as_py())
        kept.look_at(Subjects((), (), since, sooner=False))
        may |= {(asked(kept, rule, since), kept.evidence(rule).num_rows > 0) for rule in (CYCLE, STACK, DEEP, WAYS)}
    kept.close()
    assert (False, True) not in may
    assert may >= {(False, False), (True, True)}
