"""An earlier run, run again: identical, different by a named alert, or not to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
import sqlalchemy as sa

from casedesk.detection.duck import Limits
from casedesk.detection.rule import Evidence, Explanation, Rule
from casedesk.detection.rules import RULES
from casedesk.detection.rules.structuring import Structuring
from casedesk.domain.people import RoleForbids
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.services import detecting, replaying
from casedesk.services.detecting import Detected
from casedesk.services.replaying import CannotReplay, Replayed
from casedesk.store.run_store import NoSuchRun
from casedesk.store.tables import detection_findings, detection_runs, transactions
from tests.builders import START, Move, TestDesk

SMALL = Limits(memory_mib=512, threads=1)
RULE: tuple[Rule, ...] = (Structuring(),)


def burst(name: str, minute: float, to: str = "K-1/1", count: int = 5) -> list[Move]:
    return [Move(f"{name}-{n}", minute + n, 7_000_00, to_account=to) for n in range(count)]


def detect(desk: TestDesk, rules: Sequence[Rule] = RULE, **more: object) -> Detected:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        rules=rules, limits=SMALL, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def replay(desk: TestDesk, run_id: str, library: Sequence[Rule] = RULES, who: str = "otto") -> Replayed:
    return replaying.replay(
        look=desk.reading(), actor=desk.people[who], run_id=run_id, limits=SMALL, library=library
    )  # fmt: skip


def test_a_run_is_identical_whatever_came_later(any_desk: TestDesk) -> None:
    """Late transactions, new accounts, other runs: none of it is what the run saw."""
    desk = any_desk
    desk.book(burst("a", 10))
    runs = [detect(desk)]
    desk.book([Move("late", 5, 7_000_00, to_account="K-1/1")])
    runs.append(detect(desk))
    desk.customer("K-2")
    desk.book(burst("b", 0, "K-2/1"))
    runs.append(detect(desk, rules=(Structuring().with_values({"count": 6}),)))
    runs.append(detect(desk, until=START + timedelta(minutes=12)))
    runs.append(detect(desk))
    before = desk.dump()
    for run in runs:
        done = replay(desk, run.run_id)
        assert (done.identical, done.difference, done.software) == (True, "", "")
        assert (done.transactions, done.alerts, done.alerts_sha256) == (run.transactions, run.alerts, run.alerts_sha256)
    assert [run.alerts for run in runs] == [1, 1, 1, 1, 2]
    assert desk.dump() == before


def test_the_event_of_a_run_vouches_for_what_it_found(desk: TestDesk) -> None:
    desk.book(burst("a", 0))
    run = detect(desk)
    event = desk.history("DESK")[-1]
    assert (event.data["v"], event.data["alerts"], event.data["alerts_sha256"]) == (3, 1, run.alerts_sha256)
    assert event.data["since"] == ""
    detect(desk)
    assert desk.history("DESK")[-1].data["since"] == run.run_id


def test_a_changed_finding_is_named(desk: TestDesk) -> None:
    desk.book(burst("a", 0))
    run = detect(desk)
    (alert_id,) = (row[0] for row in desk.dump()["detection_findings"])
    desk.tamper(sa.update(detection_findings).values(digest="0" * 64))
    done = replay(desk, run.run_id)
    assert not done.identical
    assert done.difference.startswith(f"Alert {alert_id} of rule “Structuring” on account K-1/1 is told otherwise: ")
    desk.tamper(sa.delete(detection_findings))
    assert (
        f"Alert {alert_id} of rule “Structuring” on account K-1/1 was not found then"
        in replay(desk, run.run_id).difference
    )


def test_a_finding_that_is_not_found_again_is_named(desk: TestDesk) -> None:
    desk.book(burst("a", 0))
    run = detect(desk)
    extra = {"alert_id": "A-0", "digest": "1" * 64, "found_in": 1, "rule": "structuring", "account_id": "K-1/1"}
    desk.tamper(sa.insert(detection_findings).values(extra))
    assert replay(desk, run.run_id).difference == "Alert A-0 of rule “Structuring” on account K-1/1 is not found again."


def test_a_digest_that_only_the_run_or_only_the_event_has_is_not_identical(desk: TestDesk) -> None:
    desk.book(burst("a", 0))
    run = detect(desk)
    desk.tamper(sa.update(detection_runs).values(alerts_sha256="2" * 64))
    done = replay(desk, run.run_id)
    assert (done.identical, done.recorded_sha256) == (False, "2" * 64)
    assert "the digest over all of them is not the run's" in done.difference


def test_a_rule_that_tells_it_otherwise_under_its_old_version_is_found_out(desk: TestDesk) -> None:
    @dataclass(frozen=True)
    class Reworded(Structuring):
        def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
            return Explanation(super().explain(episode, currency).severity, "In other words.")

    desk.book(burst("a", 0))
    run = detect(desk)
    assert replay(desk, run.run_id, (Reworded(),)).difference.endswith("is told otherwise: In other words.")


def test_a_rule_of_another_version_cannot_tell(desk: TestDesk) -> None:
    @dataclass(frozen=True)
    class Newer(Structuring):
        version: ClassVar[str] = "99"

    desk.book(burst("a", 0))
    run = detect(desk)
    with pytest.raises(CannotReplay, match="rule “Structuring” is version 99 now and was"):
        replay(desk, run.run_id, (Newer(),))
    with pytest.raises(CannotReplay, match="there is no rule “Structuring” any more"):
        replay(desk, run.run_id, ())


def test_data_that_is_gone_or_changed_cannot_tell(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.book([*burst("a", 0), Move("spare", 99, 1_00, to_account="K-1/1")])
    run = detect(desk)
    desk.tamper(sa.update(transactions).where(transactions.c.transaction_id == "spare").values(base_minor=2))
    with pytest.raises(CannotReplay, match="are not the same any more"):
        replay(desk, run.run_id)
    desk.tamper(sa.delete(transactions).where(transactions.c.transaction_id == "spare"))
    with pytest.raises(CannotReplay, match="it saw 6 transactions, and 5 of them are there now"):
        replay(desk, run.run_id)


def test_an_account_that_was_given_a_name_since_is_named(desk: TestDesk) -> None:
    with desk.writing() as uow:
        uow.parties.add_unknown_holders([("77/0001", "77", "USD")])
        uow.commit()
    desk.book(burst("a", 0, "77/0001"))
    run = detect(desk)
    with desk.writing() as uow:
        uow.parties.put_accounts([Account("77/0001", "K-1", "Kim Roe")])
        uow.commit()
    with pytest.raises(CannotReplay, match="account 77/0001 or its customer has changed since"):
        replay(desk, run.run_id)
    assert replay(desk, detect(desk).run_id).identical


def test_a_customer_who_was_given_a_segment_since_is_named_by_an_account(desk: TestDesk) -> None:
    with desk.writing() as uow:
        uow.parties.add_unknown_holders([("77/0001", "77", "USD")])
        uow.commit()
    run = detect(desk)
    with desk.writing() as uow:
        named = Customer("H-77/0001", "Nora Named", CustomerKind.PERSON, "US", "cash business")
        assert uow.parties.put_customers([named]) == 1
        uow.commit()
    with pytest.raises(CannotReplay, match="account 77/0001 or its customer has changed since"):
        replay(desk, run.run_id)


def test_a_run_from_before_the_desk_recorded_it_cannot_be_replayed(desk: TestDesk) -> None:
    desk.alert()
    with pytest.raises(CannotReplay, match="before runs recorded what a replay needs"):
        replay(desk, "R-test-1")
    assert detect(desk).since == ""


def test_a_run_that_is_not_there_and_a_person_who_may_not_look_are_refused(desk: TestDesk) -> None:
    with pytest.raises(NoSuchRun, match="There is no run “R-9”"):
        replay(desk, "R-9")
    with pytest.raises(RoleForbids):
        replay(desk, detect(desk).run_id, who="ann")
