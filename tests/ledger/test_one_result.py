"""SQL Server gives a connection one open result at a time: whoever verifies there must not ask for a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.verification import Verdict
from casedesk.store import alert_store, case_store, dialects, ledger_store, suppression_store
from tests.ledger.asking import verdict
from tests.store.builders import filled

STORES = (alert_store, case_store, ledger_store, suppression_store)


@pytest.fixture
def overlaps(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked while a stream was open."""
    open_now: list[str] = []
    found: list[str] = []
    real = dialects.stream

    def watched(connection: Any, query: Any, *chunk: int) -> Any:
        said = str(query)
        found.extend(f"{said} beside {other}" for other in open_now)
        open_now.append(said)
        try:
            yield from real(connection, query, *chunk)
        finally:
            open_now.remove(said)

    @sa.event.listens_for(sqlite_engine, "before_execute")
    def _heard(_connection: Any, statement: Any, *_rest: Any) -> None:
        found.extend(f"{statement} beside {other}" for other in open_now)

    for store in STORES:
        monkeypatch.setattr(store, "stream", watched)
    monkeypatch.setattr(dialects, "stream", watched)
    yield found
    assert not open_now, "a stream was left open"


def test_a_database_with_one_open_result_is_verified_with_one(
    sqlite_engine: Engine, overlaps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(sqlite_engine)
    assert verdict(sqlite_engine).verdict is Verdict.VERIFIED
    assert len(overlaps) == 1, "elsewhere alerts are read beside their evidence, and the watch sees it"
    overlaps.clear()
    monkeypatch.setattr(dialects, "_ONE_RESULT", frozenset({"sqlite"}))
    assert verdict(sqlite_engine).verdict is Verdict.VERIFIED
    assert overlaps == []
