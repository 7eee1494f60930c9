"""Clocks as rows: each step that moves a due date moves its row, policy that comes later does not, and nobody else can."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import Disposition
from casedesk.domain.deadlines import CASH_RULE
from casedesk.services import policies, purging
from casedesk.store import clock_store
from casedesk.store.tables import clocks
from tests.builders import START, TestDesk
from tests.services import filing_ways

DAY = START.date()


def rows(desk: TestDesk, case_id: str) -> dict[str, tuple[date, bool]]:
    """The last day of each kind of clock of a case, and whether it stands."""
    with desk.reading() as uow:
        found = [row for row in uow.clocks.projections() if row["case_id"] == case_id]
    return {
        row["kind"]: (date.fromisoformat(row["due_at"][:10]) - timedelta(days=1), row["stands"] == "1") for row in found
    }


def filed(desk: TestDesk) -> str:
    """A case with a report that the filing system took."""
    case_id = filing_ways.approved(desk, by="max")
    filing_ways.transmit(desk, filing_ways.produce(desk).batch.batch_id)
    filing_ways.answer(desk, filing_ways.acknowledgement("31000055053784"), tracking_id="TRK-1")
    return case_id


def in_force(desk: TestDesk, name: str, value: int) -> None:
    def act(who: str) -> dict[str, Any]:
        return {"uow": desk.writing(), "actor": desk.people[who], "at": desk.at()}

    proposal = policies.propose(
        **act("mia"),
        name=name,
        value=value,
        valid_from=DAY,
        source="Board, 12 June",
        reason="The board wants it so now.",
    ).event_id
    policies.put_in_force(**act("max"), proposal=proposal)


def test_closing_starts_retention_and_reopening_ends_it(any_desk: TestDesk) -> None:
    case_id = any_desk.closed()
    assert rows(any_desk, case_id) == {"retention": (date(2031, 7, 1), True)}
    any_desk.reopen("mia", case_id)
    assert rows(any_desk, case_id) == {}
    any_desk.decide("ann", case_id, Disposition.NO_SAR, days=3)
    assert rows(any_desk, case_id) == {"retention": (date(2031, 7, 4), True)}
    assert any_desk.verify().verdict.value == "VERIFIED"


def test_cash_above_the_line_is_due_in_15_days_until_its_case_is_closed(any_desk: TestDesk) -> None:
    case_id = any_desk.open(rule="cash_aggregation")
    assert rows(any_desk, case_id) == {"currency report": (date(2026, 7, 16), True)}
    any_desk.take("ann", case_id)
    any_desk.decide("ann", case_id, Disposition.NO_SAR)
    assert rows(any_desk, case_id)["currency report"] == (date(2026, 7, 16), False)
    any_desk.reopen("mia", case_id)
    assert rows(any_desk, case_id)["currency report"] == (date(2026, 7, 16), True)
    assert any_desk.verify().verdict.value == "VERIFIED"


def test_what_goes_on_after_a_filing_is_due_until_a_decision_says_that_nothing_does(desk: TestDesk) -> None:
    case_id = filed(desk)
    assert rows(desk, case_id) == {
        "continuing report": (DAY + timedelta(days=120), True), "retention": (date(2031, 7, 1), True)
    }  # fmt: skip
    desk.reopen("mia", case_id)
    assert rows(desk, case_id) == {"continuing report": (DAY + timedelta(days=120), True)}
    desk.decide("ann", case_id, Disposition.NO_SAR)
    assert rows(desk, case_id)["continuing report"] == (DAY + timedelta(days=120), False)
    assert desk.verify().verdict.value == "VERIFIED"


def test_a_case_keeps_the_policy_that_was_in_force_at_its_source_event(desk: TestDesk) -> None:
    old, cash = filed(desk), desk.open(rule="cash_aggregation")
    before = rows(desk, old), rows(desk, cash)
    for name, value in (
        ("continuing_report_days", 100),
        ("continuing_review", 1),
        ("ctr_days", 10),
        ("retention_years", 7),
    ):
        in_force(desk, name, value)
    desk.take("ann", cash)
    desk.decide("ann", cash, Disposition.NO_SAR)
    assert (rows(desk, old), rows(desk, cash)["currency report"][0]) == (before[0], before[1]["currency report"][0])
    assert rows(desk, cash)["retention"] == (date(2033, 7, 1), True)
    assert rows(desk, desk.open(rule="cash_aggregation")) == {"currency report": (date(2026, 7, 11), True)}
    assert desk.verify().verdict.value == "VERIFIED"


def test_a_purge_ends_what_retention_there_was(desk: TestDesk) -> None:
    case_id = desk.closed()
    proposal = purging.propose(
        uow=desk.writing(), actor=desk.people["mia"], at=desk.at(days=6 * 366), case_ids=[case_id],
        reason="Its retention ended last year.",
    ).event_id  # fmt: skip
    purging.carry_out(uow=desk.writing(), actor=desk.people["max"], at=desk.at(), proposal=proposal)
    assert rows(desk, case_id) == {"retention": (date(2031, 7, 1), False)}
    assert desk.verify().verdict.value == "VERIFIED"


TAMPERED: dict[str, tuple[Any, str]] = {
    "a later day": (
        sa.update(clocks).values(due_at=START + timedelta(days=9_000)),
        "Column due_at: expected “2031-07-02",
    ),
    "done": (sa.update(clocks).values(stands=False), "Column stands: expected “1”, got “0”"),
    "another policy": (sa.update(clocks).values(rule_version=9), "Column rule_version: expected “1”, got “9”"),
    "gone": (sa.delete(clocks), "A due date that its events give has no row"),
    "of another event": (sa.update(clocks).values(source_event=1), "A due date has a row that no event gives"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_row_that_somebody_changed_is_found(desk: TestDesk, what: str) -> None:
    desk.closed()
    statement, sentence = TAMPERED[what]
    desk.tamper(statement)
    report = desk.verify()
    assert report.verdict.value == "TAMPERED"
    assert sentence in report.findings[0].sentence()


@pytest.mark.parametrize("together", [2, 200])
def test_clocks_of_many_cases_are_those_of_each(
    any_desk: TestDesk, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_store, "_TOGETHER", together)
    any_desk.customer("K-2", "Lee Roe")
    closed = [any_desk.closed(customer_id=f"K-{number}") for number in (1, 2, 1)]
    of_cash = [any_desk.open(f"K-{number}", rule=CASH_RULE) for number in (1, 2)]
    asked = [closed[2], "CASE-2026-999999", of_cash[1], closed[0], of_cash[0], any_desk.open("K-2"), closed[1]]
    with any_desk.reading() as uow:
        found = list(uow.clocks.derived(asked))
        alone = [one for case_id in asked for one in uow.clocks.derived([case_id])]
    assert found == alone
    assert [case_id for case_id, _ in found] == [case_id for case_id in asked if case_id != "CASE-2026-999999"]
    kinds = {case_id: {deadline.clock.kind.value for deadline in deadlines} for case_id, deadlines in found}
    assert {case_id: kinds[case_id] for case_id in closed} == {one: {"retention"} for one in closed}
    assert all("currency report" in kinds[case_id] for case_id in of_cash)
