"""From stored transactions to alerts and cases: once, growing, and beyond what a closed case has dealt with."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from casedesk.detection.duck import Limits
from casedesk.detection.rules.geography import Geography
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.velocity import Velocity
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.people import RoleForbids
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.domain.verification import Verdict
from casedesk.services import detecting, intake
from casedesk.services.detecting import Detected
from casedesk.store.alert_store import AlertStore
from casedesk.store.tables import alerts, cases
from tests.builders import START, Move, TestDesk

SMALL = Limits(memory_mib=512, threads=1)
#: Few rules, so that a test can say whose alert it is; what runs do with alerts is the same for all.
FEW = (Structuring(), Velocity(), Geography())
DAY = 24 * 60.0


def deposits(name: str, first_minute: float, count: int = 5, to: str = "K-1/1", amount: int = 7_000_00) -> list[Move]:
    """Cash deposits a minute apart; five of 7,000 are what the structuring rule looks for."""
    return [Move(f"{name}-{n}", first_minute + n, amount, to_account=to) for n in range(count)]


def detect(desk: TestDesk, who: str = "mia") -> Detected:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people[who], at=desk.at(), base_currency="USD", rules=FEW,
        limits=SMALL,
    )  # fmt: skip


def figures(found: Detected) -> tuple[int, int, int, int, int]:
    return (
        found.new_alerts, found.grown_alerts, found.unchanged_alerts, found.cases_opened, found.cases_joined,
    )  # fmt: skip


def stored(desk: TestDesk) -> dict[str, tuple[str, int]]:
    """Return case and size of every alert."""
    with desk.reading() as uow:
        return {a.alert_id: (a.case_id, len(a.transaction_ids)) for a in uow.alerts.everything()}


def case_ids(desk: TestDesk) -> list[str]:
    with desk.reading() as uow:
        return sorted(case.case_id for case in uow.cases.of_customer("K-1"))


def sound(desk: TestDesk) -> None:
    report = desk.verify()
    assert report.verdict is Verdict.VERIFIED, report.sentence()


def close(desk: TestDesk, case_id: str) -> None:
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.NO_SAR)


def test_what_the_rules_find_becomes_a_case_of_the_customer(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.book(deposits("a", 0))
    assert figures(detect(desk)) == (1, 0, 0, 1, 0)
    (case_id,) = case_ids(desk)
    case = desk.case(case_id)
    assert (case.stage, case.typology, case.transactions, case.amount_minor) == (Stage.NEW, "structuring", 5, 35_000_00)
    assert desk.actions(case_id) == ["case_opened", "alert_attached"]
    sound(desk)


def test_running_it_twice_opens_nothing_new(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.book([*deposits("a", 0), *deposits("b", 2 * DAY)])
    assert figures(detect(desk)) == (2, 0, 0, 1, 0)
    before = desk.dump()
    assert figures(detect(desk)) == (0, 0, 2, 0, 0)
    after = desk.dump()
    untouched = {"alerts", "alert_transactions", "cases", "transactions", "customers", "accounts"}
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}
    assert desk.actions("DESK")[-2:] == ["detection_ran", "detection_ran"]
    sound(desk)


def test_a_run_leaves_an_event_that_names_its_rules_and_its_data(desk: TestDesk) -> None:
    desk.book(deposits("a", 0))
    found = detect(desk)
    event = desk.history("DESK")[-1]
    assert event.user == "mia"
    assert event.data["rule_set_hash"] == found.rule_set_hash
    assert event.data["data_fingerprint"] == found.data_fingerprint
    assert (event.data["new_alerts"], event.data["cases_opened"]) == (1, 1)


def test_alerts_of_one_customer_found_in_one_run_make_one_case(desk: TestDesk) -> None:
    desk.customer("K-2", accounts=["K-2/1", "K-2/2"])
    desk.book([*deposits("a", 0, to="K-2/1"), *deposits("b", 0, to="K-2/2"), *deposits("c", 0)])
    assert figures(detect(desk)) == (3, 0, 0, 2, 0)


def test_a_new_alert_joins_the_open_case_of_its_customer_in_whatever_state_it_is(desk: TestDesk) -> None:
    desk.book(deposits("a", 0))
    detect(desk)
    (case_id,) = case_ids(desk)
    steps = [lambda: None, lambda: desk.take("ann", case_id), lambda: desk.decide("ann", case_id, Disposition.SAR)]
    for day, step in enumerate(steps, start=1):
        step()
        desk.book(deposits(f"day{day}", day * 2 * DAY))
        assert figures(detect(desk)) == (1, 0, day, 0, 1)
    assert case_ids(desk) == [case_id]
    assert len(desk.case(case_id).alerts) == 4
    assert desk.stage(case_id) is Stage.AWAITING
    sound(desk)


def test_an_alert_grows_with_the_transactions_that_belong_to_it(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.book(deposits("a", 0))
    detect(desk)
    before = stored(desk)
    desk.book(deposits("more", 10, count=2))
    assert figures(detect(desk)) == (0, 1, 0, 0, 0)
    (case_id,) = case_ids(desk)
    ((alert_id, (_, size)),) = stored(desk).items()
    assert list(before) == [alert_id]
    assert size == 7
    assert desk.actions(case_id)[-1] == "alert_grown"
    assert desk.case(case_id).amount_minor == 49_000_00
    assert figures(detect(desk)) == (0, 0, 1, 0, 0)
    sound(desk)


def test_a_transaction_that_comes_late_but_was_earlier_grows_the_alert_under_its_old_id(desk: TestDesk) -> None:
    desk.book(deposits("a", 10))
    detect(desk)
    before = stored(desk)
    desk.book([Move("late", 5, 7_000_00, to_account="K-1/1")])
    assert figures(detect(desk)) == (0, 1, 0, 0, 0)
    assert list(stored(desk)) == list(before)
    assert [size for _, size in stored(desk).values()] == [6]
    assert figures(detect(desk)) == (0, 0, 1, 0, 0)
    sound(desk)


def test_beyond_a_closed_case_later_transactions_open_a_new_case_and_a_third_run_changes_nothing(
    any_desk: TestDesk,
) -> None:
    desk = any_desk
    desk.book(deposits("a", 0))
    detect(desk)
    (first,) = case_ids(desk)
    close(desk, first)
    closed = desk.case(first)
    assert figures(detect(desk))[:2] == (0, 0)
    desk.book(deposits("later", 10, count=2))  # the same episode goes on
    assert figures(detect(desk))[:2] == (1, 0)
    assert desk.case(first) == closed
    _, second = case_ids(desk)
    assert {case_id for case_id, _ in stored(desk).values()} == {first, second}
    assert len(stored(desk)) == 2
    for _ in range(2):
        assert figures(detect(desk))[:2] == (0, 0)
    desk.book(deposits("again", 20, count=1))
    assert figures(detect(desk))[:2] == (0, 1)  # the open case's alert grows
    assert desk.actions(second)[-1] == "alert_grown"
    close(desk, second)
    assert figures(detect(desk))[:2] == (0, 0)
    desk.book(deposits("once-more", 30, count=1))
    assert figures(detect(desk))[:2] == (1, 0)
    assert len(case_ids(desk)) == 3
    sound(desk)


def test_a_late_earlier_transaction_beside_a_closed_case_opens_a_case_under_an_id_of_its_own(desk: TestDesk) -> None:
    desk.book(deposits("a", 10))
    detect(desk)
    (first,) = case_ids(desk)
    close(desk, first)
    desk.book([Move("late", 5, 7_000_00, to_account="K-1/1")])
    assert figures(detect(desk))[:2] == (1, 0)
    assert len(stored(desk)) == 2
    assert figures(detect(desk))[:2] == (0, 0)
    sound(desk)


def test_a_reopened_case_keeps_its_alert_and_runs_stay_stable(desk: TestDesk) -> None:
    desk.book(deposits("a", 0))
    detect(desk)
    (first,) = case_ids(desk)
    close(desk, first)
    desk.book(deposits("later", 10, count=2))
    detect(desk)
    desk.reopen("mia", first)
    detect(desk)
    for _ in range(2):
        assert figures(detect(desk))[:2] == (0, 0)
    sound(desk)


def test_an_alert_that_grows_after_its_account_was_given_to_a_named_customer_stays_provable(any_desk: TestDesk) -> None:
    """A file may name the holder of an account later than its transactions; the alert stays in the case that holds it."""
    desk = any_desk
    with desk.writing() as uow:
        uow.parties.add_unknown_holders([("77/0001", "77", "USD")])
        uow.commit()
    desk.book(deposits("a", 0, to="77/0001"))
    detect(desk)
    with desk.writing() as uow:
        uow.parties.put_customers([Customer("K-9", "Nora Named", CustomerKind.PERSON, "US")])
        uow.parties.put_accounts([Account("77/0001", "K-9", "Nora Named")])
        uow.commit()
    desk.book(deposits("more", 10, count=1, to="77/0001"))
    assert figures(detect(desk)) == (0, 1, 0, 0, 0)
    sound(desk)
    desk.book(deposits("b", 3 * DAY, to="77/0001"))
    assert figures(detect(desk)) == (1, 0, 1, 1, 0)
    sound(desk)


def test_a_manager_who_ran_detection_has_not_worked_on_the_cases_it_opened(desk: TestDesk) -> None:
    desk.book(deposits("a", 0))
    detect(desk, "mia")
    (case_id,) = case_ids(desk)
    assert {event.user for event in desk.history(case_id)} == {"system"}
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.book(deposits("more", 10, count=1))
    detect(desk, "mia")
    assert desk.history(case_id)[-1].user == "system"
    desk.approve("mia", case_id)
    assert desk.case(case_id).approved_by == "mia"


def test_a_run_that_breaks_off_leaves_nothing(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.customer("K-2")
    desk.book([*deposits("a", 0), *deposits("b", 0, to="K-2/1")])
    before = desk.dump()

    def broken(*_: object) -> None:
        raise KeyboardInterrupt  # the cases are stored, their alerts are not

    monkeypatch.setattr(AlertStore, "insert", broken)
    with pytest.raises(KeyboardInterrupt):
        detect(desk)
    assert desk.dump() == before
    monkeypatch.undo()
    assert figures(detect(desk)) == (2, 0, 0, 2, 0)
    sound(desk)


@pytest.mark.parametrize("who", ["ann", "queenie", "otto"])
def test_only_managers_and_the_desk_itself_run_detection(desk: TestDesk, who: str) -> None:
    desk.book(deposits("a", 0))
    before = desk.dump()
    with pytest.raises(RoleForbids):
        detect(desk, who)
    assert desk.dump() == before
    assert figures(detect(desk, "system")) == (1, 0, 0, 1, 0)


def test_only_what_was_booked_before_until_is_looked_at(desk: TestDesk) -> None:
    desk.book([*deposits("a", 0, count=4), Move("fifth", 30, 7_000_00, to_account="K-1/1")])

    def until(minutes: float) -> Detected:
        return detecting.detect(
            look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
            rules=FEW, limits=SMALL, until=START + timedelta(minutes=minutes),
        )  # fmt: skip

    assert until(30).new_alerts == 0
    assert until(30.1).new_alerts == 1


def test_nobody_can_slip_an_alert_into_the_case_of_another_customer(desk: TestDesk) -> None:
    desk.customer("K-2")
    case_id, other = desk.open(), desk.alert("K-2")
    before = desk.dump()
    with pytest.raises(intake.WrongCustomer, match="is about customer K-2"):
        intake.attach_alert(**desk.who("ann", case_id), alert_id=other)
    with pytest.raises(intake.WrongCustomer, match="these alerts are about 2"):
        intake.open_case(uow=desk.writing(), actor=desk.people["ann"], at=desk.at(), alert_ids=[other, desk.alert()])
    with pytest.raises(intake.NoSuchAlert, match="There is no alert “A-nil”"):
        intake.attach_alert(**desk.who("ann", case_id), alert_id="A-nil")
    with pytest.raises(intake.AlertTaken, match=f"is in case {case_id} already"):
        with desk.reading() as uow:
            (taken,) = uow.alerts.of_case(case_id)
        intake.attach_alert(**desk.who("ann", case_id), alert_id=taken.alert_id)
    with pytest.raises(Exception, match="No alert is selected"):
        intake.open_case(uow=desk.writing(), actor=desk.people["ann"], at=desk.at(), alert_ids=[])
    assert desk.dump()["cases"] == before["cases"]
    assert desk.dump()["case_events"] == before["case_events"]


def test_the_figures_of_a_case_are_those_of_its_alerts(desk: TestDesk) -> None:
    desk.book([*deposits("a", 0), *deposits("b", 2 * DAY, count=9)])
    detect(desk)
    with desk.engine.connect() as connection:
        row = connection.execute(sa.select(cases)).one()
        worst = connection.execute(sa.select(sa.func.max(alerts.c.severity))).scalar_one()
        total = connection.execute(sa.select(sa.func.sum(alerts.c.amount_minor))).scalar_one()
    assert (row.severity, row.amount_minor, row.alert_count, row.transaction_count) == (worst, total, 2, 14)
