"""The rules of history and geography once more, in plain loops, and the small banks they are tried on."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ibis
import pyarrow as pa
from hypothesis import strategies as st

from casedesk.detection.engine import detect
from casedesk.detection.legs import Views
from casedesk.detection.rule import Rule
from casedesk.detection.rules.dormant import DormantParameters
from casedesk.detection.rules.high_risk_geography import HighRiskGeographyParameters
from casedesk.detection.rules.new_account import NewAccountParameters
from casedesk.detection.rules.out_of_profile import OutOfProfileParameters
from casedesk.domain.alerts import Alert
from tests.detection.bank import NOON, SMALL, Tx, arrow, named
from tests.detection.reference import Found, Leg, legs_by_account

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Owner:
    """Who holds an account; a blank customer is nobody the desk knows."""

    customer: str
    opened: str = ""
    group: str = ""


Owners = Mapping[str, Owner]
#: A and B belong to one customer, X to none.
OWNERS: Owners = {"A": Owner("C1"), "B": Owner("C1"), "C": Owner("C2"), "D": Owner("C3"), "X": Owner("")}


def run(rule: Rule, transactions: Iterable[Tx], owners: Owners = OWNERS, **values: object) -> tuple[Alert, ...]:
    """Run one rule over a bank whose accounts are known, with other parameter values where given."""
    table = pa.table(
        {
            "account_id": list(owners),
            "customer_id": [owner.customer for owner in owners.values()],
            "opened_on": [owner.opened for owner in owners.values()],
            "peer_group": [owner.group for owner in owners.values()],
        }
    )
    changed = rule.with_values(values) if values else rule
    return detect(arrow(named(transactions)), table, rules=(changed,), limits=SMALL).alerts


def found(rule: Rule, transactions: Iterable[Tx], owners: Owners = OWNERS) -> Found:
    return {(one.account_id, one.transaction_ids, one.amount_minor) for one in run(rule, transactions, owners)}


def compiles_everywhere(rule: Rule) -> bool:
    """Write the rule for both engines; what only one of them knows makes this fail."""
    return all("SELECT" in str(ibis.to_sql(rule.evidence(Views()), dialect=name)) for name in ("duckdb", "pyspark"))


def expected(rule: Rule, transactions: Sequence[Tx], owners: Owners) -> Found:
    """Return account, evidence in order of booking, and amount of every alert."""
    p = rule.parameters
    outside = {name for name, owner in owners.items() if not owner.customer}
    by_account = legs_by_account(transactions, outside)
    if isinstance(p, OutOfProfileParameters):
        return _profiles(transactions, owners, p)
    wanted: Found = set()
    for account, legs in by_account.items():
        if isinstance(p, DormantParameters):
            episodes = _awakenings(legs, owners[account], min(tx.at for tx in transactions), p)
        elif isinstance(p, NewAccountParameters):
            episodes = _bursts(legs, owners, account, p)
        else:
            assert isinstance(p, HighRiskGeographyParameters)
            episodes = _dealings(legs, p)
        wanted |= {_entry(account, episode) for episode in episodes}
    return wanted


def _awakenings(legs: list[Leg], owner: Owner, begun: datetime, p: DormantParameters) -> list[set[Leg]]:
    active = [leg for leg in legs if leg.tx.minor >= p.smallest_minor]
    episodes = []
    for woken in sorted({leg.at for leg in active}):
        before = [leg.at for leg in active if leg.at < woken]
        if before:
            asleep = woken - max(before) >= timedelta(days=p.silence_days)
        elif owner.opened:
            silent = woken - datetime.fromisoformat(owner.opened).replace(tzinfo=UTC)
            asleep = silent >= timedelta(days=p.silence_days) and woken - begun >= timedelta(days=p.observed_days)
        else:
            asleep = False
        window = {leg for leg in active if woken <= leg.at <= woken + timedelta(days=p.window_days)}
        if asleep and len(window) >= p.count and sum(leg.tx.minor for leg in window) >= p.total_minor:
            episodes.append(window)
    return episodes


def _bursts(legs: list[Leg], owners: Owners, account: str, p: NewAccountParameters) -> list[set[Leg]]:
    if not owners[account].opened:
        return []
    opened = datetime.fromisoformat(owners[account].opened).replace(tzinfo=UTC)
    young = [
        leg
        for leg in legs
        if opened <= leg.at < opened + timedelta(days=p.age_days)
        and leg.tx.minor >= p.smallest_minor
        and p.direction in ("any", leg.direction)
        and not _internal(leg.tx, owners)
    ]
    return _merged(
        window
        for window in _windows(young, p.window_days)
        if len(window) >= p.count and sum(leg.tx.minor for leg in window) >= p.total_minor
    )


def _dealings(legs: list[Leg], p: HighRiskGeographyParameters) -> list[set[Leg]]:
    def listed(leg: Leg, texts: frozenset[str]) -> bool:
        day = leg.at.date().isoformat()
        for text in texts:
            country, days = text.split(" ")
            since, until = days.split("/")
            if leg.country == country and since <= day and (until == ".." or day < until):
                return True
        return False

    grave = {leg for leg in legs if listed(leg, p.call_for_action)}
    counted = [leg for leg in legs if leg in grave or listed(leg, p.increased_monitoring)]
    counted = [leg for leg in counted if leg.tx.minor >= p.smallest_minor]

    def fires(window: set[Leg]) -> bool:
        called = [leg.tx.minor for leg in window & grave]
        total = sum(leg.tx.minor for leg in window)
        return (bool(called) and sum(called) >= p.call_minor) or total >= p.monitored_minor

    return _merged(window for window in _windows(counted, p.window_days) if fires(window))


def _profiles(transactions: Sequence[Tx], owners: Owners, p: OutOfProfileParameters) -> Found:
    outside = {name for name, owner in owners.items() if not owner.customer}
    legs: dict[str, list[Leg]] = defaultdict(list)
    for account, seen in legs_by_account(transactions, outside).items():
        for leg in seen:
            if not _internal(leg.tx, owners) and p.direction in ("any", leg.direction):
                legs[owners[account].customer].append(leg)
    length = timedelta(days=p.window_days)
    groups = {owner.customer: owner.group for owner in owners.values()}
    busiest: dict[str, dict[int, int]] = {}
    for customer, seen in legs.items():
        busiest[customer] = defaultdict(int)
        for window in _windows(seen, p.window_days):
            period = (max(leg.at for leg in window) - EPOCH) // length
            busiest[customer][period] = max(busiest[customer][period], sum(leg.tx.minor for leg in window))

    def fires(customer: str, window: set[Leg]) -> bool:
        total, period = sum(leg.tx.minor for leg in window), (max(leg.at for leg in window) - EPOCH) // length
        past = range(period - p.history_windows - 1, period - 1)
        own = [busiest[customer][one] for one in past if one in busiest[customer]]
        lines = []
        for one in past:
            peers = sorted(
                sums[one] for name, sums in busiest.items() if groups[name] == groups[customer] and one in sums
            )
            if len(peers) >= p.least_peers:
                lines.append(next(v for v in peers if sum(o <= v for o in peers) * 100 >= p.peer_quantile * len(peers)))
        above_own = len(own) >= p.least_windows and total * 100 > max(own) * p.own_percent
        above_peers = bool(lines) and total * 100 > max(lines) * p.peer_percent
        wanted = {"both": above_own and above_peers, "own": above_own, "peers": above_peers}[p.exceed]
        return wanted and total >= p.least_minor

    return {
        _entry(min(name for name, owner in owners.items() if owner.customer == customer), episode)
        for customer, seen in legs.items()
        for episode in _merged(window for window in _windows(seen, p.window_days) if fires(customer, window))
    }


def _internal(tx: Tx, owners: Owners) -> bool:
    sides = [owners[name].customer if name else "" for name in (tx.source, tx.target)]
    return sides[0] == sides[1] != ""


def _windows(legs: Sequence[Leg], days: int) -> list[set[Leg]]:
    length = timedelta(days=days)
    return [{leg for leg in legs if last - length <= leg.at <= last} for last in sorted({leg.at for leg in legs})]


def _merged(hits: Iterable[set[Leg]]) -> list[set[Leg]]:
    """Join hits that share a transaction, until none do."""
    groups: list[set[Leg]] = []
    for hit in hits:
        touching = [group for group in groups if group & hit]
        groups = [*(group for group in groups if not group & hit), set.union(hit, *touching)]
    return groups


def _entry(account: str, episode: set[Leg]) -> tuple[str, tuple[str, ...], int]:
    evidence = sorted(episode, key=lambda leg: (leg.at, leg.tx.id))
    return account, tuple(leg.tx.id for leg in evidence), sum(leg.tx.minor for leg in evidence)


def worlds(
    days: int, minors: Sequence[int], countries: Sequence[str] = ("US",), size: int = 40
) -> st.SearchStrategy[tuple[list[Tx], Owners]]:
    """Draw a few accounts of a few customers, their transactions on and around the edges of whole days, in any order."""
    openings = st.sampled_from(
        ("", *((NOON + timedelta(days=step)).date().isoformat() for step in range(-20, days, 3)))
    )
    moments = st.builds(
        lambda day, off: NOON.replace(hour=0) + timedelta(days=day, microseconds=off),
        st.integers(0, days),
        st.sampled_from((0, 0, 0, -1, 1, 7_200_000_000)),
    )
    one = st.builds(
        Tx,
        at=moments,
        source=st.sampled_from(("", "A", "B", "C", "D", "X")),
        target=st.sampled_from(("A", "A", "B", "C", "D", "X")),
        minor=st.sampled_from(minors),
        from_country=st.sampled_from(countries),
        to_country=st.sampled_from(countries),
    )
    owner: Callable[[str], st.SearchStrategy[Owner]] = lambda customer: st.builds(  # noqa: E731
        Owner, st.just(customer), openings, st.just("shop" if customer == "C3" else "person")
    )
    owners = st.fixed_dictionaries({name: owner(known.customer) for name, known in OWNERS.items()})

    @st.composite
    def drawn(draw: st.DrawFn) -> tuple[list[Tx], Owners]:
        listed = draw(st.lists(one, min_size=1, max_size=size))
        order = draw(st.permutations(range(len(listed))))
        bank = [Tx(**{**vars(tx), "id": f"T{name:03}"}) for tx, name in zip(listed, order, strict=True)]
        return bank, draw(owners)

    return drawn()


def crowd(
    seed: int, days: int, minors: Sequence[int], countries: Sequence[str] = ("US",), customers: int = 60
) -> tuple[list[Tx], Owners]:
    """Make a bank dense enough that a rule fires on some of its customers and not on others; every third has two accounts."""
    draw = random.Random(seed)
    opened = [(NOON + timedelta(days=step)).date().isoformat() for step in range(-30, days, 4)]
    owners = {"X": Owner("")}
    for number in range(customers):
        for account in range(2 if number % 3 == 0 else 1):
            owners[f"N{number:02}-{account}"] = Owner(
                f"C{number}", draw.choice(("", *opened)), draw.choice("pqr") * (account < 1)
            )
    groups = {name: owners[f"{name[:-1]}0"].group for name in owners if name != "X"}
    owners = {name: Owner(one.customer, one.opened, groups.get(name, "")) for name, one in owners.items()}
    bank: list[Tx] = []
    for name in list(owners)[1:]:
        for _ in range(draw.choice((1, 2, 4))):
            start, pace = draw.randrange(days), draw.choice((0, 1, 1, 2))
            for step in range(draw.randrange(1, 9)):
                at = NOON + timedelta(days=start + step * pace, microseconds=draw.choice((0, 0, 1)))
                other = draw.choice(("", "X", "X", draw.choice(list(owners))))
                sides = (other, name) if draw.random() < 0.6 else (name, other)
                places = draw.choice(countries), draw.choice(countries)
                bank.append(Tx(at, *sides, draw.choice(minors), "WIRE", *places, id=f"T{len(bank):04}"))
    draw.shuffle(bank)
    return bank, owners


def agrees_on_a_crowd(rule: Rule, bank: list[Tx], owners: Owners) -> None:
    """Compare with the plain loops, whatever the order of the rows, where the rule has enough to find."""
    wanted = expected(rule, bank, owners)
    assert len(wanted) > 5, "the crowd must make the rule fire, or it proves nothing"
    assert found(rule, bank, owners) == wanted
    assert found(rule, sorted(bank, key=lambda tx: tx.id), owners) == wanted
