"""Suppressions: what is hidden is listed with its count, and two managers have to agree to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.ui import paging
from casedesk.services import suppressions
from casedesk.store.engines import make_engine
from tests.app.bank import BY_ID, NAMES, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import button, sentences, text, toasts
from tests.builders import TestDesk
from tests.services.suppressing import act, burst, detect, hidden, midnight

TODAY = NOW.date()
REASON = "The shop banks its takings daily; the till rolls were seen."


@pytest.fixture
def desk(bank: Bank) -> TestDesk:
    found = TestDesk(make_engine(bank.url), NOW)
    found.people = dict(BY_ID, mia=BY_ID["marta"], otto=BY_ID["ines"])
    return found


def propose(desk: TestDesk, who: str = "marta", customer: str = "K-2", days: int = 10) -> str:
    one, _ = suppressions.propose(
        **act(desk, who), rule="structuring", customer_id=customer, reason=REASON,
        covers_from=TODAY - timedelta(days=5), covers_until=TODAY + timedelta(days=days),
    )  # fmt: skip
    return one.suppression_id


def one_hidden(desk: TestDesk, customer: str = "K-2") -> str:
    """Hide one alert of a customer, and return the suppression."""
    name = propose(desk, customer=customer)
    suppressions.approve(**act(desk, "omar"), suppression_id=name)
    burst(desk, "burst", midnight(TODAY - timedelta(days=2)), to=customer.replace("K", "DDA"))
    assert detect(desk).hidden_alerts == 1
    return name


def press(at, key: str):  # type: ignore[no-untyped-def]
    return at.get_by_key(key).click().run()


def test_a_desk_that_hides_nothing_says_so(open_as: Open) -> None:
    at = open_as("ines", "suppressions")
    assert "Nothing is suppressed" in text(at)
    for view, said in (("Waiting", "No proposal waits"), ("Ended or rejected", "Nothing was ended or rejected yet")):
        at.get_by_key("suppressions_view").set_value(view).run()
        assert said in text(at)
    assert not [b for b in at.button if b.key.startswith("suppression_")]


def test_the_list_says_how_many_were_hidden_and_what_was_found(open_as: Open, desk: TestDesk) -> None:
    name = one_hidden(desk)
    at = open_as("ines", "suppressions")
    (row,) = at.dataframe[0].value.to_dict("records")
    assert (row["Suppression"], row["Customer"], row["Approver"], row["Hidden"], row["Left"]) == (
        name, NAMES[2], "Omar Nasser", 1, "10 d",
    )  # fmt: skip
    (kept,) = at.dataframe[1].value.to_dict("records")
    assert kept["Now"] == "Hidden"
    assert kept["What was found"] == hidden(desk, name)[0].sentence
    shown = text(at)
    for words in (REASON, "1 hidden", "Proposed by Marta Kowalczyk", "Approved by Omar Nasser", "above 90"):
        assert words in shown
    assert button(at, "suppression_end").disabled
    assert "Only a manager may end a suppression" in button(at, "suppression_end").help


def test_a_proposal_is_made_by_search_and_approved_by_another(open_as: Open, bank: Bank, desk: TestDesk) -> None:
    at = open_as("marta", "suppressions")
    assert button(at, "suppression_propose").disabled
    at.get_by_key("suppression_search").set_value("nobody at all").run()
    assert "No customer matches “nobody at all”" in text(at)
    at.get_by_key("suppression_search").set_value("northgate").run()
    assert at.get_by_key("suppression_customer").value == "K-0"
    assert at.get_by_key("suppression_account_K-0").options == ["All accounts", "DDA-0"]
    at.get_by_key("suppression_account_K-0").set_value("DDA-0")
    at.get_by_key("suppression_reason").set_value("Too short")
    press(at, "suppression_propose")
    assert "A suppression needs a reason of at least 20 characters; this one has 9." in sentences(at)[0]
    assert at.get_by_key("suppression_reason").value == "Too short"
    at.get_by_key("suppression_reason").set_value(REASON)
    at.get_by_key("suppression_first").set_value(TODAY)
    at.get_by_key("suppression_last").set_value(TODAY + timedelta(days=29))
    press(at, "suppression_propose")
    assert not at.error
    assert toasts(at)[0].startswith("Suppression proposed (event ")
    at.get_by_key("suppressions_view").set_value("Waiting").run()
    assert button(at, "suppression_approve").disabled
    assert "You proposed SUP-000001, so another manager has to" in button(at, "suppression_approve").help
    other = open_as("omar", "suppressions")
    assert next(b.label for b in other.button if b.key == "nav_suppressions").endswith("[1]")
    other.get_by_key("suppressions_view").set_value("Waiting").run()
    press(other, "suppression_reject")
    assert "A rejection needs a reason of at least 20 characters" in sentences(other)[0]
    press(other, "suppression_approve")
    assert toasts(other)[0].startswith("Suppression approved (event ")
    (one,) = suppressions.listed(uow=desk.reading(), actor=BY_ID["ines"])
    found = one.suppression
    assert (found.account_id, found.proposed_by, found.decided_by) == ("DDA-0", "marta", "omar")
    assert found.covers_until == TODAY + timedelta(days=30)


def test_ending_takes_a_reason_and_moves_it_to_the_past(open_as: Open, desk: TestDesk) -> None:
    name = one_hidden(desk)
    at = open_as("marta", "suppressions")
    press(at, "suppression_end")
    assert "Ending a suppression needs a reason" in sentences(at)[0]
    at.get_by_key(f"suppression_text_{name}").set_value("The shop changed hands last week.")
    press(at, "suppression_end")
    assert toasts(at)[0].startswith("Suppression ended (event ")
    at.get_by_key("suppressions_view").set_value("Ended or rejected").run()
    assert at.dataframe[0].value["Suppression"].tolist() == [name]
    assert "The shop changed hands last week." in text(at)


def test_a_step_that_somebody_else_took_first_is_refused(open_as: Open, desk: TestDesk) -> None:
    name = propose(desk)
    at = open_as("omar", "suppressions")
    at.get_by_key("suppressions_view").set_value("Waiting").run()
    desk.hire(BY_ID["omar"].role, "third")
    suppressions.approve(**act(desk, "third"), suppression_id=name)
    press(at, "suppression_approve")
    at.get_by_key("suppressions_view").set_value("In force").run()
    assert "is in force by third, so this step is not possible any more" in sentences(at)[0]


def test_the_case_of_a_customer_says_what_is_hidden_on_them(open_as: Open, bank: Bank, desk: TestDesk) -> None:
    held = bank.cases["held"]  # of customer K-2
    assert "hidden on this customer" not in text(open_as("grace", "case", id=held))
    name = one_hidden(desk)
    shown = text(open_as("grace", "case", id=held))
    assert "1 alert is hidden on this customer: Structuring" in shown
    assert f"({name}, 1)" in shown
    assert "hidden on this customer" not in text(open_as("grace", "case", id=bank.cases["new"]))


def test_days_that_are_over_are_said_so_and_hide_no_line_that_hid_nothing(
    open_as: Open, bank: Bank, desk: TestDesk
) -> None:
    name = propose(desk, days=-1)
    suppressions.approve(**act(desk, "omar"), suppression_id=name)
    at = open_as("marta", "suppressions")
    assert at.dataframe[0].value["Left"].tolist() == ["over"]
    assert f"{name} has hidden nothing" in text(at)
    assert "hidden on this customer" not in text(open_as("grace", "case", id=bank.cases["held"]))


def test_a_long_list_comes_in_pages_and_the_menu_counts_what_others_proposed(
    open_as: Open, desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "ROWS", 2)
    names = [propose(desk, "marta" if n else "omar", f"K-{n}") for n in range(5)]
    at = open_as("marta", "suppressions")
    at.get_by_key("suppressions_view").set_value("Waiting").run()
    assert list(at.dataframe[0].value["Suppression"]) == names[:2:-1]
    assert "1–2 of 5" in text(at)
    at.session_state["suppressions_Waiting_page"] = 3
    at.run()
    assert not at.exception
    assert list(at.dataframe[0].value["Suppression"]) == names[:1]
    assert "5–5 of 5" in text(at)
    assert names[0] in text(at)  # the panel follows the page
    assert button(at, "nav_suppressions").label.endswith(":gray-badge[1]")
    press(at, "suppression_approve")  # the last of the last page leaves it
    assert not at.exception
    assert "1–2 of 4" in text(at)


def test_a_long_list_is_searched_by_customer_account_and_number(
    open_as: Open, desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "ROWS", 2)
    names = [propose(desk, "omar", f"K-{n}") for n in range(5)]
    at = open_as("marta", "suppressions")
    at.get_by_key("suppressions_view").set_value("Waiting").run()
    at.session_state["suppressions_Waiting_page"] = 2
    at.run()
    found = dict(zip(at.dataframe[0].value["Suppression"], at.dataframe[0].value["Customer"], strict=True))
    third = found[names[2]]
    for search in (f"  {third.upper()} ", "k-2", names[2].lower()):
        at.get_by_key("suppressions_search").set_value(search).run()
        assert list(at.dataframe[0].value["Suppression"]) == [names[2]], search
        assert "Waiting :gray[1]" in at.get_by_key("suppressions_view").options
        assert names[2] in text(at)  # the panel follows
    at.get_by_key("suppressions_search").set_value("100%").run()
    assert "Nothing was found" in text(at)
    at.get_by_key("suppressions_search").set_value("").run()
    assert list(at.dataframe[0].value["Suppression"]) == names[:2:-1]  # from the first page again
