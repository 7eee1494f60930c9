"""A desk with two of each role and one customer, on SQLite, and on every database."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from tests.builders import TestDesk, hurried


def _furnished(engine: Engine) -> TestDesk:
    desk = TestDesk(hurried(engine))
    desk.staff()
    desk.customer()
    return desk


@pytest.fixture
def desk(sqlite_engine: Engine) -> TestDesk:
    """For rules that the kind of database makes no difference to."""
    return _furnished(sqlite_engine)


@pytest.fixture
def sqlite_desk(sqlite_engine: Engine) -> TestDesk:
    """A desk to compare another one with."""
    return _furnished(sqlite_engine)


@pytest.fixture
def any_desk(engine: Engine) -> TestDesk:
    """The same on each kind of database in turn."""
    return _furnished(engine)
