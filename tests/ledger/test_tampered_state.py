"""Edits of the state behind the ledger's back: every column of a case, and the alerts a case rests on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.verification import Verdict
from casedesk.store.tables import alert_transactions, alerts, case_events, cases
from tests.ledger.asking import Tamper, assert_found, rows, verdict
from tests.store.builders import NOON, alert

MICROSECOND = timedelta(microseconds=1)

#: Another value for every column of the case that has its whole life behind it.
EDITS: dict[str, Any] = {
    "case_id": "C-26-00777",
    "customer_id": "CU-00001",
    "status": "In Review",
    "owner": "ben",
    "disposition": "No SAR",
    "version": 7,
    "opened_at": NOON + MICROSECOND,
    "alerted_at": NOON + MICROSECOND,
    "suspicion_at": NOON,
    "suspicion_event": 1,
    "suspicion_moved": False,
    "suspect_identified": True,
    "decision_text": "Structured at main.",
    "decided_by": "ben",
    "decided_at": NOON,
    "approved_by": "ana",
    "approved_at": None,
    "closed_at": NOON,
    "qa_status": "Fail",
    "qa_reviewer": None,
    "qa_reviewed_at": NOON,
    "qa_severity": "Major",
    "qa_notes": "Good work ",
    "due_at": NOON,
    "is_open": True,
    "severity": 79,
    "risk_rank": 1,
    "typology": "velocity",
    "alert_count": 2,
    "transaction_count": 4,
    "amount_minor": 2_700_004,
    "value_rank": 1,
}


def long_case(engine: Engine) -> str:
    ((case_id,),) = rows(engine, sa.select(cases.c.case_id).where(cases.c.qa_status == "Pass"))
    return str(case_id)


def test_every_column_has_an_edit_below() -> None:
    assert set(EDITS) == {column.name for column in cases.columns}


@pytest.mark.parametrize("column", EDITS)
def test_an_edit_of_any_column_of_a_case_is_found(desk: Engine, tamper: Tamper, column: str) -> None:
    case_id = long_case(desk)
    tamper(sa.update(cases).where(cases.c.case_id == case_id).values({column: EDITS[column]}))
    report = assert_found(desk, column)
    assert not report.broken_events
    first = report.first
    assert first is not None
    assert first.case_id in (case_id, "C-26-00777")


def test_the_finding_says_what_the_events_say_and_what_the_row_says(desk: Engine, tamper: Tamper) -> None:
    case_id = long_case(desk)
    tamper(sa.update(cases).where(cases.c.case_id == case_id).values(disposition="No SAR"))
    first = assert_found(desk).first
    assert first is not None
    assert first.sentence() == (
        f"{case_id}: The row says something else than its events. Column disposition: expected “SAR”, got “No SAR”."
    )


def test_a_row_without_events_is_found(desk: Engine, tamper: Tamper) -> None:
    (row,) = rows(desk, sa.select(cases).where(cases.c.case_id == long_case(desk)))
    tamper(sa.insert(cases).values({**dict(zip(row._fields, row, strict=True)), "case_id": "C-26-00500"}))
    assert_found(desk, "case_id")


def test_a_deleted_row_is_found(desk: Engine, tamper: Tamper) -> None:
    case_id = long_case(desk)
    tamper(
        sa.update(alerts).where(alerts.c.case_id == case_id).values(case_id=None),
        sa.delete(cases).where(cases.c.case_id == case_id),
    )
    report = assert_found(desk, "case_id")
    assert any(finding.got == "no row" for finding in report.findings)


ALERT_EDITS: dict[str, Any] = {
    "rule": "velocity",
    "rule_version": "2",
    "parameters": '{"days":8}',
    "customer_id": "CU-00001",
    "account_id": "AC-00001",
    "window_start": NOON + MICROSECOND,
    "window_end": NOON,
    "severity": 79,
    "amount_minor": 1,
    "sentence": "Three cash deposits.",
    "case_id": None,
    "lapsed_in": "R-000009",
}

#: The digest of an alert does not cover when and by which run it was raised; the count repeats the evidence.
NOT_COVERED = {"alert_id", "raised_at", "run_id", "transaction_count"}


def test_every_column_of_an_alert_is_covered_or_named() -> None:
    assert set(ALERT_EDITS) | NOT_COVERED == {column.name for column in alerts.columns}


@pytest.mark.parametrize("column", ALERT_EDITS)
def test_an_edited_alert_is_found(desk: Engine, tamper: Tamper, column: str) -> None:
    mine = alerts.c.alert_id == alert(3).alert_id
    tamper(sa.update(alerts).where(mine).values({column: ALERT_EDITS[column]}))
    assert_found(desk, "alert")


@pytest.mark.parametrize("column", ["window_start", "window_end", "severity", "amount_minor"])
def test_nonsense_in_a_column_of_an_alert_is_found_and_not_stumbled_over(
    desk: Engine, tamper: Tamper, column: str
) -> None:
    if desk.dialect.name != "sqlite":
        pytest.skip("only SQLite lets a time or a number be any text")
    nonsense = "'garbage'" if column != "severity" else "0.5"
    tamper(sa.text(f"UPDATE alerts SET {column} = {nonsense} WHERE alert_id = '{alert(3).alert_id}'"))
    assert_found(desk, "alert")


def test_an_alert_moved_to_another_case_is_found(desk: Engine, tamper: Tamper) -> None:
    others = rows(desk, sa.select(cases.c.case_id).where(cases.c.case_id != long_case(desk)))
    tamper(sa.update(alerts).where(alerts.c.alert_id == alert(3).alert_id).values(case_id=others[0][0]))
    assert_found(desk, "alert")


def test_evidence_taken_away_is_found(desk: Engine, tamper: Tamper) -> None:
    tamper(sa.delete(alert_transactions).where(alert_transactions.c.transaction_id == "T-3-a"))
    assert_found(desk, "alert")


def test_evidence_in_another_order_is_found(desk: Engine, tamper: Tamper) -> None:
    tamper(sa.update(alert_transactions).where(alert_transactions.c.transaction_id == "T-3-a").values(position=9))
    assert_found(desk, "alert")


def test_a_deleted_alert_is_found(desk: Engine, tamper: Tamper) -> None:
    mine = alert(3).alert_id
    tamper(
        sa.delete(alert_transactions).where(alert_transactions.c.alert_id == mine),
        sa.delete(alerts).where(alerts.c.alert_id == mine),
    )
    assert_found(desk, "alert")


def test_an_untouched_desk_is_verified_whatever_its_indexes_do(desk: Engine) -> None:
    report = verdict(desk)
    assert report.verdict is Verdict.VERIFIED
    assert report.verdict.exit_code == 0
    assert report.events == rows(desk, sa.select(sa.func.count()).select_from(case_events))[0][0]
    assert report.cases == 3
    assert report.anchored == 0
