"""The form of a report on the case's page, and the page of what leaves: accepted, refused, stale, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from casedesk.domain.cases import Disposition
from casedesk.services import decisions, report_forms
from casedesk.services.report_forms import Form
from tests.app.bank import BY_ID, NARRATIVE, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import button, sentences, text, toasts


def form_of(bank: Bank, name: str, who: str = "marta") -> Form:
    desk = bank.desk()
    found = report_forms.read(
        uow=desk.reading(),
        actor=BY_ID[who],
        case_id=bank.cases[name],
        base_currency="USD",
        institution=desk.institution(),
    )
    desk.close()
    return found


def open_form(open_as: Open, bank: Bank, who: str, name: str) -> AppTest:
    at = open_as(who, "case", id=bank.cases[name]).run()  # reading it is an event, and the tabs count events
    at.session_state[f"tab_{bank.cases[name]}"] = "Form"
    return at.run()


def field(at: AppTest, bank: Bank, name: str, path: str) -> Any:
    return at.get_by_key(f"form_{path}_{bank.cases[name]}")


def save(at: AppTest, bank: Bank, name: str) -> AppTest:
    return at.get_by_key(f"save_form_{bank.cases[name]}").click().run()


def test_the_owner_finds_the_form_filled_in_and_saves_what_is_added(open_as: Open, bank: Bank) -> None:
    at = open_form(open_as, bank, "grace", "held")
    assert not at.exception
    assert field(at, bank, "held", "subjects_0_names_0_last").value == form_of(bank, "held").report.subjects[0].called
    assert "nobody saved it yet" in text(at)
    field(at, bank, "held", "subjects_0_addresses_0_street").set_value("12 Elm St").run()
    field(at, bank, "held", "activity_amount").set_value("$76,000").run()
    save(at, bank, "held")
    assert toasts(at)[0].startswith("Form saved (event ")
    saved = form_of(bank, "held")
    assert (saved.saved, saved.report.subjects[0].addresses[0].street) == (True, "12 Elm St")
    assert saved.report.activity.amount == 76_000


def test_what_no_report_can_hold_is_refused_by_field_and_stays_typed(open_as: Open, bank: Bank) -> None:
    at = open_form(open_as, bank, "grace", "held")
    field(at, bank, "held", "activity_first_on").set_value("3 June").run()
    save(at, bank, "held")
    assert any("activity.first_on: input should be a valid date" in said for said in sentences(at))
    assert field(at, bank, "held", "activity_first_on").value == "3 June"
    assert not form_of(bank, "held").saved


def test_a_colleagues_change_refuses_the_form_and_keeps_what_was_filled_in(open_as: Open, bank: Bank) -> None:
    at = open_form(open_as, bank, "grace", "held")
    field(at, bank, "held", "note").set_value("My own words").run()
    desk = bank.desk()
    case = form_of(bank, "held").report
    report_forms.save(
        uow=desk.writing(), actor=BY_ID["grace"], at=NOW, case_id=bank.cases["held"], seen_version=None,
        report=case.model_copy(update={"joint": True}),
    )  # fmt: skip
    desk.close()
    save(at, bank, "held")
    assert any("changed the filing's form" in said and "What you filled in is kept" in said for said in sentences(at))
    assert field(at, bank, "held", "note").value == "My own words"
    assert form_of(bank, "held").report.note == ""
    assert "The saved form is another one than you began with." in text(at)
    at.get_by_key(f"load_form_{bank.cases['held']}").click().run()
    assert field(at, bank, "held", "note").value == ""
    assert field(at, bank, "held", "joint").value is True


def test_what_is_typed_outlives_a_look_at_another_tab_and_another_page(open_as: Open, bank: Bank) -> None:
    at = open_form(open_as, bank, "grace", "held")
    field(at, bank, "held", "subjects_0_phones_0_number").set_value("2175550199").run()
    at.session_state[f"tab_{bank.cases['held']}"] = "Overview"
    at.run()
    at.get_by_key("nav_triage").click().run()
    at.switch_page("pages/case.py")
    at.query_params["id"] = bank.cases["held"]
    at.session_state[f"tab_{bank.cases['held']}"] = "Form"
    at.run()
    assert field(at, bank, "held", "subjects_0_phones_0_number").value == "2175550199"


def test_rows_and_subjects_are_added_and_empty_ones_say_nothing(open_as: Open, bank: Bank) -> None:
    at = open_form(open_as, bank, "grace", "held")
    at.get_by_key(f"more_subjects_{bank.cases['held']}").click().run()
    at.get_by_key(f"more_activity_products_{bank.cases['held']}").click().run()
    field(at, bank, "held", "subjects_1_names_0_last").set_value("Doe").run()
    save(at, bank, "held")
    report = form_of(bank, "held").report
    assert [subject.called for subject in report.subjects[1:]] == ["Doe"]
    assert all(product.code for product in report.activity.products)


def test_the_linter_speaks_while_the_form_is_filled_in(open_as: Open, bank: Bank) -> None:
    at = open_form(open_as, bank, "grace", "held")
    field(at, bank, "held", "note").set_value("x" * 51).run()
    assert "Kind of report FilingInstitutionNotetoFinCEN has 51 characters" in text(at).replace("**", "")


def test_a_stranger_has_no_such_tab_and_a_reader_cannot_save(open_as: Open, bank: Bank) -> None:
    at = open_as("tomasz", "case", id=bank.cases["filed"])
    assert "Form" not in [tab.label for tab in at.tabs]
    at = open_form(open_as, bank, "ines", "filed")
    assert button(at, f"save_form_{bank.cases['filed']}").disabled


@pytest.fixture
def with_form(bank: Bank) -> Bank:
    """Luis's waiting case has a form by now, and Marta approved both."""
    desk = bank.desk()
    case_id = bank.cases["luis"]
    report_forms.save(
        uow=desk.writing(), actor=BY_ID["luis"], at=NOW, case_id=case_id, seen_version=None,
        report=form_of(bank, "luis", "luis").report,
    )  # fmt: skip
    decisions.set_disposition(
        uow=desk.writing(), actor=BY_ID["luis"], at=NOW, case_id=case_id, seen_version=None, disposition=Disposition.SAR,
        text=NARRATIVE, base_currency="USD",
    )  # fmt: skip
    decisions.approve(uow=desk.writing(), actor=BY_ID["marta"], at=NOW, case_id=case_id, seen_version=None)
    desk.close()
    return bank


def test_a_batch_is_produced_and_recorded_as_transmitted(open_as: Open, with_form: Bank) -> None:
    at = open_as("omar", "outgoing")
    assert not at.exception
    button(at, "produce").click().run()
    assert toasts(at) == ["B-000001 produced; it was not transmitted yet."]
    button(at, "transmitted").click().run()
    assert any("A tracking ID has 1 to 64 characters; this one has 0." in said for said in sentences(at))
    at.get_by_key("tracking_B-000001").set_value("TRK-1").run()
    button(at, "transmitted").click().run()
    assert toasts(at) == ["B-000001 is transmitted; nothing is acknowledged yet."]
    assert form_of(with_form, "luis").filings[0].state == "transmitted"
    assert button(at, "acknowledge").disabled


def test_a_batch_that_somebody_else_recorded_is_refused_with_who_was_first(open_as: Open, with_form: Bank) -> None:
    at = open_as("omar", "outgoing")
    button(at, "produce").click().run()
    at.get_by_key("tracking_B-000001").set_value("TRK-1").run()
    from casedesk.services import answers

    desk = with_form.desk()
    answers.transmitted(uow=desk.writing(), actor=BY_ID["marta"], at=NOW, batch_id="B-000001", tracking_id="TRK-9")
    desk.close()
    button(at, "transmitted").click().run()
    assert any("was transmitted already, under the tracking ID TRK-9" in said for said in sentences(at))


def test_a_batch_with_an_error_is_refused_and_each_line_names_case_and_part(open_as: Open, bank: Bank) -> None:
    desk = bank.desk()
    case_id = bank.cases["luis"]
    bad = form_of(bank, "luis", "luis").report.model_copy(update={"note": "x" * 51, "prior_bsa_id": "7"})
    report_forms.save(
        uow=desk.writing(), actor=BY_ID["luis"], at=NOW, case_id=case_id, seen_version=None,
        report=bad.model_copy(update={"corrects": True}),
    )  # fmt: skip
    decisions.set_disposition(
        uow=desk.writing(), actor=BY_ID["luis"], at=NOW, case_id=case_id, seen_version=None, disposition=Disposition.SAR,
        text=NARRATIVE, base_currency="USD",
    )  # fmt: skip
    decisions.approve(uow=desk.writing(), actor=BY_ID["marta"], at=NOW, case_id=case_id, seen_version=None)
    desk.close()
    at = open_as("omar", "outgoing")
    button(at, "produce").click().run()
    said = [*sentences(at), text(at)]
    assert any(f"Nothing was produced. Case {case_id}, Kind of report: " in one for one in said)
    assert any("has 51 characters" in one for one in said)
    assert any("EFilingPriorDocumentNumber says “7”" in one for one in said)
    assert form_of(bank, "luis").filings[0].state == "approved"
