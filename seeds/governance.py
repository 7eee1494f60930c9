"""Who tunes the demo desk: rule sets and suppressions, each proposed by one manager and decided by another.

What is waiting is left for whoever looks at the demo bank: one rule set and one suppression can be decided by a manager.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

from casedesk.bootstrap import Desk
from casedesk.services import rule_sets, suppressions
from seeds.careers import Diary, working_hour
from seeds.chance import Dice
from seeds.staff import BY_ID, MANAGERS
from seeds.world import World

MAKER, CHECKER = (BY_ID[user_id] for user_id in MANAGERS[:2])

#: The rules in whose planted patterns an honest explanation is likeliest, the likeliest first.
EXPLAINED = {
    "geography": "Cabin crew: the roster shows the layovers, and the employer has confirmed them.",
    "velocity": "Buys for a club by many small card payments on match days; the treasurer showed the accounts.",
    "structuring": "Sells at three weekend markets and banks the takings of each; the stall contracts were seen.",
}


def open_with_own_values(desk: Desk, at: datetime) -> None:
    """Put the bank's own value in force before anything is booked, as the policy asks of a desk that opens."""
    rule_sets.propose(
        look=desk.reading(), uow=desk.writing(), actor=CHECKER, at=at, base_currency=desk.settings.base_currency,
        reason="The branches' own instruction speaks of 28,000 within the hour, not of 30,000; the rule should follow it.",
        changes={"structuring": {"total_minor": 28_000_00}},
    )  # fmt: skip
    rule_sets.approve(
        uow=desk.writing(), actor=MAKER, at=at + timedelta(minutes=50), rule_set_id="RS-000001",
        remark="As in the instruction to the branches; look again after two months of data.",
    )  # fmt: skip


def propose_stricter(desk: Desk, at: datetime) -> None:
    """Propose a threshold that would spare the analysts work and miss a report: the checker has something to weigh."""
    rule_sets.propose(
        look=desk.reading(), uow=desk.writing(), actor=MAKER, at=at, base_currency=desk.settings.base_currency,
        reason="Three countries within the window are an ordinary weekend by train here; four would spare us cases.",
        changes={"geography": {"countries": 4}},
    )  # fmt: skip


def plan_suppressions(desk: Desk, diary: Diary, world: World, seed: int, after: datetime, until: datetime) -> None:
    """Plan to hide, from a day on, what one customer has explained; and to propose the same for another near the end.

    :param after: the run before; what is hidden has been booked since.
    """
    dice = Dice("governance", seed)
    chosen = _explained(world, after)
    for place, (rule, customer_id) in enumerate(chosen[:2]):
        begin = after + timedelta(days=1) if place == 0 else until - timedelta(days=3)
        at = working_hour(dice, begin)
        diary.plan(at, partial(_propose, desk, rule, customer_id, after))
        if place == 0:
            diary.plan(working_hour(dice, at + timedelta(hours=20)), partial(_approve, desk))


def _explained(world: World, after: datetime) -> list[tuple[str, str]]:
    """Name customers with one planted pattern alone, all of it booked since, and its rule."""
    since = after.strftime("%Y-%m-%dT%H:%M:%SZ")
    booked = {row.transaction_id: row.booked_at for row in world.transactions}
    holders = {one.account_id: one.customer_id for one in world.accounts}
    sides = {row.transaction_id: (row.from_account, row.to_account) for row in world.transactions}
    first: dict[tuple[str, str], str] = {}
    patterns: Counter[str] = Counter()
    for label in world.labels:
        for customer_id in {holders.get(side, "") for side in sides[label.transaction_id]} - {""}:
            key = (label.typology, customer_id)
            patterns[customer_id] += key not in first
            first[key] = min(first.get(key, "Z"), booked[label.transaction_id])
    fit = [key for key, began in first.items() if key[0] in EXPLAINED and patterns[key[1]] == 1 and began > since]
    return sorted(fit, key=lambda key: (list(EXPLAINED).index(key[0]), key[1]))


def _propose(desk: Desk, rule: str, customer_id: str, after: datetime, at: datetime) -> None:
    first = after.date()
    suppressions.propose(
        uow=desk.writing(), actor=MAKER, at=at, rule=rule, customer_id=customer_id, reason=EXPLAINED[rule],
        covers_from=first, covers_until=first + timedelta(days=120), via="demo",
    )  # fmt: skip


def _approve(desk: Desk, at: datetime) -> None:
    suppressions.approve(
        uow=desk.writing(), actor=CHECKER, at=at, suppression_id="SUP-000001",
        note="The papers are on file; ask again in four months.", via="demo",
    )  # fmt: skip
