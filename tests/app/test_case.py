"""One case: each form accepted, refused and stale; what is greyed, what is kept, what is hidden, what is escaped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from casedesk.domain.cases import Case, Disposition, Stage
from casedesk.services import assignment, casefile, decisions
from tests.app.bank import BY_ID, MARKUP, NARRATIVE, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text, toasts


def stored(bank: Bank, name: str) -> Case:
    return casefile.read(uow=bank.desk().reading(), actor=BY_ID["marta"], case_id=bank.cases[name]).case


class Panel:
    """The action panel of one case."""

    def __init__(self, open_as: Open, bank: Bank, user: str, name: str) -> None:
        self.case_id = bank.cases[name]
        self.at = open_as(user, "case", id=self.case_id)

    def show(self, part: str) -> Panel:
        self.at.get_by_key(f"panel_{self.case_id}").set_value(part).run()
        return self

    def field(self, key: str) -> Any:
        return self.at.get_by_key(f"{key}_{self.case_id}")

    def write(self, key: str, words: object) -> Panel:
        self.field(key).set_value(words).run()
        return self

    def press(self, key: str) -> Panel:
        self.field(key).click().run()
        return self


@pytest.fixture
def panel(open_as: Open, bank: Bank) -> Callable[[str, str], Panel]:
    return lambda user, name: Panel(open_as, bank, user, name)


Make = Callable[[str, str], Panel]


def meanwhile(bank: Bank, user: str, name: str) -> None:
    decisions.add_note(
        uow=bank.desk().writing(), actor=BY_ID[user], at=NOW + timedelta(seconds=5), case_id=bank.cases[name],
        seen_version=None, text="Seen at the branch.",
    )  # fmt: skip


def test_a_note_is_saved_and_its_field_is_empty_again(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").show("Note").write("note", "Pulled 90 days of statements.").press("add_note")
    assert toasts(p.at)[0].startswith("Note added (event ")
    assert p.field("note").value == ""
    assert "Pulled 90 days of statements." in text(p.at)


def test_the_open_tab_stays_open_when_its_count_grows(panel: Make) -> None:
    p = panel("grace", "held").show("Note")
    tab = f"tab_{p.case_id}"
    p.at.session_state[tab] = next(name.label for name in p.at.tabs if name.label.startswith("Timeline"))
    p.at.run()
    before = p.at.session_state[tab]
    p.write("note", "One more.").press("add_note")
    assert p.at.session_state[tab] != before
    assert p.at.session_state[tab].startswith("Timeline")


def test_an_empty_note_is_refused_with_a_sentence(panel: Make) -> None:
    p = panel("grace", "held").show("Note").press("add_note")
    assert sentences(p.at) == ["Not saved. The note is empty; write a sentence. Your text is kept."]
    assert not p.at.toast


def test_a_note_of_a_megabyte_is_refused_and_kept(panel: Make) -> None:
    p = panel("grace", "held").show("Note").write("note", "x" * 1_000_000).press("add_note")
    assert "at most 20,000 characters; this one has 1,000,000" in sentences(p.at)[0]
    assert len(p.field("note").value) == 1_000_000


def test_a_note_on_a_changed_case_is_kept_and_says_who_changed_it(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").show("Note").write("note", "My words.")
    meanwhile(bank, "luis", "held")
    p.press("add_note")
    assert sentences(p.at)[0].startswith("Not saved. **Luis Ferreira** added a note ")
    assert "Your text is kept: read the change, then submit again." in sentences(p.at)[0]
    assert p.field("note").value == "My words."
    p.press("add_note")
    assert toasts(p.at)[0].startswith("Note added")
    assert not sentences(p.at)


def test_a_decision_without_a_report_closes_the_case(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").write("narrative", "Seasonal takings; the documents fit.").press("decide")
    assert toasts(p.at)[0].startswith("Decision saved (event ")
    assert stored(bank, "held").disposition is Disposition.NO_SAR


def test_a_short_narrative_is_refused_with_both_figures(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").write("disposition", Disposition.SAR).write("narrative", "Too short.").press("decide")
    assert sentences(p.at) == [
        "Not saved. A SAR needs a narrative of at least 200 characters; this one has 10. Your text is kept."
    ]
    assert p.field("narrative").value == "Too short."
    assert p.field("disposition").value is Disposition.SAR
    assert stored(bank, "held").stage is Stage.WORKING


def test_a_narrative_goes_to_a_manager(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").write("disposition", Disposition.SAR).write("narrative", NARRATIVE).press("decide")
    assert stored(bank, "held").stage is Stage.AWAITING
    assert p.field("approve").disabled


def test_a_decision_on_a_changed_case_keeps_the_narrative(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").write("disposition", Disposition.SAR).write("narrative", NARRATIVE)
    meanwhile(bank, "marta", "held")
    p.press("decide")
    assert sentences(p.at)[0].startswith("Not saved. **Marta Kowalczyk** added a note ")
    assert p.field("narrative").value == NARRATIVE
    assert p.field("disposition").value is Disposition.SAR
    assert stored(bank, "held").stage is Stage.WORKING


def test_escalating_goes_to_the_managers_queue(panel: Make, bank: Bank) -> None:
    panel("grace", "held").write("disposition", Disposition.ESCALATE).write("narrative", "A relative.").press("decide")
    assert stored(bank, "held").stage is Stage.ESCALATED


def test_the_text_outlives_a_look_at_another_panel_and_another_page(panel: Make) -> None:
    p = panel("grace", "held").write("narrative", "Half a sentence")
    p.show("Note").show("Decide")
    assert p.field("narrative").value == "Half a sentence"
    p.at.get_by_key("nav_triage").click().run()
    p.at.switch_page("pages/case.py")
    p.at.query_params["id"] = p.case_id
    p.at.run()
    assert p.field("narrative").value == "Half a sentence"


def test_a_case_nobody_holds_is_taken_in_its_panel(panel: Make, bank: Bank) -> None:
    p = panel("grace", "new").press("take")
    assert stored(bank, "new").owner == "grace"
    assert p.field("narrative").value == ""


def test_taking_a_case_that_a_colleague_took_says_who(panel: Make, bank: Bank) -> None:
    p = panel("grace", "new")
    assignment.take(
        uow=bank.desk().writing(), actor=BY_ID["luis"], at=NOW, case_id=bank.cases["new"], seen_version=None
    )
    p.press("take")
    assert sentences(p.at)[0].startswith("Not saved. **Luis Ferreira** took this case ")
    assert stored(bank, "new").owner == "luis"


def test_handing_over_needs_a_colleague_and_a_reason(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").show("Hand over").press("hand_over")
    assert "Nobody is chosen; choose a colleague in the field To." in sentences(p.at)[0]
    p.write("to", "luis").press("hand_over")
    assert "The reason for handing over is empty" in sentences(p.at)[0]
    p.write("to_reason", "Leave").press("hand_over")
    assert stored(bank, "held").owner == "luis"
    assert "To Luis Ferreira: Leave" in text(p.at)


def test_handing_over_a_changed_case_keeps_the_choice(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").show("Hand over").write("to", "luis").write("to_reason", "Leave")
    meanwhile(bank, "marta", "held")
    p.press("hand_over")
    assert "**Marta Kowalczyk** added a note" in sentences(p.at)[0]
    assert (p.field("to").value, p.field("to_reason").value) == ("luis", "Leave")


def test_releasing_puts_the_case_back(panel: Make, bank: Bank) -> None:
    panel("grace", "held").show("Hand over").press("release")
    assert stored(bank, "held").stage is Stage.NEW


def test_a_manager_assigns_a_case_somebody_else_holds(panel: Make, bank: Bank) -> None:
    p = panel("marta", "held").show("Hand over")
    assert p.field("hand_over").label == "Assign case"
    p.write("to", "tomasz").press("hand_over")
    assert stored(bank, "held").owner == "tomasz"


def test_a_manager_approves_or_returns_on_the_case_itself(panel: Make, bank: Bank) -> None:
    p = panel("marta", "awaiting").press("return")
    assert "The reason for returning is empty" in sentences(p.at)[0]
    p.write("reason", "Name the depositors.").press("return")
    assert stored(bank, "awaiting").stage is Stage.WORKING


def test_approval_closes_the_case(panel: Make, bank: Bank) -> None:
    panel("marta", "awaiting").press("approve")
    assert stored(bank, "awaiting").approved_by == "marta"


def test_an_approval_of_a_changed_case_is_refused(panel: Make, bank: Bank) -> None:
    p = panel("marta", "awaiting")
    meanwhile(bank, "luis", "awaiting")
    p.press("approve")
    assert "**Luis Ferreira** added a note" in sentences(p.at)[0]
    assert stored(bank, "awaiting").stage is Stage.AWAITING


def test_a_manager_who_touched_the_case_is_told_why_not(panel: Make, bank: Bank) -> None:
    meanwhile(bank, "marta", "awaiting")
    p = panel("marta", "awaiting")
    assert p.field("approve").disabled
    assert p.field("approve").help == (
        "You worked on this case. Only a manager who has not touched the case may approve."
    )


def test_reopening_needs_a_reason(panel: Make, bank: Bank) -> None:
    p = panel("marta", "closed").press("reopen")
    assert "The reason for reopening is empty" in sentences(p.at)[0]
    p.write("reason", "New facts.").press("reopen")
    assert stored(bank, "closed").stage is Stage.WORKING
    assert not p.field("narrative").value


def test_the_suspicion_date_is_moved_with_a_reason(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").press("suspicion_toggle")
    day = (NOW - timedelta(days=25)).date()
    p.write("suspicion_day", day).press("suspicion_submit")
    assert "The reason for moving the date is empty" in sentences(p.at)[0]
    assert p.field("suspicion_day").value == day
    p.write("suspicion_reason", "The branch referred it.").press("suspicion_submit")
    assert toasts(p.at)[0].startswith("Suspicion date moved (event ")
    assert stored(bank, "held").suspicion_at.date() == day


def test_moving_the_date_of_a_changed_case_keeps_the_form(panel: Make, bank: Bank) -> None:
    p = panel("grace", "held").press("suspicion_toggle").write("suspicion_reason", "Referred.")
    p.write("suspicion_day", (NOW - timedelta(days=25)).date())
    meanwhile(bank, "luis", "held")
    p.press("suspicion_submit")
    assert "**Luis Ferreira** added a note" in sentences(p.at)[0]
    assert p.field("suspicion_reason").value == "Referred."


@pytest.mark.parametrize(
    ("user", "name", "key", "why"),
    [
        ("grace", "held", "approve", "Only a manager who has not touched the case may approve."),
        ("grace", "held", "reopen", "Only a manager may reopen a case."),
        ("marta", "held", "reopen", "The case is not closed."),
        ("marta", "held", "approve", "Nothing on this case waits for approval."),
        ("grace", "luis", "decide", "Only its owner may decide a case: Luis Ferreira holds it."),
        ("samir", "held", "decide", "Only an analyst or a manager may decide a case."),
    ],
)
def test_a_greyed_button_says_why(panel: Make, user: str, name: str, key: str, why: str) -> None:
    p = panel(user, name).show("Decide")
    assert p.field(key).disabled
    assert p.field(key).help == why


def test_what_people_typed_is_shown_as_typed_and_runs_nothing(panel: Make) -> None:
    p = panel("grace", "held")
    html = "".join(str(element.value) for element in p.at.html)
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert MARKUP.split()[1] in html


def test_a_name_with_markup_is_shown_as_written(panel: Make, bank: Bank) -> None:
    head = next(m.value for m in panel("grace", "held").at.markdown if m.value.startswith("## "))
    assert head == "## \\<b\\>Bold\\<\\/b\\> \\*star\\* \\[link\\]\\(http\\:\\/\\/elsewhere\\.example\\)"


def test_a_colleague_without_need_to_know_is_not_told_of_the_decision(panel: Make, bank: Bank) -> None:
    told, untold = panel("marta", "awaiting"), panel("grace", "awaiting")
    assert "Awaiting approval" in _badges(told)
    assert "In Review" in _badges(untold)
    assert "Awaiting approval" not in _badges(untold)
    assert NARRATIVE.strip() in text(told.at)
    assert NARRATIVE[:40] not in text(untold.at)
    assert "Decision" not in text(untold.at)


def test_an_outsider_meets_no_conflict_with_a_decision_they_are_not_shown(panel: Make, bank: Bank) -> None:
    p = panel("grace", "luis").show("Note").write("note", "Mine.")
    decisions.set_disposition(
        uow=bank.desk().writing(), actor=BY_ID["luis"], at=NOW, case_id=bank.cases["luis"], seen_version=None,
        disposition=Disposition.SAR, text=NARRATIVE, base_currency="USD",
    )  # fmt: skip
    p.press("add_note")
    assert sentences(p.at) == []
    assert toasts(p.at)[0].startswith("Note added (event ")


def test_reading_the_timeline_of_a_returned_report_is_recorded(panel: Make, bank: Bank) -> None:
    decisions.send_back(
        uow=bank.desk().writing(), actor=BY_ID["omar"], at=NOW, case_id=bank.cases["awaiting"], seen_version=None,
        reason="Name the branches.",
    )  # fmt: skip
    p = panel("marta", "awaiting")
    assert NARRATIVE[:40] in text(p.at)
    events = casefile.read(uow=bank.desk().reading(), actor=BY_ID["ines"], case_id=bank.cases["awaiting"]).events
    assert [e.user for e in events if e.action == "narrative_read"] == ["marta"]


def test_reading_a_narrative_is_recorded_once(panel: Make, bank: Bank) -> None:
    for _ in range(2):
        panel("ines", "awaiting").at.run()
    events = casefile.read(uow=bank.desk().reading(), actor=BY_ID["ines"], case_id=bank.cases["awaiting"]).events
    assert [e.user for e in events if e.action == "narrative_read"] == ["ines"]


def amended(bank: Bank) -> None:
    """Open a reported case again, and report it with another narrative."""
    common: dict[str, Any] = {"at": NOW, "case_id": bank.cases["filed"], "seen_version": None}
    desk = bank.desk()
    decisions.reopen(uow=desk.writing(), actor=BY_ID["omar"], reason="A wire came in.", **common)
    text = NARRATIVE.replace("deposited cash", "deposited <b>cash</b> & cheques", 1)
    decisions.set_disposition(
        uow=desk.writing(), actor=BY_ID["luis"], disposition=Disposition.SAR, text=text, base_currency="USD", **common
    )


def test_an_amended_narrative_is_shown_against_the_approved_one(panel: Make, bank: Bank) -> None:
    amended(bank)
    at = panel("marta", "filed").at
    assert [e.label for e in at.expander] == ["Changed since it was approved · 3 words in, 1 out"]
    html = next(str(element.value) for element in at.html if "<ins" in str(element.value))
    assert "&lt;b&gt;cash&lt;/b&gt; &amp; cheques</ins>" in html
    assert "<b>" not in html
    assert not [e.label for e in panel("grace", "filed").at.expander], "nothing of it is disclosed"
    assert not [e.label for e in panel("marta", "awaiting").at.expander], "nothing was judged before"


@pytest.mark.parametrize("case_id", ["C-99-99999", "<b>", "'; DROP TABLE cases", "x" * 3000])
def test_an_unknown_case_is_a_sentence(open_as: Open, case_id: str) -> None:
    at = open_as("grace", "case", id=case_id)
    assert not at.exception
    assert sentences(at)[0].startswith("There is no case “")


def test_without_a_case_the_page_says_so(open_as: Open) -> None:
    assert "No case is chosen" in text(open_as("grace", "case"))


def _badges(p: Panel) -> str:
    return " ".join(str(m.value) for m in p.at.markdown if "badge[" in str(m.value))
