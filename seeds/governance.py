"""Who governs the demo desk: rule sets, suppressions and policy, each proposed by one manager and decided by another.

What is waiting is left for whoever looks at the demo bank: one rule set, one suppression and one policy value can be decided by a
manager. One case is under a legal hold. None is purged: retention is at least a year, by the bounds of what a bank may set as well
as by law, and the story of the demo bank takes months.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

from casedesk.bootstrap import Desk
from casedesk.services import calendar, policies, retention, rule_sets, suppressions
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


def set_policy(desk: Desk, at: datetime) -> None:
    """Let the bank look at continuing activity by itself, and earlier than the law asked when it still did."""
    for place, (name, value) in enumerate((("continuing_review", 1), ("continuing_review_days", 60))):
        moment = at + timedelta(minutes=5 * place)
        proposal = policies.propose(
            uow=desk.writing(), actor=MAKER, at=moment, name=name, value=value, valid_from=at.date(),
            source="Compliance committee, minute 4", via="demo",
            reason="Two examinations found that activity which went on was seen late; we keep a review of our own.",
        ).event_id  # fmt: skip
        policies.put_in_force(
            uow=desk.writing(), actor=CHECKER, at=moment + timedelta(minutes=2), proposal=proposal, via="demo"
        )


def plan_records(desk: Desk, diary: Diary, dice: Dice, start: datetime, until: datetime) -> None:
    """Plan a policy value that is refused, one that waits at the end, and a legal hold."""
    middle = working_hour(dice, start + (until - start) / 2)
    diary.plan(middle, partial(_ask_for_patience, desk))
    diary.plan(working_hour(dice, middle + timedelta(hours=3)), partial(_refuse, desk))
    diary.plan(working_hour(dice, until - timedelta(days=6)), partial(_hold, desk))
    diary.plan(working_hour(dice, until - timedelta(days=2)), partial(_ask_for_earlier_reminders, desk))


def _ask_for_patience(desk: Desk, at: datetime) -> None:
    policies.propose(
        uow=desk.writing(), actor=MAKER, at=at, name="escalate_days_overdue", value=5, source="Wish of the analysts",
        valid_from=at.date() + timedelta(days=7), reason="Most overdue cases are decided within the week anyway.",
        via="demo",
    )  # fmt: skip


def _refuse(desk: Desk, at: datetime) -> None:
    found = policies.overview(uow=desk.reading(), actor=CHECKER, at=at)
    policies.reject(
        uow=desk.writing(), actor=CHECKER, at=at, proposal=found.changes[0].proposal, via="demo",
        reason="An overdue report is a violation on its first day; managers have to know of it then.",
    )  # fmt: skip


def _ask_for_earlier_reminders(desk: Desk, at: datetime) -> None:
    policies.propose(
        uow=desk.writing(), actor=MAKER, at=at, name="remind_days_before", value=10, via="demo",
        valid_from=at.date() + timedelta(days=21), source="Compliance committee, minute 11",
        reason="A week is short where a branch has to be asked for papers first.",
    )  # fmt: skip


def _hold(desk: Desk, at: datetime) -> None:
    """Keep the case that was closed first, whatever its retention."""
    kept = calendar.Asked(frozenset({calendar.Kind.RETENTION}))
    far = at.date() + timedelta(days=366 * 6)
    found = calendar.listed(uow=desk.reading(), actor=MAKER, at=at, due=(at.date(), far), asked=kept, limit=1)
    for line in found.lines:
        retention.hold(
            uow=desk.writing(), actor=MAKER, at=at, case_id=line.case.case_id, via="demo",
            reason="Civil action of a former partner; counsel asked in writing to keep everything on this customer.",
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
