"""A desk with two of each role and one customer, on SQLite, and on every database."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from casedesk.exports.packet import Profile
from tests import scenes
from tests.builders import TestDesk
from tests.databases import Sqlite
from tests.exports import packets


def furnished(desk: TestDesk) -> None:
    desk.staff()
    desk.customer()


@pytest.fixture
def desk(sqlite_engine: Engine) -> TestDesk:
    """For rules that the kind of database makes no difference to."""
    return scenes.at_desk(sqlite_engine, furnished)


@pytest.fixture
def any_desk(engine: Engine) -> TestDesk:
    """The same on each kind of database in turn."""
    return scenes.at_desk(engine, furnished)


@pytest.fixture(scope="session")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> packets.Sealing:
    """A desk with packets to export; tests add nothing to it but exports."""
    address = Sqlite(tmp_path_factory.mktemp("packets")).fresh()
    return packets.sealing(address, tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="session")
def whole(sealing: packets.Sealing) -> bytes:
    """A packet of everything."""
    return sealing.period()


@pytest.fixture(scope="session")
def advised(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A packet of everything on a desk that advised on its cases."""
    address = Sqlite(tmp_path_factory.mktemp("advised")).fresh()
    return packets.sealing(address, tmp_path_factory.mktemp("advised_checkpoints"), advised=True).period()


@pytest.fixture(scope="session")
def redacted(sealing: packets.Sealing) -> bytes:
    """The same without decisions."""
    return sealing.period(Profile.NO_DECISIONS)


@pytest.fixture(scope="session")
def single(sealing: packets.Sealing) -> bytes:
    """A packet of one case."""
    return sealing.case()
