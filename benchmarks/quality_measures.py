"""How alerts are held against labels: attempts caught, accounts found, who was alerted for nothing, and how late.

An attempt counts as caught by a rule when an alert of that rule shares a transaction with it. The stricter count asks
that at least half of the attempt's transactions are evidence of that rule's alerts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.quality_worlds import Pattern, World
from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.domain.alerts import Alert

#: The rule whose work a labelled typology is. One that is not here has no rule of its own.
RULE_OF: Final = {
    "fan-out": "fan_out", "fan-in": "fan_in", "cycle": "cycle", "stack": "stack", "gather-scatter": "gather_scatter",
    "scatter-gather": "scatter_gather", "structuring": "structuring", "velocity": "velocity", "geography": "geography",
    "structuring_days": "structuring_over_days", "rapid_pass_through": "pass_through", "fan_in": "fan_in",
    "fan_out": "fan_out", "gather_scatter": "gather_scatter", "scatter_gather": "scatter_gather",
    "dormant_awakening": "dormant", "funnel": "funnel", "high_risk_geography": "high_risk_geography",
    "new_account_burst": "new_account", "round_amounts": "round_amounts", "rapid_movement": "pass_through",
    "smurfing": "structuring_over_days",
}  # fmt: skip

_SIDES: Final = ("from_account", "to_account")

#: The rules of the original desk: those that bursts were planted for.
SLIDING: Final = ("structuring", "velocity", "geography")


@dataclass(frozen=True)
class Caught:
    """How many attempts of one typology were caught, by its own rule and by any, loosely and by half."""

    typology: str
    rule: str
    attempts: int
    own: int
    own_half: int
    any_rule: int
    any_half: int

    @property
    def recall(self) -> float:
        return self.own / self.attempts


def caught(patterns: Iterable[Pattern], alerts: Iterable[Alert]) -> list[Caught]:
    """Count for each typology the attempts that alerts caught."""
    evidence: dict[str, set[str]] = defaultdict(set)  # transaction -> rules that name it
    for alert in alerts:
        for transaction in alert.transaction_ids:
            evidence[transaction].add(alert.rule)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for pattern in patterns:
        rule = RULE_OF.get(pattern.typology, "")
        own = sum(rule in evidence[one] for one in pattern.transaction_ids)
        some = sum(bool(evidence[one]) for one in pattern.transaction_ids)
        size = len(pattern.transaction_ids)
        count = counts[pattern.typology]
        names = ("attempts", "own", "own_half", "any", "any_half")
        values = (True, own > 0, own * 2 >= size, some > 0, some * 2 >= size)
        count.update({name: int(value) for name, value in zip(names, values, strict=True)})
    return [
        Caught(kind, RULE_OF.get(kind, ""), c["attempts"], c["own"], c["own_half"], c["any"], c["any_half"])
        for kind, c in sorted(counts.items())
    ]


@dataclass(frozen=True)
class Point:
    """What a threshold selects among accounts, against the guilty ones."""

    name: str
    selected: int
    precision: float
    recall: float


def by_severity(world: World, alerts: Sequence[Alert], cuts: Iterable[int]) -> list[Point]:
    """Select the accounts with an alert of at least each severity."""
    worst: dict[str, int] = defaultdict(int)
    for alert in alerts:
        worst[alert.account_id] = max(worst[alert.account_id], alert.severity)
    return [_point(world, f"severity >= {cut}", {a for a, s in worst.items() if s >= cut}) for cut in cuts]


def by_rules(world: World, alerts: Sequence[Alert], cuts: Iterable[int]) -> list[Point]:
    """Select the accounts that at least so many rules name."""
    named: dict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        named[alert.account_id].add(alert.rule)
    return [_point(world, f"rules >= {cut}", {a for a, found in named.items() if len(found) >= cut}) for cut in cuts]


def by_sum(world: World, alerts: Sequence[Alert], cuts: Iterable[int]) -> list[Point]:
    """Select the accounts whose worst severities, one a rule, add up to at least each cut."""
    worst: dict[tuple[str, str], int] = defaultdict(int)
    for alert in alerts:
        worst[alert.account_id, alert.rule] = max(worst[alert.account_id, alert.rule], alert.severity)
    sums: Counter[str] = Counter()
    for (account, _), severity in worst.items():
        sums[account] += severity
    return [_point(world, f"sum >= {cut}", {a for a, s in sums.items() if s >= cut}) for cut in cuts]


def one_rule(world: World, alerts: Sequence[Alert], rule: str) -> Point:
    """Select the accounts that one rule names."""
    return _point(world, rule, {alert.account_id for alert in alerts if alert.rule == rule})


def alerted(world: World, alerts: Iterable[Alert], name: str) -> Point:
    """Select the accounts with any alert."""
    return _point(world, name, {alert.account_id for alert in alerts})


def _point(world: World, name: str, selected: set[str]) -> Point:
    right = len(selected & world.guilty)
    return Point(name, len(selected), right / len(selected) if selected else 0.0, right / len(world.guilty))


def own_accounts(world: World) -> int:
    """Count the accounts that can be a subject."""
    return sum(bool(customer) for customer in world.accounts["customer_id"].to_pylist())


def about(world: World, alerts: Iterable[Alert]) -> dict[str, Counter[str]]:
    """Count each rule's alerts by what they are about: "planted", a kind of look-alike, or "ordinary".

    An alert is planted when a labelled transaction is evidence of it.
    """
    labelled = frozenset[str]().union(*(pattern.transaction_ids for pattern in world.patterns))
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for alert in alerts:
        planted = not labelled.isdisjoint(alert.transaction_ids)
        found[alert.rule]["planted" if planted else world.innocent.get(alert.customer_id, "ordinary")] += 1
    return found


def late(world: World, patterns: Sequence[Pattern], rules: Sequence[Rule], near: bool = False) -> list[Pattern]:
    """Return the patterns that their rules catch, but not with what was booked up to their last transaction.

    For each pattern the world is cut after that transaction, and the rule of its typology runs over what is left. All
    cuts are one run: each has accounts and transactions of its own. ``near`` keeps only what touches the pattern's
    accounts and the world's first transaction, which a rule about single customers cannot tell from all of it.
    """
    missed: list[Pattern] = []
    for rule in rules:
        chosen = [pattern for pattern in patterns if RULE_OF.get(pattern.typology) == rule.name]
        whole = detect(world.transactions, world.accounts, rules=(rule,)).alerts
        chosen = [pattern for pattern in chosen if _shares(pattern, whole)]
        if chosen:
            missed += _late(world, chosen, rule, near)
    return missed


def _late(world: World, patterns: Sequence[Pattern], rule: Rule, near: bool) -> list[Pattern]:
    pieces = [_cut(world.transactions, pattern, near) for pattern in patterns]
    parts = [_renamed(world, piece, f"{number}|") for number, piece in enumerate(pieces)]
    transactions, accounts = (pa.concat_tables(tables) for tables in zip(*parts, strict=True))
    found: dict[str, set[str]] = defaultdict(set)
    for alert in detect(transactions, accounts, rules=(rule,)).alerts:
        for name in alert.transaction_ids:
            number, _, transaction = name.partition("|")
            found[number].add(transaction)
    return [one for number, one in enumerate(patterns) if found[str(number)].isdisjoint(one.transaction_ids)]


def _cut(rows: pa.Table, pattern: Pattern, near: bool) -> pa.Table:
    mine = rows.filter(pc.is_in(rows["transaction_id"], pa.array(sorted(pattern.transaction_ids))))
    kept = pc.less_equal(rows["booked_at"], pc.max(mine["booked_at"]))
    if near:
        touched = pa.array(sorted({a for side in _SIDES for a in mine[side].to_pylist() if a}), pa.string())
        touching = pc.or_(*(pc.is_in(rows[side], touched) for side in _SIDES))
        kept = pc.and_(kept, pc.or_(touching, pc.equal(rows["booked_at"], pc.min(rows["booked_at"]))))
    return rows.filter(kept)


def _renamed(world: World, rows: pa.Table, prefix: str) -> tuple[pa.Table, pa.Table]:
    seen = pa.array(sorted({a for side in _SIDES for a in rows[side].to_pylist() if a}), pa.string())
    leads = world.accounts.filter(pc.is_in(world.accounts["account_id"], seen))
    family = pa.array(sorted({one for one in leads["customer_id"].to_pylist() if one}), pa.string())
    accounts = world.accounts.filter(
        pc.or_(pc.is_in(world.accounts["account_id"], seen), pc.is_in(world.accounts["customer_id"], family))
    )
    return (
        _prefixed(rows, ("transaction_id", *_SIDES), prefix),
        _prefixed(accounts, ("account_id", "customer_id"), prefix),
    )


def _prefixed(table: pa.Table, columns: Iterable[str], prefix: str) -> pa.Table:
    for name in columns:
        old = table[name]
        new = pc.if_else(pc.equal(old, ""), "", pc.binary_join_element_wise(prefix, old, ""))
        table = table.set_column(table.schema.get_field_index(name), name, new)
    return table


def _shares(pattern: Pattern, alerts: Iterable[Alert]) -> bool:
    rule = RULE_OF.get(pattern.typology)
    return any(a.rule == rule and not pattern.transaction_ids.isdisjoint(a.transaction_ids) for a in alerts)
