"""Ordinary business: takings banked, suppliers, wages, rent, invoices at home and abroad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from casedesk.domain.transactions import Channel
from seeds.chance import Dice
from seeds.people import Resident
from seeds.places import convert
from seeds.town import Town


@dataclass(frozen=True, slots=True)
class Takings:
    """How a shop earns and spends, as shares of its monthly income."""

    cash: float
    deposits_a_week: int
    cards: float
    supplies: float
    supplies_a_month: int
    staff: int


_SHOPS: Final = {
    "corner shop": Takings(0.55, 6, 0.45, 0.62, 14, 2),
    "restaurant": Takings(0.35, 4, 0.65, 0.45, 18, 6),
    "car wash": Takings(0.8, 6, 0.2, 0.2, 4, 3),
}


def keep_shop(town: Town, one: Resident, dice: Dice) -> None:
    """Corner shop, restaurant, car wash: cash to the nearest branch, cards through an acquirer, bills out."""
    plan, timeline, country = _SHOPS[one.segment], town.timeline, one.home.country
    acquirer = town.outsider("Card Acquirer", country)
    suppliers = [town.newcomer("supplier", country) for _ in range(5)]
    cash = int(one.income * plan.cash * 7 / 30 / plan.deposits_a_week)
    cards = int(one.income * plan.cards / 22)
    supplies = int(one.income * plan.supplies / plan.supplies_a_month)
    for day in range(timeline.length):
        weekday = timeline.weekday(day)
        if weekday < plan.deposits_a_week:
            second = town.second(one, day, 15.5, 17.5, dice)
            town.deposit(second, one.main, _around(cash, dice) // 500 * 500, one.branch, "Takings")
        if weekday < 5:
            second = town.second(one, day, 5, 7, dice)
            town.pay(second, acquirer, one.main, _around(cards, dice), Channel.ACH, "Card settlement")
            for _ in range(dice.times(plan.supplies_a_month / 22)):
                second, supplier = town.second(one, day, 9, 16, dice), dice.pick(suppliers)
                town.pay(second, one.main, supplier, _around(supplies, dice), Channel.ACH, "Supplies")
    pay_staff(town, one, dice, plan.staff, one.income * 18 // 100)
    rent(town, one, dice, one.income * 7 // 100)


def trade_abroad(town: Town, one: Resident, dice: Dice) -> None:
    """Importer and exporter: many partner countries, but one a day."""
    timeline, home = town.timeline, one.home
    customers = [town.newcomer("supplier", home.country) for _ in range(4)]
    partners = [town.newcomer("supplier", country) for country in dice.some(home.abroad, 4)]
    for day in range(timeline.length):
        if not timeline.working(day):
            continue
        partner = dice.pick(partners)
        if dice.happens(0.3):
            second, customer = town.second(one, day, 8, 16, dice), dice.pick(customers)
            town.pay(second, customer, one.main, _around(one.income // 7, dice), Channel.ACH, _invoice(dice))
        if dice.happens(0.28):
            second = town.second(one, day, 9, 16, dice)
            town.pay(second, one.main, partner, _around(one.income // 9, dice), Channel.WIRE, _invoice(dice))
        if dice.happens(0.1):
            second = town.second(one, day, 9, 16, dice)
            amount = convert(_around(one.income // 8, dice), home.currency, town.currency(partner))
            town.pay(second, partner, one.main, amount, Channel.WIRE, _invoice(dice))
    pay_staff(town, one, dice, 5, one.income // 12)
    rent(town, one, dice, one.income // 50)


def send_remittances(town: Town, one: Resident, dice: Dice) -> None:
    """Money service business: counter cash and agents in, one corridor a day out."""
    timeline, home = town.timeline, one.home
    agents = [town.newcomer("supplier", home.country) for _ in range(6)]
    corridors = [town.newcomer("supplier", country) for country in dice.some(home.abroad, 4)]
    for day in range(timeline.length):
        if timeline.weekday(day) == 6:
            continue
        cash = _around(one.income * 4 // 10 // 26, dice)
        town.deposit(
            town.second(one, day, 16, 17.5, dice), one.main, cash // 1_000 * 1_000, one.branch, "Counter takings"
        )
        if timeline.working(day):
            for _ in range(2):
                second, agent = town.second(one, day, 9, 15, dice), dice.pick(agents)
                town.pay(
                    second, agent, one.main, _around(one.income * 6 // 10 // 44, dice), Channel.ACH, "Agent settlement"
                )
            second, corridor = town.second(one, day, 10, 16, dice), dice.pick(corridors)
            town.pay(second, one.main, corridor, _around(one.income // 23, dice), Channel.WIRE, "Payout funding")


def let_homes(town: Town, one: Resident, dice: Dice) -> None:
    """Property manager: rents in at the start of the month, owners paid in the middle."""
    timeline, country = town.timeline, one.home.country
    tenants = [town.newcomer("", country) for _ in range(dice.between(30, 45))]
    owners = [town.newcomer("", country) for _ in range(8)]
    rents = [_around(one.income // len(tenants), dice) for _ in tenants]
    for place, (tenant, amount) in enumerate(zip(tenants, rents, strict=True)):
        hour = 7 + 12 * place / len(tenants)  # spread over the day: rents that arrive together are no burst
        for day in timeline.monthly(dice.between(1, 4)):
            town.pay(town.second(one, day, hour, hour + 0.3, dice), tenant, one.main, amount, Channel.ACH, "Rent")
    for owner in owners:
        for day in timeline.monthly(15):
            second = town.second(one, day, 9, 16, dice)
            town.pay(second, one.main, owner, sum(rents) * 80 // 100 // len(owners), Channel.ACH, "Owner payout")
    for day in range(timeline.length):
        if timeline.working(day) and dice.happens(0.3):
            second, builder = town.second(one, day, 9, 16, dice), town.outsider("supplier", country)
            town.pay(second, one.main, builder, _around(one.income // 80, dice), Channel.ACH, "Maintenance")


def pay_staff(town: Town, one: Resident, dice: Dice, count: int, total: int) -> None:
    """Pay a handful of people by hand, spread over a working day, late in the month."""
    staff = [town.newcomer("", one.home.country) for _ in range(count)]
    for day in town.timeline.monthly(26):
        for person in staff:
            town.pay(town.second(one, day, 9, 17, dice), one.main, person, total // count, Channel.ACH, "Wages")


def rent(town: Town, one: Resident, dice: Dice, amount: int) -> None:
    """Pay for premises once a month."""
    landlord = town.outsider("landlord", one.home.country)
    for day in town.timeline.monthly(2):
        town.pay(town.second(one, day, 8, 12, dice), one.main, landlord, amount, Channel.ACH, "Premises")


def _around(amount: int, dice: Dice) -> int:
    return max(100, amount * dice.between(75, 125) // 100)


def _invoice(dice: Dice) -> str:
    return f"Invoice {dice.between(1000, 1999)}"
