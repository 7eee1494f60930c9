"""Patterns that need several accounts: money in circles, through mules, through layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from casedesk.domain.transactions import Channel
from seeds.people import Resident
from seeds.places import FAR, convert
from seeds.planting import Pattern
from seeds.timeline import DAY, HOUR

PlantWith = Callable[[Pattern, int, Sequence[Resident]], None]


def cycle(pattern: Pattern, day: int, accomplices: Sequence[Resident]) -> None:
    """Two to six hops and home again, each a little smaller; every hop touches a customer, so the bank can see it."""
    dice, town = pattern.dice, pattern.town
    hops = min(dice.between(2, 6), 1 + len(accomplices))
    ring = [pattern.account]
    for place in range(hops - 1):
        outside = place % 2 == 0 and dice.happens(0.5)
        ring.append(town.newcomer("supplier", dice.pick(FAR)) if outside else accomplices[place].main)
    amount = convert(dice.between(9_000, 45_000) * 100, "USD", pattern.host.home.currency)
    earliest = day * DAY
    for place, source in enumerate(ring):
        target = ring[(place + 1) % hops]
        second = pattern.moment(earliest, earliest + DAY, hours=(7, 20), others=(source, target))
        pattern.pay(second, source, target, amount, Channel.WIRE, f"hop {place + 1}", "Consulting")
        arrived = convert(amount, town.currency(source), town.currency(target))
        amount, earliest = arrived * dice.between(96, 99) // 100, second + 4 * HOUR


def scatter_gather(pattern: Pattern, day: int, accomplices: Sequence[Resident]) -> None:
    """The host pays several mules, and all of them pay one collector within days."""
    dice, town = pattern.dice, pattern.town
    mules = [one.main for one in accomplices[:3]]
    mules += [town.newcomer("", pattern.host.home.country) for _ in range(dice.between(2, 3))]
    collector = accomplices[-1].main if len(accomplices) > 3 else town.newcomer("", pattern.host.home.country)
    share = convert(dice.between(3_000, 7_000) * 100, "USD", pattern.host.home.currency)
    payer = town.newcomer("supplier", pattern.host.home.country)
    total = share * len(mules)
    funded = pattern.moment(day * DAY, (day + 1) * DAY)
    pattern.pay(funded, payer, pattern.account, total, Channel.WIRE, "funding", "Sale")
    for mule in mules:
        second = pattern.moment(funded + HOUR, funded + 2 * DAY, hours=(7, 22), others=(mule,))
        pattern.pay(second, pattern.account, mule, share * dice.between(90, 99) // 100, Channel.ACH, "scatter", "Loan")
        back = pattern.moment(second + 6 * HOUR, second + 3 * DAY, hours=(7, 22), others=(mule, collector))
        amount = convert(share, town.currency(pattern.account), town.currency(mule)) * 85 // 100
        pattern.pay(back, mule, collector, amount, Channel.ACH, "gather", "Loan")


def stack(pattern: Pattern, day: int, accomplices: Sequence[Resident]) -> None:
    """Layers of two, each paying both of the next: outside money goes through four customers and leaves again."""
    dice, town, home = pattern.dice, pattern.town, pattern.host.home
    layers = [
        [town.newcomer("supplier", home.country) for _ in range(2)],
        [pattern.account, accomplices[0].main],
        [accomplices[1 % len(accomplices)].main, town.newcomer("supplier", home.country)],
        [town.newcomer("supplier", dice.pick(FAR)) for _ in range(2)],
    ]
    share = convert(dice.between(4_000, 12_000) * 100, "USD", home.currency)
    for depth, (layer, following) in enumerate(pairwise(layers)):
        for source in layer:
            for target in following:
                if not (source.startswith("X-") and target.startswith("X-")):
                    earliest = (day + 2 * depth) * DAY
                    second = pattern.moment(earliest, earliest + 2 * DAY, hours=(7, 20), others=(source, target))
                    amount = share * dice.between(93 - 3 * depth, 98 - 3 * depth) // 100
                    amount = convert(amount, home.currency, town.currency(source))
                    pattern.pay(second, source, target, amount, Channel.WIRE, f"layer {depth + 1}", "Services")


#: Days a pattern needs from its first day on.
SHARED: Final[dict[str, tuple[PlantWith, int]]] = {
    "cycle": (cycle, 9),
    "scatter_gather": (scatter_gather, 7),
    "stack": (stack, 8),
}
