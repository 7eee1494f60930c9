"""Who plays which part: honest look-alikes, guilty hosts, and the accounts guilty money passes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seeds.bursts import geography, structuring, velocity
from seeds.chance import Dice
from seeds.lookalikes import Lookalike
from seeds.networks import SHARED
from seeds.people import Resident
from seeds.planting import Garden
from seeds.typologies import LONG_ASLEEP, SOLO, Plant

#: What a whole segment looks like; persons are cast one by one.
_BY_SEGMENT: Final = {
    "retailer": "daily_cash",
    "payroll employer": "payroll",
    "online marketplace": "marketplace",
    "treasury corporate": "treasury_sweep",
}
_SHOPS: Final = ("corner shop", "restaurant", "car wash")
#: Customers per thousand whom the three original rules must find.
_ALERTED: Final = 165
_CUSTOMERS_PER_LATER_PATTERN: Final = 200


@dataclass(frozen=True, slots=True)
class Cast:
    """The parts. ``innocent`` maps customer ids to the kind of look-alike."""

    innocent: dict[str, str]
    persons: tuple[Resident, ...]  # who may host or help, in drawn order
    shops: tuple[Resident, ...]


def cast(seed: int, residents: Sequence[Resident]) -> Cast:
    """Share out the parts; whoever looks guilty without being so plays no other part."""
    dice = Dice(seed, "casting")
    salaried = dice.shuffled([one for one in residents if one.segment == "retail salaried"])
    travellers, buyers = max(1, len(residents) // 100), max(1, len(residents) // 130)
    innocent = {one.id: _BY_SEGMENT[one.segment] for one in residents if one.segment in _BY_SEGMENT}
    innocent |= {one.id: "frequent_traveller" for one in salaried[:travellers]}
    innocent |= {one.id: "house_deposit" for one in salaried[travellers : travellers + buyers]}
    free = dice.shuffled([one for one in residents if one.id not in innocent])
    persons = tuple(one for one in free if not one.profile.business)
    return Cast(innocent, persons, tuple(one for one in free if one.segment in _SHOPS))


def name_lookalikes(parts: Cast, residents: Sequence[Resident]) -> tuple[Lookalike, ...]:
    """List every account of the honest look-alikes."""
    accounts = [
        (parts.innocent[one.id], one.id, account.account_id)
        for one in residents
        if one.id in parts.innocent
        for account in one.accounts
    ]
    return tuple(Lookalike(f"K-{number:04d}", *fields) for number, fields in enumerate(accounts, 1))


def plant_bursts(garden: Garden, parts: Cast, customers: int) -> list[Resident]:
    """Plant the bursts of the three original rules; return their hosts.

    Every fourth host is hit again, every fifth (a person) by a second rule. Velocity is never planted twice on one
    account: measured against the first burst, the second would be nothing unusual.
    """
    hosts: list[Resident] = []
    persons, shops = iter(parts.persons), iter(parts.shops)
    for number in range(max(3, customers * _ALERTED // 1000)):
        rule = (structuring, velocity, geography, structuring, velocity, geography, structuring)[number % 7]
        shop = next(shops, None) if rule is structuring and number % 4 == 0 else None
        host = shop or next(persons)
        hosts.append(host)
        dice = Dice(garden.town.seed, "burst", host.id)
        _burst(garden, rule, host, dice)
        others = [other for other in (geography, velocity, structuring) if other is not rule]
        if number % 4 == 1:
            for _ in range(dice.between(1, 2)):
                _burst(garden, others[0] if rule is velocity else rule, host, dice)
        if number % 5 == 2 and not host.profile.business:
            _burst(garden, others[number % 2], host, dice)
    return hosts


def _burst(garden: Garden, rule: Plant, host: Resident, dice: Dice) -> None:
    """Plant one burst, mostly on the later of two drawn days, so that the period fills up towards its end."""
    core = garden.town.timeline.core
    again = dice.below(len(core)) if dice.happens(0.65) else 0
    day = core.start + max(dice.below(len(core)), again)
    rule(garden.begin(rule.__name__, host), min(day, core.stop - 2))


def plant_later(garden: Garden, parts: Cast, hosts: Sequence[Resident], customers: int) -> None:
    """Plant the patterns of the longer rules: half on fresh customers, half on customers already in trouble."""
    fresh = [one for one in parts.persons if one not in hosts] or list(parts.persons)
    troubled = [one for one in hosts if not one.profile.business]
    core = garden.town.timeline.core
    number = 0
    for instance in range(max(1, customers // _CUSTOMERS_PER_LATER_PATTERN)):
        for typology in (*SOLO, *SHARED):
            pool = troubled if instance % 2 else fresh
            if typology == "dormant_awakening":
                pool = [one for one in pool if one.joined < -LONG_ASLEEP] or pool
            host = pool[number % len(pool)]
            number += 1
            dice = Dice(garden.town.seed, "later", typology, instance)
            span = (SOLO.get(typology) or SHARED[typology])[1]
            room = len(core) - span
            day = core.start + max(dice.below(room), dice.below(room))
            pattern = garden.begin(typology, host)
            if typology in SOLO:
                SOLO[typology][0](pattern, day)
            else:
                helpers = [one for one in dice.some(parts.persons, 6) if one is not host][:5]
                SHARED[typology][0](pattern, day, helpers)
