"""A desk with two of each role and one customer, on SQLite, and on every database."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from tests import scenes
from tests.builders import TestDesk


def furnished(desk: TestDesk) -> None:
    desk.staff()
    desk.customer()


@pytest.fixture
def desk(sqlite_engine: Engine) -> TestDesk:
    """For rules that the kind of database makes no difference to."""
    return scenes.at_desk(sqlite_engine, furnished)


@pytest.fixture
def sqlite_desk(sqlite_engine: Engine) -> TestDesk:
    """A desk to compare another one with."""
    return scenes.at_desk(sqlite_engine, furnished)


@pytest.fixture
def any_desk(engine: Engine) -> TestDesk:
    """The same on each kind of database in turn."""
    return scenes.at_desk(engine, furnished)
