"""`casedesk db`, and what every command says of a database that is new, behind, foreign, locked or gone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import TestDesk
from tests.cli.conftest import Command
from tests.databases import Sqlite

At = Callable[[str], Command]

#: One command of every kind: reads, writes, and the long ones.
COMMANDS = [
    ["users", "list"], ["users", "add", "zoe", "Zoe", "Analyst"], ["cases", "--as", "ann"],
    ["case", "take", "C-26-00001", "--as", "ann"], ["detect"], ["import", "file.csv"], ["rates", "show"], ["qa", "list"],
    ["export", "audit", "C-26-00001", "--as", "otto"], ["seed"], ["load-csv", "folder"],
]  # fmt: skip
names = [" ".join(words[:2]) for words in COMMANDS]


def path_of(address: str) -> str:
    return address.removeprefix("sqlite:///")


def test_upgrade_makes_an_empty_database_current_and_leaves_a_current_one_alone(at: At, sqlite_kind: Sqlite) -> None:
    address = sqlite_kind.empty()
    casedesk = at(address)
    told = casedesk("db", "state")
    assert (told.code, told.out.split(";")[0]) == (1, "The database stands before the first migration")
    told = casedesk("db", "upgrade")
    assert (told.code, told.err) == (0, "")
    assert re.match(r"Upgraded from nothing to \d{4}_\w+ ", told.out)
    assert casedesk("db", "state").code == 0
    assert casedesk("db", "state", "--json").json["current"] is True
    assert "already" in casedesk("db", "upgrade").out
    sqlite_kind.drop(address)


@pytest.mark.parametrize("words", COMMANDS, ids=names)
def test_an_empty_database_is_a_sentence_with_the_command_that_mends_it(
    at: At, sqlite_kind: Sqlite, words: list[str]
) -> None:
    address = sqlite_kind.empty()
    told = at(address)(*words)
    assert (told.code, told.out) == (2, "")
    assert told.err == f"The database at {address} is empty; run: casedesk db upgrade.\n"
    sqlite_kind.drop(address)


@pytest.mark.parametrize("words", COMMANDS, ids=names)
def test_a_database_of_another_version_is_a_sentence(at: At, sqlite_address: str, words: list[str]) -> None:
    with closing(sqlite3.connect(path_of(sqlite_address))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        connection.commit()
    told = at(sqlite_address)(*words)
    assert (told.code, told.out) == (2, "")
    assert "which this desk does not know; it was made by a newer version" in told.err


def test_a_database_that_lost_its_migration_mark_is_refused_by_upgrade_too(at: At, sqlite_address: str) -> None:
    with closing(sqlite3.connect(path_of(sqlite_address))) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()
    for words in (["users", "list"], ["db", "upgrade"]):
        told = at(sqlite_address)(*words)
        assert told.code == 2
        assert "holds tables of another program" in told.err


@pytest.mark.parametrize("words", COMMANDS, ids=names)
def test_a_database_that_cannot_be_opened_is_a_sentence(at: At, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "desk.db").mkdir()
    told = at(f"sqlite:///{tmp_path / 'desk.db'}")(*words)
    assert (told.code, told.out) == (2, "")
    assert "cannot be reached" in told.err
    assert told.err.count("\n") == 1


def test_a_file_that_is_no_database_is_a_sentence(at: At, tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_bytes(b"It was a dark and stormy night. " * 100)
    told = at(f"sqlite:///{tmp_path / 'desk.db'}")("users", "list")
    assert told.code == 2
    assert str(tmp_path / "desk.db") in told.err
    assert "reference" not in told.err.lower()
    assert "Tell your operator" not in told.err


def test_a_server_that_is_gone_is_a_sentence_without_the_password(at: At) -> None:
    told = at("postgresql+psycopg://desk:hunter2@127.0.0.1:9/desk")("users", "list")
    assert (told.code, told.out) == (2, "")
    assert "cannot be reached" in told.err
    assert "hunter2" not in told.err


def test_a_locked_database_is_a_sentence_and_the_step_is_not_done(at: At, sqlite_address: str, desk: TestDesk) -> None:
    desk.customer()
    case = desk.open()
    casedesk = at(sqlite_address)
    with closing(sqlite3.connect(path_of(sqlite_address), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = casedesk("case", "take", case, "--as", "ann", lock_timeout_seconds=1)
        assert (told.code, told.out) == (2, "")
        assert told.err == "Another process is writing and did not finish in time; nothing was saved. Try again.\n"
        assert casedesk("cases", "--as", "ann").code == 0  # readers go on
        other.execute("ROLLBACK")
    assert desk.case(case).owner == ""
    assert casedesk("case", "take", case, "--as", "ann").code == 0


def test_a_database_that_fails_in_the_middle_leaves_nothing_half_done(
    at: At, sqlite_address: str, desk: TestDesk
) -> None:
    with closing(sqlite3.connect(path_of(sqlite_address))) as connection:
        connection.execute("CREATE TRIGGER stop BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END")
        connection.commit()
    before = desk.size()
    told = at(sqlite_address)("users", "add", "zoe", "Zoe", "Analyst")
    assert told.code == 2
    assert "Traceback" not in told.err
    assert desk.size() == before
