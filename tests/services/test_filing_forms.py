"""A report's form: who fills it in, and how it is frozen with the decision."""

from __future__ import annotations

import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.filing_steps import Frozen, NotReported
from casedesk.domain.people import DutiesNotSeparated, Role, RoleForbids
from casedesk.domain.reports.parties import Name, Subject
from casedesk.domain.verification import Verdict
from casedesk.services import decisions, report_forms
from casedesk.services.outgoing import NothingToSend
from casedesk.services.report_forms import NotShown
from casedesk.store.case_store import StaleCase
from tests.builders import NARRATIVE, TestDesk
from tests.services.filing_ways import (
    BANK,
    TODAY,
    approved,
    form,
    produce,
    save,
    states,
    working,
)
from tests.services.filing_ways import filings as filings_of


def test_the_form_is_filled_in_from_the_case_and_saved_with_what_the_owner_adds(any_desk: TestDesk) -> None:
    case_id = working(any_desk)
    drawn = form(any_desk, case_id)
    assert not drawn.saved
    assert drawn.report.activity.amount == 19_000
    assert [one.subtype for one in drawn.report.activity.classifications] == ["114"]
    save(any_desk, case_id, note="Geographic targeting order")
    again = form(any_desk, case_id)
    assert again.saved
    assert again.report == drawn.report.model_copy(update={"note": "Geographic targeting order"})
    assert any_desk.actions(case_id)[-1] == "filing_drafted"
    assert any_desk.history(case_id)[-1].data["digest"] == filings_of(any_desk, case_id)[0].digest
    assert any_desk.verify().verdict is Verdict.VERIFIED


def test_a_form_is_saved_over_the_version_that_was_seen_and_over_no_other(desk: TestDesk) -> None:
    case_id = working(desk)
    seen = desk.who("ann", case_id)
    save(desk, case_id, note="First")
    before = desk.dump()
    with pytest.raises(StaleCase, match="ann: Filing drafted"):
        report_forms.save(**seen, report=form(desk, case_id).report.model_copy(update={"note": "Second"}))
    assert desk.dump() == before
    assert form(desk, case_id).report.note == "First"


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("ben", "Only its owner may draft a filing"), ("mia", "Only its owner"), ("queenie", "may not draft")],
)
def test_only_the_owner_fills_the_form_in(desk: TestDesk, who: str, refusal: str) -> None:
    case_id = working(desk)
    with pytest.raises(Exception, match=refusal):
        report_forms.save(**desk.who(who, case_id), report=form(desk, case_id).report)


def test_the_form_rests_while_a_decision_waits_and_a_return_opens_it_again(desk: TestDesk) -> None:
    case_id = working(desk)
    save(desk, case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    with pytest.raises(Exception, match="waiting for approval, so nobody can draft a filing"):
        save(desk, case_id)
    desk.send_back("mia", case_id)
    save(desk, case_id, note="Mended")
    assert states(desk, case_id) == ["draft"]


def test_a_case_that_is_not_reported_has_no_form_and_a_stranger_is_shown_none(desk: TestDesk) -> None:
    case_id = desk.closed()
    with pytest.raises(NotReported, match="not closed as one that is reported"):
        save(desk, case_id)
    sar = desk.closed(sar_approver="mia")
    with pytest.raises(NotShown):
        form(desk, sar, "ben")


def test_the_linter_is_asked_while_the_form_is_filled_in_and_names_the_part(desk: TestDesk) -> None:
    case_id = working(desk)
    report = form(desk, case_id).report
    assert report_forms.check(report, NARRATIVE, BANK, TODAY) == ()
    bad = report.model_copy(update={"subjects": (Subject(names=(Name(last="Unknown", first="A"),)),)})
    problems = report_forms.check(bad, "", BANK, TODAY)
    assert [(one.code, one.part, one.blocks) for one in problems] == [("SAR-0308", "Subjects", True)]


def test_approving_the_decision_freezes_the_form_with_its_narrative(desk: TestDesk) -> None:
    case_id = approved(desk)
    filing = filings_of(desk, case_id)[0]
    decision = next(e for e in desk.history(case_id) if e.action == "disposition_set")
    assert (filing.state.value, filing.decision, filing.approved_by) == ("approved", decision.event_id, "mia")
    frozen = desk.history(case_id)[-1]
    assert (frozen.action, frozen.data["digest"], frozen.data["maker"]) == ("filing_approved", filing.digest, "ann")
    with pytest.raises(Frozen, match="a manager can reopen the case"):
        save(desk, case_id)
    assert desk.verify().verdict is Verdict.VERIFIED


def test_who_filled_the_form_in_never_approves_it_not_even_as_a_manager(desk: TestDesk) -> None:
    case_id = working(desk)
    save(desk, case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.hire(Role.MANAGER, "ann")
    with pytest.raises(DutiesNotSeparated):
        desk.approve("ann", case_id)
    assert states(desk, case_id) == ["draft"]


def test_a_form_filled_in_after_the_close_is_approved_by_itself(desk: TestDesk) -> None:
    case_id = desk.closed(sar_approver="mia")
    with pytest.raises(NotShown):
        report_forms.approve(**desk.who("mia", case_id))
    save(desk, case_id)
    desk.hire(Role.MANAGER, "ann")
    with pytest.raises(DutiesNotSeparated):
        report_forms.approve(**desk.who("ann", case_id))
    with pytest.raises(RoleForbids):
        report_forms.approve(**desk.who("queenie", case_id))
    seen = desk.who("mia", case_id)
    report_forms.approve(**desk.who("max", case_id))
    with pytest.raises(StaleCase):
        report_forms.approve(**seen)
    assert states(desk, case_id) == ["approved"]
    assert produce(desk, case_id).batch.reports == 1


def test_where_approval_is_off_the_form_is_frozen_as_the_case_closes(desk: TestDesk) -> None:
    case_id = working(desk)
    save(desk, case_id)
    decisions.set_disposition(
        **desk.who("ann", case_id),
        disposition=Disposition.SAR,
        text=NARRATIVE,
        base_currency="USD",
        approval_required=False,
    )
    assert states(desk, case_id) == ["approved"]
    assert desk.history(case_id)[-1].data["approval"] == "off by policy"
    assert produce(desk).filings[0].case_id == case_id


def test_a_case_that_is_opened_again_takes_its_report_back_until_it_is_approved_anew(desk: TestDesk) -> None:
    case_id = approved(desk)
    desk.reopen("max", case_id)
    with pytest.raises(NothingToSend, match="was opened again after its form was approved"):
        produce(desk, case_id)
    with pytest.raises(NothingToSend, match="No approved report waits"):
        produce(desk)
    desk.decide("ann", case_id, Disposition.SAR, text=NARRATIVE.replace("eleven", "twelve"))
    desk.approve("mia", case_id)
    found = produce(desk, case_id)
    assert found.filings[0].filing_id == "F-000001"
    with desk.reading() as uow:
        assert b"twelve cash deposits" in uow.filings.batch_content(found.batch.batch_id)
