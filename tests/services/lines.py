"""A bank with episodes on both sides of the structuring rule's line, and short words for sampling below it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules.structuring import Structuring
from casedesk.domain.cases import Disposition
from casedesk.domain.line_sampling import LinePick, LineTest, from_record
from casedesk.domain.line_yields import LineReport
from casedesk.services import detecting, line_test_checks, line_tests
from casedesk.services.detecting import Detected
from casedesk.services.line_tests import Asked, StoredLineTest
from casedesk.store.tables import line_tests as table
from tests.builders import Move, TestDesk
from tests.scenes import then

SMALL = Limits(memory_mib=512, threads=1)
RULES: tuple[Rule, ...] = (Structuring(),)
DAY = 24 * 60.0
SEED = "5e" * 32
FOUR: dict[str, object] = {"count": 4}
THREE: dict[str, object] = {"count": 3, "below_count": 3, "total_minor": 24_000_00}
FIVE_PERCENT = Fraction(1, 20)


def deposits(name: str, day: float, count: int, to: str = "", amount: int = 8_000_00, apart: float = 1) -> list[Move]:
    """Cash deposits: five of 8,000 are over the line, four below it, three of them below that."""
    return [Move(f"{name}-{n}", day * DAY + n * apart, amount, to_account=to or f"{name}/1") for n in range(count)]


def bank(desk: TestDesk, **how_many: int) -> None:
    """Set the scene: customers A-n over the line, F-n with four deposits, T-n with three, and N-1 with two."""
    then(desk, _bank, **how_many)


def _bank(desk: TestDesk, *, above: int = 2, four: int = 6, three: int = 5) -> None:
    for letter, customers, count in (("A", above, 5), ("F", four, 4), ("T", three, 3), ("N", 1, 2)):
        for n in range(1, customers + 1):
            name = f"{letter}-{n}"
            desk.customer(name)
            desk.book(deposits(name, n, count))


def detect(desk: TestDesk, rules: Sequence[Rule] = RULES, **more: Any) -> Detected:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        rules=rules, limits=SMALL, **more,
    )  # fmt: skip


def sample(
    desk: TestDesk, *bands: dict[str, object], size: int = 100, seed: str | None = SEED, who: str = "mia", **more: Any
) -> StoredLineTest:
    return line_tests.draw_line_test(
        look=desk.reading(), freeze=desk.writing(), uow=desk.writing(), actor=desk.people[who], at=desk.at(),
        base_currency="USD", seed=seed, limits=SMALL,
        **{"rule": "structuring", "bands": [Asked(values, size) for values in bands or (FOUR, THREE)], "library": RULES, **more},
    )  # fmt: skip


def drawn(stored: StoredLineTest) -> tuple[LineTest, tuple[LinePick, ...]]:
    return from_record(stored.record)


def customers(stored: StoredLineTest, band: int) -> list[str]:
    """Return who was drawn in a band, sorted."""
    return sorted(pick.customer_id for pick in drawn(stored)[1] if pick.band == band)


def report(desk: TestDesk, test_id: str = "LT-000001", who: str = "otto") -> LineReport:
    return line_tests.report(uow=desk.reading(), actor=desk.people[who], test_id=test_id)


def redraw(desk: TestDesk, test_id: str = "LT-000001", **more: Any) -> line_test_checks.Redrawn:
    return line_test_checks.redraw(
        look=desk.reading(), actor=desk.people["otto"], test_id=test_id, limits=SMALL, library=RULES, **more
    )


def case_of(desk: TestDesk, customer_id: str) -> str:
    """Return the open case of a customer, or the empty string."""
    with desk.reading() as uow:
        return uow.cases.open_of(customer_id)


def work(desk: TestDesk, customer_id: str, what: Disposition = Disposition.NO_SAR) -> str:
    """Take a customer's open case to its close, and return its id."""
    case_id = case_of(desk, customer_id)
    desk.take("ann", case_id)
    desk.decide("ann", case_id, what)
    if what is Disposition.SAR:
        desk.approve("max", case_id)
    return case_id


def stored_alerts(desk: TestDesk) -> dict[str, tuple[str, str, frozenset[str]]]:
    """Return customer, case and evidence of every alert by its id."""
    with desk.reading() as uow:
        return {a.alert_id: (a.customer_id, a.case_id, frozenset(a.transaction_ids)) for a in uow.alerts.everything()}


def damage(desk: TestDesk, change: Any) -> None:
    """Change the record of the one test there is behind the desk's back."""
    (stored,) = line_tests.all_tests(uow=desk.reading(), actor=desk.people["mia"])
    record = json.loads(json.dumps(stored.record))
    change(record)
    desk.tamper(sa.update(table).values(record=json.dumps(record)))
