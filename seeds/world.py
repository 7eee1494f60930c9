"""A bank that does not exist, made from a seed: customers, accounts, transactions, and what was planted in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from casedesk.domain.transactions import Account, Customer
from casedesk.errors import Invalid
from seeds import everyday, lookalikes, trade
from seeds.book import Row
from seeds.casting import Cast, cast, name_lookalikes, plant_bursts, plant_later
from seeds.chance import Dice
from seeds.lookalikes import Lookalike
from seeds.names import Names
from seeds.people import FEWEST, Resident, settle
from seeds.planting import Garden, Label
from seeds.timeline import Timeline
from seeds.town import Town

#: A Tuesday, for callers that want the same bytes on every day.
DEFAULT_END: Final = date(2026, 6, 30)
_MOST: Final = 99_999  # customer ids have five digits
_SHORTEST, _LONGEST = 21, 3_660

_BUSINESSES: Final = {
    "corner shop": trade.keep_shop,
    "restaurant": trade.keep_shop,
    "car wash": trade.keep_shop,
    "retailer": lookalikes.bank_daily_cash,
    "payroll employer": lookalikes.run_payroll,
    "online marketplace": lookalikes.run_marketplace,
    "import and export": trade.trade_abroad,
    "treasury corporate": lookalikes.sweep_treasury,
    "money service business": trade.send_remittances,
    "property manager": trade.let_homes,
}


class BadWorld(Invalid):
    """The arguments describe no world that can be made."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything a bank's files would hold, and two lists no bank has: what is guilty, and what only looks it."""

    customers: tuple[Customer, ...]
    accounts: tuple[Account, ...]  # the customers' first, then outsiders with a blank customer_id
    transactions: Sequence[Row]  # in order of booking
    labels: tuple[Label, ...]
    lookalikes: tuple[Lookalike, ...]


def build_world(*, customers: int = 400, days: int = 120, seed: int = 7, end: date = DEFAULT_END) -> World:
    """Make the world of a seed: the same arguments give the same world on every machine.

    The period is ``days`` whole UTC days, the last of them ``end``. Moving ``end`` by whole weeks moves every date and
    changes nothing else; see :mod:`seeds.timeline` for what a move within the week does.

    :raises BadWorld: if an argument is out of range.
    """
    _check(customers, days, seed, end)
    timeline = Timeline(days, end)
    names = Names(seed)
    residents = settle(customers, seed, timeline, names)
    town = Town(seed, timeline, names, residents)
    parts = cast(seed, residents)
    for one in residents:
        _live(town, one, parts)
    garden = Garden(town)
    hosts = plant_bursts(garden, parts, customers)
    plant_later(garden, parts, hosts, customers)
    book, ids = town.staging.close(timeline, garden.marked())
    return World(
        customers=tuple(one.customer for one in residents),
        accounts=(*(account for one in residents for account in one.accounts), *town.outsiders),
        transactions=book,
        labels=garden.labels(ids),
        lookalikes=name_lookalikes(parts, residents),
    )


def _live(town: Town, one: Resident, parts: Cast) -> None:
    dice = Dice(town.seed, "life", one.id)
    if one.profile.business:
        _BUSINESSES[one.segment](town, one, dice)
        return
    part = parts.innocent.get(one.id)
    everyday.live(town, one, dice, restless=part == "frequent_traveller")
    if part == "house_deposit":
        lookalikes.gather_house_deposit(town, one, dice)


def _check(customers: int, days: int, seed: int, end: date) -> None:
    for name, value, least, most in (
        ("customers", customers, FEWEST, _MOST), ("days", days, _SHORTEST, _LONGEST), ("seed", seed, 0, 2**63 - 1),
    ):  # fmt: skip
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadWorld(
                f"The number of {name} must be a whole number, not {value!r}."
                if name != "seed"
                else f"The seed must be a whole number, not {value!r}."
            )
        if not least <= value <= most:
            subject = "The seed" if name == "seed" else f"The number of {name}"
            raise BadWorld(f"{subject} must be from {least} to {most}, not {value}.")
    if isinstance(end, datetime) or not isinstance(end, date):
        raise BadWorld(f"The end of the period must be a date without a time, such as 2026-06-30, not {end!r}.")
    if not date(1980, 1, 1) <= end <= date(2200, 12, 31):
        raise BadWorld(f"The end of the period must lie between 1980-01-01 and 2200-12-31, not on {end}.")
