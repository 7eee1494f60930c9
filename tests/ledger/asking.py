"""What the ledger's tests ask of a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.ledger import Recorded
from casedesk.domain.verification import Report, Verdict
from casedesk.services.audit import verify_database
from casedesk.store.unit_of_work import Reading

#: Runs statements as the DBA and returns how many rows they changed.
Tamper = Callable[..., int]


def verdict(engine: Engine) -> Report:
    """Verify the database as “casedesk audit verify --database” does."""
    return verify_database(uow=Reading(engine))


def assert_found(engine: Engine, column: str = "", event_id: int | None = None) -> Report:
    """Hold that tampering is found, and where a claim is made, that the first finding is at the place."""
    report = verdict(engine)
    assert report.verdict is Verdict.TAMPERED, report.sentence()
    assert report.verdict.exit_code == 1
    first = report.first
    assert first is not None
    if column:
        assert first.column == column, first.sentence()
    if event_id is not None:
        assert first.event_id == event_id, first.sentence()
    assert first.expected != first.got
    return report


def everything(engine: Engine) -> list[Recorded]:
    with Reading(engine) as uow:
        return list(uow.ledger.everything())


def rows(engine: Engine, query: sa.Select[Any]) -> list[sa.Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(query))
