"""Files that leave the desk: who gets them, what they are called, and the event each leaves behind."""

from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import Disposition
from casedesk.domain.people import RoleForbids
from casedesk.domain.verification import Verdict
from casedesk.services import exporting, intake
from casedesk.services.audit import verify_file
from casedesk.store.tables import alert_transactions
from tests.builders import NARRATIVE, Move, TestDesk


def audit(desk: TestDesk, case_id: str, who: str = "otto") -> exporting.ExportedFile:
    return exporting.audit_csv(uow=desk.writing(), actor=desk.people[who], at=desk.at(), case_id=case_id)


def summary(desk: TestDesk, case_id: str, who: str = "otto") -> exporting.ExportedFile:
    return exporting.summary(
        uow=desk.writing(), actor=desk.people[who], at=desk.at(), case_id=case_id, base_currency="USD"
    )


@pytest.mark.parametrize("export", [audit, summary])
@pytest.mark.parametrize("who", ["mia", "otto"])
def test_each_download_is_an_event_with_the_hash_of_the_file(any_desk: TestDesk, export: object, who: str) -> None:
    desk = any_desk
    case_id = desk.closed(sar_approver="mia")
    file = export(desk, case_id, who)  # type: ignore[operator]
    event = desk.history(case_id)[-1]
    assert event == file.event
    assert (event.action, event.user) == ("case_exported", who)
    assert event.data["sha256"] == file.sha256 == hashlib.sha256(file.content).hexdigest()
    assert desk.verify().verdict is Verdict.VERIFIED


@pytest.mark.parametrize("export", [audit, summary])
@pytest.mark.parametrize("who", ["ann", "queenie"])
def test_analysts_and_qa_get_no_file_and_the_attempt_leaves_nothing(desk: TestDesk, export: object, who: str) -> None:
    case_id = desk.closed(sar_approver="mia")
    before = desk.dump()
    with pytest.raises(RoleForbids, match="that takes: Manager or Auditor"):
        export(desk, case_id, who)  # type: ignore[operator]
    assert desk.dump() == before


def test_neither_the_name_of_a_file_nor_its_event_says_anything_of_a_sar(desk: TestDesk) -> None:
    case_id = desk.closed(sar_approver="mia")
    for file in (audit(desk, case_id), summary(desk, case_id)):
        told = (file.name + file.event.notes + file.event.meta).lower()
        assert "sar" not in told
        assert "suspicious" not in told
        assert file.name in (f"{case_id}-audit.csv", f"{case_id}-summary.md")


def test_the_exported_events_of_a_case_are_verified_and_end_before_their_own_export(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = desk.open()
    desk.take("ann", case_id)
    for text in ("=cmd|' /C calc'!A0", "-1", 'two\r\nlines "quoted", and a comma', "Łódź e\u0301"):
        desk.note("ann", case_id, text)
    file = audit(desk, case_id)
    found = verify_file(file.content)
    assert found.report.verdict is Verdict.VERIFIED
    assert found.rows == len(desk.history(case_id)) - 1
    assert verify_file(audit(desk, case_id).content).rows == found.rows + 1


def test_a_download_leaves_the_case_and_its_version_alone(desk: TestDesk) -> None:
    case_id = desk.awaiting()
    before = desk.case(case_id)
    audit(desk, case_id)
    summary(desk, case_id)
    assert desk.case(case_id) == before


def test_the_newest_downloads_are_listed_newest_first(desk: TestDesk) -> None:
    case_id = desk.open()
    events = [audit(desk, case_id).event, summary(desk, case_id, "mia").event]
    assert list(exporting.recent(uow=desk.reading(), actor=desk.people["mia"])) == events[::-1]
    with pytest.raises(RoleForbids):
        exporting.recent(uow=desk.reading(), actor=desk.people["ann"])


def test_the_summary_of_a_case_tells_its_whole_story(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.customer("K-2", "Zoë <b>Quartz</b>", ["K-2/1", "K-2/2"])
    case_id = desk.open("K-2", severity=80)
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    desk.review("queenie", case_id)
    text = summary(desk, case_id).content.decode()
    size = desk.size()
    event = desk.history(case_id)[-2]
    for words in (
        case_id, r"Zoë \<b\>Quartz\</b\>", "K-2/1", "K-2/2", "Structuring v1", "| 2 |", "19,000.00",
        "USD 19,000.00 in 2 transactions", NARRATIVE[:40], "SAR, by Ann on", "Approved by Mia on", "Pass, by Queenie on",
        f"Last event of the case: {event.event_id}, hash `{event.event_hash}`", f"Ledger: {size - 1:,} events",
        "by Otto", "Cash deposit",
    ):  # fmt: skip
        assert words in text, words


def test_a_transaction_in_two_alerts_is_counted_once_in_the_total(desk: TestDesk) -> None:
    case_id = desk.open()
    other = desk.alert()
    with desk.reading() as uow:
        (first,) = uow.alerts.of_case(case_id)
        (second,) = uow.alerts.get_many([other])
    desk.tamper(
        sa.update(alert_transactions)
        .where(alert_transactions.c.alert_id == other, alert_transactions.c.transaction_id == second.transaction_ids[0])
        .values(transaction_id=first.transaction_ids[0])
    )
    intake.attach_alert(**desk.who("mia", case_id), alert_id=other)
    assert "USD 28,500.00 in 3 transactions" in summary(desk, case_id).content.decode()


def test_counterparties_are_summed_by_account_and_the_largest_come_first(desk: TestDesk) -> None:
    desk.book([Move("X-1", 500, 100_00, to_account="K-1/1", from_account="K-1/1")])  # between own accounts: no party
    case_id = desk.open()
    text = summary(desk, case_id).content.decode()
    assert text.count("Cash deposit") == 1
    assert "| 2 | 19,000.00 |  |" in text


def test_a_preview_is_what_is_exported_and_no_event(desk: TestDesk) -> None:
    case_id = desk.closed(sar_approver="mia")
    before = desk.dump()
    at = desk.at()
    preview = exporting.preview_summary(
        uow=desk.reading(), actor=desk.people["otto"], at=at, case_id=case_id, base_currency="USD"
    )
    assert desk.dump() == before
    file = exporting.summary(uow=desk.writing(), actor=desk.people["otto"], at=at, case_id=case_id, base_currency="USD")
    assert file.content.decode() == preview
