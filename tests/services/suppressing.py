"""Short words for tests of suppression: deposits at exact instants, proposals, runs of one rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from casedesk.detection.duck import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules.structuring import Structuring
from casedesk.domain.suppressions import Hidden, Suppression
from casedesk.services import detecting, suppressions
from casedesk.services.detecting import Detected
from casedesk.store.transaction_store import COLUMNS
from tests.builders import TestDesk

SMALL = Limits(memory_mib=512, threads=1)
RULE: tuple[Rule, ...] = (Structuring(),)
FIRST, UNTIL = date(2026, 7, 1), date(2026, 7, 8)
REASON = "The shop banks its takings daily; the till rolls were seen."
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def deposit(desk: TestDesk, name: str, times: Sequence[datetime], to: str = "K-1/1", amount: int = 7_000_00) -> None:
    """Book one cash deposit at each instant, to the microsecond."""
    size = len(times)
    row: dict[str, Any] = {
        "transaction_id": [f"{name}-{n}" for n in range(size)],
        "booked_at": [(at - datetime(1970, 1, 1, tzinfo=UTC)) // TICK for at in times],
        "from_account": [""] * size,
        "to_account": [to] * size,
        **dict.fromkeys(("amount_minor", "received_minor", "base_minor"), [amount] * size),
        **dict.fromkeys(("currency", "received_currency"), ["USD"] * size),
        "channel": ["CASH"] * size,
        **dict.fromkeys(("from_country", "to_country"), ["US"] * size),
        **dict.fromkeys(("branch", "reference"), [""] * size),
    }
    assert set(row) == set(COLUMNS)
    with desk.writing() as uow:
        uow.transactions.insert_new(row)
        uow.commit()


def burst(
    desk: TestDesk, name: str, start: datetime, to: str = "K-1/1", amount: int = 7_000_00, count: int = 5
) -> None:
    """Book deposits a minute apart; five of 7,000 are what the structuring rule looks for."""
    deposit(desk, name, [start + timedelta(minutes=n) for n in range(count)], to, amount)


def proposed(desk: TestDesk, who: str = "mia", **changed: Any) -> Suppression:
    scope = {
        "rule": "structuring", "customer_id": "K-1", "reason": REASON, "covers_from": FIRST, "covers_until": UNTIL,
    }  # fmt: skip
    found, _ = suppressions.propose(**act(desk, who), **(scope | changed))
    return found


def in_force(desk: TestDesk, **changed: Any) -> str:
    """Propose as mia, approve as max, and return the id."""
    suppression_id = proposed(desk, **changed).suppression_id
    suppressions.approve(**act(desk, "max"), suppression_id=suppression_id)
    return suppression_id


def end(desk: TestDesk, suppression_id: str, who: str = "mia") -> Suppression:
    return suppressions.end(**act(desk, who), suppression_id=suppression_id, reason="The shop changed hands in June.")[
        0
    ]


def act(desk: TestDesk, who: str) -> dict[str, Any]:
    return {"uow": desk.writing(), "actor": desk.people[who], "at": desk.at()}


def detect(desk: TestDesk, rules: Sequence[Rule] = RULE, **more: Any) -> Detected:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        rules=rules, limits=SMALL, **more,
    )  # fmt: skip


def hidden(desk: TestDesk, suppression_id: str) -> tuple[Hidden, ...]:
    return suppressions.hidden(uow=desk.reading(), actor=desk.people["otto"], suppression_id=suppression_id)


def outcome(found: Detected) -> tuple[int, int, int, int]:
    return found.new_alerts, found.grown_alerts, found.hidden_alerts, found.cases_opened
