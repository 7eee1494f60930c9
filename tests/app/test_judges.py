"""Approvals and QA: the lists, the forms accepted, refused and stale, and the draw."""

from __future__ import annotations

from datetime import timedelta

from casedesk.domain.cases import Stage
from casedesk.domain.casework import CHECKLIST
from casedesk.services import casefile, decisions, quality
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text, toasts


def stage(bank: Bank, name: str) -> Stage:
    return casefile.read(uow=bank.desk().reading(), actor=BY_ID["marta"], case_id=bank.cases[name]).stage


def note(bank: Bank, user: str, name: str) -> None:
    decisions.add_note(
        uow=bank.desk().writing(), actor=BY_ID[user], at=NOW + timedelta(seconds=5), case_id=bank.cases[name],
        seen_version=None, text="Seen.",
    )  # fmt: skip


def test_the_waiting_case_is_chosen_and_approved(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "approvals")
    assert list(at.dataframe[0].value["Case"]) == [bank.cases["awaiting"]]
    at.get_by_key("approve").click().run()
    assert toasts(at)[0].startswith("Approved (event ")
    assert stage(bank, "awaiting") is Stage.CLOSED
    assert "Nothing waits for approval" in text(at)


def test_returning_needs_a_reason_and_keeps_it_on_a_conflict(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "approvals")
    at.get_by_key("return").click().run()
    assert "The reason for returning is empty; write a sentence." in sentences(at)[0]
    field = f"reason_{bank.cases['awaiting']}"
    at.get_by_key(field).set_value("Name the depositors.").run()
    note(bank, "luis", "awaiting")
    at.get_by_key("return").click().run()
    assert "**Luis Ferreira** added a note" in sentences(at)[0]
    assert at.get_by_key(field).value == "Name the depositors."
    at.get_by_key("return").click().run()
    assert toasts(at)[0].startswith("Returned (event ")
    assert stage(bank, "awaiting") is Stage.WORKING


def test_an_approval_of_a_changed_case_is_refused(open_as: Open, bank: Bank) -> None:
    at = open_as("omar", "approvals")
    note(bank, "luis", "awaiting")
    at.get_by_key("approve").click().run()
    assert "**Luis Ferreira** added a note" in sentences(at)[0]
    assert stage(bank, "awaiting") is Stage.AWAITING


def test_escalated_and_decided_cases_have_their_lists(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "approvals")
    at.get_by_key("approvals_view").set_value("Escalated").run()
    assert list(at.dataframe[0].value["Case"]) == [bank.cases["escalated"]]
    at.get_by_key("approvals_view").set_value("Decided").run()
    assert list(at.dataframe[0].value["Case"]) == [bank.cases["filed"]]
    assert list(at.dataframe[0].value["Outcome"]) == ["Approved"]


def reviewing(open_as: Open, bank: Bank) -> tuple[object, str]:
    at = open_as("samir", "qa")
    return at, str(at.session_state["qa_To review_chosen"])


def test_a_pass_needs_the_whole_checklist(open_as: Open, bank: Bank) -> None:
    at, case_id = reviewing(open_as, bank)
    assert at.get_by_key("pass").disabled  # type: ignore[attr-defined]
    assert at.get_by_key("pass").help == "A pass needs the whole checklist; 5 of 5 are not ticked."  # type: ignore[attr-defined]
    for point in CHECKLIST:
        at.get_by_key(f"review_{point}_{case_id}").set_value(True).run()  # type: ignore[attr-defined]
    at.get_by_key("pass").click().run()  # type: ignore[attr-defined]
    assert toasts(at)[0].startswith("QA passed (event ")  # type: ignore[arg-type]
    file = casefile.read(uow=bank.desk().reading(), actor=BY_ID["samir"], case_id=case_id)
    assert file.case.qa_status.value == "Pass"
    assert "2 of 3 reviewed" in str([p.proto.text for p in at.get("progress")])  # type: ignore[attr-defined]


def test_failing_needs_severity_and_a_finding_and_returns_the_case(open_as: Open, bank: Bank) -> None:
    at, case_id = reviewing(open_as, bank)
    at.get_by_key("fail").click().run()  # type: ignore[attr-defined]
    assert "A failed review needs a severity" in sentences(at)[0]  # type: ignore[arg-type]
    at.get_by_key(f"review_severity_{case_id}").set_value("Major").run()  # type: ignore[attr-defined]
    at.get_by_key(f"review_notes_{case_id}").set_value("Wires are not explained.").run()  # type: ignore[attr-defined]
    at.get_by_key("fail").click().run()  # type: ignore[attr-defined]
    assert toasts(at)[0].startswith("QA failed (event ")  # type: ignore[arg-type]
    file = casefile.read(uow=bank.desk().reading(), actor=BY_ID["samir"], case_id=case_id)
    assert file.stage is Stage.WORKING


def test_a_review_of_a_reopened_case_keeps_the_finding(open_as: Open, bank: Bank) -> None:
    at, case_id = reviewing(open_as, bank)
    at.get_by_key(f"review_severity_{case_id}").set_value("Minor").run()  # type: ignore[attr-defined]
    at.get_by_key(f"review_notes_{case_id}").set_value("Not screened.").run()  # type: ignore[attr-defined]
    decisions.reopen(
        uow=bank.desk().writing(), actor=BY_ID["marta"], at=NOW, case_id=case_id, seen_version=None, reason="New facts."
    )
    at.get_by_key("fail").click().run()  # type: ignore[attr-defined]
    assert "**Marta Kowalczyk** reopened this case" in sentences(at)[0]  # type: ignore[arg-type]
    assert at.get_by_key(f"review_notes_{case_id}").value == "Not screened."  # type: ignore[attr-defined]


def test_the_draw_says_that_it_can_be_drawn_again(open_as: Open, bank: Bank) -> None:
    at = open_as("ines", "qa")
    assert "Re-drawn: same picks" in text(at)
    assert "draw_sample" not in {b.key for b in at.button}


def test_a_manipulated_draw_is_seen(open_as: Open, bank: Bank) -> None:
    import sqlite3

    with sqlite3.connect(bank.path) as connection:
        connection.execute("DELETE FROM qa_picks WHERE case_id = ?", (bank.cases["closed"],))
    connection.close()
    assert "Re-drawn: other picks" in text(open_as("samir", "qa"))


def test_a_new_draw_is_made_here_or_refused_with_a_sentence(open_as: Open, bank: Bank) -> None:
    (first,) = quality.draws(uow=bank.desk().reading(), actor=BY_ID["samir"])
    at = open_as("samir", "qa")
    at.get_by_key("draw_from").set_value((NOW - timedelta(days=30)).date()).run()
    at.get_by_key("draw_to").set_value((NOW - timedelta(days=40)).date()).run()
    at.get_by_key("draw_sample").click().run()
    assert "swap the two days" in sentences(at)[0]
    at.get_by_key("draw_to").set_value(NOW.date()).run()
    at.get_by_key("draw_sample").click().run()
    drawn_id = f"Q-{NOW:%Y-%m}-"
    drawn_id += "002" if first.draw_id.startswith(drawn_id) else "001"  # they are counted from the first of each month
    assert toasts(at)[0].endswith(f"drawn ({drawn_id}).")
    assert len(quality.draws(uow=bank.desk().reading(), actor=BY_ID["samir"])) == 2
