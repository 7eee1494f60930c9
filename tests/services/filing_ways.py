"""Short words for reports on their way: draft, approve, produce, transmit, answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from casedesk.domain.cases import Disposition
from casedesk.domain.filings import Filing
from casedesk.domain.reports.institution import Institution, institution
from casedesk.domain.reports.report import Report
from casedesk.services import answers, outgoing, report_forms
from casedesk.services.outgoing import Produced
from casedesk.services.report_forms import Form
from tests.builders import TestDesk
from tests.domain.test_reports import PROFILE

BANK: Institution = institution(PROFILE)
#: Numbers as the filing system gives them.
FIRST, SECOND = "31000055053784", "31000055053785"
NAMESPACES = {"fc2": "www.fincen.gov/base"}


def working(desk: TestDesk) -> str:
    case_id = desk.open()
    desk.take("ann", case_id)
    return case_id


def form(desk: TestDesk, case_id: str, who: str = "ann") -> Form:
    return report_forms.read(uow=desk.reading(), actor=desk.people[who], case_id=case_id, base_currency="USD")


def save(desk: TestDesk, case_id: str, who: str = "ann", report: Report | None = None, **changes: Any) -> Report:
    """Save the form as the desk filled it in, with changes."""
    made = (report or form(desk, case_id, who).report).model_copy(update=changes)
    report_forms.save(**desk.who(who, case_id), report=made)
    return made


def filings(desk: TestDesk, case_id: str) -> tuple[Filing, ...]:
    with desk.reading() as uow:
        return uow.filings.of_case(case_id)


def states(desk: TestDesk, case_id: str) -> list[str]:
    return [one.state.value for one in filings(desk, case_id)]


def approved(desk: TestDesk, customer_id: str = "K-1", *, maker: str = "ann", by: str = "mia") -> str:
    """Walk a new case to its close as a SAR with an approved form. Return its id."""
    case_id = desk.open(customer_id)
    desk.take(maker, case_id)
    save(desk, case_id, maker)
    desk.decide(maker, case_id, Disposition.SAR)
    desk.approve(by, case_id)
    return case_id


def produce(desk: TestDesk, *cases: str, who: str = "max", bank: Institution = BANK, **ahead: float) -> Produced:
    return outgoing.produce(
        uow=desk.writing(), actor=desk.people[who], at=desk.at(**ahead), institution=bank, cases=cases or None
    )


def transmit(desk: TestDesk, batch_id: str, tracking_id: str = "TRK-1", who: str = "max") -> None:
    answers.transmitted(
        uow=desk.writing(), actor=desk.people[who], at=desk.at(), batch_id=batch_id, tracking_id=tracking_id
    )


def answer(
    desk: TestDesk, content: bytes, *, tracking_id: str = "", who: str = "max", name: str = "ack.xml"
) -> answers.Answered:
    return answers.acknowledge(
        uow=desk.writing(), actor=desk.people[who], at=desk.at(), content=content, name=name, tracking_id=tracking_id
    )


def acknowledgement(*numbers: str, error: str = "", status: str = "A") -> bytes:
    """Write an acknowledgement of reports with these BSA IDs; empty where one was refused. ``error`` is said of the last."""
    inside = "".join(
        f"<EFilingActivityXML SeqNum='{n}'>{f'<BSAID>{number}</BSAID>' if number else ''}"
        f"{error if n == len(numbers) else ''}</EFilingActivityXML>"
        for n, number in enumerate(numbers, start=1)
    )
    return (
        f"<EFilingBatchXML StatusCode='{status}'><EFilingSubmissionXML StatusCode='{status}'>{inside}"
        "</EFilingSubmissionXML></EFilingBatchXML>"
    ).encode()


def said(level: str, code: str, path: str, text: str = "The value is not right.") -> str:
    return (
        f"<EFilingActivityErrorXML><ErrorContextText>{path}</ErrorContextText><ErrorLevelText>{level}</ErrorLevelText>"
        f"<ErrorText>{text}</ErrorText><ErrorTypeCode>{code}</ErrorTypeCode></EFilingActivityErrorXML>"
    )


TODAY = date(2026, 7, 1)
