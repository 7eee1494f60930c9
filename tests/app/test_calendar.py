"""The calendar, and the way from a day to the cases that fall due on it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from casedesk.domain.clocks import Kind
from casedesk.services import calendar, decisions, queue
from casedesk.services.queue import Query
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open

TODAY = NOW.date()


def plain(hint: str) -> str:
    """A hint without the signs that keep Markdown from reading it."""
    return hint.replace("\\", "")


def days(at: object) -> dict[str, str]:
    """The days of the grid on which something falls due, and their labels."""
    return {b.key.removeprefix("day_"): b.label for b in at.button if b.key.startswith("day_") and not b.disabled}  # type: ignore[attr-defined]


def listed(at: object) -> list[tuple[str, str]]:
    """Kind and case of each line of the list."""
    frame = at.dataframe[0].value  # type: ignore[attr-defined]
    return [(kind[0].split(" ", 1)[1], case) for kind, case in zip(frame["Kind"], frame["Case"], strict=True)]


def test_a_manager_sees_everybodys_and_a_day_leads_to_its_list_and_on_to_triage(open_as: Open, bank: Bank) -> None:
    desk = bank.desk()
    due = [line.row.due_at.date() - timedelta(days=1) for line in queue.list_page(
        uow=desk.reading(), actor=BY_ID["marta"], at=NOW, query=Query()).lines]  # fmt: skip
    at = open_as("marta", "calendar", month=f"{min(due):%Y-%m}")
    assert set(days(at)) == {day.isoformat() for day in due if day.month == min(due).month}
    at.get_by_key(f"day_{min(due)}").click().run()
    assert dict(at.query_params) == {"view": "list", "due": min(due).isoformat()}
    assert len(listed(at)) == due.count(min(due))
    assert at.dataframe[0].value["Period"][0] == "30 calendar days · v1 · 31 CFR 1020.320(b)(3)"
    at.get_by_key("calendar_triage").click().run()
    assert dict(at.query_params) == {"due": min(due).isoformat()}
    assert len(at.dataframe[0].value) == due.count(min(due))


def test_view_kind_and_whose_are_in_the_address_and_come_back(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "calendar")
    at.get_by_key("calendar_owner").set_value("me").run()
    assert dict(at.query_params) == {"owner": "me"}
    assert days(at) == {}
    at.get_by_key("calendar_kind").set_value(Kind.RETENTION).run()
    at.get_by_key("calendar_owner").set_value(None).run()
    at.get_by_key("calendar_after").click().run()
    assert set(at.query_params) == {"kind", "month"}
    kept = next(iter(queue_of_retention(bank)))
    query = {"kind": "retention", "view": "list", "due": kept.isoformat()}
    at = open_as("marta", "calendar", **query)
    assert dict(at.query_params) == query
    assert {kind for kind, _ in listed(at)} == {"Retention"}
    at.get_by_key("calendar_all").click().run()
    at.get_by_key("calendar_view").set_value("Week").run()
    assert not at.exception
    assert dict(at.query_params) == {"kind": "retention", "view": "week"}


def queue_of_retention(bank: Bank) -> list[date]:
    found = calendar.listed(
        uow=bank.desk().reading(), actor=BY_ID["marta"], at=NOW, due=(TODAY, TODAY.replace(year=TODAY.year + 9)),
        asked=calendar.Asked(frozenset({Kind.RETENTION})),
    )  # fmt: skip
    return [line.clock.due_on for line in found.lines]


def test_a_week_names_its_cases_with_the_derivation_on_hover_and_opens_them(open_as: Open, bank: Bank) -> None:
    case = next(iter(queue.list_page(uow=bank.desk().reading(), actor=BY_ID["marta"], at=NOW, query=Query()).lines)).row
    day = case.due_at.date() - timedelta(days=1)
    at = open_as("marta", "calendar", view="week", week=day.isoformat())
    entries = {b.label: b for b in at.button if str(b.key).startswith("week_")}
    assert re.search(r"30 calendar days after .* 31 CFR 1020", plain(entries[case.case_id].help))
    entries[case.case_id].click().run()
    assert dict(at.query_params) == {"id": case.case_id}


def test_an_analyst_has_no_choice_and_sees_their_own(open_as: Open, bank: Bank) -> None:
    at = open_as("grace", "calendar")
    assert "calendar_owner" not in {str(box.key) for box in at.selectbox}
    assert "Retention" not in at.get_by_key("calendar_kind").options
    held = queue.list_page(uow=bank.desk().reading(), actor=BY_ID["grace"], at=NOW, query=Query(owner="grace"))
    at.get_by_key("due_30").click().run()
    assert dict(at.query_params) == {"view": "list", "due": "30"}
    assert {case for _, case in listed(at)} == {line.row.case_id for line in held.lines}
    at.get_by_key("calendar_triage").click().run()
    assert dict(at.query_params) == {"due": "30", "owner": "me"}


NONSENSE = [{"month": "2026-13"}, {"month": "x"}, {"month": "0001-01"}, {"owner": "x"}, {"view": "x"}, {"kind": "x"},
            {"due": "7"}, {"week": "2026-2-3"}]  # fmt: skip


@pytest.mark.parametrize("query", NONSENSE)
def test_an_address_that_makes_no_sense_is_passed_over(open_as: Open, query: dict[str, str]) -> None:
    at = open_as("marta", "calendar", **query)
    assert not at.exception
    assert not at.query_params
    assert at.get_by_key("calendar_now").label == f"{TODAY:%B %Y}"


def test_an_address_offers_nobody_what_they_are_not_shown(open_as: Open) -> None:
    at = open_as("grace", "calendar", kind="retention", owner="luis")
    assert not at.query_params


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


def test_a_page_past_the_end_of_a_list_leads_back_to_its_first(open_as: Open) -> None:
    at = open_as("marta", "calendar", view="list", due="30")
    whole = listed(at)
    at.session_state["calendar_page"] = 3
    at.run()
    assert not at.dataframe
    at.get_by_key("first_calendar_page").click().run()
    assert listed(at) == whole
