"""The calendar, and the way from a day to the cases that fall due on it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casedesk.services import calendar, decisions, queue
from casedesk.services.queue import Query
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import text

TODAY = NOW.date()


def days(at: object) -> dict[str, str]:
    """The days of the grid on which something falls due, and their labels."""
    return {b.key.removeprefix("day_"): b.label for b in at.button if b.key.startswith("day_") and not b.disabled}  # type: ignore[attr-defined]


def test_a_manager_sees_everybodys_cases_and_a_day_leads_to_its_own(open_as: Open, bank: Bank) -> None:
    desk = bank.desk()
    due = [line.row.due_at.date() - timedelta(days=1) for line in queue.list_page(
        uow=desk.reading(), actor=BY_ID["marta"], at=NOW, query=Query()).lines]  # fmt: skip
    at = open_as("marta", "calendar", month=f"{min(due):%Y-%m}")
    assert set(days(at)) == {day.isoformat() for day in due if day.month == min(due).month}
    at.get_by_key(f"day_{min(due)}").click().run()
    assert dict(at.query_params) == {"due": min(due).isoformat()}
    assert len(at.dataframe[0].value) == due.count(min(due))


def test_mine_leads_to_mine(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "calendar")
    at.get_by_key("calendar_whose").set_value("Mine").run()
    assert dict(at.query_params)["whose"] == "mine"
    assert days(at) == {}
    at.get_by_key("month_after").click().run()
    assert "month" in at.query_params
    at.get_by_key("month_now").click().run()
    assert "month" not in at.query_params


def test_an_analyst_has_no_choice_and_sees_their_own(open_as: Open, bank: Bank) -> None:
    at = open_as("grace", "calendar")
    assert "calendar_whose" not in {e.key for e in at.get("button_group")}
    held = calendar.month(uow=bank.desk().reading(), actor=BY_ID["grace"], at=NOW, first=TODAY, mine=True)
    assert f"{sum(held.days.values())} open cases fall due in" in text(at)
    at.get_by_key("due_30").click().run()
    assert dict(at.query_params) == {"due": "30", "owner": "me"}


@pytest.mark.parametrize("query", [{"month": "2026-13"}, {"month": "x"}, {"month": "0001-01"}, {"whose": "x"}])
def test_an_address_that_makes_no_sense_is_passed_over(open_as: Open, query: dict[str, str]) -> None:
    at = open_as("marta", "calendar", **query)
    assert not at.exception
    assert not at.query_params
    assert at.get_by_key("month_now").label == f"{TODAY:%B %Y}"


@pytest.mark.parametrize("due", ["overdue", "7", "2026-12-05"])
def test_the_due_filter_is_in_the_address_and_comes_back(open_as: Open, due: str) -> None:
    at = open_as("grace", due=due)
    assert not at.exception
    assert dict(at.query_params) == {"due": due}
    if len(due) == 10:
        assert at.get_by_key("triage_day").value.isoformat() == due
        at.get_by_key("triage_day").set_value(TODAY).run()
        assert dict(at.query_params) == {"due": TODAY.isoformat()}
    at.get_by_key("triage_due").set_value(None).run()
    assert not at.query_params


@pytest.mark.parametrize("due", ["8", "2026-02-30", "2026-2-3", "<b>"])
def test_a_due_filter_that_makes_no_sense_is_passed_over(open_as: Open, due: str) -> None:
    at = open_as("grace", due=due)
    assert not at.exception
    assert not at.query_params


def test_the_sidebar_counts_what_i_hold_that_is_overdue_or_due_today(open_as: Open, bank: Bank) -> None:
    def label(at: object) -> str:
        return next(b.label for b in at.button if b.key == "nav_calendar")  # type: ignore[attr-defined]

    assert "badge" not in label(open_as("grace"))
    desk = bank.desk()

    decisions.move_suspicion(
        uow=desk.writing(), actor=BY_ID["grace"], at=NOW, case_id=bank.cases["held"], seen_version=None,
        suspicion_at=NOW - timedelta(days=30), suspect_identified=True, reason="The branch called on that day.",
    )  # fmt: skip
    assert label(open_as("grace")).endswith("[1]")
