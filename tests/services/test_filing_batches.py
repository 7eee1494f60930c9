"""Batches of reports: what they hold, who makes them, and what refuses one."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import Disposition
from casedesk.domain.people import RoleForbids
from casedesk.domain.reports.activity import Activity
from casedesk.domain.reports.institution import institution
from casedesk.domain.reports.report import Attachment
from casedesk.domain.verification import Verdict
from casedesk.exports.fincen import reading
from casedesk.services import answers, outgoing
from casedesk.services.outgoing import Altered, Defective, NothingToSend
from casedesk.store.tables import batches, filings
from tests.builders import NARRATIVE, TestDesk
from tests.domain.test_reports import PROFILE
from tests.services.filing_ways import (
    FIRST,
    NAMESPACES,
    acknowledgement,
    answer,
    approved,
    produce,
    save,
    states,
    transmit,
    working,
)


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
    narratives = [e.text for e in root.iterfind(".//fc2:ActivityNarrativeText", NAMESPACES)]
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
