"""A page says nothing of a report to somebody without need to know, in no text, label, hint, address or log (31 CFR 1020.320(e))."""

from __future__ import annotations

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from casedesk.domain.casework import CHECKLIST
from tests.app.bank import BY_ID, NARRATIVE, Bank
from tests.app.conftest import Open
from tests.app.reading import text, toasts

SAYS = re.compile(r"(?<![A-Za-z])SARs?(?![A-Za-z])|suspicious|narrative|approv|returned|filing", re.IGNORECASE)
#: What the form of a decision says on every case.
ON_EVERY_CASE = re.compile(r"Only a manager who has not touched the case may approve\.|Approve|SAR due|No SAR|SAR\b")
TABS = ("Overview", "Evidence", "Customer", "Timeline")


def controls(at: AppTest) -> list[tuple[str, ...]]:
    """Every button and field: key, label, hint, and whether it is greyed. Ids, counts and names of the case are cut out."""
    case_id = at.query_params["id"]
    found = [
        (str(e.key), str(e.label), str(getattr(e, "help", "")), str(getattr(e, "disabled", "")))
        for kind in (at.button, at.text_area, at.radio, at.text_input, at.selectbox, at.segmented_control)
        for e in kind
    ]
    found += [("tab", re.sub(r"\d+", "N", str(tab.label)), "", "") for tab in at.tabs]
    return sorted(tuple(part.replace(case_id, "CASE") for part in one) for one in found if "other_" not in one[0])


@pytest.mark.parametrize(("report", "twin"), [("filed", "closed"), ("awaiting", "luis")])
def test_a_stranger_is_offered_on_a_report_what_they_are_offered_on_any_case(
    open_as: Open, bank: Bank, report: str, twin: str
) -> None:
    drawn = [controls(open_as("grace", "case", id=bank.cases[name])) for name in (report, twin)]
    owners = re.compile("|".join(person.name.replace(" ", r"\\? ") for person in BY_ID.values()))
    assert len(drawn[0]) > 10
    assert [owners.sub("X", "|".join(one)) for one in drawn[0]] == [owners.sub("X", "|".join(one)) for one in drawn[1]]


@pytest.mark.parametrize("report", ["filed", "awaiting"])
def test_no_tab_of_a_case_shows_a_stranger_its_report(open_as: Open, bank: Bank, report: str) -> None:
    case_id = bank.cases[report]
    at = open_as("grace", "case", id=case_id)
    for tab in TABS:
        at.session_state[f"tab_{case_id}"] = next(t.label for t in at.tabs if t.label.startswith(tab))
        at.run()
        assert not at.exception
        shown = text(at)
        assert NARRATIVE[:30] not in shown
        assert not SAYS.search(ON_EVERY_CASE.sub("", shown)), tab
    assert at.query_params == {"id": case_id}


def test_the_queue_and_its_address_show_an_analyst_no_report(open_as: Open, bank: Bank) -> None:
    at = open_as("grace", "", view="awaiting", status="Awaiting approval", closed="1")
    frame = at.dataframe[0].value.astype(str)
    assert {bank.cases["filed"], bank.cases["awaiting"]} & set(frame["Case"])
    assert not SAYS.search(" ".join(frame.to_numpy().ravel()))
    assert not SAYS.search(f"{text(at)} {dict(at.query_params)}")
    assert not [b.label for b in at.button if SAYS.search(str(b.label))]


def test_a_journey_of_everybody_leaves_nothing_in_the_log(
    open_as: Open,
    bank: Bank,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    logging_restored: None,
) -> None:
    """A decision, an approval, an export, a review, and a page that fails, with the log at its most talkative."""
    monkeypatch.setenv("CASEDESK_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("CASEDESK_LOG_FORMAT", "json")
    said: list[str] = []
    held = bank.cases["held"]
    at = open_as("grace", "case", id=held)
    at.get_by_key(f"disposition_{held}").set_value(at.get_by_key(f"disposition_{held}").options[1]).run()
    at.get_by_key(f"narrative_{held}").set_value(NARRATIVE).run()
    at.get_by_key(f"decide_{held}").click().run()
    said += toasts(at)
    at = open_as("marta", "approvals")
    at.get_by_key("approve").click().run()
    said += toasts(at)
    at = open_as("samir", "qa")
    case_id = at.session_state["qa_To review_chosen"]
    for point in CHECKLIST:
        at.get_by_key(f"review_{point}_{case_id}").set_value(True).run()
    at.get_by_key("pass").click().run()
    said += toasts(at)
    at = open_as("ines", "exports")
    at.get_by_key("export_case").set_value(bank.cases["filed"]).run()
    assert NARRATIVE[:30] in text(at)
    monkeypatch.setattr("app.ui.export_forms.exporting.recent", _fail)
    at.run()
    assert re.search(r"Reference \*\*[0-9a-f]{4}-[0-9a-f]{2}\*\*", at.error[0].value)
    assert not SAYS.search(at.error[0].value)
    assert [toast.split(" (event")[0] for toast in said] == ["Decision saved", "Approved", "QA passed"]
    logged = capfd.readouterr().err.splitlines()
    assert "page_failed" in [json.loads(line)["event"] for line in logged if line.startswith("{")]
    for line in logged:
        assert not SAYS.search(line), line
        assert NARRATIVE[:30] not in line


def _fail(**_: object) -> None:
    raise RuntimeError(f"SAR: {NARRATIVE}")
