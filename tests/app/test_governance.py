"""Policy and Retention: what is in force and why, and each form accepted, refused and stale."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import past_retention, session
from casedesk.services import decisions, policies, purging, retention
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import button, sentences, text, toasts

REASON = "The board wants it to be so from now on."
LATER = NOW + timedelta(days=6 * 366)


def act(bank: Bank, who: str, at: datetime = NOW) -> dict[str, Any]:
    return {"uow": bank.desk().writing(), "actor": BY_ID[who], "at": at}


def press(at: AppTest, key: str) -> AppTest:
    return at.get_by_key(key).click().run()


def chosen(at: AppTest, name: str) -> AppTest:
    at.session_state["policy_values_The bank may set_chosen"] = name
    return at.run()


def propose(bank: Bank, who: str = "marta", value: int = 7) -> int:
    return policies.propose(
        **act(bank, who), name="retention_years", value=value, valid_from=NOW.date() + timedelta(days=1),
        source="State law, chapter 12", reason=REASON,
    ).event_id  # fmt: skip


def test_every_value_stands_there_with_unit_first_day_version_and_source(open_as: Open) -> None:
    at = open_as("ines", "policy")
    rows = {row["Value"]: row for row in at.dataframe[0].value.to_dict("records")}
    assert set(rows) >= {"Retention", "Currency report due", "Report due, no suspect"}
    assert len(rows) == len(policies.SETTABLE)
    kept = rows["Retention"]
    assert (kept["In force"], kept["Unit"], kept["From"], kept["Version"]) == (5, "calendar years", "1 Apr 1996", 1)
    assert kept["Source"] == "31 CFR 1020.320(d) and 1010.430(d)"
    assert not [b.key for b in at.button if str(b.key).startswith("policy_")]  # an auditor looks
    at.get_by_key("policy_view").set_value("As shipped").run()
    assert "Narrative max" in at.dataframe[0].value["Value"].tolist()
    assert "**Separate continuing review**" in text(chosen(open_as("ines", "policy"), "continuing_review"))


def test_one_manager_proposes_and_another_puts_in_force(open_as: Open, bank: Bank) -> None:
    at = chosen(open_as("marta", "policy"), "retention_years")
    at.get_by_key("policy_number_retention_years").set_value(7)
    at.get_by_key("policy_source_retention_years").set_value("State law, chapter 12")
    at.get_by_key("policy_reason_retention_years").set_value("Because.")
    press(at, "policy_propose")
    assert "Not saved. A policy value needs a reason of 20 to 20,000 characters; this one has 8." in sentences(at)[0]
    assert at.get_by_key("policy_number_retention_years").value == 7
    at.get_by_key("policy_reason_retention_years").set_value(REASON)
    press(at, "policy_propose")
    assert toasts(at)[0].startswith("Policy value proposed (event ")
    assert button(at, "policy_approve").disabled
    assert "so another manager has to put it in force" in button(at, "policy_approve").help
    other = chosen(open_as("omar", "policy"), "retention_years")
    assert next(b.label for b in other.button if b.key == "nav_policy").endswith("[1]")
    press(other, "policy_approve")
    assert toasts(other)[0].startswith("Policy value put in force (event ")
    assert "proposed by Marta Kowalczyk, put in force by Omar Nasser: " + REASON in text(other)
    assert "v2 · **7** calendar years" in text(other)


def test_a_proposal_is_rejected_with_a_reason_and_stays_in_the_history(open_as: Open, bank: Bank) -> None:
    proposal = propose(bank)
    at = chosen(open_as("omar", "policy"), "retention_years")
    press(at, "policy_reject")
    assert "needs a reason of 20" in sentences(at)[0]
    at.get_by_key(f"policy_text_{proposal}").set_value("Chapter 12 is about tax records only.")
    press(at, "policy_reject")
    assert toasts(at)[0].startswith("Policy value rejected (event ")
    assert "Rejected: 7 from" in text(at)
    assert "Chapter 12 is about tax records only." in text(at)


def test_a_form_over_a_value_that_changed_meanwhile_is_refused_and_keeps_what_was_typed(
    open_as: Open, bank: Bank
) -> None:
    waiting = propose(bank)
    stale, deciding = (chosen(open_as(who, "policy"), "retention_years") for who in ("marta", "omar"))
    other = propose(bank, value=9)
    policies.put_in_force(**act(bank, "omar"), proposal=other)
    press(deciding, "policy_approve")
    assert "“retention_years” has version 2 by now: 9 calendar years" in sentences(deciding)[0]
    stale.get_by_key("policy_source_retention_years").set_value("State law, chapter 12")
    stale.get_by_key("policy_reason_retention_years").set_value(REASON)
    press(stale, "policy_propose")
    assert "has version 2 by now" in sentences(stale)[0]
    assert stale.get_by_key("policy_reason_retention_years").value == REASON
    policies.reject(**act(bank, "omar"), proposal=waiting, reason="It was overtaken by the other one.")
    press(deciding, "policy_approve")
    assert f"The value of event {waiting} is rejected already" in sentences(deciding)[0]


def test_a_hold_is_placed_and_lifted_with_a_reason_and_only_once(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "retention")
    at.get_by_key("hold_case").set_value("C-26-99999")
    at.get_by_key("hold_reason").set_value("Civil action 26-114, counsel's letter.")
    press(at, "hold_place")
    assert "There is no case “C-26-99999”" in sentences(at)[0]
    at.get_by_key("hold_case").set_value(bank.cases["closed"])
    press(at, "hold_place")
    assert toasts(at)[0].startswith("Legal hold placed (event ")
    (hold,) = retention.list_holds(uow=bank.desk().reading(), actor=BY_ID["ines"])
    assert f"**Legal holds** :gray[{1}]" in text(at)
    press(at, f"hold_lift_{hold.event}")
    assert "Lifting a hold needs a reason of 20" in sentences(at)[0]
    stale = open_as("omar", "retention")
    for page in (at, stale):
        page.get_by_key(f"hold_text_{hold.event}").set_value("The action was settled in May.")
    press(at, f"hold_lift_{hold.event}")
    assert toasts(at)[0].startswith("Legal hold lifted (event ")
    press(stale, f"hold_lift_{hold.event}")
    assert f"No hold of event {hold.event} stands any more" in sentences(stale)[0]
    assert not retention.list_holds(uow=bank.desk().reading(), actor=BY_ID["ines"])
    auditor = open_as("ines", "retention")
    assert button(auditor, "hold_place").disabled
    assert button(auditor, "hold_place").help == "Only a manager may place or lift a legal hold."


def tick(at: AppTest, rows: list[int]) -> AppTest:
    ids = at.dataframe[0].value["Case"].tolist()
    at.session_state[past_retention.key(ids)] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return at.run()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six years on, when the retention of what was closed without a report has ended."""
    monkeypatch.setattr(session, "now", lambda: LATER)


@pytest.mark.usefixtures("later")
def test_a_purge_is_looked_at_proposed_and_carried_out_by_another_after_a_confirmation(
    open_as: Open, bank: Bank
) -> None:
    at = open_as("marta", "retention")
    assert at.dataframe[0].value["Case"].tolist() == sorted([bank.cases["closed"], bank.cases["old"]])
    assert "1 older case was closed with a report of which no filing is known" in text(at)
    tick(at, [0, 1])
    assert "2 texts of 2 cases would be removed for good" in text(at)
    at.get_by_key("purge_reason").set_value("Old.")
    press(at, "purge_propose")
    assert "A purge needs a reason of at least 20 characters" in sentences(at)[0]
    at.get_by_key("purge_reason").set_value("The retention of these cases ended last year.")
    press(at, "purge_propose")
    (waiting,) = purging.waiting(uow=bank.desk().reading(), actor=BY_ID["ines"])
    own = button(at, f"purge_carry_out_{waiting.proposal}")
    assert (own.disabled, "another manager has to carry it out" in own.help) == (True, True)
    other, stale = open_as("omar", "retention"), open_as("omar", "retention")
    key = f"purge_carry_out_{waiting.proposal}"
    assert (button(other, key).disabled, button(other, key).help) == (True, "Confirm it first.")
    for page in (other, stale):
        page.get_by_key(f"purge_confirmed_{waiting.proposal}").check().run()
    press(other, key)
    assert toasts(other)[0].startswith("Cases purged (event ")
    assert "No case has reached the end of its retention" in text(other)
    press(stale, key)
    assert f"Event {waiting.proposal} proposes no purge that waits" in sentences(stale)[0]


@pytest.mark.usefixtures("later")
def test_what_is_held_or_was_opened_again_is_not_purged(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "retention")
    held = at.dataframe[0].value["Case"].tolist()[0]
    tick(at, [0])
    hold = retention.hold(**act(bank, "omar", LATER), case_id=held, reason="Civil action 26-114, counsel's letter.")
    at.get_by_key("purge_reason").set_value("The retention of these cases ended last year.")
    press(at, "purge_propose")  # drawn before the hold
    assert f"is under the legal hold of event {hold.event_id}" in sentences(at)[0]
    tick(at, [0])
    assert at.dataframe[0].value["Held"].tolist()[0] == [f"■ event {hold.event_id}"]
    assert button(at, "purge_propose").disabled
    other = at.dataframe[0].value["Case"].tolist()[1]
    proposal = purging.propose(
        **act(bank, "marta", LATER), case_ids=[other], reason="The retention ended last year."
    ).event_id
    deciding = open_as("omar", "retention")
    deciding.get_by_key(f"purge_confirmed_{proposal}").check().run()
    decisions.reopen(
        **act(bank, "marta", LATER), case_id=other, seen_version=None, reason="A subpoena came in this morning."
    )
    press(deciding, f"purge_carry_out_{proposal}")
    assert f"Case {other} is not closed" in sentences(deciding)[0]
