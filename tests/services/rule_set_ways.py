"""What tests of rule sets do again and again: propose, decide, look, and run the rules."""

from __future__ import annotations

import json
from typing import Any

from casedesk.domain.cases import Disposition
from casedesk.domain.ledger import Recorded
from casedesk.domain.rule_sets import RuleSet
from casedesk.services import detecting, rule_sets, rules_in_force
from tests.builders import Move, TestDesk

SMALL = rule_sets.Limits(memory_mib=512, threads=1)
DAY = 24 * 60.0
REASON = "Five deposits in an hour are everyday business here."
STRICTER = {"structuring": {"count": 6}}


def detect(desk: TestDesk, **more: Any) -> detecting.Detected:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        limits=SMALL, **more,
    )  # fmt: skip


def propose(desk: TestDesk, who: str = "mia", reason: str = REASON, **more: Any) -> Recorded:
    more = {"changes": STRICTER, **more}
    return rule_sets.propose(
        look=desk.reading(), uow=desk.writing(), actor=desk.people[who], at=desk.at(), base_currency="USD", reason=reason,
        limits=SMALL, **more,
    )  # fmt: skip


def who(desk: TestDesk, user_id: str, rule_set_id: str = "RS-000001") -> dict[str, Any]:
    return {"uow": desk.writing(), "actor": desk.people[user_id], "at": desk.at(), "rule_set_id": rule_set_id}


def approve(desk: TestDesk, user_id: str = "max", rule_set_id: str = "RS-000001") -> Recorded:
    return rule_sets.approve(**who(desk, user_id, rule_set_id))


def stored(desk: TestDesk, rule_set_id: str = "RS-000001") -> RuleSet:
    return rule_sets.show(look=desk.reading(), actor=desk.people["otto"], rule_set_id=rule_set_id)


def overview(desk: TestDesk) -> rule_sets.Overview:
    return rule_sets.overview(look=desk.reading(), actor=desk.people["otto"])


def running(desk: TestDesk) -> rules_in_force.Effective:
    with desk.reading() as uow:
        return rules_in_force.in_force(uow)


def sheet(desk: TestDesk, rule_set_id: str = "RS-000001") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stored(desk, rule_set_id).sheet)
    return found


def standing(desk: TestDesk) -> int:
    """How many alerts of structuring the newest run found."""
    with desk.reading() as uow:
        return sum(one.rule == "structuring" for one in uow.runs.standing())


def booked(desk: TestDesk, *only: str) -> TestDesk:
    """K-1 made five deposits and was filed; K-2 made six, and the case is open."""
    desk.customer("K-2")
    for number, count in ((1, 5), (2, 6)):
        desk.book(
            Move(f"t{number}-{n}", number * 8 * DAY + n, 7_000_00, to_account=f"K-{number}/1") for n in range(count)
        )
    detect(desk, only=only)
    with desk.reading() as uow:
        case_id = uow.cases.open_of("K-1")
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    return desk


def structured(desk: TestDesk) -> None:
    booked(desk, "structuring")
