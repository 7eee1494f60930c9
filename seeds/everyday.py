"""Ordinary life of private customers: pay, rent, bills, cards, cash, friends, savings and travel.

On any day a person deals with the home country and at most one other: a foreign shop, a family abroad and a journey all
lie in the same country. That is what keeps ordinary life clear of the geography rule.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from casedesk.domain.transactions import Channel
from seeds.chance import Dice
from seeds.people import Resident
from seeds.town import Town

#: trade, weight, median in minor units, first and last local hour
_SHOPS: Final = (
    ("Groceries", 34, 3_200, 8.0, 20.5),
    ("Café", 18, 520, 7.0, 17.0),
    ("Diner", 8, 2_900, 12.0, 22.0),
    ("Fuel", 10, 4_600, 7.0, 21.0),
    ("Pharmacy", 6, 1_700, 9.0, 18.5),
    ("Transit", 9, 350, 6.5, 22.0),
    ("Fashion", 4, 5_600, 10.0, 19.0),
    ("Hardware", 4, 4_400, 9.0, 18.0),
    ("Online Shop", 11, 3_900, 8.0, 23.5),
)
_SHOP_SUMS: Final = tuple(accumulate(shop[1] for shop in _SHOPS))
_BY_SUM: Final = tuple(next(s for s, top in zip(_SHOPS, _SHOP_SUMS, strict=True) if n < top) for n in range(104))
_CARDS_A_DAY: Final = {"retail salaried": 0.45, "student": 0.5, "pensioner": 0.28, "freelancer": 0.45}
_BUSY: Final = (0.9, 0.9, 0.95, 1.0, 1.15, 1.3, 0.8)  # Monday first
_BILLS: Final = (("Energy", 0.025), ("Telecom", 0.012), ("Insurance", 0.03))


def live(town: Town, one: Resident, dice: Dice, *, restless: bool = False) -> None:
    """Give one private customer their days. ``restless`` people travel every other week and shop at home meanwhile."""
    away = _journeys(town, one, dice, restless=restless)
    _earn(town, one, dice)
    _pay_bills(town, one, dice)
    _save_and_send(town, one, dice, sends=not restless and dice.happens(0.09))
    _spend(town, one, dice, away, foreign_shops=not restless and dice.happens(0.45))
    if restless:
        _shop_at_home_from_afar(town, one, dice, away)


def _journeys(town: Town, one: Resident, dice: Dice, *, restless: bool) -> dict[int, str]:
    """Map each day away to the country."""
    length = town.timeline.length
    if restless:
        away: dict[int, str] = {}
        day = dice.between(1, 6)
        while day < length:
            country = dice.pick(one.home.abroad)
            for _ in range(dice.between(3, 5)):
                away[day] = country
                day += 1
            day += dice.between(8, 14)
        return away
    if one.segment in ("retail salaried", "freelancer") and dice.happens(0.25):
        first = dice.below(length)
        return dict.fromkeys(range(first, first + dice.between(4, 9)), one.abroad)
    return {}


def _earn(town: Town, one: Resident, dice: Dice) -> None:
    country = one.home.country
    if one.segment == "freelancer":
        clients = [town.outsider("employer", one.abroad if dice.happens(0.15) else country) for _ in range(4)]
        for day in range(town.timeline.length):
            if town.timeline.working(day) and dice.happens(0.2):
                amount = min(dice.about(one.income // 5), one.income)
                second = town.second(one, day, 8, 17, dice)
                client = dice.pick(clients)
                channel = Channel.ACH if town.country(client) == country else Channel.WIRE
                town.pay(second, client, one.main, amount, channel, f"Invoice {dice.between(100, 499)}")
        return
    if one.employer:
        return  # the payroll run of a customer of this bank pays
    word = {"student": "Allowance", "pensioner": "Pension"}.get(one.segment, "Salary")
    payer = town.newcomer("", country) if one.segment == "student" else town.outsider("employer", country)
    payday = dice.pick((1, 15, 25, 26, 27, 28))
    amount = one.income + dice.below(10_000)
    for day in town.timeline.monthly(payday):
        town.pay(town.second(one, day, 6, 9, dice), payer, one.main, amount, Channel.ACH, word)


def _pay_bills(town: Town, one: Resident, dice: Dice) -> None:
    """Rent and household bills, once a month each, on days of their own."""
    country = one.home.country
    managers = [manager for manager in town.landlords if manager.home is one.home]
    landlord = dice.pick(managers).main if managers and dice.happens(0.2) else town.outsider("landlord", country)
    rent = one.income * dice.between(22, 33) // 100
    for day in town.timeline.monthly(dice.between(1, 5)):
        town.pay(town.second(one, day, 7, 11, dice), one.main, landlord, rent, Channel.ACH, "Rent")
    for trade, share in _BILLS:
        payee = town.outsider(trade, country)
        amount = dice.about(int(one.income * share))
        for day in town.timeline.monthly(dice.between(6, 24)):
            bill = amount * dice.between(92, 108) // 100
            town.pay(town.second(one, day, 6, 10, dice), one.main, payee, bill, Channel.ACH, f"{trade} bill")


def _save_and_send(town: Town, one: Resident, dice: Dice, *, sends: bool) -> None:
    """Own savings, friends at the same bank, and for some the family abroad."""
    timeline = town.timeline
    if len(one.accounts) > 1:
        amount = max(25, one.income * dice.between(4, 9) // 100_000) * 100
        for day in timeline.monthly(dice.between(3, 28)):
            second = town.second(one, day, 9, 20, dice)
            town.pay(second, one.main, one.accounts[1].account_id, amount, Channel.INTERNAL, "Savings")
    friends = [dice.pick(town.neighbours[one.home.country]) for _ in range(3)]
    for day in range(timeline.length):
        if dice.happens(0.015):
            friend = dice.pick(friends)
            second, amount = town.second(one, day, 10, 22.5, dice), dice.about(2_400)
            if friend is not one:
                reference = dice.pick(("Dinner", "Tickets", "Thanks!", "Petrol"))
                town.pay(second, one.main, friend.main, amount, Channel.ACH, reference)
    if sends:
        family = town.newcomer("", one.abroad)
        amount = one.income * dice.between(4, 8) // 100_000 * 100 + 5_000
        for day in timeline.monthly(dice.between(2, 27)):
            town.pay(town.second(one, day, 12, 19, dice), one.main, family, amount, Channel.WIRE, "Family support")


def _spend(town: Town, one: Resident, dice: Dice, away: dict[int, str], *, foreign_shops: bool) -> None:
    """Cards and cash machines, at home or wherever the journey is."""
    timeline, home = town.timeline, one.home.country
    scale = min(max(one.income / 450_000, 0.35), 1.8)
    rate = _CARDS_A_DAY[one.segment]
    for day in range(timeline.length):
        country = away.get(day, home)
        busy = 1.6 if country != home else _BUSY[timeline.weekday(day)]
        for _ in range(dice.times(rate * busy)):
            trade, _, median, first, last = dice.pick(_BY_SUM)
            where = country
            if trade == "Online Shop" and country == home and foreign_shops and dice.happens(0.4):
                where = one.abroad
            second = town.second(one, day, first, last, dice)
            shop = town.outsider(trade, where)
            town.pay(second, one.main, shop, dice.about(int(median * scale)), Channel.CARD, trade)
        if dice.happens(0.06):
            notes = dice.between(2, 8) * 2_000
            place = one.branch if country == home else f"Cash machine {country}"
            town.withdraw(
                town.second(one, day, 8, 21, dice),
                one.main,
                min(notes, one.income // 20 // 2_000 * 2_000 + 2_000),
                place,
                country,
            )


def _shop_at_home_from_afar(town: Town, one: Resident, dice: Dice, away: dict[int, str]) -> None:
    """Pay a hotel abroad and, minutes later, an online shop at home: two countries, never three."""
    for day, country in away.items():
        if day < town.timeline.length and dice.happens(0.6):
            second = town.second(one, day, 17, 21, dice)
            town.pay(second, one.main, town.outsider("Hotel", country), dice.about(14_000), Channel.CARD, "Hotel")
            shop = town.outsider("Online Shop", one.home.country)
            later = second + dice.between(120, 1_500)
            town.pay(later, one.main, shop, dice.about(3_000), Channel.CARD, "Online Shop")
