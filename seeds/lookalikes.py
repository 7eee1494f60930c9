"""Honest customers who look guilty: each does every day what a careless rule would report."""

from __future__ import annotations

from dataclasses import dataclass

from casedesk.domain.transactions import Channel
from seeds.chance import Dice
from seeds.people import Resident
from seeds.places import convert
from seeds.timeline import DAY, HOUR
from seeds.town import Town
from seeds.trade import pay_staff, rent

_USD_9000 = 900_000


@dataclass(frozen=True, slots=True)
class Lookalike:
    """One account that is innocent by construction: ``kind`` says what it looks like."""

    lookalike_id: str
    kind: str
    customer_id: str
    account_id: str


def bank_daily_cash(town: Town, one: Resident, dice: Dice) -> None:
    """Retailer: about 9,000 dollars in cash each trading day at close of business, one branch, nothing split."""
    timeline, country = town.timeline, one.home.country
    usual = convert(_USD_9000, "USD", one.home.currency)
    suppliers = [town.newcomer("supplier", country) for _ in range(4)]
    for day in range(timeline.length):
        if timeline.weekday(day) < 6:
            amount = usual * dice.between(965, 1035) // 1000 // 500 * 500
            town.deposit(town.second(one, day, 17.4, 17.9, dice), one.main, amount, one.branch, "Day takings")
        if timeline.working(day) and dice.happens(0.4):
            second, amount = town.second(one, day, 10, 16, dice), usual * dice.between(150, 230) // 100
            town.pay(second, one.main, dice.pick(suppliers), amount, Channel.ACH, "Stock")
    pay_staff(town, one, dice, 6, usual * 3)
    rent(town, one, dice, usual)


def run_payroll(town: Town, one: Resident, dice: Dice) -> None:
    """Employer: everybody paid within minutes of one morning a month; funded by clients' invoices."""
    timeline, country = town.timeline, one.home.country
    staff = [(worker.main, worker.income) for worker in town.residents if worker.employer is one]
    staff += [(town.newcomer("", country), dice.between(190_000, 620_000)) for _ in range(dice.between(35, 70))]
    clients = [town.newcomer("supplier", country) for _ in range(5)]
    total = sum(pay for _, pay in staff)
    for day in range(timeline.length):
        if timeline.working(day) and dice.happens(0.6):
            second, client = town.second(one, day, 8, 16, dice), dice.pick(clients)
            amount = total * dice.between(80, 120) // 1000
            town.pay(second, client, one.main, amount, Channel.ACH, f"Invoice {dice.between(1000, 1999)}")
    for day in timeline.monthly(dice.between(24, 28)):
        start = town.second(one, day, 6, 7, dice)
        for place, (account, pay) in enumerate(staff):
            town.pay(start + place * 4 + dice.below(4), one.main, account, pay, Channel.ACH, "Salary")
    rent(town, one, dice, total // 20)


def run_marketplace(town: Town, one: Resident, dice: Dice) -> None:
    """Marketplace: hundreds of small payments in each day, from home and one other country, sellers paid in the day."""
    timeline, country = town.timeline, one.home.country
    buyers = [town.newcomer("", country if dice.happens(0.9) else one.abroad) for _ in range(300)]
    sellers = [town.newcomer("", country) for _ in range(60)]
    for day in range(timeline.length):
        orders = dice.between(185, 225) + 25 * (not timeline.working(day))
        for place in range(orders):  # evenly through the day, as many shoppers together are
            second = _moment(town, one, day, 8 + 15 * (place + dice.unit()) / orders)
            channel = Channel.CARD if dice.happens(0.7) else Channel.ACH
            town.pay(
                second, dice.pick(buyers), one.main, dice.about(2_600), channel, f"Order {dice.between(1000, 4999)}"
            )
        if timeline.working(day):
            for place in range(12):
                second = _moment(town, one, day, 9 + 8 * (place + dice.unit()) / 12)
                town.pay(second, one.main, dice.pick(sellers), dice.about(58_000), Channel.ACH, "Seller payout")
    rent(town, one, dice, one.income // 40)


def sweep_treasury(town: Town, one: Resident, dice: Dice) -> None:
    """Corporate: the balance goes to the reserve account each evening and comes back each working morning."""
    timeline, country = town.timeline, one.home.country
    operating, reserve = one.main, one.accounts[1].account_id
    clients = [town.newcomer("supplier", country) for _ in range(5)]
    suppliers = [town.newcomer("supplier", country) for _ in range(5)]
    parked = 0
    for day in range(timeline.length):
        if not timeline.working(day):
            continue
        if parked:
            town.pay(_moment(town, one, day, 8), reserve, operating, parked, Channel.INTERNAL, "Sweep return")
        receipt = one.income // 22 * dice.between(60, 140) // 100
        payment = receipt * dice.between(88, 99) // 100
        second, client = town.second(one, day, 9, 12, dice), dice.pick(clients)
        town.pay(second, client, operating, receipt, Channel.WIRE, f"Invoice {dice.between(1000, 1999)}")
        second, supplier = town.second(one, day, 13, 16, dice), dice.pick(suppliers)
        town.pay(second, operating, supplier, payment, Channel.WIRE, f"Invoice {dice.between(1000, 1999)}")
        parked += receipt - payment
        town.pay(_moment(town, one, day, 18), operating, reserve, parked, Channel.INTERNAL, "Sweep")


def gather_house_deposit(town: Town, one: Resident, dice: Dice) -> None:
    """Family: eight to twelve gifts within three weeks, then one payment to the notary: a fan-in with a reason."""
    timeline, country = town.timeline, one.home.country
    span = min(18, len(timeline.core) - 3)
    first = timeline.core[0] + dice.below(len(timeline.core) - span - 2)
    gifts = 0
    for place in range(dice.between(8, 12)):
        amount = dice.between(20, 95) * 10_000
        second = _moment(town, one, first + place * span // 12, 9 + dice.below(9))
        town.pay(second, town.newcomer("", country), one.main, amount, Channel.ACH, "For your first home")
        gifts += amount
    second = town.second(one, first + span + 1, 10, 15, dice)
    town.pay(second, one.main, town.newcomer("Notary", country), gifts, Channel.WIRE, "House deposit")


def _moment(town: Town, one: Resident, day: int, local_hour: float) -> int:
    return day * DAY + int(local_hour * HOUR) - one.home.offset * HOUR
