"""Rule sets in the app: proposed on the lab page by one manager, decided by another, and downloaded with their evidence."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import paging
from casedesk.domain.people import Person
from casedesk.domain.proposals import ProposalState
from casedesk.services import rule_sets
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import text

REASON = "Five deposits an hour are everyday business here."


def keys(at: AppTest) -> set[str]:
    return {button.key for button in at.button if button.key}


def propose(bank: Bank, who: str = "omar") -> None:
    desk = bank.desk()
    rule_sets.propose(
        look=desk.reading(), uow=desk.writing(), actor=BY_ID[who], at=NOW, base_currency="USD", reason=REASON,
        changes={"structuring": {"count": 9}},
    )  # fmt: skip
    desk.close()


def found(bank: Bank, actor: Person = BY_ID["ines"]) -> rule_sets.Overview:
    desk = bank.desk()
    try:
        return rule_sets.overview(look=desk.reading(), actor=actor)
    finally:
        desk.close()


def tab(at: AppTest) -> AppTest:
    return at.get_by_key("lab_view").set_value("Rule sets").run()


def test_without_a_proposal_the_rules_run_as_shipped(open_as: Open) -> None:
    at = tab(open_as("ines", "lab"))
    assert not at.exception
    assert "Rules as shipped" in text(at)
    assert "No rule set was proposed yet" in text(at)


def test_tried_thresholds_are_proposed_and_another_manager_puts_them_in_force(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "lab")
    assert "rule_propose" not in keys(at)  # nothing was tried
    at.get_by_key("lab_structuring_count").set_value(9)
    at.get_by_key("lab_try").click().run()
    at.get_by_key("rule_reason_structuring").set_value("too short")
    at.get_by_key("rule_propose").click().run()
    assert "needs a reason of at least 10 characters" in at.error[0].value
    assert at.get_by_key("rule_reason_structuring").value == "too short"
    at.get_by_key("rule_reason_structuring").set_value(REASON)
    at.get_by_key("rule_propose").click().run()
    assert not at.exception
    waiting = found(bank).waiting
    assert waiting is not None
    assert (waiting.proposed_by, waiting.reason) == ("marta", REASON)
    assert at.get_by_key("lab_view").value == "Rule sets"
    assert "RS-000001" in text(at)
    assert at.get_by_key("rule_set_approve").disabled
    assert "another manager has to decide it" in text(at)

    at = tab(open_as("omar", "lab"))
    at.get_by_key("rule_set_approve").click().run()
    assert not at.exception
    now = found(bank)
    assert now.in_force is not None
    assert (now.in_force.decided_by, now.running.rule_set_id) == ("omar", "RS-000001")
    assert "In force" in text(at)
    assert "rule_set_approve" not in keys(at)


def test_the_fields_start_at_the_values_in_force(open_as: Open, bank: Bank) -> None:
    propose(bank)
    desk = bank.desk()
    rule_sets.approve(uow=desk.writing(), actor=BY_ID["marta"], at=NOW, rule_set_id="RS-000001")
    desk.close()
    at = open_as("marta", "lab")
    assert at.get_by_key("lab_structuring_count").value == 9
    at.get_by_key("lab_try").click().run()
    assert "The thresholds are those in force" in text(at)


def test_a_rejection_needs_a_reason_and_keeps_what_was_typed(open_as: Open, bank: Bank) -> None:
    propose(bank)
    at = tab(open_as("marta", "lab"))
    at.get_by_key("rule_set_reject").click().run()
    assert "A rejection needs a reason" in at.error[0].value
    at.get_by_key("rule_set_reason_RS-000001").set_value("It would miss a past report.")
    at.get_by_key("rule_set_reject").click().run()
    assert found(bank).history[0].state is ProposalState.REJECTED
    assert "It would miss a past report" in text(at)


def test_a_form_that_somebody_else_was_quicker_on_is_refused(open_as: Open, bank: Bank) -> None:
    propose(bank)
    at = tab(open_as("marta", "lab"))
    desk = bank.desk()
    rule_sets.withdraw(
        uow=desk.writing(), actor=BY_ID["omar"], at=NOW, rule_set_id="RS-000001", reason="Made in haste."
    )
    desk.close()
    at.get_by_key("rule_set_approve").click().run()
    assert not at.exception
    assert "RS-000001 is withdrawn" in at.error[0].value.replace("\\", "")
    assert found(bank).in_force is None


def test_the_maker_withdraws_and_the_auditor_only_looks(open_as: Open, bank: Bank) -> None:
    propose(bank)
    at = tab(open_as("ines", "lab"))
    assert at.get_by_key("rule_set_approve").disabled
    assert "rule_set_withdraw" not in keys(at)
    at = tab(open_as("omar", "lab"))
    at.get_by_key("rule_set_reason_RS-000001").set_value("Made in haste, sorry.")
    at.get_by_key("rule_set_withdraw").click().run()
    assert found(bank).history[0].state is ProposalState.WITHDRAWN


def test_one_proposal_waits_at_a_time_and_the_button_says_so(open_as: Open, bank: Bank) -> None:
    propose(bank)
    at = open_as("marta", "lab")
    at.get_by_key("lab_structuring_count").set_value(8)
    at.get_by_key("lab_try").click().run()
    assert not at.exception
    assert "rule_propose" in keys(at)
    at.get_by_key("rule_reason_structuring").set_value(REASON)
    at.get_by_key("rule_propose").click().run()
    assert "only one rule set can be proposed at a time" in at.error[0].value
    assert len(found(bank).history) == 1


def collect(at: AppTest, rule: str, parameter: str, value: int) -> AppTest:
    """Try a rule with another value, and collect it."""
    at.get_by_key("lab_rule").set_value(rule).run()
    at.get_by_key(f"lab_{rule}_{parameter}").set_value(value)
    at.get_by_key("lab_try").click().run()
    at.get_by_key("rule_collect").click().run()
    assert not at.exception
    return at


def test_thresholds_of_several_rules_are_collected_taken_out_and_proposed_together(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "lab")
    assert "proposal_send" not in keys(at)  # nothing is collected
    collect(at, "structuring", "count", 9)
    assert "rule_propose" not in keys(at)  # from now on they go together
    assert at.get_by_key("rule_collect").disabled
    collect(at, "velocity", "count", 14)
    collect(at, "geography", "countries", 5)
    collect(at, "geography", "countries", 4)  # another value takes the place of the first
    assert "3 rules" in text(at)
    assert "countries 3 → 4" in text(at)
    assert "countries 3 → 5" not in text(at)
    at.get_by_key("proposal_remove_velocity").click().run()
    assert "2 rules" in text(at)
    assert "proposal_remove_velocity" not in keys(at)
    at.get_by_key("rule_reason_several").set_value("too short")
    at.get_by_key("proposal_send").click().run()
    assert "needs a reason of at least 10 characters" in at.error[0].value
    assert at.get_by_key("rule_reason_several").value == "too short"
    at.get_by_key("rule_reason_several").set_value(REASON)
    at.get_by_key("proposal_send").click().run()
    assert not at.exception
    waiting = found(bank).waiting
    assert waiting is not None
    changed = {one["rule"] for one in json.loads(waiting.sheet)["rules"]}
    assert (changed, waiting.reason) == ({"structuring", "geography"}, REASON)
    assert at.get_by_key("lab_view").value == "Rule sets"
    at.get_by_key("lab_view").set_value("Try a rule").run()
    assert "proposal_send" not in keys(at)


def test_what_is_collected_cannot_be_sent_while_a_proposal_waits_or_after_the_rules_changed(
    open_as: Open, bank: Bank
) -> None:
    at = collect(open_as("marta", "lab"), "geography", "countries", 4)
    propose(bank)
    at.get_by_key("rule_reason_several").set_value(REASON).run()
    assert at.get_by_key("proposal_send").disabled
    desk = bank.desk()
    rule_sets.approve(uow=desk.writing(), actor=BY_ID["marta"], at=NOW, rule_set_id="RS-000001")
    desk.close()
    at.run()
    at.get_by_key("proposal_send").click().run()
    assert "measured against rules that are in force no more" in at.error[0].value
    assert "proposal_remove_geography" in keys(at)  # nothing is lost
    assert len(found(bank).history) == 1


def test_who_may_not_propose_collects_nothing(open_as: Open) -> None:
    at = open_as("ines", "lab")
    at.get_by_key("lab_structuring_count").set_value(9)
    at.get_by_key("lab_try").click().run()
    assert not {"rule_collect", "rule_propose", "proposal_send"} & keys(at)


def test_many_rule_sets_come_in_pages_and_amounts_are_written_as_money(
    open_as: Open, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "ROWS", 1)
    desk = bank.desk()
    for number in range(2):
        rule_sets.propose(
            look=desk.reading(), uow=desk.writing(), actor=BY_ID["omar"], at=NOW, base_currency="USD", reason=REASON,
            changes={"structuring": {"total_minor": 28_000_00 + number}},
        )  # fmt: skip
        rule_sets.approve(uow=desk.writing(), actor=BY_ID["marta"], at=NOW, rule_set_id=f"RS-00000{number + 1}")
    desk.close()
    at = tab(open_as("ines", "lab"))
    values, sets = (frame.value for frame in at.dataframe[:2])
    assert values.to_dict("records") == [
        {"Rule": "Structuring", "Parameter": "Total", "In force": "USD 28,000.01", "Shipped": "USD 30,000.00"}
    ]
    assert list(sets["Set"]) == ["RS-000002"]
    at.session_state["rule_sets_page"] = 2
    at.run()
    assert not at.exception
    assert list(at.dataframe[1].value["Set"]) == ["RS-000001"]
    assert "2–2 of 2" in text(at)
