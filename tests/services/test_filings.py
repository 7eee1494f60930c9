"""A report from its form to FinCEN's answer and back: who may, from where, and what each step leaves behind."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.filing_steps import Frozen, NotReported
from casedesk.domain.filings import NotThere
from casedesk.domain.people import DutiesNotSeparated, Role, RoleForbids
from casedesk.domain.reports.activity import Activity
from casedesk.domain.reports.institution import institution
from casedesk.domain.reports.parties import Name, Subject
from casedesk.domain.reports.report import Attachment
from casedesk.domain.verification import Verdict
from casedesk.errors import Conflict, NotFound
from casedesk.exports.fincen import reading
from casedesk.exports.fincen.reading import Unreadable
from casedesk.services import answers, decisions, outgoing, report_forms
from casedesk.services.answers import BadTrackingId, UnknownTrackingId, WrongBatch
from casedesk.services.outgoing import Altered, Defective, NothingToSend
from casedesk.services.report_forms import NotShown
from casedesk.store.case_store import StaleCase
from casedesk.store.tables import batches, filings
from tests.builders import NARRATIVE, TestDesk
from tests.domain.test_reports import PROFILE
from tests.services.filing_ways import (
    BANK,
    TODAY,
    acknowledgement,
    answer,
    approved,
    form,
    produce,
    said,
    save,
    states,
    transmit,
)
from tests.services.filing_ways import filings as filings_of

FIRST, SECOND = "31000055053784", "31000055053785"
NS = {"fc2": "www.fincen.gov/base"}


def working(desk: TestDesk) -> str:
    case_id = desk.open()
    desk.take("ann", case_id)
    return case_id


# the form


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


# approval


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


# producing


def test_a_batch_holds_what_was_approved_and_the_ledger_its_hash(any_desk: TestDesk) -> None:
    any_desk.customer("K-2", "Öz Ünal")
    cases = [approved(any_desk), approved(any_desk, "K-2")]
    found = produce(any_desk)
    assert [one.case_id for one in found.filings] == cases
    with any_desk.reading() as uow:
        content = uow.filings.batch_content(found.batch.batch_id)
    assert found.batch.sha256 == sha256(content).hexdigest()
    for place, case_id in enumerate(cases, start=1):
        event = any_desk.history(case_id)[-1]
        assert (event.action, event.data["place"], event.data["sha256"]) == (
            "filing_produced",
            place,
            found.batch.sha256,
        )
        assert states(any_desk, case_id) == ["produced"]
    root = reading.parse(content, "batch.xml")
    narratives = [e.text for e in root.iterfind(".//fc2:ActivityNarrativeText", NS)]
    assert narratives == [NARRATIVE, NARRATIVE]
    assert any_desk.verify().verdict is Verdict.VERIFIED


def test_only_managers_send_and_nobody_else_sees_what_waits(desk: TestDesk) -> None:
    case_id = approved(desk)
    for who in ("ann", "queenie", "otto"):
        with pytest.raises(RoleForbids):
            produce(desk, case_id, who=who)
        with pytest.raises(RoleForbids):
            outgoing.outgoing(uow=desk.reading(), actor=desk.people[who])
    assert [one.hindrance for one in outgoing.outgoing(uow=desk.reading(), actor=desk.people["mia"]).ready] == [""]


@pytest.mark.parametrize("who", ["ann", "queenie", "otto"])
def test_only_managers_say_what_became_of_a_batch(desk: TestDesk, who: str) -> None:
    approved(desk)
    batch_id = produce(desk).batch.batch_id
    before = desk.dump()
    act: dict[str, Any] = {"uow": desk.writing(), "actor": desk.people[who], "at": desk.at()}
    for attempt in (
        lambda: transmit(desk, batch_id, who=who),
        lambda: answer(desk, acknowledgement(FIRST), who=who),
        lambda: outgoing.export(**act, batch_id=batch_id),
        lambda: outgoing.show(uow=desk.reading(), actor=desk.people[who], batch_id=batch_id),
        lambda: answers.read_remarks(uow=desk.reading(), actor=desk.people[who], batch_id=batch_id),
    ):
        with pytest.raises(RoleForbids, match="that takes: Manager"):
            attempt()
    assert desk.dump() == before


def test_a_form_that_is_only_being_filled_in_waits_for_nobody(desk: TestDesk) -> None:
    def waiting() -> list[str]:
        return [one.hindrance for one in outgoing.outgoing(uow=desk.reading(), actor=desk.people["mia"]).ready]

    case_id = working(desk)
    save(desk, case_id)
    assert waiting() == []
    desk.decide("ann", case_id, Disposition.SAR)
    assert waiting() == [f"The form of case {case_id} is not approved yet."]
    desk.send_back("mia", case_id)
    desk.decide("ann", case_id, Disposition.NO_SAR)
    assert waiting() == []


def test_an_error_of_the_linter_refuses_the_batch_and_names_the_place(desk: TestDesk) -> None:
    desk.customer("K-2", "Öz Ünal")
    good, case_id = approved(desk), desk.open("K-2")
    desk.take("ann", case_id)
    save(desk, case_id, note="x" * 51, activity=Activity(amount=5))
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    before = desk.dump()
    with pytest.raises(Defective) as refused:
        produce(desk)
    assert all(line.startswith(f"Case {case_id}, ") for line in refused.value.lines)
    assert any(
        "Kind of report: FilingInstitutionNotetoFinCEN has 51 characters" in line for line in refused.value.lines
    )
    assert any(
        "Activity: SuspiciousActivity has no SuspiciousActivityFromDateText" in line for line in refused.value.lines
    )
    assert desk.dump() == before
    assert produce(desk, good).batch.reports == 1


def test_an_attachment_that_is_too_large_refuses_the_batch_and_one_that_fits_goes_beside_it(desk: TestDesk) -> None:
    case_id = working(desk)
    save(desk, case_id, attachment=Attachment(name="deposits.csv", content="é" * 600_000))
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    with pytest.raises(Defective, match=r"F-000001-deposits.csv has 1,200,000 bytes: expected at most 1,048,576"):
        produce(desk)
    desk.reopen("max", case_id)
    save(desk, case_id, attachment=Attachment(name="deposits.csv", content="day\n2026-06-03\n"))
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    batch = produce(desk).batch
    files = outgoing.export(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), batch_id=batch.batch_id)
    assert files.files.keys() == {"batch-000001.xml", "F-000001-deposits.csv"}
    assert sha256(files.files["batch-000001.xml"]).hexdigest() == batch.sha256 == files.event.data["sha256"]
    again = outgoing.export(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), batch_id=batch.batch_id)
    assert again.files == files.files


def test_a_report_that_was_changed_behind_the_desks_back_is_not_produced(desk: TestDesk) -> None:
    case_id = approved(desk)
    desk.tamper(sa.update(filings).values(content='{"note":"something else"}'))
    with pytest.raises(Altered, match=f"of case {case_id} is not what was approved"):
        produce(desk)
    report = desk.verify()
    assert report.verdict is Verdict.TAMPERED
    assert [finding.column for finding in report.findings] == ["content"]


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        (sa.update(filings).values(state="acknowledged"), "state"),
        (sa.update(filings).values(bsa_id=FIRST), "bsa_id"),
        (sa.update(batches).values(content="<x/>"), "content"),
        (sa.delete(filings), "filing_id"),
    ],
)
def test_a_changed_row_is_found_by_the_verification(desk: TestDesk, statement: sa.Executable, column: str) -> None:
    approved(desk)
    produce(desk)
    desk.tamper(statement)
    assert [finding.column for finding in desk.verify().findings] == [column]


def test_a_test_says_so_and_transmits_under_the_code_for_tests(desk: TestDesk) -> None:
    approved(desk)
    found = produce(desk, bank=institution({**PROFILE, "test": True}))
    assert found.batch.test
    with desk.reading() as uow:
        assert b">TBSATEST<" in uow.filings.batch_content(found.batch.batch_id)
    assert desk.history(found.filings[0].case_id)[-1].data["test"] is True


def test_what_stands_in_a_batch_is_in_no_second_one(desk: TestDesk) -> None:
    case_id = approved(desk)
    produce(desk)
    with pytest.raises(NothingToSend):
        produce(desk)
    with pytest.raises(NothingToSend, match="has no form that waits"):
        produce(desk, case_id)


# what becomes of it outside


def test_a_person_says_that_a_batch_was_transmitted_once_and_under_a_number_of_its_own(desk: TestDesk) -> None:
    desk.customer("K-2")
    first = approved(desk)
    batch = produce(desk).batch
    for wrong in ("", "  ", "x" * 65, "a\x1b[2J"):
        with pytest.raises(BadTrackingId):
            transmit(desk, batch.batch_id, wrong)
    transmit(desk, batch.batch_id, " TRK-7 ")
    assert states(desk, first) == ["transmitted"]
    assert desk.history(first)[-1].data["tracking_id"] == "TRK-7"
    with pytest.raises(Conflict, match="was transmitted already, under the tracking ID TRK-7"):
        transmit(desk, batch.batch_id, "TRK-8")
    approved(desk, "K-2")
    other = produce(desk).batch
    with pytest.raises(BadTrackingId, match="is that of B-000001"):
        transmit(desk, other.batch_id, "TRK-7")
    with pytest.raises(NotFound, match="There is no batch"):
        transmit(desk, "B-9")


def test_an_acknowledgement_binds_each_number_to_its_report(any_desk: TestDesk) -> None:
    any_desk.customer("K-2")
    first, second = approved(any_desk), approved(any_desk, "K-2")
    batch = produce(any_desk).batch
    transmit(any_desk, batch.batch_id)
    with any_desk.reading() as uow:
        root = reading.parse(uow.filings.batch_content(batch.batch_id), "batch.xml")
    number = root.xpath("fc2:Activity[2]/fc2:Party[fc2:ActivityPartyTypeCode='33']", namespaces=NS)[0].get("SeqNum")
    error = said("WARN", "C4", f"EFilingBatchXML/Activity[40]/Party[{number}]/BirthDateText")
    found = answer(any_desk, acknowledgement(FIRST, SECOND, error=error))
    assert [(one.filing.bsa_id, one.parts) for one in found.said] == [(FIRST, ()), (SECOND, ("Subjects",))]
    assert [filings_of(any_desk, case)[0].bsa_id for case in (first, second)] == [FIRST, SECOND]
    assert states(any_desk, second) == ["acknowledged"]
    assert any_desk.stage(second) is Stage.CLOSED
    assert any_desk.history(second)[-1].data["remarks"][0][1] == "C4"
    assert any_desk.verify().verdict is Verdict.VERIFIED


def test_a_refused_report_goes_back_to_its_analyst_and_the_new_one_corrects_it(desk: TestDesk) -> None:
    case_id = approved(desk)
    batch = produce(desk).batch
    transmit(desk, batch.batch_id)
    answer(desk, acknowledgement(FIRST, error=said("FATAL", "B9", "EFilingBatchXML/Activity[1]")))
    assert (states(desk, case_id), desk.stage(case_id), desk.case(case_id).owner) == (
        ["rejected"],
        Stage.WORKING,
        "ann",
    )
    drawn = form(desk, case_id)
    assert (drawn.saved, drawn.report.corrects, drawn.report.prior_bsa_id) == (False, True, FIRST)
    save(desk, case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    found = produce(desk)
    assert (found.filings[0].filing_id, found.filings[0].kind) == ("F-000002", "corrects")
    with desk.reading() as uow:
        root = reading.parse(uow.filings.batch_content(found.batch.batch_id), "batch.xml")
    assert root.findtext("fc2:Activity/fc2:EFilingPriorDocumentNumber", namespaces=NS) == FIRST
    assert states(desk, case_id) == ["rejected", "produced"]
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_report_that_got_no_number_is_sent_again_as_what_it_was(desk: TestDesk) -> None:
    case_id = approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    answer(desk, acknowledgement(status="R"))
    assert states(desk, case_id) == ["rejected"]
    assert form(desk, case_id).report.initial
    save(desk, case_id)
    assert [one.kind for one in filings_of(desk, case_id)] == ["initial", "initial"]


def test_a_refusal_finds_a_case_that_somebody_works_on_already_as_it_is(desk: TestDesk) -> None:
    case_id = approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    desk.reopen("max", case_id)
    answer(desk, acknowledgement(""))
    assert (desk.stage(case_id), desk.case(case_id).owner) == (Stage.WORKING, "ann")
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_refused_report_of_somebody_who_left_goes_back_to_the_queue(desk: TestDesk) -> None:
    case_id = approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    desk.dismiss("ann")
    answer(desk, acknowledgement(""))
    assert (desk.stage(case_id), desk.case(case_id).owner) == (Stage.WORKING, "")


def test_the_next_case_of_the_customer_continues_what_was_acknowledged(desk: TestDesk) -> None:
    approved(desk)
    transmit(desk, produce(desk).batch.batch_id)
    answer(desk, acknowledgement(FIRST))
    later = working(desk)
    report = form(desk, later).report
    assert (report.continuing, report.prior_bsa_id, report.activity.cumulative) == (True, FIRST, 38_000)
    save(desk, later)
    desk.decide("ann", later, Disposition.SAR)
    desk.approve("mia", later)
    assert produce(desk).filings[0].kind == "continuing"


def _two_batches(desk: TestDesk) -> None:
    desk.customer("K-2")
    for customer, tracking in (("K-1", "TRK-1"), ("K-2", "TRK-2")):
        approved(desk, customer)
        transmit(desk, produce(desk).batch.batch_id, tracking)


@pytest.mark.parametrize(
    ("content", "tracking_id", "error", "sentence"),
    [
        (acknowledgement(FIRST), "TRK-9", UnknownTrackingId, "No batch was transmitted under the tracking ID “TRK-9”"),
        (acknowledgement(FIRST), "", WrongBatch, r"2 batches wait .* TRK-1 \(B-000001\), TRK-2 \(B-000002\)"),
        (acknowledgement(FIRST, SECOND), "TRK-1", WrongBatch, "answers 2 reports, and B-000001 has 1"),
        (
            acknowledgement(FIRST, error=said("WARN", "C4", "EFilingBatchXML/Activity[1]/Party[999]")),
            "TRK-1",
            WrongBatch,
            r"of report 1 it speaks of “EFilingBatchXML/Activity\[1\]/Party\[999\]”, but in B-000001 it has no Party\[999\]",
        ),
        (b"<EFilingBatchXML", "TRK-1", Unreadable, "not well-formed"),
        (acknowledgement("1"), "TRK-1", Unreadable, "expected 14 digits"),
    ],
)
def test_an_acknowledgement_that_does_not_fit_changes_nothing(
    desk: TestDesk, content: bytes, tracking_id: str, error: Any, sentence: str
) -> None:
    _two_batches(desk)
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        answer(desk, content, tracking_id=tracking_id)
    assert desk.dump() == before


def test_a_file_that_is_named_after_another_batch_is_not_its_answer(desk: TestDesk) -> None:
    _two_batches(desk)
    before = desk.dump()
    for name in ("batch-000002.xml.ack", "TRK-2_ack.xml"):
        with pytest.raises(WrongBatch, match=r"is named after B-000002 .*, and B-000001 waits for this answer"):
            answer(desk, acknowledgement(FIRST), tracking_id="TRK-1", name=name)
    assert desk.dump() == before
    answer(desk, acknowledgement(FIRST), tracking_id="TRK-1", name="batch-000001_TRK-1.xml")


def test_the_same_answer_is_recorded_once_unless_a_person_says_whose_it_is(desk: TestDesk) -> None:
    _two_batches(desk)
    refused = acknowledgement(status="R")
    answer(desk, refused, tracking_id="TRK-1")
    with pytest.raises(WrongBatch, match="was recorded already, as the answer to B-000001"):
        answer(desk, refused)
    answer(desk, refused, tracking_id="TRK-2")


def test_a_number_is_bound_once_and_a_batch_answered_once(desk: TestDesk) -> None:
    _two_batches(desk)
    answer(desk, acknowledgement(FIRST), tracking_id="TRK-1")
    with pytest.raises(WrongBatch, match=f"BSA ID {FIRST}, which filing F-000001 of B-000001 has already"):
        answer(desk, acknowledgement(FIRST))
    with pytest.raises(WrongBatch, match="was answered already"):
        answer(desk, acknowledgement(SECOND), tracking_id="TRK-1")
    answer(desk, acknowledgement(SECOND))
    with pytest.raises(WrongBatch, match="No batch waits"):
        answer(desk, acknowledgement(SECOND))


def test_nothing_is_answered_that_nobody_transmitted(desk: TestDesk) -> None:
    case_id = approved(desk)
    batch = produce(desk).batch
    with pytest.raises(WrongBatch, match="record first that it was transmitted"):
        answer(desk, acknowledgement(FIRST))
    assert states(desk, case_id) == ["produced"]
    with desk.reading() as uow, pytest.raises(NotThere, match="is produced: it would have to be transmitted"):
        from casedesk.domain.filings import require_state

        require_state(uow.filings.of_batch(batch.batch_id)[0], "filing_acknowledged")


def test_the_remarks_of_a_batch_can_be_read_again(desk: TestDesk) -> None:
    approved(desk)
    batch = produce(desk).batch
    transmit(desk, batch.batch_id)
    answer(desk, acknowledgement(FIRST, error=said("WARN", "C21", "nowhere", "An invalid number.")))
    found = answers.read_remarks(uow=desk.reading(), actor=desk.people["mia"], batch_id=batch.batch_id)
    assert [(remark.code, remark.text) for remark in found[0].filing.remarks] == [("C21", "An invalid number.")]
    assert found[0].parts == ("",)
