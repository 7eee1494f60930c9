"""A filled desk, and a DBA who has taken the triggers away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain.verification import Verdict
from casedesk.store.tables import metadata
from tests.databases import dba_engine, drop_guard
from tests.ledger.asking import Tamper, verdict
from tests.scenes import begun
from tests.store.builders import filled


@pytest.fixture
def desk(engine: Engine) -> Engine:
    """A desk whose ledger verified before anything happens to it."""
    begun(engine, verified)
    return engine


def verified(engine: Engine) -> None:
    filled(engine)
    assert verdict(engine).verdict is Verdict.VERIFIED


@pytest.fixture
def tamper(desk: Engine, address: str) -> Iterator[Tamper]:
    """Run statements as the DBA, in one transaction."""
    drop_guard(desk)
    engine = dba_engine(address)

    def run(*statements: Any) -> int:
        with engine.begin() as connection:
            if engine.dialect.name == "mssql":
                for table in metadata.sorted_tables:
                    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" NOCHECK CONSTRAINT ALL')
            changed = [connection.execute(statement).rowcount for statement in statements]
        assert all(changed), "a statement changed nothing, so nothing was tampered with"
        return sum(changed)

    yield run
    engine.dispose()
