"""The rules about flows once more, in plain loops: slow, obvious, and written without looking at the expressions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from casedesk.detection.fans import FanParameters
from casedesk.detection.rules.fan_in import FanInParameters
from casedesk.detection.rules.funnel import FunnelParameters
from casedesk.detection.rules.gather_scatter import GatherScatterParameters
from casedesk.detection.rules.pass_through import PassThroughParameters
from casedesk.detection.rules.scatter_gather import ScatterGatherParameters
from tests.detection.bank import Tx

#: Account, evidence in order of booking, amount.
Found = set[tuple[str, tuple[str, ...], int]]
Hit = frozenset[int]


@dataclass(frozen=True)
class Books:
    """A small bank: its transactions, whose account is whose ('' for a counterparty), and opening days where known."""

    transactions: tuple[Tx, ...]
    customers: Mapping[str, str]
    opened: Mapping[str, date]

    def own(self, account: str) -> bool:
        return bool(self.customers.get(account))

    def one_customer(self, one: str, other: str) -> bool:
        return self.own(one) and self.customers[one] == self.customers.get(other)


@dataclass(frozen=True)
class Leg:
    number: int  # of the transaction
    tx: Tx
    direction: str
    other: str
    internal: bool

    @property
    def at(self) -> datetime:
        return self.tx.at


def legs_of(books: Books) -> dict[str, list[Leg]]:
    legs: dict[str, list[Leg]] = defaultdict(list)
    for number, tx in enumerate(books.transactions):
        internal = books.one_customer(tx.source, tx.target)
        if tx.source == tx.target:
            legs[tx.source].append(Leg(number, tx, "self", tx.source, internal))
            continue
        legs[tx.source].append(Leg(number, tx, "out", tx.target, internal))
        legs[tx.target].append(Leg(number, tx, "in", tx.source, internal))
    return {account: found for account, found in legs.items() if books.own(account)}


def strangers(account: str, legs: list[Leg], books: Books, window: timedelta, memory: int, settling: int) -> set[int]:
    """The transactions whose other side was a stranger."""
    first = min(leg.at for leg in legs)
    patience = timedelta(days=settling)
    opened = books.opened.get(account)
    old = opened is not None and datetime(opened.year, opened.month, opened.day, tzinfo=first.tzinfo) + patience < first
    found = set()
    for leg in legs:
        met = any(
            leg.at - timedelta(days=memory) <= other.at < leg.at - window for other in legs if other.other == leg.other
        )
        settled = not old or leg.at >= first + patience
        if leg.other and leg.direction != "self" and not leg.internal and not met and settled:
            found.add(leg.number)
    return found


def expected_fan(p: FanParameters, direction: str, books: Books) -> Found:
    window = timedelta(days=p.window_days)

    def hits(account: str, legs: list[Leg]) -> Iterable[Hit]:
        new = strangers(account, legs, books, window, p.memory_days, p.settling_days)
        read = [
            leg
            for leg in legs
            if leg.direction == direction
            and leg.number in new
            and leg.tx.channel in p.channels
            and leg.tx.minor >= p.smallest_minor
        ]
        for last in read:
            seen = _window(read, last.at, window)
            large = {leg.other for leg in seen if isinstance(p, FanInParameters) and leg.tx.minor >= p.large_minor}
            few = isinstance(p, FanInParameters) and len(large) >= p.large_parties
            if few or len({leg.other for leg in seen}) >= p.parties:
                yield frozenset(leg.number for leg in seen)

    return _found(books, hits)


def expected_gather_scatter(p: GatherScatterParameters, books: Books) -> Found:
    window = timedelta(days=p.window_days)

    def hits(account: str, legs: list[Leg]) -> Iterable[Hit]:
        new = strangers(account, legs, books, window, p.memory_days, p.settling_days)
        read = [leg for leg in legs if leg.number in new and leg.tx.channel in p.channels]

        def senders(at: datetime) -> set[str]:
            return {leg.other for leg in _window(read, at, window) if leg.direction == "in"}

        following = [leg for leg in read if leg.direction == "out" and len(senders(leg.at)) >= p.senders]
        for last in following:
            paid = {leg.other for leg in _window(following, last.at, window)}
            if len(paid) >= p.payees and len(paid) + len(senders(last.at)) >= p.parties:
                yield frozenset(leg.number for leg in _window(read, last.at, window))
        large = [leg for leg in read if leg.tx.minor >= p.large_minor]

        def came(at: datetime) -> int:
            return sum(leg.direction == "in" for leg in _window(large, at, window))

        turning = [leg for leg in large if leg.direction == "out" and came(leg.at) >= p.turns]
        for last in turning:
            if len(_window(turning, last.at, window)) >= p.turns:
                yield frozenset(leg.number for leg in _window(read, last.at, window))

    return _found(books, hits)


def expected_pass_through(p: PassThroughParameters, books: Books) -> Found:
    window = timedelta(hours=p.window_hours)

    def hits(account: str, legs: list[Leg]) -> Iterable[Hit]:
        new = strangers(account, legs, books, window, p.memory_days, p.settling_days)
        read = [
            leg
            for leg in legs
            if leg.direction != "self" and not leg.internal and leg.tx.channel in p.channels and leg.tx.minor > 0
        ]
        for last in (leg for leg in read if leg.direction == "out"):
            if len({leg.at for leg in _window(read, last.at, window)}) > p.most_moments:
                continue
            for first in (leg for leg in read if leg.direction == "in"):
                if not first.at <= last.at <= first.at + window:
                    continue
                stretch = [leg for leg in read if first.at <= leg.at <= last.at]
                into = sum(leg.tx.minor for leg in stretch if leg.direction == "in")
                out = sum(leg.tx.minor for leg in stretch if leg.direction == "out")
                new_in = sum(leg.tx.minor for leg in stretch if leg.direction == "in" and leg.number in new)
                new_out = sum(leg.tx.minor for leg in stretch if leg.direction == "out" and leg.number in new)
                share = p.least_percent * into <= 100 * out <= p.most_percent * into
                if into >= p.least_minor and share and 2 * new_in >= into and 2 * new_out >= out:
                    yield frozenset(leg.number for leg in stretch)

    return _found(books, hits)


def expected_funnel(p: FunnelParameters, books: Books) -> Found:
    window, soon = timedelta(days=p.window_days), timedelta(hours=p.soon_hours)

    def hits(account: str, legs: list[Leg]) -> Iterable[Hit]:
        deposits = [
            leg
            for leg in legs
            if leg.direction == "in" and not leg.internal and leg.tx.channel == "CASH" and leg.tx.minor < p.below_minor
        ]
        payouts = [
            leg
            for leg in legs
            if leg.direction == "out"
            and not leg.internal
            and leg.tx.channel in p.channels
            and _window(deposits, leg.at, soon)
        ]
        for last in payouts:
            into, out = _window(deposits, last.at, window), _window(payouts, last.at, window)
            arrived, left = (sum(leg.tx.minor for leg in side) for side in (into, out))
            if (
                len(into) >= p.deposits
                and arrived >= p.total_minor
                and len({leg.tx.from_country for leg in into}) >= p.places
                and max(leg.at for leg in into) - min(leg.at for leg in into) >= timedelta(hours=p.spread_hours)
                and p.least_percent * arrived <= 100 * left <= p.most_percent * arrived
            ):
                yield frozenset(leg.number for leg in (*into, *out))

    return _found(books, hits)


def expected_scatter_gather(p: ScatterGatherParameters, books: Books) -> Found:
    window = timedelta(days=p.window_days)
    ways = _ways(p, books)
    stretches: dict[str, list[tuple[datetime, datetime, Hit]]] = defaultdict(list)
    for (source, target), pairs in ways.items():
        subject = source if books.own(source) else target
        for end in {books.transactions[last].at for _, last in pairs if books.own(subject)}:
            inside = [
                (first, last)
                for first, last in pairs
                if books.transactions[first].at >= end - window and books.transactions[last].at <= end
            ]
            if len({books.transactions[first].target for first, _ in inside}) >= p.between:
                numbers = frozenset(number for way in inside for number in way)
                stretches[subject].append((min(books.transactions[n].at for n in numbers), end, numbers))
    found: Found = set()
    for subject, listed in stretches.items():
        groups: list[tuple[datetime, datetime, set[int]]] = []
        for begin, end, hit in sorted(listed, key=lambda one: (one[0], one[1])):
            if groups and begin <= groups[-1][1]:
                group = groups.pop()
                groups.append((group[0], max(end, group[1]), group[2] | hit))
            else:
                groups.append((begin, end, set(hit)))
        found |= {_as_found(subject, numbers, books) for _, _, numbers in groups}
    return found


def _ways(p: ScatterGatherParameters, books: Books) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Source and destination -> the two payments of each way."""
    window = timedelta(days=p.window_days)
    paid = [
        (number, tx)
        for number, tx in enumerate(books.transactions)
        if tx.source and tx.target and tx.source != tx.target
        if tx.channel in p.channels and tx.minor >= p.smallest_minor
    ]

    def calm(account: str, side: str, at: datetime) -> bool:
        near = [tx for _, tx in paid if getattr(tx, side) == account and at - window <= tx.at <= at]
        return len(near) <= p.busiest

    apart = [(number, tx) for number, tx in paid if not books.one_customer(tx.source, tx.target)]
    begins = [(number, tx) for number, tx in apart if calm(tx.target, "target", tx.at)]
    ends = [
        (number, tx) for number, tx in apart if calm(tx.source, "source", tx.at) and calm(tx.target, "target", tx.at)
    ]
    ways: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for last_number, last in ends:
        fitting: dict[str, list[int]] = defaultdict(list)
        for number, first in begins:
            joined = first.target == last.source and first.source != last.target
            in_time = first.at <= last.at <= first.at + window
            if joined and in_time and p.least_percent * first.minor <= 100 * last.minor <= p.most_percent * first.minor:
                fitting[first.source].append(number)
        for source, numbers in fitting.items():
            latest = max(books.transactions[number].at for number in numbers)
            ways[source, last.target] += [(n, last_number) for n in numbers if books.transactions[n].at == latest]
    return ways


def _window(legs: list[Leg], at: datetime, window: timedelta) -> list[Leg]:
    return [leg for leg in legs if at - window <= leg.at <= at]


def _found(books: Books, hits: Callable[[str, list[Leg]], Iterable[Hit]]) -> Found:
    found: Found = set()
    for account, legs in legs_of(books).items():
        groups: list[set[int]] = []
        for hit in hits(account, legs):
            joined = set(hit)
            apart = []
            for group in groups:
                if group & joined:
                    joined |= group
                else:
                    apart.append(group)
            groups = [*apart, joined]
        found |= {_as_found(account, group, books) for group in groups}
    return found


def _as_found(account: str, numbers: set[int], books: Books) -> tuple[str, tuple[str, ...], int]:
    evidence = sorted((books.transactions[number] for number in numbers), key=lambda tx: (tx.at, tx.id))
    return account, tuple(tx.id for tx in evidence), sum(tx.minor for tx in evidence)
