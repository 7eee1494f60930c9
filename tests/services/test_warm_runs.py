"""A process that stays warm finds what a run over everything finds, whatever else than transactions changed between two runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from casedesk.detection.rules import RULES
from casedesk.domain.people import SYSTEM
from casedesk.domain.transactions import Account
from casedesk.services import detecting
from casedesk.services.detecting import Detected, Warm
from casedesk.store.engines import make_engine
from tests.builders import TestDesk
from tests.services.test_incremental import Move, burst

KEPT = [rule for rule in RULES if rule.name in ("structuring", "pass_through")]


@pytest.fixture
def desk(sqlite_address: str) -> Iterator[TestDesk]:
    desk = TestDesk(make_engine(sqlite_address))
    for customer in ("K-1", "K-2", "K-3"):
        desk.customer(customer)
    with desk.writing() as uow:
        uow.parties.add_unknown_holders([("77/0001", "77", "USD")])
        uow.commit()
    yield desk
    desk.engine.dispose()


def run(desk: TestDesk, warm: Warm | None = None, *, full: bool = False) -> Detected:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=datetime.now(UTC), base_currency="USD", rules=KEPT,
        full=full, warm=warm,
    )  # fmt: skip


def agrees(desk: TestDesk, warm: Warm) -> Detected:
    """Run upon the last run with what is kept, and compare with a run over everything."""
    upon = run(desk, warm)
    assert upon.since
    everything = run(desk, full=True)
    assert (upon.alerts_sha256, upon.alerts, upon.data_fingerprint) == (
        everything.alerts_sha256, everything.alerts, everything.data_fingerprint,
    )  # fmt: skip
    assert not everything.changed
    return upon


def test_an_account_that_is_given_a_holder_is_that_holders(desk: TestDesk) -> None:
    warm = Warm()
    desk.book(burst("a", 0, "77/0001"))
    run(desk, warm)
    desk.book(burst("b", 100))
    before = run(desk, warm)
    with desk.writing() as uow:
        uow.parties.put_accounts([Account("77/0001", "K-2", "Kim Roe")])
        uow.commit()
    after = agrees(desk, warm)
    assert (before.alerts, after.alerts) == (2, 2)
    assert after.alerts_sha256 != before.alerts_sha256  # what is found says whose account it is


def test_what_is_found_otherwise_is_not_found_as_before_in_the_run_after(desk: TestDesk) -> None:
    warm = Warm()
    desk.book([*burst("a", 0), *burst("c", 0, "K-2/1")])
    run(desk, warm)
    desk.book([Move("x", 4_000, 100, to_account="K-3/1")])
    assert warm.found_by(run(desk, warm).run_id) is not None  # everything is loaded now, and known
    desk.book(burst("more", 10, count=2))
    assert run(desk, warm).grown_alerts == 1
    desk.book([Move("y", 5_000, 100, to_account="K-3/1")])
    assert agrees(desk, warm).alerts == 2


def test_a_customer_is_judged_from_the_earliest_of_what_is_new(desk: TestDesk) -> None:
    warm = Warm()
    desk.book(burst("a", 0, "K-2/1"))
    run(desk, warm)
    desk.book([*burst("b", 10_000), Move("b-late", 60_000, 100, to_account="K-1/1")])
    assert agrees(desk, warm).new_alerts == 1
