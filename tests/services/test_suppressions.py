"""What a suppression hides, what it never hides, and how what it hid comes back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.cases import Disposition
from casedesk.domain.people import SYSTEM
from casedesk.domain.suppressions import State
from casedesk.domain.verification import Verdict
from casedesk.services import dataset, replaying, suppressions
from casedesk.store.engines import make_engine
from casedesk.store.tables import suppressed_alerts
from casedesk.store.tables import suppressions as rows
from tests.builders import TestDesk
from tests.databases import Sqlite
from tests.services.suppressing import (
    FIRST,
    HOUR,
    RULE,
    SMALL,
    TICK,
    UNTIL,
    burst,
    deposit,
    detect,
    end,
    hidden,
    in_force,
    midnight,
    outcome,
    proposed,
)

NOON = midnight(FIRST) + 12 * HOUR


def test_a_covered_alert_is_recorded_and_not_raised(any_desk: TestDesk) -> None:
    desk = any_desk
    sup = in_force(desk)
    assert sup == "SUP-000001"
    burst(desk, "a", NOON)
    found = detect(desk)
    assert outcome(found) == (0, 0, 1, 0)
    assert (found.alerts, found.unchanged_alerts) == (1, 0)
    assert not desk.dump()["alerts"]
    assert not desk.dump()["cases"]
    (row,) = hidden(desk, sup)
    assert (row.rule, row.customer_id, row.account_id, row.run_id) == ("structuring", "K-1", "K-1/1", found.run_id)
    assert (len(row.transaction_ids), row.amount_minor, row.released_in) == (5, 35_000_00, "")
    assert "5" in row.sentence
    ran = desk.history("DESK")[-1]
    assert (ran.action, ran.data["v"], ran.data["hidden_alerts"], ran.data["new_alerts"]) == ("detection_ran", 3, 1, 0)
    assert outcome(detect(desk, full=True)) == (0, 0, 0, 0)
    (listed,) = suppressions.listed(uow=desk.reading(), actor=desk.people["otto"])
    assert (listed.count.hidden, listed.count.released, listed.customer) == (1, 0, "Kim Roe")
    assert desk.verify().verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("times", "is_hidden"),
    [
        ([midnight(FIRST) + n * HOUR / 10 for n in range(5)], True),
        ([midnight(FIRST) - TICK + n * HOUR / 10 for n in range(5)], False),
        ([midnight(UNTIL) - TICK - n * HOUR / 10 for n in range(5)], True),
        ([midnight(UNTIL) - n * HOUR / 10 for n in range(5)], False),
    ],
    ids=["first microsecond", "one before", "last microsecond", "one beyond"],
)
def test_the_whole_window_has_to_lie_within_the_covered_days(
    any_desk: TestDesk, times: list[datetime], is_hidden: bool
) -> None:
    in_force(any_desk)
    deposit(any_desk, "a", sorted(times))
    assert outcome(detect(any_desk)) == ((0, 0, 1, 0) if is_hidden else (1, 0, 0, 1))


@pytest.mark.parametrize(
    "changed",
    [{"rule": "velocity"}, {"customer_id": "K-2"}, {"account_id": "K-1/2"}],
    ids=["another rule", "another customer", "another account"],
)
def test_what_is_out_of_scope_is_raised(desk: TestDesk, changed: dict[str, str]) -> None:
    desk.customer("K-1", accounts=["K-1/2"])
    desk.customer("K-2")
    in_force(desk, **changed)
    burst(desk, "a", NOON)
    assert outcome(detect(desk)) == (1, 0, 0, 1)


def test_one_account_can_be_covered_while_another_is_not(desk: TestDesk) -> None:
    desk.customer("K-1", accounts=["K-1/2"])
    sup = in_force(desk, account_id="K-1/2")
    burst(desk, "a", NOON, to="K-1/2")
    burst(desk, "b", NOON)
    assert outcome(detect(desk)) == (1, 0, 1, 1)
    assert [row.account_id for row in hidden(desk, sup)] == ["K-1/2"]


@pytest.mark.parametrize("step", ["only proposed", "rejected", "ended"])
def test_only_what_is_in_force_hides(desk: TestDesk, step: str) -> None:
    one = proposed(desk)
    if step == "rejected":
        suppressions.reject(
            uow=desk.writing(), actor=desk.people["max"], at=desk.at(), suppression_id=one.suppression_id,
            reason="The till rolls do not fit the deposits.",
        )  # fmt: skip
    elif step == "ended":
        suppressions.approve(
            uow=desk.writing(), actor=desk.people["max"], at=desk.at(), suppression_id=one.suppression_id
        )
        end(desk, one.suppression_id)
    burst(desk, "a", NOON)
    assert outcome(detect(desk)) == (1, 0, 0, 1)


@pytest.mark.parametrize(("cap", "is_hidden"), [(0, True), (-1, False)])
def test_an_alert_above_the_severity_cap_is_never_hidden(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch, cap: int, is_hidden: bool
) -> None:
    burst(desk, "probe", midnight(FIRST) - 99 * HOUR)
    detect(desk)
    severity = next(iter(desk.dump()["alerts"]))[8]

    def policy(name: str, on: date) -> object:
        real = in_force_policy(name, on)
        if name != "suppression_severity_cap":
            return real
        assert real.value == 90
        return type(real)(name, severity + cap, real.unit, real.valid_from, 1, real.source)

    from casedesk.domain import suppression_steps as rules_of

    in_force_policy = rules_of.in_force
    monkeypatch.setattr(rules_of, "in_force", policy)
    in_force(desk)
    monkeypatch.setattr(rules_of, "in_force", in_force_policy)  # the cap of the day of the approval counts
    burst(desk, "a", NOON)
    assert detect(desk).hidden_alerts == is_hidden


def test_a_stored_alert_grows_as_before(desk: TestDesk) -> None:
    burst(desk, "a", NOON)
    assert outcome(detect(desk)) == (1, 0, 0, 1)
    sup = in_force(desk)
    deposit(desk, "more", [NOON + HOUR / 4])
    assert outcome(detect(desk)) == (0, 1, 0, 0)
    assert hidden(desk, sup) == ()


def test_a_hidden_alert_that_grows_within_the_days_replaces_its_row(any_desk: TestDesk) -> None:
    desk = any_desk
    sup = in_force(desk)
    burst(desk, "a", NOON)
    first = detect(desk)
    deposit(desk, "early", [NOON - HOUR / 4])  # its id is another one now
    assert outcome(detect(desk)) == (0, 0, 1, 0)
    (row,) = hidden(desk, sup)
    assert (len(row.transaction_ids), row.run_id != first.run_id) == (6, True)
    assert outcome(detect(desk, full=True)) == (0, 0, 0, 0)
    assert desk.verify().verdict is Verdict.VERIFIED


def test_two_hidden_alerts_that_become_one_are_one(desk: TestDesk) -> None:
    sup = in_force(desk)
    burst(desk, "a", NOON)
    burst(desk, "b", NOON + 1.5 * HOUR)
    assert detect(desk).hidden_alerts == 2
    burst(desk, "c", NOON + 2 * HOUR / 3)
    assert detect(desk).hidden_alerts == 1
    assert [len(row.transaction_ids) for row in hidden(desk, sup)] == [15]


def test_an_episode_that_grows_beyond_the_days_is_raised(any_desk: TestDesk) -> None:
    desk = any_desk
    sup = in_force(desk)
    burst(desk, "a", midnight(UNTIL) - HOUR / 2)
    assert outcome(detect(desk)) == (0, 0, 1, 0)
    deposit(desk, "beyond", [midnight(UNTIL)])
    found = detect(desk)
    assert (found.since != "", outcome(found)) == (True, (1, 0, 0, 1))
    (row,) = hidden(desk, sup)
    assert row.released_in == found.run_id
    (listed,) = suppressions.listed(uow=desk.reading(), actor=desk.people["otto"])
    assert (listed.count.hidden, listed.count.released) == (0, 1)
    deposit(desk, "more", [midnight(UNTIL) + HOUR / 4])
    assert outcome(detect(desk)) == (0, 1, 0, 0)
    assert desk.verify().verdict is Verdict.VERIFIED


def test_ending_it_makes_the_next_run_raise_what_it_hid_though_nothing_else_was_touched(any_desk: TestDesk) -> None:
    desk = any_desk
    sup = in_force(desk)
    burst(desk, "a", NOON)
    detect(desk)
    ended = end(desk, sup)
    assert (ended.ended_by, ended.state.value) == ("mia", "ended")
    assert desk.history("DESK")[-1].data["hidden_alerts"] == 1
    found = detect(desk)
    assert (found.since != "", outcome(found)) == (True, (1, 0, 0, 1))
    assert hidden(desk, sup)[0].released_in == found.run_id
    assert outcome(detect(desk)) == (0, 0, 0, 0)
    assert desk.verify().verdict is Verdict.VERIFIED


def test_what_one_no_longer_hides_passes_to_another_that_covers_it(desk: TestDesk) -> None:
    sup = in_force(desk)
    burst(desk, "a", NOON)
    detect(desk)
    wider = in_force(desk, covers_until=UNTIL + timedelta(days=1))
    assert outcome(detect(desk, full=True)) == (0, 0, 0, 0)  # it stays with the one in force for longer
    end(desk, sup)
    assert outcome(detect(desk)) == (0, 0, 1, 0)
    assert [row.released_in == "" for one in (sup, wider) for row in hidden(desk, one)] == [False, True]


def test_once_the_days_are_over_new_activity_is_raised_and_the_old_stays_hidden(desk: TestDesk) -> None:
    sup = in_force(desk)
    burst(desk, "a", NOON)
    detect(desk)
    burst(desk, "b", midnight(UNTIL) + HOUR)
    desk.at(days=30)
    assert outcome(detect(desk, full=True)) == (1, 0, 0, 1)
    (row,) = hidden(desk, sup)
    assert row.released_in == ""
    (listed,) = suppressions.on_customer(uow=desk.reading(), actor=desk.people["ann"], customer_id="K-1")
    assert (listed.suppression.days_left(desk.at().date()), listed.count.hidden) == (0, 1)


def test_what_comes_after_a_closed_case_is_new_and_may_be_hidden(desk: TestDesk) -> None:
    burst(desk, "a", NOON)
    detect(desk)
    (case_id,) = {row[0] for row in desk.dump()["cases"]}
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.NO_SAR)
    sup = in_force(desk)
    deposit(desk, "more", [NOON + HOUR / 4])
    assert outcome(detect(desk)) == (0, 0, 1, 0)
    desk.reopen("mia", case_id)
    found = detect(desk)
    assert outcome(found) == (0, 1, 0, 0)
    assert [row.released_in for row in hidden(desk, sup)] == [found.run_id]
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_run_that_hid_something_replays_identically_also_after_the_suppression_ended(any_desk: TestDesk) -> None:
    desk = any_desk
    sup = in_force(desk)
    burst(desk, "a", NOON)
    run = detect(desk)
    end(desk, sup)
    detect(desk)
    done = replaying.replay(
        look=desk.reading(), actor=desk.people["mia"], run_id=run.run_id, limits=SMALL, library=RULE
    )
    assert (done.identical, done.alerts) == (True, 1), done.difference


def test_a_list_of_suppressions_is_searched_by_name_and_number(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.customer("K-20", "Ólafur 100% Ltd", ["ICE/7"])
    first, second = in_force(desk), in_force(desk, customer_id="K-20", account_id="ICE/7")

    def found(search: str) -> list[str]:
        mia = desk.people["mia"]
        listed = suppressions.page(uow=desk.reading(), actor=mia, states=[State.IN_FORCE], search=search)
        sizes = suppressions.sizes(uow=desk.reading(), actor=mia, search=search)
        assert sizes.get(State.IN_FORCE, 0) == len(listed)
        return [one.suppression.suppression_id for one in listed]

    assert found("") == [second, first]
    assert found(first.lower()) == [first]
    assert found("k-20") == found("ice/7") == found("ÓLAFUR") == found(" 100% ") == [second]
    assert found("k-2") == [second]
    assert found("%") == [second]
    assert found("nobody") == []


def with_one_hidden(engine: Engine) -> tuple[TestDesk, str]:
    desk = TestDesk(engine)
    desk.staff()
    desk.customer()
    sup = in_force(desk)
    burst(desk, "a", NOON)
    detect(desk)
    return desk, sup


@pytest.mark.parametrize(
    ("column", "value"),
    [("covers_until", date(2027, 7, 1)), ("state", "ended"), ("decided_by", "ann"), ("reason", "Because."),
     ("severity_cap", 100), ("account_id", "K-1/1"), ("state_event", 1)],
)  # fmt: skip
def test_an_edited_suppression_is_named_with_its_column(engine: Engine, column: str, value: object) -> None:
    desk, sup = with_one_hidden(engine)
    desk.tamper(sa.update(rows).values({column: value}))
    report = desk.verify()
    assert report.verdict is Verdict.TAMPERED
    assert report.first is not None
    assert (report.first.case_id, report.first.column) == (sup, column)


@pytest.mark.parametrize("how", ["deleted", "edited", "released"])
def test_what_was_hidden_cannot_be_changed_unseen(engine: Engine, how: str) -> None:
    desk, _ = with_one_hidden(engine)
    desk.tamper(
        {
            "deleted": sa.delete(suppressed_alerts),
            "edited": sa.update(suppressed_alerts).values(severity=1),
            "released": sa.update(suppressed_alerts).values(released_in=suppressed_alerts.c.run_id),
        }[how]
    )
    report = desk.verify()
    assert report.verdict is Verdict.TAMPERED
    assert "What is recorded as hidden is not what the last run recorded" in report.sentence()


def test_a_suppression_that_nobody_proposed_or_that_is_gone_is_named(sqlite_engine: Engine) -> None:
    desk, sup = with_one_hidden(sqlite_engine)
    desk.tamper(sa.delete(suppressed_alerts))
    desk.tamper(sa.delete(rows))
    assert f"{sup}: The suppression has events but no row" in desk.verify().sentence()


def test_an_exported_desk_takes_them_along(sqlite_engine: Engine, sqlite_kind: Sqlite, tmp_path: Path) -> None:
    desk, sup = with_one_hidden(sqlite_engine)
    dataset.write_csv(uow=desk.writing(), actor=SYSTEM, at=desk.at(), folder=tmp_path)
    address = sqlite_kind.fresh()
    other = TestDesk(make_engine(address), desk.at())
    other.people = desk.people
    dataset.load_csv(uow=other.writing(), actor=SYSTEM, folder=tmp_path)
    assert hidden(other, sup) == hidden(desk, sup)
    assert other.dump()["suppressions"] == desk.dump()["suppressions"]
    end(other, sup)
    assert outcome(detect(other)) == (1, 0, 0, 1)
    other.engine.dispose()
    sqlite_kind.drop(address)
