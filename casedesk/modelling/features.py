"""The features: every column named, explained, and made of what was known at the payment's instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import ibis
from ibis.expr.types import Table, Value

from casedesk.modelling.pairs import MIDDLEMEN, PAIRS, RINGS, middlemen, pairs, rings, ways
from casedesk.modelling.payments import PAYMENTS
from casedesk.modelling.sides import (
    BUSY,
    DAY,
    MONTH,
    OTHERS,
    PARTIES,
    SHORT,
    SURROUNDINGS,
    WEEK,
    known,
    surroundings,
)

#: What an engine works out, in this order, each as a table that the later ones read.
STAGES: Final = {
    "known": known, "surroundings": surroundings, "pairs": pairs, "ways": ways, "middlemen": middlemen, "rings": rings
}  # fmt: skip


#: Raise it with every change of what a feature says: a model made for other features is then refused.
VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: what it says, and whether an amount goes into it (such are left out of an amount-blind model)."""

    name: str
    means: str
    of_amount: bool = False


class _Made(NamedTuple):
    value: Value
    means: str
    of_amount: bool = False


_NAMED: Final = {"paid": "paid named parties", "got": "got from named parties"}
_PARTIES: Final = {"paid": "named parties that it paid", "got": "named parties that it got from"}
_WHO: Final = {"funders": "those who paid it within a week", "takers": "those it paid within a week"}
_THEIRS: Final = {
    "got_parties_7": "most parties that paid one of {who}, 7 d",
    "paid_parties_7": "most parties that one of {who} paid, 7 d",
    "paid_n_30": "mean number of payments by {who}, 30 d",
    "got_n_30": "mean number of payments to {who}, 30 d",
}


def _ratio(part: Value, whole: Value) -> Value:
    return ibis.ifelse(whole > 0, part.cast("float64") / whole.cast("float64"), None)


def _volumes(t: Table) -> dict[str, _Made]:
    """How often, how much, with how many, over several windows."""
    made: dict[str, _Made] = {}
    for days in (SHORT, WEEK, MONTH):
        for flow, words in _NAMED.items():
            made[f"{flow}_n_{days}"] = _Made(t[f"{flow}_n_{days}"], f"times it {words}, {days} d")
            made[f"{flow}_sum_{days}"] = _Made(t[f"{flow}_sum_{days}"], f"what it {words}, {days} d", True)
    for days in (WEEK, MONTH):
        made[f"spent_n_{days}"] = _Made(t[f"spent_n_{days}"], f"payments to the world outside, cash included, {days} d")
        made[f"spent_sum_{days}"] = _Made(
            t[f"spent_sum_{days}"], f"sum of payments to the world outside, cash included, {days} d", True
        )
        for flow, parties in _PARTIES.items():
            made[f"{flow}_parties_{days}"] = _Made(t[f"{flow}_parties_{days}"], f"{parties}, {days} d")
    made["banked_n_30"] = _Made(t.banked_n_30, "payments from the world outside, cash included, 30 d")
    made["cash_n_30"] = _Made(t.cash_n_30, "cash bookings, 30 d")
    made["active_days_30"] = _Made(t.active_days_30, "days on which the account moved, 30 d")
    return made


def _shares(t: Table) -> dict[str, _Made]:
    """What passes through, and this amount against the account's own past."""
    made: dict[str, _Made] = {}
    for days in (WEEK, MONTH):
        paid, got = t[f"paid_sum_{days}"], t[f"got_sum_{days}"]
        left = paid + t[f"spent_sum_{days}"]
        made[f"through_{days}"] = _Made(
            _ratio(left, got), f"all that left over what named parties brought, {days} d", True
        )
        made[f"passed_{days}"] = _Made(
            _ratio(paid, got), f"what went to named parties over what they brought, {days} d", True
        )
    made["amount_of_got_7"] = _Made(_ratio(t.amount, t.got_sum_7), "this amount over what it got, 7 d", True)
    for flow, words in _NAMED.items():
        total, count = t[f"{flow}_sum_30"], t[f"{flow}_n_30"]
        made[f"amount_of_{flow}_mean"] = _Made(
            _ratio(t.amount * count, total), f"this amount over the mean that it {words}, 30 d", True
        )
        made[f"amount_of_{flow}_max"] = _Made(
            _ratio(t.amount, t[f"{flow}_max_30"]), f"this amount over the most that it {words}, 30 d", True
        )
        made[f"{flow}_listed_30"] = _Made(
            _ratio(t[f"{flow}_listed_30"], total), f"share of listed parties in what it {words}, 30 d", True
        )
    made["busy"] = _Made(
        _ratio(t.paid_n_7 + t.got_n_7, t.paid_n_30 + t.got_n_30), "share of the last week in 30 days' payments"
    )
    return made


def _others(t: Table) -> dict[str, _Made]:
    """What those are like who paid the account within a week (funders), or were paid by it (takers)."""
    made: dict[str, _Made] = {}
    for words, flow in OTHERS.items():
        for name in PARTIES:
            made[f"{words}_max_{name}"] = _Made(t[f"{words}_max_{name}"], _THEIRS[name].format(who=_WHO[words]))
        for name in BUSY:
            mean = _ratio(t[f"{words}_sum_{name}"], t[f"{flow}_n_7"])
            made[f"{words}_mean_{name}"] = _Made(mean, _THEIRS[name].format(who=_WHO[words]))
    return made


@cache
def _of_sides() -> dict[str, _Made]:
    t = SURROUNDINGS
    return _volumes(t) | _shares(t) | _others(t)


@cache
def _of_payments() -> dict[str, _Made]:
    t = PAYMENTS
    return {
        "amount": _Made(t.amount, "the amount, minor units of the base currency", True),
        "cash": _Made(t.cash.cast("int8"), "1 for cash"),
        "abroad": _Made(t.abroad.cast("int8"), "1 if both countries are known and differ"),
    }


@cache
def _of_pairs() -> dict[str, _Made]:
    t = PAIRS
    return {
        "pair_n_90": _Made(t.pair_n_90, "payments of this payer to this payee, this one included, 90 d"),
        "pair_n_7": _Made(t.pair_n_7, "payments of this payer to this payee, this one included, 7 d"),
        "pair_sum_90": _Made(t.pair_sum_90, "sum of payments of this payer to this payee, this one included, 90 d", True),
        "pair_age": _Made(t.pair_age / DAY, "days since the first payment of this payer to this payee, at most 90"),
        "returned_n_90": _Made(t.returned_n_90, "payments back from payee to payer (rings of two), 90 d"),
        "returned_n_7": _Made(t.returned_n_7, "payments back from payee to payer (rings of two), 7 d"),
        "returned_share": _Made(_ratio(t.returned_sum_30, t.pair_sum_90), "what came back in 30 d over what was paid in 90 d", True),
    }  # fmt: skip


@cache
def _of_ways() -> dict[str, dict[str, _Made]]:
    m, r = MIDDLEMEN, RINGS
    return {
        m.get_name(): {
            "middlemen_14": _Made(m.middlemen_14, "most middlemen that brought the payee money of one source (scatter-gather), 14 d"),
            "sources_7": _Made(m.sources_7, "ways by which the payer had got what he may be passing on, 7 d"),
        },
        r.get_name(): {"rings_14": _Made(r.rings_14, "ways of two hops from payee to payer (rings of three), 14 d")},
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """Some columns of the matrix and where they come from.

    ``filled`` is what stands there for a payment that the part does not have. ``sided`` rows are legs: they have ``out``, and
    their columns come twice, for the payer and for the payee.
    """

    rows: Table
    columns: tuple[str, ...]
    filled: float
    sided: bool = False


def _selected(t: Table, made: Mapping[str, _Made], *keys: str) -> Table:
    return t.select(*keys, **{name: one.value.cast("float32") for name, one in made.items()})


@cache
def parts() -> tuple[Part, ...]:
    """Return what the matrix is put together from: each part has ``row`` and its columns as 32-bit floats."""
    nothing = float("nan")
    found = [
        Part(_selected(PAYMENTS, _of_payments(), "row"), tuple(_of_payments()), nothing),
        Part(_selected(PAIRS, _of_pairs(), "row"), tuple(_of_pairs()), nothing),
    ]
    for table in (MIDDLEMEN, RINGS):
        made = _of_ways()[table.get_name()]
        found.append(Part(_selected(table, made, "row"), tuple(made), 0.0))
    found.append(Part(_selected(SURROUNDINGS, _of_sides(), "row", "out"), tuple(_of_sides()), nothing, sided=True))
    return tuple(found)


#: The two sides of a payment, in the order of their columns.
SIDES: Final = ("payer", "payee")


@cache
def catalogue() -> tuple[Feature, ...]:
    """Return every feature in the order of the columns of the matrix."""
    made = _of_payments() | _of_pairs() | {name: one for part in _of_ways().values() for name, one in part.items()}
    found = [Feature(name, one.means, one.of_amount) for name, one in made.items()]
    for side in SIDES:
        found += [Feature(f"{side}_{name}", f"{side}: {one.means}", one.of_amount) for name, one in _of_sides().items()]
    return tuple(found)
