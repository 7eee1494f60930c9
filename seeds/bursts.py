"""Bursts that satisfy the three original rules of the desk, many of them across the edge of a clock window.

Thresholds, per account: structuring is at least 5 cash or EFT credits within 60 minutes, at least 4 of them below
10,000, at least 30,000 in total; velocity many movements within 10 minutes; geography at least 3 countries within 30
minutes. Tumbling windows miss a burst that straddles their edge; sliding ones do not.
"""

from __future__ import annotations

from typing import Final

from casedesk.domain.transactions import Channel
from seeds.chance import Dice
from seeds.places import FAR
from seeds.planting import Pattern
from seeds.timeline import DAY, HOUR, MINUTE

_STRADDLES: Final = 0.45


def structuring(pattern: Pattern, day: int) -> None:
    """Cash split over branches within the hour; a day or two later most of it leaves for a bank far away."""
    dice, host = pattern.dice, pattern.host
    amounts = split_amounts(dice, host.home.currency)
    start, offsets = _place(pattern, day, len(amounts), window=HOUR, hours=(9, 16), open_days=6)
    branches = dice.some([f"{host.city} {number}" for number in range(1, 5)], dice.between(2, 4))
    wired = dice.between(0, 2) if dice.happens(0.4) else 0  # the rule counts transfers as well as cash
    for place, (offset, amount) in enumerate(zip(offsets, amounts, strict=True)):
        if place and place <= wired:
            payer, channel = pattern.town.newcomer("", host.home.country), dice.pick((Channel.ACH, Channel.WIRE))
            pattern.pay(start + offset, payer, pattern.account, amount, channel, "burst", "Loan")
        else:
            pattern.deposit(start + offset, amount, branches[place % len(branches)], "burst")
    onward = start + offsets[-1] + 18 * HOUR
    if onward + 2 * DAY < pattern.town.timeline.core.stop * DAY and dice.happens(0.8):
        second = pattern.moment(onward, onward + 2 * DAY)
        bank = pattern.town.newcomer("supplier", dice.pick(FAR))
        pattern.pay(
            second, pattern.account, bank, sum(amounts) * dice.between(82, 96) // 100, Channel.WIRE, "onward", "Goods"
        )


def velocity(pattern: Pattern, day: int) -> None:
    """Twenty or more movements within ten minutes on an account that sees one or two a day."""
    dice, town, host = pattern.dice, pattern.town, pattern.host
    country = host.home.country
    style = dice.pick(("card testing", "card testing", "mule", "collection"))
    count = dice.between(20, 34)
    start, offsets = _place(pattern, day, count, window=10 * MINUTE, hours=(7, 23))
    if style == "mule":
        second = pattern.moment(start - 20 * HOUR, start - 2 * HOUR) if day > town.timeline.core.start else 0
        if second and second < start - 2 * HOUR:
            payer = town.newcomer("supplier", country)
            pattern.pay(second, payer, pattern.account, count * 52_000, Channel.ACH, "funding", "Invoice 77")
    for offset in offsets:
        second = start + offset
        if style == "card testing":
            shop = town.outsider("Online Shop", country)
            pattern.pay(
                second, pattern.account, shop, 99 + dice.below(host.income // 100), Channel.CARD, "burst", "Online Shop"
            )
        elif style == "mule":
            payee = town.newcomer("", country)
            pattern.pay(second, pattern.account, payee, dice.between(20_000, 52_000), Channel.ACH, "burst", "Payment")
        else:
            payer = town.newcomer("", country)
            pattern.pay(
                second, payer, pattern.account, dice.between(2_000, 19_000), Channel.ACH, "burst", "Deposit flat"
            )


def geography(pattern: Pattern, day: int) -> None:
    """Three to seven countries within half an hour: a copied card, sometimes transfers from everywhere."""
    dice, town, host = pattern.dice, pattern.town, pattern.host
    countries = dice.some(FAR, dice.pick((3, 3, 4, 4, 5, 7)))
    if dice.happens(0.5):
        countries[dice.below(len(countries))] = host.home.country
    places = countries + [dice.pick(countries) for _ in range(dice.between(0, 2))]
    start, offsets = _place(pattern, day, len(places), window=30 * MINUTE, hours=(8, 23))
    transfers = len(places) < 5 and dice.happens(0.25)
    for offset, country in zip(offsets, places, strict=True):
        if transfers:
            payer = town.outsider("supplier", country)
            pattern.pay(
                start + offset, payer, pattern.account, dice.between(150_000, 600_000), Channel.WIRE, "burst", "Goods"
            )
        else:
            shop = town.outsider("Electronics", country)
            pattern.pay(
                start + offset,
                pattern.account,
                shop,
                dice.between(host.income // 60, host.income // 12),
                Channel.CARD,
                "burst",
                "Electronics",
            )


def split_amounts(dice: Dice, currency: str) -> list[int]:
    """Draw the parts, in minor units: valid for the rule at any exchange rate from 1.00 to 1.44 dollars."""
    if currency != "USD":
        return [dice.between(520, 690) * 1_000 for _ in range(dice.between(7, 8))]
    style = dice.below(4)
    if style == 0:
        return [dice.between(390, 490) * 1_000 for _ in range(dice.between(8, 10))]
    count = dice.between(11, 16) if style == 2 else dice.between(5, 8)
    parts = [dice.between(780, 990) * 1_000 for _ in range(count)]
    if style == 1:
        parts[dice.below(len(parts))] = dice.between(1_100, 1_400) * 1_000
    return parts


def _place(
    pattern: Pattern, day: int, count: int, *, window: int, hours: tuple[int, int], open_days: int = 7
) -> tuple[int, list[int]]:
    """Find the start and the offsets of a burst that fits well inside ``window`` seconds.

    A straddling burst has half its movements on each side of a multiple of ``window``, so neither tumbling window
    holds enough of them.
    """
    dice = pattern.dice
    longest = window * 9 // 10
    half = count // 2
    if dice.happens(_STRADDLES):
        lead = longest * dice.between(30, 50) // 100
        first = sorted([0, *(dice.below(lead - 5) for _ in range(half - 1))])
        rest = sorted(lead + dice.below(longest - lead) for _ in range(count - half))
        offsets, phase = first + rest, window - lead
    else:
        offsets = sorted([0, *(dice.below(longest) for _ in range(count - 1))])
        phase = dice.below(window - longest)
    if pattern.town.timeline.weekday(day) >= open_days:
        day += 1 if day == pattern.town.timeline.core.start else -1
    earliest, latest = day * DAY, (day + 1) * DAY
    start = pattern.moment(earliest, latest, hours=hours, length=offsets[-1], edge=window, phase=phase)
    return start, offsets
