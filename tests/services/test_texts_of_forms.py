"""What people type: too short, too long, empty, not storable or hostile; and what is stored of it."""

from __future__ import annotations

from typing import Any

import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.casework import BadChoice, BadText, Review
from casedesk.domain.people import Role
from casedesk.errors import CasedeskError
from casedesk.services import assignment, decisions, quality
from casedesk.store.case_store import NoSuchCase
from tests.builders import FAIL, PASS, TestDesk

NO_SAR, SAR, ESCALATE = Disposition.NO_SAR, Disposition.SAR, Disposition.ESCALATE


def held(desk: TestDesk) -> str:
    case_id = desk.open()
    desk.take("ann", case_id)
    return case_id


def refused(desk: TestDesk, error: type[CasedeskError], sentence: str, step: Any, **arguments: Any) -> None:
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        step(**arguments)
    assert desk.dump() == before


@pytest.mark.parametrize(
    ("what", "text", "sentence"),
    [
        (NO_SAR, "", "No SAR needs a rationale of at least 20 characters; this one has 0"),
        (NO_SAR, "x" * 19, "this one has 19"),
        (NO_SAR, "   " + "x" * 19 + " \n ", "this one has 19"),
        (NO_SAR, "x" * 20_001, "A rationale may have at most 20,000 characters; this one has 20,001"),
        (SAR, "", "A SAR needs a narrative of at least 200 characters; this one has 0"),
        (SAR, "x" * 199, "this one has 199"),
        (SAR, "x" * 17_001, "A narrative may have at most 17,000 characters; this one has 17,001"),
        (ESCALATE, "", "Escalating needs a reason; it is empty"),
        (ESCALATE, " \t\n", "Escalating needs a reason; it is empty"),
        (Disposition.NONE, "x" * 300, "Choose No SAR, SAR or Escalate"),
        (NO_SAR, "x" * 30 + "\x00", "NUL character"),
        (NO_SAR, "x" * 30 + "\udc80", "half a character at position 31"),
    ],
)
def test_a_decision_without_its_text_is_refused(desk: TestDesk, what: Disposition, text: str, sentence: str) -> None:
    case_id = held(desk)
    arguments = desk.who("ann", case_id)
    refused(
        desk,
        CasedeskError,
        sentence,
        decisions.set_disposition,
        **arguments,
        disposition=what,
        text=text,
        base_currency="USD",
    )


@pytest.mark.parametrize(("what", "length"), [(NO_SAR, 20), (NO_SAR, 20_000), (SAR, 200), (SAR, 17_000), (ESCALATE, 1)])
def test_a_text_at_its_very_limit_is_taken(desk: TestDesk, what: Disposition, length: int) -> None:
    case_id = held(desk)
    desk.decide("ann", case_id, what, "x" * length)
    assert desk.case(case_id).disposition is what
    assert len(desk.case(case_id).decision_text) == length


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "The note is empty"), (" \n", "The note is empty"), ("x" * 1_000_000, "at most 20,000 .* has 1,000,000")],
)
def test_an_empty_note_or_one_of_a_megabyte_is_refused(desk: TestDesk, text: str, sentence: str) -> None:
    refused(desk, BadText, sentence, decisions.add_note, **desk.who("ann", held(desk)), text=text)


def test_reasons_that_must_be_given_are_asked_for(desk: TestDesk) -> None:
    case_id = held(desk)
    refused(
        desk, BadText, "handing over is empty", assignment.hand_over, **desk.who("ann", case_id), to="ben", reason=""
    )
    waiting, closed = desk.awaiting(), desk.closed()
    refused(desk, BadText, "returning is empty", decisions.send_back, **desk.who("mia", waiting), reason=" ")
    refused(desk, BadText, "reopening is empty", decisions.reopen, **desk.who("mia", closed), reason="")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (Review(True, PASS.checklist - {"funds"}, ""), "not ticked: Source and use of funds are explained"),
        (Review(True, PASS.checklist | {"moon"}, ""), "has no point “moon”"),
        (Review(True, PASS.checklist, "", "Bad"), "“Bad” is not a severity"),
        (Review(False, frozenset(), "x", ""), "needs a severity"),
        (Review(False, frozenset(), " ", "Major"), "Failing needs a finding; it is empty"),
        (Review(False, frozenset(), "x" * 20_001, "Major"), "at most 20,000"),
    ],
)
def test_a_review_that_is_not_filled_in_is_refused(desk: TestDesk, form: Review, sentence: str) -> None:
    refused(desk, CasedeskError, sentence, quality.review, **desk.who("queenie", desk.closed()), form=form)


def test_a_failed_review_keeps_its_finding_and_a_pass_needs_none(desk: TestDesk) -> None:
    failed, passed = desk.closed(), desk.closed()
    desk.review("queenie", failed, FAIL)
    desk.review("queenie", passed)
    case = desk.case(failed)
    assert (case.qa_status.value, case.qa_severity, case.qa_notes) == ("Fail", "Major", FAIL.notes)
    assert desk.history(passed)[-1].data["checklist"] == ["alerts", "funds", "prior", "counterparties", "deadline"]
    assert desk.case(failed).decision_text, "the rework starts from what was written"


@pytest.mark.parametrize("to", ["queenie", "otto", "gus", "nobody", "system"])
def test_a_case_goes_to_active_analysts_and_managers_only(desk: TestDesk, to: str) -> None:
    desk.hire(Role.ANALYST, "gus")
    desk.dismiss("gus")
    case_id = held(desk)
    refused(desk, CasedeskError, r"\.$", assignment.assign, **desk.who("mia", case_id), to=to)
    refused(desk, CasedeskError, r"\.$", assignment.hand_over, **desk.who("ann", case_id), to=to, reason="Leave.")


def test_a_case_is_not_given_to_who_holds_it(desk: TestDesk) -> None:
    case_id = held(desk)
    refused(desk, BadChoice, "Ann holds case", assignment.assign, **desk.who("mia", case_id), to="ann")
    arguments = desk.who("ann", case_id)
    refused(desk, BadChoice, "to yourself", assignment.hand_over, **arguments, to="ann", reason="Leave.")


def test_an_escalated_case_is_handed_to_managers_only_and_an_assignment_to_an_analyst_ends_the_escalation(
    desk: TestDesk,
) -> None:
    case_id = desk.escalated()
    desk.take("mia", case_id)
    arguments = desk.who("mia", case_id)
    refused(
        desk, BadChoice, "only be handed over to a manager", assignment.hand_over, **arguments, to="ben", reason="x"
    )
    desk.assign("mia", case_id, "max")
    assert desk.case(case_id).disposition is ESCALATE
    desk.assign("max", case_id, "ben")
    assert desk.case(case_id).disposition is Disposition.NONE


@pytest.mark.parametrize("case_id", ["C-26-99999", "", "DESK", "' OR 1=1 --", "c-26-00001", "C-26-00001 "])
def test_a_case_that_is_not_there_is_named_in_the_refusal(any_desk: TestDesk, case_id: str) -> None:
    desk = any_desk
    desk.open()
    arguments = {"uow": desk.writing(), "actor": desk.people["ann"], "at": desk.at(), "seen_version": 1, "text": "x"}
    refused(desk, NoSuchCase, "There is no case", decisions.add_note, case_id=case_id, **arguments)


NOTES = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "two\nlines", "Łódź 東京 🧾", "a' OR '1'='1", "{}%s{0}\\n"]


def test_hostile_and_foreign_text_is_stored_as_it_was_typed(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = held(desk)
    for text in NOTES:
        desk.note("ann", case_id, text)
    assert [event.notes for event in desk.history(case_id)][-len(NOTES) :] == NOTES
    assert desk.verify().verdict.value == "VERIFIED"


def test_text_in_either_unicode_form_is_stored_in_one_and_gives_no_false_alarm(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = held(desk)
    desk.decide("ann", case_id, NO_SAR, "Cafe\u0301 receipts explain the deposits.")
    assert desk.case(case_id).decision_text == "Caf\u00e9 receipts explain the deposits."
    assert desk.verify().verdict.value == "VERIFIED"


def test_a_step_by_the_command_line_says_so_in_its_event(desk: TestDesk) -> None:
    case_id = desk.open()
    assignment.take(**desk.who("ann", case_id), via="cli")
    assert desk.history(case_id)[-1].data["via"] == "cli"
