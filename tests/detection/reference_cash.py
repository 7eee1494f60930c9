"""The cash and amount rules once more, in plain loops over calendar dates, and banks whose customers have many accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor

import numpy as np
import pyarrow as pa

from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.detection.rules.cash_aggregation import CashAggregationParameters
from casedesk.detection.rules.round_amounts import RoundAmountsParameters
from casedesk.detection.rules.structuring_over_days import StructuringOverDaysParameters
from casedesk.domain.alerts import Alert
from tests.detection.bank import SMALL, Tx, arrow, named

Found = set[tuple[str, tuple[str, ...], int]]
#: Account to customer; what is not named belongs to nobody.
OWNERS: Mapping[str, str] = {"A": "C1", "B": "C1", "E": "C2"}


def book(transactions: Sequence[Tx], owners: Mapping[str, str], opened: Mapping[str, str]) -> pa.Table:
    """Return an accounts table: whose each account is and when it was opened, where that is known."""
    names = sorted({name for tx in transactions for name in (tx.source, tx.target) if name} | set(owners))
    return pa.table(
        {
            "account_id": names,
            "customer_id": [owners.get(name, "") for name in names],
            "opened_on": [opened.get(name, "") for name in names],
        }
    )


def alerts(
    rule: Rule,
    transactions: Iterable[Tx],
    owners: Mapping[str, str] = OWNERS,
    opened: Mapping[str, str] | None = None,
    **values: object,
) -> tuple[Alert, ...]:
    """Run one rule, with other parameter values where given."""
    bank = named(transactions)
    changed = rule.with_values(values) if values else rule
    return detect(arrow(bank), book(bank, owners, opened or {}), rules=(changed,), limits=SMALL).alerts


def found(rule: Rule, transactions: Sequence[Tx], opened: Mapping[str, str]) -> Found:
    result = alerts(rule, transactions, opened=opened)
    return {(alert.account_id, alert.transaction_ids, alert.amount_minor) for alert in result}


@dataclass(frozen=True)
class Side:
    tx: Tx
    direction: str
    other: str

    @property
    def at(self) -> datetime:
        return self.tx.at


def expected(rule: Rule, transactions: Iterable[Tx], opened: Mapping[str, str]) -> Found:
    """Return lead account, evidence in order of booking, and amount of every alert."""
    p = rule.parameters
    result: Found = set()
    everything = list(transactions)
    for customer in sorted(set(OWNERS.values())):
        mine = {account for account, owner in OWNERS.items() if owner == customer}
        sides = [
            Side(tx, "in" if tx.target in mine else "out", tx.source if tx.target in mine else tx.target)
            for tx in everything
            if (tx.target in mine) != (tx.source in mine)
        ]
        missing_from = _missing_from(everything, mine, opened)
        if isinstance(p, StructuringOverDaysParameters):
            groups = _split(sides, p, missing_from)
        elif isinstance(p, CashAggregationParameters):
            groups = _aggregated(sides, p, missing_from)
        else:
            assert isinstance(p, RoundAmountsParameters)
            groups = _round(sides, p, missing_from)
        for group in groups:
            evidence = sorted(group, key=lambda side: (side.at, side.tx.id))
            result.add((min(mine), tuple(s.tx.id for s in evidence), sum(s.tx.minor for s in evidence)))
    return result


def _missing_from(transactions: Iterable[Tx], mine: set[str], opened: Mapping[str, str]) -> datetime | None:
    """Return the customer's first moment when it came long after the opening of its first account."""
    moments = [tx.at for tx in transactions if tx.source in mine or tx.target in mine]
    days = [date.fromisoformat(opened[account]) for account in mine if opened.get(account)]
    if not moments or not days:
        return None
    opening = datetime(min(days).year, min(days).month, min(days).day, tzinfo=UTC)
    return min(moments) if min(moments) - opening > timedelta(days=28) else None


def calendar_date(at: datetime, offset: int) -> date:
    return (at.astimezone(UTC) + timedelta(minutes=offset)).date()


def place(at: datetime, offset: int) -> int:
    """Count the business days up to the one a moment belongs to, with numpy's calendar."""
    day = calendar_date(at, offset)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return int(np.busday_count("2020-01-06", day))


def _held(start: int, seen: int | None, most: int) -> int:
    return most if seen is None else max(0, min(start - seen, most))


def _split(sides: list[Side], p: StructuringOverDaysParameters, missing_from: datetime | None) -> list[set[Side]]:
    deposits = [
        s for s in sides if s.direction == "in" and s.tx.channel in p.channels and s.tx.minor >= p.smallest_minor
    ]
    days = {s: place(s.at, p.day_offset_minutes) for s in deposits}
    seen = None if missing_from is None else place(missing_from, p.day_offset_minutes)
    groups = []
    for near, least in ((True, p.near_count), (False, p.small_count)):
        pieces = [
            s for s in deposits if (p.near_minor <= s.tx.minor <= p.line_minor if near else s.tx.minor < p.near_minor)
        ]
        hits = []
        for last in sorted(set(days.values())):
            first = last - p.window_days + 1
            window = [s for s in pieces if first <= days[s] <= last]
            all_deposits = [s for s in deposits if first <= days[s] <= last]
            before = [s for s in pieces if first - p.history_days <= days[s] < first]
            held = _held(first, seen, p.history_days)
            usual = floor(Fraction(len(before) * p.window_days * p.news_percent, 100 * max(held, 1)))
            by_date: dict[date, int] = defaultdict(int)
            for s in window:
                by_date[calendar_date(s.at, p.day_offset_minutes)] += s.tx.minor
            if (
                any(days[s] == last for s in window)
                and len(window) >= max(least, usual + 1)
                and sum(s.tx.minor for s in window) > p.total_minor
                and (held >= p.known_days or max(by_date.values()) > p.line_minor)
                and (not near or len(window) * 100 >= p.near_percent * len(all_deposits))
            ):
                hits.append(frozenset(window))
        groups += merged(hits)
    return groups


def _aggregated(sides: list[Side], p: CashAggregationParameters, missing_from: datetime | None) -> list[set[Side]]:
    seen = None if missing_from is None else place(missing_from, p.day_offset_minutes)
    groups = []
    for direction in ("in", "out"):
        days: dict[int, list[Side]] = defaultdict(list)
        for s in sides:
            if s.direction == direction and s.tx.channel in p.channels:
                days[place(s.at, p.day_offset_minutes)].append(s)
        crossing = {
            day: of_day
            for day, of_day in days.items()
            if len(of_day) >= p.count
            and sum(s.tx.minor for s in of_day) > p.line_minor
            and max(s.tx.minor for s in of_day) <= p.line_minor
        }
        for day, of_day in crossing.items():
            held = _held(day, seen, p.history_days)
            before = sum(day - p.history_days <= other < day for other in crossing)
            dates = {calendar_date(s.at, p.day_offset_minutes) for s in of_day}
            most = max(
                sum(s.tx.minor for s in of_day if calendar_date(s.at, p.day_offset_minutes) == one) for one in dates
            )
            customary = p.customary_days and Fraction(before, max(held, 1)) >= Fraction(
                p.customary_days, p.history_days
            )
            if not customary and (held >= p.known_days or most > p.line_minor):
                groups.append(set(of_day))
    return groups


def _round(sides: list[Side], p: RoundAmountsParameters, missing_from: datetime | None) -> list[set[Side]]:
    large = [s for s in sides if s.tx.channel in p.channels and s.tx.minor >= p.unit_minor]
    fresh = [
        s
        for s in large
        if not any(
            (o.other, o.direction, o.tx.own) == (s.other, s.direction, s.tx.own)
            and timedelta(0) < s.at - o.at <= timedelta(days=p.repeat_days)
            for o in large
        )
    ]
    length, history = timedelta(days=p.window_days), timedelta(days=p.history_days)
    hits = []
    for last in sorted({s.at for s in fresh}):
        window = [s for s in fresh if last - length <= s.at <= last]
        rounds = [s for s in window if _is_round(s, p)]
        before = [s for s in fresh if last - length - history <= s.at < last - length and _is_round(s, p)]
        held = p.history_days
        if missing_from is not None:
            held = max(timedelta(0), min(last - length - missing_from, history)).days
        usual = floor(Fraction(len(before) * p.window_days * p.news_percent, 100 * max(held, 1)))
        incoming = sum(s.direction == "in" for s in rounds)
        if (
            len(rounds) >= max(p.count, usual + 1)
            and len(rounds) * 100 >= p.percent * len(window)
            and (held >= p.known_days or min(incoming, len(rounds) - incoming) >= p.both_ways)
            and any(s.at == last for s in rounds)
        ):
            hits.append(frozenset(rounds))
    return merged(hits)


def _is_round(side: Side, p: RoundAmountsParameters) -> bool:
    return side.tx.own > 0 and side.tx.own % Fraction(p.unit_minor, 100) == 0


def merged(hits: Iterable[frozenset[Side]]) -> list[set[Side]]:
    """Join hits that share a transaction, until none do."""
    groups: list[set[Side]] = []
    for hit in hits:
        joined, apart = set(hit), []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups
