"""A bank with alerts and no case yet, on every database."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from casedesk.store.unit_of_work import Writing
from tests.scenes import begun
from tests.store.builders import bank


@pytest.fixture
def bank_engine(engine: Engine) -> Engine:
    begun(engine, _bank)
    return engine


def _bank(engine: Engine) -> None:
    with Writing(engine) as uow:
        bank(uow)
        uow.commit()
