"""Patterns around one account that unfold over hours and days: for the rules that look further than an hour.

Each movement is at least an hour from the next on the same account, so none of them trips the three original rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from casedesk.domain.transactions import Channel
from seeds.places import FAR, HIGH_RISK, convert
from seeds.planting import Pattern
from seeds.timeline import DAY, HOUR

Plant = Callable[[Pattern, int], None]

#: Days after which nobody expects an account to move again.
LONG_ASLEEP: Final = 900


def structuring_days(pattern: Pattern, day: int) -> None:
    """Near-threshold cash over several days and branches, then one wire."""
    dice, host = pattern.dice, pattern.host
    total = 0
    count = dice.between(6, 9)
    for place in range(count):
        amount = _local(pattern, dice.between(8_200, 9_900) * 100) // 1_000 * 1_000
        second = _within(pattern, day + place * 5 // count, 2, open_days=6)
        pattern.deposit(second, amount, f"{host.city} {1 + place % 4}", "deposit")
        total += amount
    _out(pattern, _within(pattern, day + 7, 3), total * 9 // 10, dice.pick(FAR), "onward")


def rapid_pass_through(pattern: Pattern, day: int) -> None:
    """A large wire in, nearly all of it out within hours, often in another currency; twice."""
    for round_day in (day, day + 2):
        amount = _local(pattern, pattern.dice.between(20_000, 60_000) * 100)
        received = _in(pattern, _within(pattern, round_day, 1), amount, pattern.dice.pick(FAR), "in")
        second = pattern.moment(received + 2 * HOUR, received + 18 * HOUR, hours=(0, 24))
        amount = amount * pattern.dice.between(90, 98) // 100
        _out(pattern, second, amount, pattern.dice.pick(("LV", "CY", "AE", "HK")), "out")


def fan_in(pattern: Pattern, day: int) -> None:
    """Many strangers pay in, one wire leaves."""
    total = _gather(pattern, day, 5, pattern.dice.between(12, 18))
    _out(pattern, _within(pattern, day + 6, 2), total * 95 // 100, pattern.dice.pick(FAR), "onward")


def fan_out(pattern: Pattern, day: int) -> None:
    """One wire comes in and leaves to many strangers."""
    amount = _local(pattern, pattern.dice.between(30_000, 50_000) * 100)
    _in(pattern, _within(pattern, day, 1), amount, pattern.host.home.country, "funding")
    _scatter(pattern, day + 1, 4, pattern.dice.between(12, 16), amount * 95 // 100)


def gather_scatter(pattern: Pattern, day: int) -> None:
    """Many pay in, then many are paid."""
    total = _gather(pattern, day, 4, pattern.dice.between(9, 12))
    _scatter(pattern, day + 4, 3, pattern.dice.between(9, 12), total * 95 // 100)


def dormant_awakening(pattern: Pattern, day: int) -> None:
    """An account untouched for years receives a wire and is emptied within days."""
    timeline = pattern.town.timeline
    opened = max(pattern.host.joined, -pattern.dice.between(LONG_ASLEEP, 2_400))
    pattern.move_to(pattern.town.note(pattern.host.open_account(timeline, opened)).account_id)
    amount = _local(pattern, pattern.dice.between(15_000, 40_000) * 100)
    _in(pattern, _within(pattern, day, 1), amount, pattern.dice.pick(FAR), "awakening")
    _scatter(pattern, day + 1, 2, pattern.dice.between(3, 5), amount * 97 // 100)


def funnel(pattern: Pattern, day: int) -> None:
    """Cash goes in at branches of several cities and comes out in another, days apart at most."""
    dice, home = pattern.dice, pattern.host.home
    elsewhere = [city for city in home.cities if city != pattern.host.city]
    count = dice.between(6, 9)
    moved: list[tuple[int, int]] = []  # when, and how much; less than 0 where it left
    for place in range(count):
        amount = _local(pattern, dice.between(2_000, 9_000) * 100) // 1_000 * 1_000
        city = elsewhere[place % len(elsewhere)]
        second = _within(pattern, day + place * 4 // count, 2, open_days=6)
        pattern.deposit(second, amount, f"{city} {dice.between(1, 4)}", "deposit")
        moved.append((second, amount))
        if place % 2:
            out = pattern.moment(second + 6 * HOUR, second + 2 * DAY, hours=(8, 18))
            pattern.withdraw(out, amount * 9 // 10 // 1_000 * 1_000, pattern.host.branch, "withdrawal")
            moved.append((out, -(amount * 9 // 10 // 1_000 * 1_000)))
    if not _drained(moved):  # by chance the small sums were drawn, and a funnel does not keep most of what goes in
        out = pattern.moment(max(moved)[0] + HOUR, max(moved)[0] + DAY, hours=(8, 18))
        half = sum(amount for _, amount in moved if amount > 0) // 2
        drawn = -sum(amount for _, amount in moved if amount < 0)
        pattern.withdraw(out, (half - drawn) // 1_000 * 1_000, pattern.host.branch, "withdrawal")


def _drained(moved: list[tuple[int, int]]) -> bool:
    """Say whether after some withdrawal two fifths of what went in before it, in four pieces or more, had left."""
    for at, amount in moved:
        before = [one for when, one in moved if when <= at]
        into = [one for one in before if one > 0]
        if amount < 0 and len(into) >= 4 and (sum(into) - sum(before)) * 5 >= sum(into) * 2:
            return True
    return False


def high_risk_geography(pattern: Pattern, day: int) -> None:
    """Wires to countries under a FATF call for action or increased monitoring, funded just before."""
    dice = pattern.dice
    countries = dice.some(HIGH_RISK, 2)
    amounts = [_local(pattern, dice.between(3_000, 9_500) * 100) for _ in range(dice.between(3, 5))]
    _in(pattern, _within(pattern, day, 1), sum(amounts), pattern.host.home.country, "funding")
    for place, amount in enumerate(amounts):
        _out(pattern, _within(pattern, day + 1 + 2 * place, 2), amount, countries[place % 2], "wire")


def new_account_burst(pattern: Pattern, day: int) -> None:
    """An account opened this week is used heavily at once."""
    dice, timeline = pattern.dice, pattern.town.timeline
    pattern.move_to(pattern.town.note(pattern.host.open_account(timeline, day)).account_id)
    total = _gather(pattern, day + 1, 6, dice.between(8, 12))
    _scatter(pattern, day + 7, 2, dice.between(4, 6), total * 95 // 100)


def round_amounts(pattern: Pattern, day: int) -> None:
    """Exact thousands, again and again, in and out."""
    dice = pattern.dice
    for place in range(dice.between(3, 4)):
        amount = dice.pick((5_000, 10_000, 15_000, 20_000)) * 100
        received = _in(pattern, _within(pattern, day + 3 * place, 1), amount, pattern.host.home.country, "in")
        _out(pattern, pattern.moment(received + 4 * HOUR, received + 2 * DAY), amount, pattern.host.home.country, "out")


#: Days a pattern needs from its first day on.
SOLO: Final[dict[str, tuple[Plant, int]]] = {
    "structuring_days": (structuring_days, 11),
    "rapid_pass_through": (rapid_pass_through, 4),
    "fan_in": (fan_in, 8),
    "fan_out": (fan_out, 6),
    "gather_scatter": (gather_scatter, 8),
    "dormant_awakening": (dormant_awakening, 4),
    "funnel": (funnel, 8),
    "high_risk_geography": (high_risk_geography, 12),
    "new_account_burst": (new_account_burst, 10),
    "round_amounts": (round_amounts, 12),
}


def _gather(pattern: Pattern, day: int, days: int, count: int) -> int:
    """Let strangers at home pay in; return the total in minor units."""
    total = 0
    for place in range(count):
        amount = _local(pattern, pattern.dice.between(400, 3_000) * 100)
        payer = pattern.town.newcomer("", pattern.host.home.country)
        second = _within(pattern, day + place * days // count, 1)
        pattern.pay(second, payer, pattern.account, amount, Channel.ACH, "in", "Payment")
        total += amount
    return total


def _scatter(pattern: Pattern, day: int, days: int, count: int, total: int) -> None:
    """Pay strangers at home, in parts that sum to about the total."""
    for place in range(count):
        amount = total // count * pattern.dice.between(85, 110) // 100
        payee = pattern.town.newcomer("", pattern.host.home.country)
        second = _within(pattern, day + place * days // count, 1)
        pattern.pay(second, pattern.account, payee, amount, Channel.ACH, "out", "Payment")


def _in(pattern: Pattern, second: int, minor: int, country: str, role: str) -> int:
    """Wire money in so that ``minor`` (host's currency) leaves the payer in the payer's currency; return the second."""
    payer = pattern.town.newcomer("supplier", country)
    currency = pattern.town.currency(payer)
    amount = convert(minor, pattern.host.home.currency, currency)
    pattern.pay(second, payer, pattern.account, amount, Channel.WIRE, role, f"Invoice {pattern.dice.between(10, 99)}")
    return second


def _out(pattern: Pattern, second: int, minor: int, country: str, role: str) -> None:
    payee = pattern.town.newcomer("supplier", country)
    pattern.pay(second, pattern.account, payee, minor, Channel.WIRE, role, f"Invoice {pattern.dice.between(10, 99)}")


def _within(pattern: Pattern, day: int, days: int, *, open_days: int = 7) -> int:
    return pattern.moment(day * DAY, (day + days) * DAY, hours=(8, 18), open_days=open_days)


def _local(pattern: Pattern, usd_minor: int) -> int:
    return convert(usd_minor, "USD", pattern.host.home.currency)
