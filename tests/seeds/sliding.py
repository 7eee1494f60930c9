"""The three original rules, slowly: every transaction is tried as the last of a window, and the window read in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from seeds.book import Row
from seeds.planting import Label
from seeds.world import World

USD = {"USD": 1.0, "EUR": 1.09, "GBP": 1.27}


@dataclass(frozen=True)
class Leg:
    at: datetime
    id: str
    usd: float
    arrives: bool
    channel: str
    country: str  # of the other side


def booked(row: Row) -> datetime:
    return datetime.strptime(row.booked_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def usd(row: Row) -> float:
    return float(row.amount) * USD[row.currency]


class Bank:
    """A world as its own accounts see it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.own = {account.account_id: account.customer_id for account in world.accounts if not account.external}
        self.rows = {row.transaction_id: row for row in world.transactions}
        self.legs: dict[str, list[Leg]] = defaultdict(list)
        for row in world.transactions:
            at, worth = booked(row), usd(row)
            if row.from_account in self.own:
                self.legs[row.from_account].append(
                    Leg(at, row.transaction_id, worth, False, row.channel, row.to_country)
                )
            if row.to_account in self.own:
                self.legs[row.to_account].append(
                    Leg(at, row.transaction_id, worth, True, row.channel, row.from_country)
                )

    def bursts(self, typology: str) -> dict[str, tuple[str, list[str]]]:
        """Label id -> account and the transactions of the burst itself."""
        found: dict[str, tuple[str, list[str]]] = {}
        for label in self.world.labels:
            if label.typology == typology and label.role == "burst":
                found.setdefault(label.label_id, (label.account_id, []))[1].append(label.transaction_id)
        return found

    def patterns(self, typology: str) -> list[list[tuple[Label, Row]]]:
        found: dict[str, list[tuple[Label, Row]]] = defaultdict(list)
        for label in self.world.labels:
            if label.typology == typology:
                found[label.label_id].append((label, self.rows[label.transaction_id]))
        return list(found.values())

    def structured(self) -> dict[str, set[str]]:
        return {
            account: hits
            for account, legs in self.legs.items()
            if (hits := _hits([leg for leg in legs if is_deposit(leg)], 60, structuring))
        }

    def restless(self) -> dict[str, set[str]]:
        return {account: hits for account, legs in self.legs.items() if (hits := _hits(legs, 30, geography))}

    def busiest(self, account: str, without: frozenset[str] = frozenset()) -> int:
        """The most transactions of an account within any ten minutes."""
        legs = [leg for leg in self.legs[account] if leg.id not in without]
        return max((len(window) for window in windows(legs, 10)), default=0)


def is_deposit(leg: Leg) -> bool:
    return leg.arrives and leg.channel in ("CASH", "ACH", "WIRE")


def windows(legs: list[Leg], minutes: int) -> Iterator[list[Leg]]:
    span = timedelta(minutes=minutes)
    for last, leg in enumerate(legs):
        first = last
        while first and leg.at - legs[first - 1].at <= span:
            first -= 1
        yield legs[first : last + 1]


def tumbling(legs: list[Leg], minutes: int) -> list[list[Leg]]:
    blocks: dict[int, list[Leg]] = defaultdict(list)
    for leg in legs:
        blocks[int(leg.at.timestamp()) // (60 * minutes)].append(leg)
    return list(blocks.values())


def structuring(window: list[Leg]) -> bool:
    return (
        len(window) >= 5 and sum(leg.usd < 10_000 for leg in window) >= 4 and sum(leg.usd for leg in window) >= 30_000
    )


def geography(window: list[Leg]) -> bool:
    return len({leg.country for leg in window}) >= 3


def _hits(legs: list[Leg], minutes: int, fires) -> set[str]:  # type: ignore[no-untyped-def]
    return {leg.id for window in windows(legs, minutes) if fires(window) for leg in window}
