"""What every room's tests stand on: a fresh database of each kind, and the shared data."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from tests.databases import MSSQL, Kind, Postgres, Sqlite, SqlServer, connected
from tests.logs import restored
from tests.statements import hurry, share

EVERY_DATABASE = [
    pytest.param("sqlite"),
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("mssql", marks=pytest.mark.mssql),
]


#: The files that take longest go first. A worker that met one of them at the end would go on alone for minutes. The
#: browser waits until Spark is done, because both together are more than two cores can do, and fill a small memory.
LONGEST = (
    "detection/test_spark.py",
    "services/test_incremental.py",
    "services/test_line_draws.py",
    "services/test_line_redraws.py",
    "detection/test_cycle.py",
    "cli/test_detecting.py",
    "cli/test_dataset.py",
    "cli/test_killed.py",
    "services/test_rule_sets.py",
    "detection/test_structuring_over_days.py",
    "services/test_suppressions_incremental.py",
    "cli/test_detecting_killed.py",
    "frame/test_start.py",
    "detection/test_quality.py",
    "seeds/test_demo.py",
    "browser/test_journeys.py",
)


def pytest_configure() -> None:
    share()
    hurry()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    ranks = {here / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """Leave what was collected out of every later search for garbage: thousands of tests are none, and slow it down."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(scope="session")
def sqlite_kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    kind = Sqlite(tmp_path_factory.mktemp("sqlite"))
    yield kind
    kind.close()


@pytest.fixture(scope="session")
def postgres_kind() -> Iterator[Postgres]:
    kind = Postgres()
    yield kind
    kind.close()


@pytest.fixture(scope="session")
def mssql_kind() -> Iterator[SqlServer]:
    if not os.environ.get(MSSQL):
        pytest.skip(f"{MSSQL} is not set, so nothing was tried on SQL Server")
    kind = SqlServer()
    yield kind
    kind.close()


@pytest.fixture(params=EVERY_DATABASE)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of database in turn. A test that takes it, ``address`` or ``engine`` runs on all of them."""
    name = {"sqlite": "sqlite_kind", "postgresql": "postgres_kind", "mssql": "mssql_kind"}[request.param]
    found: Kind = request.getfixturevalue(name)
    return found


@pytest.fixture
def address(kind: Kind) -> Iterator[str]:
    """The address of a migrated database without a row, as ``CASEDESK_DATABASE_URL`` would hold it."""
    address = kind.fresh()
    yield address
    kind.drop(address)


@pytest.fixture
def engine(kind: Kind, address: str) -> Iterator[Engine]:
    """An engine on ``address``, with a short patience for locks."""
    with kind.connected(address) as engine:
        yield engine


@pytest.fixture
def sqlite_address(sqlite_kind: Sqlite) -> Iterator[str]:
    """A migrated SQLite file, for tests to which the kind of database makes no difference."""
    address = sqlite_kind.fresh()
    yield address
    sqlite_kind.drop(address)


@pytest.fixture
def sqlite_engine(sqlite_address: str) -> Iterator[Engine]:
    with connected(sqlite_address) as engine:
        yield engine


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data sets. Without it a test is skipped, but never where CI is set."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("CASEDESK_SHARED_DIR") or root / ".." / "shared")
    folder = folder if folder.is_absolute() else root / folder
    if not folder.is_dir():
        words = "the shared data sets are not there; name their folder in CASEDESK_SHARED_DIR"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return folder


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """Put logging back as it was, after a test that lets the desk set it up."""
    with restored():
        yield
