"""A feed that need not end: everyday payments of the demo bank's customers, and bursts that the rules find.

Its customers are those of :func:`seeds.world.build_world` with the same number and seed, so a desk that holds the demo bank
takes the feed as its next days. The feed has a clock of its own: whoever has few customers lives through an hour in few
transactions, so that a customer's everyday life is the same however many there are.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from casedesk.domain.counts import counted
from casedesk.domain.transactions import Account, Channel
from casedesk.errors import Invalid
from seeds.book import Row
from seeds.bursts import split_amounts
from seeds.chance import Dice
from seeds.names import Names
from seeds.people import FEWEST, Resident, settle
from seeds.places import FAR
from seeds.timeline import HOUR, MINUTE, Timeline
from seeds.world import World

#: Seconds between two everyday payments of one customer, on average.
PACE: Final = 10 * HOUR
#: Everyday payments for each burst.
_SELDOM: Final = 60
#: Customers for each shop. Whom else a customer pays, and who pays a customer, is always the same.
_PER_SHOP: Final = 5
_MOST: Final = 99_999
_DAYS: Final = 120  # of the demo bank: accounts are as old as there


class Mode(StrEnum):
    """What the feed holds besides everyday life."""

    NORMAL = "normal"
    STRUCTURING = "structuring"
    VELOCITY = "velocity"
    GEO = "geo"
    MIXED = "mixed"


class BadFeed(Invalid):
    """The arguments describe no feed that can be made."""


@dataclass(frozen=True, slots=True)
class _Move:
    """One payment of a customer, and how many seconds after the burst began it is booked."""

    after: int
    outward: bool
    minor: int
    channel: Channel
    country: str = ""  # of the other side, where it is not the customer's own
    branch: str = ""
    reference: str = ""


Burst = Callable[[Dice, Resident], list[_Move]]


class Feed:
    """The payments of one seed, from one moment on. The same arguments give the same rows on every machine."""

    def __init__(self, *, mode: Mode, customers: int, seed: int, start: datetime) -> None:
        """Settle the customers.

        :param start: when the first payment is booked.
        :raises BadFeed: for fewer or more customers than the demo bank can have.
        """
        if not FEWEST <= customers <= _MOST:
            raise BadFeed(
                f"A feed has {FEWEST} to {counted(_MOST, 'customer')}, not {customers:,}; give another --customers."
            )
        self.residents = settle(customers, seed, Timeline(_DAYS, start.date()), Names(seed))
        self._persons = [one for one in self.residents if not one.profile.business]
        self._shops = max(1, customers // _PER_SHOP)
        self._start = start
        self._bursts = BURSTS[mode]
        self._dice = Dice("feed", mode, customers, seed)
        self._mark = sha256(f"{mode}/{customers}/{seed}/{start.isoformat()}".encode()).hexdigest()[:8].upper()

    @property
    def pause(self) -> float:
        """Seconds of the feed's clock between two payments, on average."""
        return PACE / len(self.residents)

    def bank(self) -> World:
        """Return the customers, their accounts, and the accounts outside that the feed names; no transaction."""
        accounts = [account for one in self.residents for account in one.accounts]
        accounts += [Account(f"X-F{n:06d}", "", f"Shop {n}") for n in range(self._shops)]
        for one in self.residents:
            accounts += [_outside(one, kind) for kind in ("P", "R")]
        return World(tuple(one.customer for one in self.residents), tuple(accounts), (), (), ())

    def rows(self) -> Iterator[Row]:
        """Yield payments in order of booking, without end."""
        dice, number, waiting = self._dice, 0, list[tuple[float, int, Resident, _Move]]()
        clock, staged = 0.0, 0
        while True:
            host, moves = self._next(dice)
            for move in moves:
                staged += 1
                heapq.heappush(waiting, (clock + move.after, staged, host, move))
            clock += self.pause * 2 * dice.unit()
            while waiting and waiting[0][0] <= clock:
                second, _, one, move = heapq.heappop(waiting)
                number += 1
                yield self._row(number, second, one, move)

    def _next(self, dice: Dice) -> tuple[Resident, list[_Move]]:
        if self._bursts and dice.below(_SELDOM) == 0:
            host = dice.pick(self._persons)
            return host, dice.pick(self._bursts)(dice, host)
        host = dice.pick(self.residents)
        return host, [_everyday(dice, host)]

    def _other(self, one: Resident, move: _Move) -> str:
        if move.channel is Channel.CARD:
            return f"X-F{self._dice.below(self._shops):06d}"
        return _outside(one, "R" if move.outward else "P").account_id

    def _row(self, number: int, second: float, one: Resident, move: _Move) -> Row:
        account = one.accounts[0]
        other = "" if move.channel is Channel.CASH else self._other(one, move)
        sides = (account.account_id, other) if move.outward else (other, account.account_id)
        places = (account.country, move.country or account.country)
        moment = self._start + timedelta(seconds=int(second))
        return Row(
            f"F-{self._mark}-{number:09d}", moment.strftime("%Y-%m-%dT%H:%M:%SZ"), *sides,
            f"{move.minor // 100}.{move.minor % 100:02d}", account.currency, "", "", move.channel.value,
            *(places if move.outward else places[::-1]), move.branch, move.reference,
        )  # fmt: skip


def _outside(one: Resident, kind: str) -> Account:
    """Return who pays a customer (P), or whom a customer pays by transfer (R)."""
    holder = "Employer" if kind == "P" else "Landlord"
    return Account(
        f"X-{kind}{one.id[2:]}", "", f"{holder} of {one.customer.name}", "", one.home.currency, one.home.country
    )


def _everyday(dice: Dice, one: Resident) -> _Move:
    if dice.happens(0.15):
        return _Move(0, True, dice.between(2, 15) * 2_000, Channel.CASH, branch=one.branch, reference="Cash withdrawal")
    if dice.happens(0.3):
        return _Move(0, False, dice.about(one.income // 40), Channel.ACH, reference="Payment")
    return _Move(0, True, dice.about(one.income // 90), dice.pick((Channel.CARD, Channel.CARD, Channel.ACH)))


def structuring(dice: Dice, one: Resident) -> list[_Move]:
    """Cash split over branches within the hour."""
    amounts = split_amounts(dice, one.home.currency)
    return [
        _Move(
            place * 50 * MINUTE // len(amounts) + dice.below(MINUTE), False, amount, Channel.CASH,
            branch=f"{one.city} {1 + place % 3}", reference="Cash deposit",
        )
        for place, amount in enumerate(amounts)
    ]  # fmt: skip


def velocity(dice: Dice, one: Resident) -> list[_Move]:
    """Twenty or more card payments within ten minutes: somebody tries a stolen card."""
    count = dice.between(20, 34)
    return [
        _Move(n * 9 * MINUTE // count, True, 99 + dice.below(4_000), Channel.CARD, reference="Online Shop")
        for n in range(count)
    ]


def geography(dice: Dice, one: Resident) -> list[_Move]:
    """A copied card that pays in three to five countries within half an hour."""
    countries = dice.some(FAR, dice.between(3, 5))
    return [
        _Move(
            n * 25 * MINUTE // len(countries), True, dice.between(one.income // 60, one.income // 12), Channel.CARD,
            country=country, reference="Electronics",
        )
        for n, country in enumerate(countries)
    ]  # fmt: skip


BURSTS: Final[dict[Mode, tuple[Burst, ...]]] = {
    Mode.NORMAL: (),
    Mode.STRUCTURING: (structuring,),
    Mode.VELOCITY: (velocity,),
    Mode.GEO: (geography,),
    Mode.MIXED: (structuring, velocity, geography),
}
