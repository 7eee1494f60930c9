"""Cycles and stacks once more, by walking: slow, obvious, and written without looking at the expressions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from casedesk.detection.rules.cycle import CycleParameters
from casedesk.detection.rules.stack import StackParameters
from tests.detection.bank import Tx
from tests.detection.reference import Found

EXTERNAL = frozenset("XYZ")


@dataclass(frozen=True)
class Walk:
    subject: str
    steps: tuple[Tx, ...]

    @property
    def begun(self) -> datetime:
        return min(step.at for step in self.steps)

    @property
    def ended(self) -> datetime:
        return max(step.at for step in self.steps)


def expected_cycles(p: CycleParameters, transactions: Sequence[Tx]) -> Found:
    """Return account, evidence in order of booking, and amount of every alert of the cycle rule."""
    window = timedelta(days=p.window_days)
    allowed = _unhurried([tx for tx in transactions if _is_hop(tx)], window, p.most_sent, p.most_received)
    slack = timedelta(hours=p.slack_hours)
    circles: dict[frozenset[str], list[tuple[Tx, ...]]] = defaultdict(list)
    for steps in _walks(allowed, window, window, (p.lowest_percent, p.highest_percent), p.most_hops, slack):
        if steps[-1].target != steps[0].source or len(steps) < p.least_hops:
            continue
        paid = {step.id: _paid(step, transactions, window) for step in steps}
        heavy = [s.minor >= p.short_minor or s.minor * 100 >= paid[s.id] * p.short_percent for s in steps]
        memory = timedelta(days=p.memory_days)
        met = memory > window and any(_dealt(s, transactions, window, memory) for s in steps)
        if len(steps) <= p.short_hops and (met or not all(heavy)):
            continue
        circles[frozenset(step.id for step in steps)].append(steps)
    walks = []
    for turns in circles.values():
        steps = min(turns, key=lambda turn: (turn[0].at, turn[0].source))
        walks += [Walk(step.source, steps) for step in steps if step.source not in EXTERNAL][:1]
    return _told(walks)


def expected_stacks(p: StackParameters, transactions: Sequence[Tx]) -> Found:
    """Return account, evidence in order of booking, and amount of every alert of the stack rule."""
    window, gap = timedelta(days=p.window_days), timedelta(days=p.gap_days)
    large = [tx for tx in transactions if _is_hop(tx) and tx.minor >= p.smallest_minor]
    allowed = _unhurried(large, window, p.most_sent, p.most_received)
    band = (p.lowest_percent, p.highest_percent)
    open_walks = [w for w in _walks(allowed, window, gap, band, p.most_hops) if w[-1].target != w[0].source]
    carried = {walk[1].id for walk in open_walks if len(walk) == 2}
    walks = []
    for steps in open_walks:
        parties = [*(step.source for step in steps), steps[-1].target]
        own = [party for party in parties if party not in EXTERNAL]
        if len(steps) >= p.hops and steps[0].id not in carried and len(own) >= p.customers:
            walks += [Walk(party, steps) for party in parties[1:-1] if party not in EXTERNAL][:1]
    return _told(walks)


def _is_hop(tx: Tx) -> bool:
    return bool(tx.source and tx.target and tx.source != tx.target)


def _unhurried(hops: list[Tx], window: timedelta, most_sent: int, most_received: int) -> list[Tx]:
    def recent(tx: Tx, among: Iterable[Tx], side: str) -> int:
        return sum(getattr(o, side) == getattr(tx, side) and tx.at - window <= o.at <= tx.at for o in among)

    slow = [tx for tx in hops if recent(tx, hops, "source") <= most_sent]
    return [tx for tx in slow if recent(tx, slow, "target") <= most_received]


def _paid(step: Tx, transactions: Iterable[Tx], window: timedelta) -> int:
    return sum(
        tx.minor
        for tx in transactions
        if tx.source == step.source and tx.target != tx.source and step.at - window <= tx.at <= step.at
    )


def _dealt(step: Tx, transactions: Iterable[Tx], window: timedelta, memory: timedelta) -> bool:
    parties = {step.source, step.target}
    return any(
        {tx.source, tx.target} == parties and step.at - memory <= tx.at < step.at - window for tx in transactions
    )


def _walks(
    hops: list[Tx], window: timedelta, gap: timedelta, band: tuple[int, int], most: int, slack: timedelta = timedelta()
) -> Iterator[tuple[Tx, ...]]:
    """Yield every walk of two hops or more that meets nobody twice; it may end where it began."""
    pending = [(hop,) for hop in hops]
    while pending:
        walk = pending.pop()
        first, last = walk[0], walk[-1]
        if len(walk) > 1:
            yield walk
        if len(walk) == most or last.target == first.source:
            continue
        met = {step.source for step in walk[1:]} | {last.target}
        pending += [
            (*walk, hop)
            for hop in hops
            if hop.source == last.target
            and hop.target not in met
            and max(step.at for step in walk) - slack <= hop.at <= last.at + gap
            and max(step.at for step in (*walk, hop)) - min(step.at for step in (*walk, hop)) <= window
            and last.minor * band[0] <= hop.minor * 100 <= last.minor * band[1]
        ]


def _told(walks: Iterable[Walk]) -> Found:
    by_subject: dict[str, list[Walk]] = defaultdict(list)
    for walk in walks:
        by_subject[walk.subject].append(walk)
    found: Found = set()
    for subject, own in by_subject.items():
        episodes: list[list[Walk]] = []
        for walk in sorted(own, key=lambda one: one.begun):
            if episodes and walk.begun <= max(other.ended for other in episodes[-1]):
                episodes[-1].append(walk)
            else:
                episodes.append([walk])
        for episode in episodes:
            steps = sorted({s for walk in episode for s in walk.steps}, key=lambda s: (s.at, s.id))
            found.add((subject, tuple(s.id for s in steps), sum(s.minor for s in steps)))
    return found
