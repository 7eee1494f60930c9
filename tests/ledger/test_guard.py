"""The database itself refuses changes of the ledger, as long as nobody drops the triggers."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.verification import Verdict
from casedesk.store.ledger_store import COLUMNS
from casedesk.store.tables import case_events
from tests.databases import dba_engine
from tests.ledger.asking import everything, verdict

REFUSAL = "case_events is append-only"


def refused(address: str, statement: Any) -> None:
    engine = dba_engine(address)
    try:
        with pytest.raises(sa.exc.DBAPIError, match=REFUSAL), engine.begin() as connection:
            connection.execute(statement)
    finally:
        engine.dispose()


@pytest.mark.parametrize("column", COLUMNS)
def test_no_column_of_an_event_can_be_updated(desk: Engine, address: str, column: str) -> None:
    kind = case_events.c[column].type.python_type
    value: Any = {int: 999, str: "x", bytes: b"x"}[kind]
    refused(address, sa.update(case_events).where(case_events.c.event_id == 3).values({column: value}))
    assert verdict(desk).verdict is Verdict.VERIFIED


def test_no_event_can_be_deleted(desk: Engine, address: str) -> None:
    refused(address, sa.delete(case_events).where(case_events.c.event_id == len(everything(desk))))
    refused(address, sa.delete(case_events))
    assert verdict(desk).verdict is Verdict.VERIFIED


def test_no_event_can_be_replaced_on_sqlite(desk: Engine, address: str) -> None:
    """INSERT OR REPLACE deletes the row in the way without firing its delete trigger."""
    if desk.dialect.name != "sqlite":
        pytest.skip("only SQLite has INSERT OR REPLACE")
    row = everything(desk)[4]._asdict()
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    marks = ", ".join(f":{name}" for name in COLUMNS)
    for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR FAIL"):
        for changed in (
            {"notes": "other"},
            {"event_id": 900, "prev_hash": "a" * 64},  # the number within the case is taken
            {"event_id": 900, "case_seq": 900},  # the link is taken
        ):
            statement = sa.text(f"{verb} INTO case_events ({names}) VALUES ({marks})")
            refused(address, statement.bindparams(**(row | changed)))
    refused(address, sa.text("UPDATE OR REPLACE case_events SET event_id = 1 WHERE event_id = 2"))
    refused(address, sa.text("UPDATE case_events SET rowid = 900 WHERE rowid = 2"))
    assert verdict(desk).verdict is Verdict.VERIFIED


def test_no_event_can_be_truncated_or_upserted_on_postgresql(desk: Engine, address: str) -> None:
    if desk.dialect.name != "postgresql":
        pytest.skip("TRUNCATE fires triggers on PostgreSQL only; migrations/NOTES.md says what SQL Server needs")
    refused(address, sa.text("TRUNCATE case_events"))
    refused(
        address,
        sa.text(
            "INSERT INTO case_events SELECT * FROM case_events WHERE event_id = 1 "
            "ON CONFLICT (event_id) DO UPDATE SET notes = 'other'"
        ),
    )
    assert verdict(desk).verdict is Verdict.VERIFIED
