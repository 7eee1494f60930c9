"""The three rules once more, in plain loops: slow, obvious, and written without looking at the expressions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isqrt

from casedesk.detection.rule import Rule
from casedesk.detection.rules.geography import GeographyParameters
from casedesk.detection.rules.structuring import StructuringParameters
from casedesk.detection.rules.velocity import VelocityParameters
from tests.detection.bank import Tx

Found = set[tuple[str, tuple[str, ...], int]]


@dataclass(frozen=True)
class Leg:
    tx: Tx
    direction: str
    country: str

    @property
    def at(self) -> datetime:
        return self.tx.at


def legs_by_account(transactions: Iterable[Tx], external: Iterable[str] = ("X", "Y", "Z")) -> dict[str, list[Leg]]:
    legs: dict[str, list[Leg]] = defaultdict(list)
    for tx in transactions:
        if tx.source == tx.target:
            legs[tx.source].append(Leg(tx, "self", tx.to_country))
            continue
        if tx.source:
            legs[tx.source].append(Leg(tx, "out", tx.to_country))
        if tx.target:
            legs[tx.target].append(Leg(tx, "in", tx.from_country))
    return {
        account: sorted(found, key=lambda leg: (leg.at, leg.tx.id))
        for account, found in legs.items()
        if account not in set(external)
    }


def expected(rule: Rule, transactions: Iterable[Tx]) -> Found:
    """Return account, evidence in order of booking, and amount of every alert."""
    p = rule.parameters
    found: Found = set()
    for account, legs in legs_by_account(transactions).items():
        if isinstance(p, StructuringParameters):
            counted = [
                leg
                for leg in legs
                if leg.tx.channel in p.channels
                and p.direction in ("any", leg.direction)
                and leg.tx.minor >= p.smallest_minor
            ]
            hits = _hits(counted, p.window_minutes, lambda window, p=p: _is_structuring(window, p))  # type: ignore[misc]
        elif isinstance(p, GeographyParameters):
            counted = [leg for leg in legs if leg.country]
            hits = _hits(counted, p.window_minutes, lambda w, p=p: len({leg.country for leg in w}) >= p.countries)  # type: ignore[misc]
        else:
            assert isinstance(p, VelocityParameters)
            hits = _fast(legs, p)
        for episode in _merged(hits):
            evidence = sorted(episode, key=lambda leg: (leg.at, leg.tx.id))
            found.add((account, tuple(leg.tx.id for leg in evidence), sum(leg.tx.minor for leg in evidence)))
    return found


def _windows(legs: list[Leg], minutes: int) -> list[list[Leg]]:
    length = timedelta(minutes=minutes)
    return [[leg for leg in legs if last - length <= leg.at <= last] for last in sorted({leg.at for leg in legs})]


def _hits(legs: list[Leg], minutes: int, fires: Callable[[list[Leg]], bool]) -> list[frozenset[Leg]]:
    return [frozenset(window) for window in _windows(legs, minutes) if fires(window)]


def _is_structuring(window: list[Leg], p: StructuringParameters) -> bool:
    below = [leg for leg in window if leg.tx.minor < p.below_minor]
    total = sum(leg.tx.minor for leg in window)
    return len(window) >= p.count and len(below) >= p.below_count and total >= p.total_minor


def _fast(legs: list[Leg], p: VelocityParameters) -> list[frozenset[Leg]]:
    windows = _windows(legs, p.window_minutes)
    hits = []
    for window in windows:
        today = max(leg.at for leg in window).date()
        past = [
            len(other)
            for other in windows
            if today - timedelta(days=p.history_days + 1)
            <= max(leg.at for leg in other).date()
            <= today - timedelta(days=2)
        ]
        peak = max(past, default=0)
        allowed = peak + isqrt(p.deviations**2 * peak)
        if len(window) >= p.count and len(window) > allowed:
            hits.append(frozenset(window))
    return hits


def _merged(hits: list[frozenset[Leg]]) -> list[set[Leg]]:
    """Join hits that share a transaction, until none do."""
    groups: list[set[Leg]] = []
    for hit in hits:
        joined = set(hit)
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups
