"""The queue: views, filters in the address, the empty state, taking and assigning."""

from __future__ import annotations

import pytest

from app.ui import bulk_assign
from casedesk.services import assignment, casefile, people
from casedesk.services.assignment import Seen
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text, toasts


def shown(at: object) -> list[str]:
    return list(at.dataframe[0].value["Case"])  # type: ignore[attr-defined]


def test_the_views_carry_their_sizes(open_as: Open) -> None:
    views = [str(option) for option in open_as("grace").get_by_key("triage_view").options]
    assert [view.rpartition(" ")[0] for view in views] == ["Mine", "Unassigned", "Due in 7 days", "Overdue", "All open"]
    assert views[0] == "Mine :gray[1]"
    assert views[-1] == "All open :gray[9]"
    assert len(shown(open_as("grace", view="due_soon"))) == int(views[2].split("[")[1].rstrip("]")) > 0


def test_the_address_carries_the_filters_and_brings_them_back(open_as: Open, bank: Bank) -> None:
    at = open_as("marta")
    at.get_by_key("triage_risk").select_index(1).run()
    at.get_by_key("triage_owner").set_value("grace").run()
    assert at.query_params["risk"] == "Medium"
    again = open_as("marta", risk="Medium", owner="grace")
    assert shown(again) == shown(at) != []
    assert again.get_by_key("triage_owner").value == "grace"


@pytest.mark.parametrize(
    "query", [{"risk": "Purple"}, {"page": "-3"}, {"rows": "7000"}, {"view": "x"}, {"status": "<b>"}, {"owner": "nobody1"},
              {"typology": "zzz"}, {"sort": "random"}]
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_passed_over(open_as: Open, query: dict[str, str]) -> None:
    at = open_as("grace", **query)
    assert not at.error
    assert not at.exception
    assert len(shown(at)) == 9
    assert not at.query_params


def test_an_analyst_cannot_ask_for_what_waits_for_approval(open_as: Open, bank: Bank) -> None:
    at = open_as("grace", view="awaiting", status="Awaiting approval")
    assert "Awaiting approval" not in text(at)
    row = at.dataframe[0].value.set_index("Case").loc[bank.cases["awaiting"]]
    assert list(row["Status"]) == ["◐ In Review"]
    assert list(open_as("marta").dataframe[0].value.set_index("Case").loc[bank.cases["awaiting"]]["Status"]) == [
        "◆ Awaiting approval"
    ]


def test_search_finds_by_case_customer_and_account(open_as: Open, bank: Bank) -> None:
    at = open_as("grace")
    for words in (bank.cases["new"], "northgate", "DDA-0"):
        at.get_by_key("triage_search").set_value(words).run()
        assert shown(at)[0] == bank.cases["new"]


def test_an_empty_list_says_what_hides_the_rows_and_clears_in_one_step(open_as: Open) -> None:
    at = open_as("grace")
    at.get_by_key("triage_search").set_value("zzz").run()
    assert "No case matches these filters" in text(at)
    assert "Search “zzz”" in text(at)
    assert "9 open cases are hidden" in text(at)
    at.get_by_key("clear_filters").click().run()
    assert len(shown(at)) == 9
    assert "q" not in at.query_params


def test_closed_cases_are_listed_when_asked_for(open_as: Open, bank: Bank) -> None:
    at = open_as("marta")
    at.get_by_key("triage_closed").set_value(True).run()
    assert bank.cases["filed"] in shown(at)
    assert at.query_params["closed"] == "yes"


def test_rows_and_pages_follow_the_choice(open_as: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEDESK_PAGE_LIMIT", "5")
    at = open_as("grace")
    first = shown(at)
    assert len(first) == 5
    at.get_by_key("triage_page").set_value(2).run()
    assert len(shown(at)) == 4
    assert not set(first) & set(shown(at))
    assert at.query_params["page"] == "2"
    at.get_by_key("triage_rows").set_value(25).run()
    assert len(shown(at)) == 9


def test_taking_the_next_case_opens_it(open_as: Open, bank: Bank) -> None:
    at = open_as("grace")
    urgent = shown(open_as("grace", view="unassigned"))[0]
    at.get_by_key("take_next").click().run()
    assert at.query_params["id"] == urgent
    assert toasts(at)[0].startswith("Case taken (event ")
    file = casefile.read(uow=bank.desk().reading(), actor=BY_ID["grace"], case_id=urgent)
    assert file.case.owner == "grace"


def test_the_first_row_opens_without_a_mouse(open_as: Open) -> None:
    at = open_as("grace")
    first = at.dataframe[0].value["Case"].tolist()[0]
    button = at.get_by_key("open_first")
    assert button.proto.shortcut.upper() == "O"
    button.click().run()
    assert not at.exception
    assert at.query_params["id"] == first


def test_taking_says_so_when_a_colleague_took_the_last_one(open_as: Open, bank: Bank) -> None:
    at = open_as("grace")
    desk = bank.desk()
    for _ in range(5):
        assignment.take_next(uow=desk.writing(), actor=BY_ID["luis"], at=NOW)
    at.get_by_key("take_next").click().run()
    assert sentences(at) == ["Not saved. No unassigned case is waiting; there is nothing to take."]


def test_a_manager_takes_and_assigns_and_an_auditor_does_neither(open_as: Open) -> None:
    keys = {user: {b.key for b in open_as(user).button} for user in ("grace", "marta", "ines")}
    assert {"take_next", "assign_selected"} <= keys["marta"]
    assert "take_next" in keys["grace"]
    assert "assign_selected" not in keys["grace"]
    assert not {"take_next", "assign_selected"} & keys["ines"]


def ticked(at: object, rows: list[int]) -> None:
    at.session_state["queue"] = {"selection": {"rows": rows, "columns": [], "cells": []}}  # type: ignore[attr-defined]
    at.run()  # type: ignore[attr-defined]


def test_ticked_cases_are_assigned_in_one_step(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", view="unassigned")
    ticked(at, [0, 1])
    wanted = shown(at)[:2]
    assert at.get_by_key("assign_selected").label == "Assign 2 selected"
    at.get_by_key("assign_selected").click().run()
    at.get_by_key("bulk_assign_to").set_value("tomasz").run()
    assert "2 of 2 can be assigned." in text(at)
    at.get_by_key("bulk_assign_submit").click().run()
    assert toasts(at)[0].startswith("2 cases assigned to Tomasz Wójcik (event ")
    for case_id in wanted:
        file = casefile.read(uow=bank.desk().reading(), actor=BY_ID["marta"], case_id=case_id)
        assert file.case.owner == "tomasz"


def test_a_page_under_an_open_drawer_has_no_shortcuts(open_as: Open) -> None:
    at = open_as("marta", view="unassigned")
    ticked(at, [0])
    at.get_by_key("assign_selected").click().run()
    assert [b.key for b in at.button if b.proto.shortcut] == []


def test_a_bulk_assignment_that_meets_a_change_assigns_nothing(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", view="unassigned")
    ticked(at, [0, 1])
    first, second = shown(at)[:2]
    at.get_by_key("assign_selected").click().run()
    at.get_by_key("bulk_assign_to").set_value("tomasz").run()
    desk = bank.desk()
    assignment.take(uow=desk.writing(), actor=BY_ID["luis"], at=NOW, case_id=second, seen_version=None)
    at.get_by_key("bulk_assign_submit").click().run()
    assert "Luis Ferreira" in sentences(at)[0] or "luis" in sentences(at)[0]
    file = casefile.read(uow=desk.reading(), actor=BY_ID["marta"], case_id=first)
    assert file.case.owner == ""


def test_ticks_follow_their_cases_when_the_list_changes(open_as: Open, bank: Bank) -> None:
    at = open_as("marta")
    held, free = (shown(at).index(bank.cases[name]) for name in ("held", "third"))
    ticked(at, [held, free])
    at.get_by_key("triage_view").set_value("unassigned").run()
    assert at.get_by_key("assign_selected").label == "Assign 1 selected"
    (row,) = at.session_state["queue_1"]["selection"]["rows"]
    assert shown(at)[row] == bank.cases["third"] != shown(open_as("marta"))[row]
    at.get_by_key("triage_search").set_value("northgate").run()
    assert at.get_by_key("assign_selected").disabled


def test_the_drawer_offers_only_active_workers(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", view="unassigned")
    ticked(at, [0])
    at.get_by_key("assign_selected").click().run()
    offered = set(at.get_by_key("bulk_assign_to").options)
    active = {p.name for p in people.everybody(uow=bank.desk().reading()) if p.active}
    assert offered == {p.name for p in BY_ID.values() if p.role.value in ("Analyst", "Manager") and p.name in active}
    assert bulk_assign.NAME == "bulk_assign"
    assert Seen("C-1", 1).version == 1
